"""Real I/O errors: SQLite's own behaviour when a card's writes, flushes and reads fail at any call.

What the store said it kept is there, once and in order; what it said it did not keep does not count; and nobody's door
opens on an intent that could not be flushed.
"""

import random
import shutil
from pathlib import Path

import pytest

from contract.events import ReleaseIntended
from edge.locker_controller.screens import OutOfOrder, TakeParcel
from edge.store.errors import StoreError, StoreFact
from edge.store.sqlite_sync import SyncDatabase
from edge.store.store import Store
from tests.hostile.messages import code_of, put_in
from tests.hostile.victim import Disk, Victim, play
from tests.power.eio import IO_CODES, SickDatabase
from tests.survives import survived
from tests.unit.edge.store.builders import LOCKER, Kept, all_entries, draft

ROW = "SQLite on a card whose writes, flushes, reads or truncations fail"
SHOWN_BY = "tests/power/test_eio.py"
SAVES, SICK_SAVES = 12, 3
SEEDS = 60


async def _saved(store: Store, number: int) -> bool:
    try:
        await store.save([Kept("lockout", "", number.to_bytes(4))], [draft(number % 100)] * (1 + number % 3))
    except StoreError as error:
        if error.fact is not StoreFact.IO_FAILED:
            raise
        return False
    return True


async def _whole_after(path: Path) -> tuple[int, int, bytes]:
    """Open a copy with the product's own database: entries, damages, the record."""
    database = SyncDatabase.open(path)
    store = await Store.open(database, LOCKER)
    entries, records = await all_entries(store), await store.records()
    found = len(entries), len(store.damages), next((value for kind, _, value in records if kind == "lockout"), b"")
    assert store.broken == ()
    await database.close()
    return found


def _copied(card: Path, to: Path) -> Path:
    """Copy the card as it lies there: what a power cut at this moment would leave."""
    to.mkdir()
    for part in ("", "-wal"):
        if card.with_name(card.name + part).exists():
            shutil.copy(card.with_name(card.name + part), to / (card.name + part))
    return to / card.name


@pytest.mark.parametrize("call", sorted(IO_CODES))
async def test_the_store_keeps_its_word_wherever_the_card_fails(tmp_path: Path, call: str) -> None:
    failed = 0
    for seed in range(SEEDS // len(IO_CODES)):
        chance = random.Random(f"{call} {seed}")
        card = tmp_path / f"{seed}" / "locker.db"
        card.parent.mkdir()
        database = SickDatabase(card)
        store = await Store.open(database, LOCKER)
        sick_at, kept, last = chance.randrange(SAVES), 0, 0
        for number in range(1, SAVES + 1):
            if number == sick_at:
                database.sickness.begin(call, chance.randrange(1, 8))
            if number == sick_at + SICK_SAVES:
                database.sickness.end()
            before = store.head
            if await _saved(store, number):
                kept, last = kept + 1 + number % 3, number
            else:
                failed += 1
                assert store.head == before
                found, damages, record = await _whole_after(_copied(card, card.parent / f"cut {number}"))
                assert damages == 0
                # The power may go right after a failed flush: then all of that commit is there, or nothing of it.
                assert (found, record) in {
                    (kept, last.to_bytes(4) if last else b""),
                    (kept + 1 + number % 3, number.to_bytes(4)),
                }
        database.sickness.end()
        assert len(await all_entries(store)) == kept
        await store.close()
        assert await _whole_after(card) == (kept, 0, last.to_bytes(4))
    assert failed or call in {"read", "truncate"}, "hardly anything is read or cut short while entries are appended"
    survived(ROW, call, tried=SEEDS // len(IO_CODES), broken=0, shown_by=SHOWN_BY)


class _Card(Disk):
    """The victim's card as a file on a card that can fall sick."""

    def __init__(self, path: Path) -> None:
        """Begin empty."""
        super().__init__()
        self.sick = SickDatabase(path)
        self.transact = self.sick.transact  # type: ignore[method-assign]  # the same port, on the other library
        self.fetch = self.sick.fetch  # type: ignore[method-assign]  # the same


@pytest.mark.parametrize("call", ["write", "flush"])
def test_no_lock_moves_on_an_intent_that_could_not_be_flushed(tmp_path: Path, call: str) -> None:
    async def scenario(victim: Victim) -> None:
        await victim.power_off()
        victim.disk = card = _Card(tmp_path / "locker.db")
        await victim.power_on()
        await put_in(victim, 1)
        released = len(victim.board.released)
        card.sick.sickness.begin(call)

        await victim.controller.enter_code(code_of(1))
        await victim.pass_time(10)
        assert victim.controller.screen() == OutOfOrder("io_failed")
        assert len(victim.board.released) == released
        assert card.sick.sickness.failed

        card.sick.sickness.end()
        await victim.pass_time(10)
        await victim.controller.enter_code(code_of(1))
        await victim.pass_time(2)
        assert isinstance(victim.controller.screen(), TakeParcel)
        assert len(victim.board.released) == released + 1
        rows = await card.fetch("SELECT bytes FROM entry")
        assert sum(ReleaseIntended.__name__.encode() in bytes(row[0]) for row in rows) == 2  # type: ignore[arg-type]  # the column holds blobs only

    play(scenario)
    survived(ROW, f"agent {call}", tried=1, broken=0, shown_by=SHOWN_BY)
