"""Renewal stopped at every write, flush, rename, request and answer; then again: one certificate, and a pair that fits.

One device goes on from renewal to renewal, so both places for a renewed pair and the pair of its enrolment are hit.
"""

import asyncio
import ssl
import sys
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from cloud.services.records_certificates import LockerCertificate
from provisioning.authority import LOCKER_LIFE
from provisioning.bundle import Bundle, load_bundle
from provisioning.client import Exit
from provisioning.cloud_place import CloudPlace
from provisioning.papers import Pair, pairs
from provisioning.renewing import NEXT_KEY, Outcome, Verdict, renew
from tests.power.bench import DEVICE, LOCKER, Bench, Wire, bench_of
from tests.power.halting import Halt, Leaves, Told, halted
from tests.survives import survived
from tests.unit.cloud.api.office import open_office

ROW = "Certificate renewal stopped before or after every write, flush, rename, request and answer, and run again"
SHOWN_BY = "tests/power/test_renewal.py"
MOMENTS_MAX = 80
STEPS = {Leaves.FLUSHED: (1, 1), Leaves.ALL: (1, 7), Leaves.TORN: (3, 7)}
"""The first moment and the step of each: the worst card is tried at every moment, the others take turns."""
SEEN = {
    f"{when} {call}"
    for when in ("before", "after")
    for call in ("open of next.key", "fsync of next.key", "replace of next.key", "replace of renewed")
}


@dataclass
class Fleet:
    """One locker that has joined the cloud of a bench."""

    bench: Bench
    root: Path

    @property
    def folder(self) -> Path:
        return self.root / DEVICE

    @property
    def bundle(self) -> Bundle:
        return load_bundle(self.folder)

    def fortnight(self) -> None:
        clock = self.bench.office.clock
        clock.move_to(clock.now() + LOCKER_LIFE / 2 + timedelta(minutes=1))

    async def renew(self, halt: Halt | None = None) -> Told:
        """Renew, in a copy of this process if halted."""
        place, folder, bundle = CloudPlace(url=f"http://127.0.0.1:{self.bench.port}"), self.folder, self.bundle
        if halt is None:
            return _told(await asyncio.to_thread(renew, folder, bundle, place))
        with halted(lambda: _spoken(_told(renew(folder, bundle, place))), self.root, halt) as pipe:
            told = msgspec.msgpack.decode(await asyncio.to_thread(pipe.read), type=Told)
        await self.bench.settled()
        return told

    def usable(self) -> tuple[Pair, ...]:
        """See that every pair the locker would connect with is whole."""
        found = pairs(self.folder, self.bundle)
        for pair in found:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.load_cert_chain(pair.files.certificate, pair.files.key)
        return found

    async def certificates(self) -> int:
        return await self.bench.office.rim.look(lambda uow: uow.count(LockerCertificate, locker_id=LOCKER))


def _told(outcome: Outcome) -> Told:
    return Told(0 if outcome.verdict is Verdict.RENEWED else 1, f"{outcome.reason} {outcome.detail}")


def _spoken(told: Told) -> int:
    sys.stderr.write(told.said)
    return told.code


@pytest.fixture
async def fleet(tmp_path: Path) -> AsyncIterator[Fleet]:
    (tmp_path / "devices").mkdir()
    async with open_office(tmp_path) as office, bench_of(office, tmp_path / "devices") as bench:
        root = await bench.new_claim()
        assert (await bench.enrol(root)).code == Exit.ENROLLED
        yield Fleet(bench, root)


async def _stopped(fleet: Fleet, halt: Halt) -> Told:
    """Renew, halted so, then once more undisturbed; see that there is one certificate more and that it fits."""
    before = await fleet.certificates()
    fleet.fortnight()
    told = await fleet.renew(halt)
    found = fleet.usable()
    again = await fleet.renew()
    assert again.code == 0 or again.said.startswith("too_early"), again
    newest = fleet.usable()[0]
    assert newest.number >= found[0].number
    assert not (fleet.folder / NEXT_KEY).exists() or again.code, "a key that is in use is no next key"
    assert await fleet.certificates() == before + 1, told
    return told


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("leaves", Leaves)
async def test_stopped_anywhere_and_run_again_there_is_one_new_certificate(fleet: Fleet, leaves: Leaves) -> None:
    seen: Counter[str] = Counter()
    first, step = STEPS[leaves]
    for at in range(first, MOMENTS_MAX, step):
        told = await _stopped(fleet, Halt(at, leaves))
        if not told.moment:
            break
        seen[told.moment] += 1
    assert step > 1 or {one.partition("-")[0] for one in seen} >= SEEN
    assert seen.total() > 2
    survived(ROW, leaves.name, tried=seen.total(), broken=0, shown_by=SHOWN_BY)


@pytest.mark.parametrize("wire", [Wire.REQUEST_LOST, Wire.ANSWER_LOST, Wire.ANSWER_TORN])
async def test_what_is_lost_on_the_way_is_asked_for_again_and_is_the_same_certificate(fleet: Fleet, wire: Wire) -> None:
    fleet.fortnight()
    fleet.bench.wire = wire

    assert [(await fleet.renew()).code for _ in range(3)] == [1, 0, 1]
    assert await fleet.certificates() == 2


@pytest.mark.parametrize("limit", [0, 300, 1000])
async def test_a_card_that_takes_no_more_costs_nothing(fleet: Fleet, limit: int) -> None:
    told = await _stopped(fleet, Halt(file_bytes_max=limit))

    assert "File too large" in told.said


async def test_years_of_fortnights(fleet: Fleet) -> None:
    for number in range(1, 6):
        fleet.fortnight()
        assert (await fleet.renew()).code == 0
        assert fleet.usable()[0].number == number
    assert sorted(path.name for path in fleet.folder.glob("renewed*")) == ["renewed-a.pem", "renewed-b.pem"]


async def test_too_early_is_told_apart(fleet: Fleet) -> None:
    assert (await fleet.renew()).said.startswith("too_early")


async def test_a_damaged_next_key_is_made_anew(fleet: Fleet) -> None:
    (fleet.folder / NEXT_KEY).write_text("half a k")
    fleet.fortnight()

    assert (await fleet.renew()).code == 0
