"""One street corner under observation: what people read there, what the operator sees, and what is so."""

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from cloud.domain.actors import Role, actor
from cloud.domain.locker import Locker
from cloud.domain.parcel import Parcel
from cloud.services.promise import left_at
from contract.ids import CompartmentLabel
from contract.sizes import SizeClass
from edge.locker_controller.screens import (
    Idle,
    Screen,
)
from edge.locker_controller.state import CompartmentRecord
from firmware_sim.world.audit import Auditor
from firmware_sim.world.chronicle import Chronicle
from firmware_sim.world.enrolling import enrolled
from firmware_sim.world.office import Office
from firmware_sim.world.parcels import Thing
from firmware_sim.world.virtual_time import VirtualLoop
from tests.simulation.street.corner import Corner, TimedLedger, Wire
from tests.simulation.street.operator_desk import Desk, Sight

OPERATOR = actor(Role.OPERATOR, "olga")
SOON_MS = 2_000  # issue 3: the operator sees it within two simulated seconds of the locker's knowing it
START_MS_MAX = 500  # at a start the presence may be heard before the first entry is journalled
LOOK_S = 0.05
HAND_S = 0.4  # a hand is not faster than this
PATIENCE_S = 20.0  # how long a person waits for a screen to change
MAIL_S = 90.0  # the cloud's beat hands messages over once a minute
MEDIUM, LARGE = 1, 3  # of the world's kinds of parcel
WITH_CODE = frozenset({"ready_for_pickup", "code_reissued", "reminder"})

Shown = TypeVar("Shown", bound=Screen)


@dataclass(frozen=True, slots=True)
class Read:
    """A screen somebody stood before, the page's own view of it, and the English sentence it must have shown."""

    screen: Screen
    title: str
    view: str = "home"


class Watched:
    """A corner under observation: everything a scenario may wait for and ask."""

    def __init__(self, name: str) -> None:
        """Build the corner; ``begin`` switches it on."""
        self.loop = loop = VirtualLoop()
        self.chronicle = Chronicle(lambda: loop.now_ms)
        self.chance = random.Random(f"street/{name}")
        self.broker = Wire(random.Random(f"wire/{name}"), self.chronicle)
        self.office = Office(loop, self.broker, self.chronicle, random.Random(f"cloud/{name}"))
        self.desk = Desk(self.office)
        secrets = enrolled(self.office, 1, self.chance)
        self.ledger = TimedLedger(secrets.locker, self.chronicle, self.office, lambda: loop.now_ms)
        self.site = Corner(secrets, self.broker, self.ledger, loop, self.chance)
        self.things: dict[str, Thing] = {}
        self.auditor = Auditor(self.office, (self.site,), self.things, self.chronicle)
        self.since_ms = 0
        self.reads_: list[Read] = []
        self.sees_: list[Sight] = []

    async def begin(self) -> None:
        """Start cloud and locker and wait until people are served."""
        self.office.start()
        self.site.power_on()
        await self.shows(Idle)
        await self.until(lambda: self.auditor.disagreement() is None)

    # ------------------------------------------------------------------ time

    async def until(self, true: Callable[[], bool], within_s: float = PATIENCE_S) -> None:
        """Let time pass until something is so."""
        for _ in range(round(within_s / LOOK_S)):
            if true():
                return
            await asyncio.sleep(LOOK_S)
        raise AssertionError(f"not so after {within_s} s; the screen shows {self.site.screen()}")

    async def wait(self, seconds: float) -> None:
        """Let time pass."""
        await asyncio.sleep(seconds)
        self.site.stir()
        await asyncio.sleep(0.5)

    # ------------------------------------------------------------------ what people read

    async def shows(self, kind: type[Shown], within_s: float = PATIENCE_S, **fields: Any) -> Shown:
        """Wait for a kind of screen, with these values in it."""
        await self.until(lambda: self._is_shown(kind, fields), within_s)
        shown = self.site.screen()
        assert isinstance(shown, kind)
        return shown

    def _is_shown(self, kind: type[Any], fields: Mapping[str, Any]) -> bool:
        shown = self.site.screen()
        return isinstance(shown, kind) and all(getattr(shown, name) == value for name, value in fields.items())

    async def reads(self, kind: type[Shown], title: str, within_s: float = PATIENCE_S, **fields: Any) -> Shown:
        """Wait for a screen on which a person reads ``title``; the kiosk's own words are held against it at the end."""
        shown = await self.shows(kind, within_s, **fields)
        self.reads_.append(Read(shown, title))
        return shown

    async def reads_keypad(self, title: str) -> None:
        """Choose "pick up" on the home screen and read what is asked for; the locker takes no part in it."""
        shown = await self.shows(Idle)
        self.reads_.append(Read(shown, title, "code"))

    # ------------------------------------------------------------------ what the operator sees

    def known_ms(self, fact: type[Any]) -> int:
        """Return when the locker last journalled such a fact, since its power was given back if it had none."""
        return max(self._known(fact), default=0)

    def _known(self, fact: type[Any]) -> list[int]:
        return [ms for ms, event in self.ledger.known if isinstance(event, fact) and ms >= self.since_ms]

    async def sees(self, words: str, fact: type[Any], at: str | None = None) -> Sight:
        """See that the operator was told within two seconds of the locker's journalling ``fact``."""
        await self.until(lambda: bool(self._known(fact)))
        known_ms = self.known_ms(fact)
        earliest_ms = max(self.since_ms, known_ms - START_MS_MAX)
        await self.until(lambda: any(self.desk.of(words, at, earliest_ms)))
        seen = next(self.desk.of(words, at, earliest_ms))
        assert seen.at_ms - known_ms <= SOON_MS, f"{words} after {seen.at_ms - known_ms} ms"
        self.sees_.append(seen)
        return seen

    async def finds(self, words: str, within_s: float = 400.0, *, since_now: bool = True) -> Sight:
        """See what the cloud finds out by itself, in its own time: no locker could tell it."""
        begun_ms = self.loop.now_ms if since_now else 0
        await self.until(lambda: any(self.desk.of(words, None, begun_ms)), within_s)
        self.sees_.append(next(self.desk.of(words, None, begun_ms)))
        return self.sees_[-1]

    # ------------------------------------------------------------------ what is so

    def happened(self, *facts: type[Any]) -> bool:
        """Whether the locker journalled any such fact."""
        return any(isinstance(event, facts) for _, event in self.ledger.known)

    async def idle(self, within_s: float = 100.0) -> None:
        """Wait until the machine serves nobody."""
        await self.shows(Idle, within_s)

    def parcel(self, thing: Thing) -> Parcel:
        """Return what the cloud knows of a parcel."""
        found = self.office.do(lambda uow: uow.need(Parcel, thing.id))
        assert isinstance(found, Parcel)
        return found

    def record(self, label: CompartmentLabel) -> CompartmentRecord:
        """Return what the locker knows of a compartment."""
        controller = self.site.boot.agent.controller if self.site.boot else None
        assert controller is not None
        return controller.state.compartments[label]

    def withdrawn(self, label: CompartmentLabel) -> str:
        """Return why a compartment takes no parcels, if it does not."""
        return self.record(label).withdrawn

    def size_of(self, label: CompartmentLabel) -> str:
        return str(self.site.secrets.layout.sizes()[label])

    def rank_of(self, label: CompartmentLabel) -> int:
        return self.site.secrets.layout.sizes()[label].rank

    def left(self, size: str) -> int:
        """Return how many compartments of a size the cloud may still promise here."""
        left = self.office.do(lambda uow: left_at(uow, (self.site.id,)))[self.site.id]
        return left.get(SizeClass(size), 0)

    def is_online(self) -> bool:
        """Whether the cloud takes the locker for online."""
        return bool(self.office.do(lambda uow: uow.need(Locker, self.site.id)).online)

    def is_heard(self) -> bool:
        """Whether the cloud takes the locker for online in its present boot."""
        boot = self.site.boot
        if boot is None or boot.agent.controller is None or boot.agent.controller.state.boot is None:
            return False
        return self.office.boot_of(self.site.id) == boot.agent.controller.state.boot.hex()

    async def quiet(self) -> None:
        """Wait until edge and cloud agree, as they must within five minutes."""
        await self.until(lambda: self.auditor.disagreement() is None, 300)

    async def end(self) -> None:
        """Take everybody's power."""
        self.site.power_off()
        self.office.stop()
        rest = sorted(asyncio.all_tasks(self.loop) - {asyncio.current_task(self.loop)}, key=hash)
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    def label(self, name: str) -> CompartmentLabel:
        return next(label for label in self.site.cabinet.labels if label == name)

    def card_image(self) -> bytes:
        """Return every byte on the locker's card."""
        return bytes(self.site.card.database._connection.serialize())

    async def until_current(self, label: CompartmentLabel) -> None:
        """Wait for the moment at which a coil is energised, before its hook moves."""
        for _ in range(10_000):
            if label in self.site.cabinet.energised:
                return
            await asyncio.sleep(0.002)
        raise AssertionError(f"{label} is never energised")
