"""The card lies: its write-ahead log ends anywhere, its bits flip. What is served was written, or the agent says it."""

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from contract.events import genesis_hash
from edge.store.chain import Mark
from edge.store.opening import KeptTime
from tests.power.card import (
    FRAME_HEADER,
    LOCKER,
    PAGE,
    WAL_HEADER,
    Memory,
    Verdict,
    begin,
    copied,
    judged,
    opened,
    write,
)
from tests.survives import survived
from tests.unit.edge.store.builders import Open, aio, sync

PLACES = 1_000
FLIPS = 400  # in each of the two files
SHARE = 8  # one in so many is tried with the database of a real locker, whose thread costs more than the test
ROW_CUT = "Journal cut short at every frame and at 1,000 random places"
SHOWN_BY = "tests/power/test_card.py"


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return a folder in memory where there is one: what counts here is what is in the files, not the wait for them."""
    with TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as made:
        yield Path(made)


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("open_database", "step"), [(sync, 1), (aio, SHARE)])
async def test_a_journal_cut_short_anywhere_is_one_of_before_and_whole(
    folder: Path, open_database: Open, step: int
) -> None:
    moments = await write(folder)
    wal = (folder / "card" / "locker.db-wal").read_bytes()
    frames = range(WAL_HEADER, len(wal) + 1, FRAME_HEADER + PAGE)
    chance = random.Random("cut short")
    places = [0, *frames, *(chance.randrange(len(wal)) for _ in range(PLACES))][::step]
    base = await _without_a_log(folder)
    for place in places:
        cut = copied(folder / "card", folder / "cut")
        (cut / "locker.db-wal").write_bytes(wal[:place])
        memory, told = await opened(cut, open_database)

        expected = next((known for size, known in reversed(moments) if size <= place and size), base)
        assert (memory, told) == (expected, False), f"cut at byte {place} of {len(wal)}"
    survived(ROW_CUT, open_database.__name__, tried=len(places), broken=0, shown_by=SHOWN_BY)


async def test_a_new_card_cut_short_during_its_first_start_is_new_again_or_whole(folder: Path) -> None:
    card = await begin(folder)
    wal = (card / "locker.db-wal").read_bytes()
    whole, _ = await opened(copied(card, folder / "whole"))
    new = Memory(Mark(0, genesis_hash(LOCKER)), Mark(0, genesis_hash(LOCKER)), KeptTime(0, 0), frozenset(), ())
    frames = [*range(WAL_HEADER, len(wal), FRAME_HEADER + PAGE), len(wal)]
    said = Counter[str]()
    for place in [0, *frames, *(frame - PAGE // 2 for frame in frames[1:])]:
        cut = copied(card, folder / "cut")
        (cut / "locker.db-wal").write_bytes(wal[:place])
        memory, told = await opened(cut)

        assert memory in {new, whole}, place
        assert not told
        said["whole" if memory == whole else "new"] += 1
    assert said["new"] > said["whole"] > 0
    survived(ROW_CUT, "first start", tried=said.total(), broken=0, shown_by=SHOWN_BY)


async def _without_a_log(folder: Path) -> Memory:
    """Return what the database alone says."""
    alone = copied(folder / "card", folder / "alone")
    (alone / "locker.db-wal").unlink()
    return (await opened(alone))[0]


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("open_database", "flips"), [(sync, FLIPS), (aio, FLIPS // SHARE)])
@pytest.mark.parametrize("name", ["locker.db", "locker.db-wal"])
async def test_a_flipped_bit_is_never_served_in_silence(
    folder: Path, name: str, open_database: Open, flips: int
) -> None:
    moments = await write(folder)
    earlier = frozenset(known for _, known in moments) | {await _without_a_log(folder)}
    whole = moments[-1][1]
    content = (folder / "card" / name).read_bytes()
    chance = random.Random(name)
    verdicts: Counter[Verdict] = Counter()
    for _ in range(flips):
        bent = copied(folder / "card", folder / "flipped")
        place, bit = chance.randrange(len(content)), chance.randrange(8)
        flipped = bytearray(content)
        flipped[place] ^= 1 << bit
        (bent / name).write_bytes(flipped)
        verdict = await judged(bent, (whole, earlier), open_database)
        verdicts[verdict] += 1

        assert verdict is not Verdict.SILENT, f"bit {bit} of byte {place} of {name}"
    assert verdicts[Verdict.SAID] + verdicts[Verdict.UNUSABLE] + verdicts[Verdict.SHORTER] > flips // 10
    survived("Bits flipped on the card", f"{name} {open_database.__name__}", tried=flips, broken=0, shown_by=SHOWN_BY)
