"""Enrolment stopped at every write, flush, rename, request and answer, with the card keeping what it may; then again.

The second run completes, and the cloud has one device for the claim and no alarm. Where that cannot be, because the
card lost the keys themselves, it is told in a sentence what to do.
"""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from importlib import import_module
from pathlib import Path

import pytest

from cloud.services.records_ops import Alarm
from provisioning.client import Exit
from tests.power.bench import DEVICE, LOCKER, Bench, Wire, bench_of
from tests.power.halting import Halt, Leaves, Told
from tests.simulation.mutants import planted
from tests.simulation.planted import Bug, Patch
from tests.survives import survived
from tests.unit.cloud.api.office import open_office

ROW = "Enrolment stopped before or after every write, flush, rename, request and answer, and run again"
SHOWN_BY = "tests/power/test_enrolment.py"
MOMENTS_MAX = 200
STEPS = {Leaves.FLUSHED: (1, 1), Leaves.ALL: (1, 5), Leaves.TORN: (3, 5)}
"""The first moment and the step of each: the worst card is tried at every moment, the others take turns."""
EVERY_SECOND = 7  # of the moments of the second run, cut again; a prime
SEEN = {
    f"{when} {call}"
    for when in ("before", "after")
    for call in (
        "mkdir of make_directory",
        *(f"{call} of tls.key" for call in ("open", "write", "fsync", "replace")),
        *(f"replace of {name}" for name in ("signing.key", "tls.csr", "bundle-a.json", "ca.crt", "tls.crt")),
        "sendall of _post",
        "recv_into of _post",
    )
}


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    (tmp_path / "devices").mkdir()
    async with open_office(tmp_path) as office, bench_of(office, tmp_path / "devices") as bench:
        yield bench


async def _stopped(bench: Bench, *halts: Halt) -> list[Told]:
    """Enrol a new device, halted so; then once more undisturbed, and see that all is well."""
    root, before = await bench.new_claim(), await bench.keys()
    told = []
    for halt in halts:
        told.append(await bench.enrol(root, halt))
        bench.whole(root)
    last = await bench.enrol(root)
    why = f"{[one.moment or one.said for one in told]}, {halts}: {last.said}"
    assert last.code == Exit.ENROLLED, why
    await bench.one_device(root, before)
    return told


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("leaves", Leaves)
async def test_stopped_anywhere_and_run_again_it_is_one_device(bench: Bench, leaves: Leaves) -> None:
    seen: Counter[str] = Counter()
    first, step = STEPS[leaves]
    for at in range(first, MOMENTS_MAX, step):
        (told,) = await _stopped(bench, Halt(at, leaves))
        if not told.moment:
            assert told == Told(Exit.ENROLLED)
            break
        seen[told.moment] += 1
    assert step > 1 or set(seen) >= SEEN
    assert seen.total() > 10
    survived(ROW, leaves.name, tried=seen.total(), broken=0, shown_by=SHOWN_BY)


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_stopped_again_while_it_is_run_again_it_is_one_device(bench: Bench) -> None:
    tried = 0
    for first in range(3, MOMENTS_MAX, EVERY_SECOND):
        second = Halt((first * 5) % 40 + 1, Leaves.FLUSHED)
        told, _ = await _stopped(bench, Halt(first, Leaves.FLUSHED), second)
        if not told.moment:
            break
        tried += 1
    assert tried > 5
    survived(ROW, "twice", tried=tried, broken=0, shown_by=SHOWN_BY)


def _folder_not_flushed() -> Sequence[Patch]:
    def make(path: Path) -> None:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)

    return [(import_module("provisioning.device_keys"), "make_directory", make)]


def _asides_left() -> Sequence[Patch]:
    return [(import_module("provisioning.client"), "sweep", lambda _folder: None)]


async def _stopped_here_and_there(bench: Bench, leaves: Leaves) -> None:
    for at in range(4, 60, 8):
        await _stopped(bench, Halt(at, leaves))


@pytest.mark.long
@pytest.mark.parametrize(
    ("bug", "leaves"),
    [
        (Bug("the folder of the keys is not flushed", _folder_not_flushed), Leaves.FLUSHED),
        (Bug("half a key stays beside the key", _asides_left), Leaves.ALL),
    ],
    ids=lambda one: one.name,
)
async def test_the_bench_finds_what_it_is_there_for(bench: Bench, bug: Bug, leaves: Leaves) -> None:
    with planted(bug), pytest.raises(AssertionError):
        await _stopped_here_and_there(bench, leaves)


@pytest.mark.parametrize(
    ("wire", "code"),
    [
        (Wire.REQUEST_LOST, Exit.UNREACHABLE),
        (Wire.ANSWER_LOST, Exit.UNREACHABLE),
        (Wire.ANSWER_TORN, Exit.BAD_ANSWER),
    ],
)
async def test_what_is_lost_on_the_way_is_said_and_asked_for_again(bench: Bench, wire: Wire, code: Exit) -> None:
    bench.wire = wire
    (told,) = await _stopped(bench, Halt())

    assert told.code == code
    assert told.said.startswith("latchmile-enrol: ")


@pytest.mark.parametrize("limit", [0, 300, 700])
async def test_a_card_that_takes_no_more_is_said_and_costs_nothing(bench: Bench, limit: int) -> None:
    (told,) = await _stopped(bench, Halt(file_bytes_max=limit))

    assert told.code == Exit.UNUSABLE_FILES
    assert "File too large" in told.said
    assert told.said.startswith("latchmile-enrol: ")


async def test_a_card_that_lost_the_keys_makes_a_second_device_which_is_told_what_to_do(bench: Bench) -> None:
    root = await bench.new_claim()
    await bench.enrol(root)
    (root / DEVICE).rename(root / "lost")
    told = await bench.enrol(root)

    assert told.code == Exit.REFUSED
    assert "until an operator makes a new one" in told.said
    kinds = await bench.office.rim.look(lambda uow: [one.kind for one in uow.find(Alarm, locker_id=LOCKER)])
    assert kinds == ["claim_used_twice"]


async def test_the_next_claim_makes_a_quarantined_locker_whole_again(bench: Bench) -> None:
    root = await bench.new_claim()
    await bench.enrol(root)
    (root / DEVICE).rename(root / "lost")
    await bench.enrol(root)
    await bench.new_claim()
    told = await bench.enrol(root)

    assert told == Told(Exit.ENROLLED)
