"""Two operators in two browsers sign with keys of their own, and a locker's own decision believes what they signed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from cloud.services.record_state import record_state
from cloud.services.records_ops import Account, OutboxMessage
from cloud.services.technician_pass import technician_pass
from contract.bulk import MAINTENANCE_S
from contract.codec import decode_downward
from contract.envelope import verify
from contract.events import BulkEnded, CommandAccepted, DoorOpened, Event
from contract.ids import BootId, CompartmentLabel, LockerId, MessageId
from contract.layout import CompartmentPlan, Layout
from contract.sizes import SizeClass
from contract.state import DoorLevel, LockerState, TimeQuality
from edge.locker_controller.arrivals import scanned
from edge.locker_controller.decide import Moment, decide
from edge.locker_controller.effects import ReleaseLock
from edge.locker_controller.inputs import (
    Answer,
    Answered,
    DoorSensed,
    Input,
    LockPulsed,
    MessageReceived,
    Started,
    Tick,
)
from edge.locker_controller.state import Setup, new_locker
from edge.locker_controller.timekeeping import TimeReading
from provisioning.operators.lists import read_registered, sign_list
from tests.web.axe import violations
from tests.web.cloud.conftest import DESKTOP, Window, window_of
from tests.web.cloud.world import CENTRUM, OPERATOR, World

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEYS, SITE = "/console/keys", f"/console/lockers/{CENTRUM}/bulk"
BOOT = BootId(bytes.fromhex("ab" * 16))
DOORS = tuple(CompartmentLabel(f"A0{number}") for number in (1, 2, 3))


class Machine:
    """The locker itself: decides as every locker does; its doors open and are shut when its locks are pulsed."""

    def __init__(self, world: World) -> None:
        self.world = world
        keys = world.rim.keys.signer
        self.keys = {keys.key_id: keys.private_key.public_key()}
        layout = Layout("small", tuple(CompartmentPlan(label, SizeClass.M) for label in DOORS))
        root = world.rim.network.root_of_trust
        self.state = new_locker(Setup(LockerId(CENTRUM), layout, b"k" * 32, root))
        self.ms, self.turns = 1_000, 0
        self.opened: list[CompartmentLabel] = []
        self.give(Started(BOOT, "1.0", dict.fromkeys(DOORS, DoorLevel.CLOSED)))

    def give(self, given: Input) -> list[Event]:
        self.turns += 1
        now_ms = int(self.world.office.clock.now().timestamp() * 1000)
        now = TimeReading(now_ms // 1000, now_ms, self.ms, TimeQuality.SYNCED, now_ms)
        decision = decide(self.state, given, Moment(now, MessageId(self.turns.to_bytes(16))))
        self.state = decision.state
        told = list(decision.events)
        for effect in decision.effects:
            if isinstance(effect, ReleaseLock):
                self.opened.append(effect.label)
                told += self.give(LockPulsed(effect.intent))
                told += self.give(DoorSensed(effect.label, DoorLevel.OPEN))
                told += self.give(DoorSensed(effect.label, DoorLevel.CLOSED))
        return told

    async def hears(self) -> list[Event]:
        """Take every message that waits for it, and go on until nothing moves."""
        waiting = await self.world.look(lambda uow: uow.find(OutboxMessage, order="created_at", locker_id=CENTRUM))
        told: list[Event] = []
        for message in waiting:
            document = decode_downward(verify(message.payload, self.keys).body)
            told += self.give(MessageReceived(document))  # type: ignore[arg-type] # ours, of this version
        for _ in DOORS:
            self.ms += 10_000
            told += self.give(Tick(dict.fromkeys(DOORS, DoorLevel.CLOSED)))
        return told

    async def is_maintained(self) -> None:
        """Have a technician show the pass and switch maintenance mode on, and the cloud hear of it."""
        rim, act = self.world.rim, self.world.rim.act(OPERATOR)
        text = await self.world.do(lambda uow: technician_pass(uow, act, rim.keys, CENTRUM))
        self.give(scanned(text, self.keys, LockerId(CENTRUM))[0])
        self.give(Answered(Answer.MAINTENANCE_ON))
        at_ms = int(self.world.office.clock.now().timestamp() * 1000)
        says = {"uptime_ms": self.ms, "maintenance_s": MAINTENANCE_S}
        state = LockerState(LockerId(CENTRUM), True, BOOT, 1, "1.0", at_ms, "synced", **says)  # noqa: FBT003 - a wire record
        await self.world.do(lambda uow: record_state(uow, act, state))


@asynccontextmanager
async def operator(browser: Browser, world: World, login: str) -> AsyncIterator[Window]:
    window, context = await window_of(browser, world, DESKTOP)
    await window.sign_in(login, "/console/sign-in")
    yield window
    await context.close()
    assert window.complaints == []


async def second_operator(world: World) -> None:
    def unit(uow: object) -> None:
        first = uow.first(Account, login="operator")  # type: ignore[attr-defined] # a unit of work
        again = {name: getattr(first, name) for name in Account.__slots__}
        uow.add(Account(**again | {"id": "f" * 32, "login": "paula", "name": "paula"}))  # type: ignore[attr-defined] # the same

    await world.do(unit)


async def make_key(window: Window) -> str:
    """Make a key in this browser; return its fingerprint, as the owner would read it out."""
    await window.go(KEYS)
    await window.press("Make a key in this browser")
    mine = window.page.get_by_role("row").filter(has_text="(in this browser)")
    await expect(mine).to_have_count(1)
    return await mine.locator("code").inner_text()


async def confirm(window: Window, fingerprint: str) -> None:
    await window.go(KEYS)
    await window.page.get_by_role("row").filter(has_text=fingerprint).get_by_role("button", name="Confirm").click()
    row = window.page.get_by_role("row").filter(has_text=fingerprint)
    await expect(row).to_contain_text("confirmed")


async def carry_to_the_root(window: Window, world: World, folder: Path) -> None:
    """Load the confirmed keys, have the offline root sign them, and hand the list in."""
    answer = await window.page.request.get(f"{world.address}/v1/operator-keys/list")
    keys = read_registered(await answer.body()).keys
    root = world.rim.keys.signer.private_key  # the office's root is its signing key
    (folder / "operators.list").write_bytes(sign_list(root, keys, int(world.office.clock.now().timestamp())))
    await window.go(KEYS)
    await window.page.locator("input[type=file]").set_input_files(folder / "operators.list")
    await window.press("Send it to the lockers")
    await expect(window.page.get_by_text("good until")).to_be_visible()


@pytest.mark.long
async def test_from_two_keys_in_two_browsers_to_open_doors(browser: Browser, world: World, tmp_path: Path) -> None:
    await second_operator(world)
    machine = Machine(world)
    async with operator(browser, world, "operator") as olga, operator(browser, world, "paula") as paula:
        await confirm(paula, await make_key(olga))
        await confirm(olga, await make_key(paula))
        await carry_to_the_root(olga, world, tmp_path)
        assert await violations(olga.page) == []
        await olga.go(SITE)
        await expect(olga.page.get_by_text("Maintenance mode is off")).to_be_visible()
        await machine.is_maintained()

        await olga.go(SITE)
        await olga.press("All")
        await olga.press("None")
        for door in DOORS[:2]:
            await olga.page.get_by_text(door, exact=True).click()
        await olga.page.get_by_label("Why?").fill("Spring cleaning")
        assert await violations(olga.page) == []
        await olga.press("Write the order")
        await olga.page.get_by_role("button", name="Sign", exact=True).click()
        await expect(olga.page.get_by_text("Another operator signs next")).to_be_visible()

        await paula.go(olga.page.url)
        await expect(paula.page.locator('[data-says="compartments"]')).to_have_text("A01 A02")
        assert await violations(paula.page) == []
        assert await machine.hears() != []
        assert machine.opened == []
        await paula.press("Sign and open the doors")
        await expect(paula.page.get_by_text("with the locker")).to_be_visible()

        told = await machine.hears()
        assert machine.opened == list(DOORS[:2])
        kinds = [type(event) for event in told]
        assert {CommandAccepted, DoorOpened, BulkEnded} <= set(kinds)
        cause = bytes.fromhex(paula.page.url.rpartition("/")[2])
        await world.say(CENTRUM, *told, cause=cause)
        await expect(paula.page.get_by_text("opened and shut")).to_have_count(2)
        await expect(paula.page.locator("#stage")).to_contain_text("over")
        assert await violations(paula.page) == []
