"""A man in the middle of the real wire: mosquitto, TLS, the real cloud and the real agent as processes.

The proxy ends TLS on both sides, as only somebody could who has the network's authority *and* the locker's key. What is
left to protect the doors then is what is signed.
"""

import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contract.envelope import Envelope, Signer
from contract.ids import KeyId
from contract.topics import Branch
from firmware_sim.deeds import Close
from firmware_sim.proxy.framing import FramingError, Kind, Packet, Publish, Way
from firmware_sim.proxy.proxy import Proxy
from firmware_sim.proxy.seals import seals
from tests.hostile.mutations import MUTATIONS
from tests.hostile.victim import STRANGER
from tests.process import ledger, papers
from tests.process.papers import CENTRE
from tests.process.programs import NeverError, until_told
from tests.process.town import Town, standing_town
from tests.survives import survived

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("processes"), pytest.mark.timeout(1_500)]

MUTANTS, FLOOD = 400, 600
OVERSIZE = 300_000
TOO_SOON = 429
REFUSED_S = 15.0  # an opening that nobody reports within that time, and no lock obeyed, was refused
DOOR = "A01"


@dataclass(slots=True)
class Spy:
    """Lets everything pass and keeps what it may need."""

    down: list[Publish] = field(default_factory=list)
    up: list[Publish] = field(default_factory=list)

    def __call__(self, packet: Packet, way: Way) -> Sequence[Packet]:
        if packet.kind == Kind.PUBLISH:
            try:
                (self.down if way is Way.DOWN else self.up).append(Publish.read(packet))
            except FramingError:
                return ()
        return (packet,)

    def commands(self) -> list[Publish]:
        return [one for one in self.down if one.topic.endswith(Branch.COMMAND)]


@dataclass(slots=True)
class Scene:
    """A town with one locker, and somebody between it and the broker."""

    town: Town
    proxy: Proxy
    spy: Spy
    chance: random.Random
    sent: int = 0

    async def injects(self, payload: bytes, *, way: Way = Way.DOWN, branch: Branch = Branch.COMMAND) -> None:
        """Say something that the other end never said, over the locker's own connection."""
        packet = Publish(topic=f"lm/v1/{CENTRE}/{branch}", payload=payload, qos=0).packet()
        await self.connected()
        await self.proxy.inject(packet, way, CENTRE)
        self.sent += 1

    async def connected(self) -> None:
        async def is_there() -> bool:
            return any(one.name == CENTRE for one in self.proxy.connections)

        await until_told(is_there, "the locker to connect through us")

    async def pulses(self) -> int:
        picture = await self.town.lockers[CENTRE].picture()
        return sum(door.pulses for door in picture.doors)

    async def really_opens(self) -> Publish:
        """Have the operator open a door, see it opened, shut it; return the command as it passed."""
        before = await self.pulses()
        await self.town.until_locker(CENTRE, online=True)
        asked: list[Any] = []
        number = await until_told(
            lambda: self._obeyed(asked, before), "an opening that keeps five seconds from the last and from the boot"
        )
        assert await self.pulses() == before + 1
        await self.town.lockers[CENTRE].remote.do(CENTRE, Close(DOOR))
        await self.town.until_acknowledged(CENTRE)
        return next(one for one in self.spy.commands() if bytes.fromhex(number) in one.payload)

    async def _obeyed(self, asked: list[Any], before: int) -> str:
        """Ask for an opening; return its id once the door is open, nothing when it was refused.

        One that was obeyed, and is slow to be reported, is not asked for again.

        It may have come too soon for cloud or locker, for a boot that is over, or into a minute with so many refusals
        that the locker has stopped journalling them.
        """
        if await self.pulses() == before:
            wish = {"compartment": DOOR, "reason": "a true opening among false ones"}
            answer = await self.town.api.post(f"/v1/lockers/{CENTRE}/remote-opens", json=wish)
            if answer.status_code == TOO_SOON:
                return ""
            asked.append(answer.json())
        try:
            found = await self.town.until_command(asked[-1], "opened", "done", "refused", within_s=REFUSED_S)
        except NeverError:
            return ""
        return "" if found["state"] == "refused" else str(found["id"])

    async def alarms(self) -> set[str]:
        found = await self.town.get(f"/v1/lockers/{CENTRE}")
        return {one["kind"] for one in found["alarms"]}


@asynccontextmanager
async def overheard(folder: Path) -> AsyncIterator[Scene]:
    async with standing_town(folder) as town:
        ends, spy = seals(folder / "tls", folder / "lockers", datetime.now(UTC)), Spy()
        async with Proxy(("127.0.0.1", town.broker_port), mangle=spy, seals=ends) as proxy:
            file = folder / "lockers.geojson"
            file.write_text(papers.lockers_geojson())
            await town.take_file("latchmile-import-lockers", file, "operator_key")
            host, port = proxy.near
            await town.enrol(CENTRE, "--broker", f"{host}:{port}")
            await town.until_locker(CENTRE, status="active", online=True)
            yield Scene(town, proxy, spy, random.Random(7))


async def test_whoever_sits_between_locker_and_broker_opens_nothing_and_is_seen(tmp_path: Path) -> None:
    async with overheard(tmp_path) as scene:
        true = await scene.really_opens()
        opened = await scene.pulses()
        await replayed(scene, true)
        await bent(scene, true)
        await forged(scene, true)
        await flooded(scene)
        assert await scene.pulses() == opened

        scene.town.lockers[CENTRE].program.kill()
        await scene.town.lockers[CENTRE].start()
        await scene.town.until_locker(CENTRE, online=True)
        await replayed(scene, true)
        assert await scene.pulses() == opened

        await invented_towards_the_cloud(scene)
        await scene.really_opens()
        assert await scene.pulses() == opened + 1
        await scene.town.until_acknowledged(CENTRE)
        assert {"forged_messages", "many_refusals"} <= await scene.alarms()
        cabinet = scene.town.lockers[CENTRE].truth()
        await scene.town.stop()
        edge = ledger.edge_journal(scene.town.lockers[CENTRE].data)
        cloud = ledger.cloud_journal(scene.town.database, CENTRE)
        # what the locker still had to say of the flood when it was stopped may be under way; nothing else may differ
        assert cloud.rows == edge.rows[: len(cloud.rows)]
        assert edge.acknowledged <= len(cloud.rows)
        ledger.check_doors(edge, cabinet)
        survived(
            "Altered, forged, replayed, re-targeted and garbage messages",
            "real proxy",
            tried=scene.sent,
            broken=0,
            shown_by="tests/hostile/*.py",
        )


async def replayed(scene: Scene, true: Publish) -> None:
    for branch in (Branch.COMMAND, Branch.DESIRED, Branch.ACK):
        for _ in range(20):
            await scene.injects(true.payload, branch=branch)


async def bent(scene: Scene, true: Publish) -> None:
    corpus = [one.payload for one in scene.spy.down]
    for number in range(MUTANTS):
        mutate = MUTATIONS[number % len(MUTATIONS)]
        await scene.injects(mutate(true.payload, scene.chance, corpus))


async def forged(scene: Scene, true: Publish) -> None:
    """Sign the true words anew with a stranger's key, under the cloud's name and under others."""
    envelope = msgspec.msgpack.decode(true.payload, type=Envelope)
    for name in (envelope.key_id, "cloud-0", "next", ""):
        await scene.injects(Signer(KeyId(name), STRANGER.private_key).sign(envelope.body))


async def flooded(scene: Scene) -> None:
    for number in range(FLOOD):
        await scene.injects(scene.chance.randbytes(1 + number % 2_000))
    await scene.injects(bytes(OVERSIZE))
    await scene.proxy.inject(Packet(bytes.fromhex("3280808040")), Way.DOWN, CENTRE)  # the head of 128 MB
    await scene.proxy.inject(Packet(scene.chance.randbytes(500)), Way.DOWN, CENTRE)


async def invented_towards_the_cloud(scene: Scene) -> None:
    """Bend what the locker says on its way up; mosquitto itself cannot tell, the proxy speaks as the locker."""
    said = [one.payload for one in scene.spy.up if one.payload]
    for branch in (Branch.EVENTS, Branch.REPORT, Branch.STATE):
        for mutate in MUTATIONS:
            await scene.injects(mutate(scene.chance.choice(said), scene.chance, said), way=Way.UP, branch=branch)

    async def is_seen() -> bool:
        return "forged_messages" in await scene.alarms()

    await until_told(is_seen, "the alarm about forgeries")
