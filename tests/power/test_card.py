"""The card lies: its write-ahead log ends anywhere, its bits flip. What is served was written, or the agent says it."""

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.power.card import FRAME_HEADER, PAGE, WAL_HEADER, Memory, Verdict, copied, judged, opened, write
from tests.survives import survived

PLACES = 1_000
FLIPS = 2_000  # in each of the two files
ROW_CUT = "Journal cut short at every frame and at 1,000 random places"
SHOWN_BY = "tests/power/test_card.py"


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return a folder in memory where there is one: what counts here is what is in the files, not the wait for them."""
    with TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as made:
        yield Path(made)


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_a_journal_cut_short_anywhere_is_one_of_before_and_whole(folder: Path) -> None:
    moments = await write(folder)
    wal = (folder / "card" / "locker.db-wal").read_bytes()
    frames = range(WAL_HEADER, len(wal) + 1, FRAME_HEADER + PAGE)
    chance = random.Random("cut short")
    places = [0, *frames, *(chance.randrange(len(wal)) for _ in range(PLACES))]
    base = await _without_a_log(folder)
    for place in places:
        cut = copied(folder / "card", folder / "cut")
        (cut / "locker.db-wal").write_bytes(wal[:place])
        memory, told = await opened(cut)

        expected = next((known for size, known in reversed(moments) if size <= place and size), base)
        assert (memory, told) == (expected, False), f"cut at byte {place} of {len(wal)}"
    survived(
        "Journal cut short at every frame and at 1,000 random places",
        "wal",
        tried=len(places),
        broken=0,
        shown_by=SHOWN_BY,
    )


async def _without_a_log(folder: Path) -> Memory:
    """Return what the database alone says."""
    alone = copied(folder / "card", folder / "alone")
    (alone / "locker.db-wal").unlink()
    return (await opened(alone))[0]


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", ["locker.db", "locker.db-wal"])
async def test_a_flipped_bit_is_never_served_in_silence(folder: Path, name: str) -> None:
    moments = await write(folder)
    earlier = frozenset(known for _, known in moments) | {await _without_a_log(folder)}
    whole = moments[-1][1]
    content = (folder / "card" / name).read_bytes()
    chance = random.Random(name)
    verdicts: Counter[Verdict] = Counter()
    for _ in range(FLIPS):
        bent = copied(folder / "card", folder / "flipped")
        place, bit = chance.randrange(len(content)), chance.randrange(8)
        flipped = bytearray(content)
        flipped[place] ^= 1 << bit
        (bent / name).write_bytes(flipped)
        verdict = await judged(bent, whole, earlier)
        verdicts[verdict] += 1

        assert verdict is not Verdict.SILENT, f"bit {bit} of byte {place} of {name}"
    assert verdicts[Verdict.SAID] + verdicts[Verdict.UNUSABLE] + verdicts[Verdict.SHORTER] > FLIPS // 10
    survived("Bits flipped on the card", name, tried=FLIPS, broken=0, shown_by=SHOWN_BY)
