"""A commit that the power cuts: written by SQLite to a real write-ahead log, which is cut short and opened again."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from edge.store.ports import Statement
from edge.store.sqlite_sync import SyncDatabase

LOG = "locker.db-wal"
FILE = "locker.db"


async def torn(database: SyncDatabase, statements: Sequence[Statement], share: float) -> SyncDatabase:
    """Return what a card holds after a commit of which only the first ``share`` of its bytes was written (1: all).

    SQLite keeps a transaction only if its last frame is whole (sqlite.org/walformat.html), so that less than all is
    nothing. Whether it does so is what this is for.
    """
    with TemporaryDirectory(prefix="latchmile-torn-") as name:
        card, found = Path(name) / "card", Path(name) / "found"
        card.mkdir()
        found.mkdir()
        database.save_as(card / FILE)
        writing = SyncDatabase.open(card / FILE)
        await writing.transact(statements)
        shutil.copy(card / FILE, found / FILE)
        log = (card / LOG).read_bytes()
        (found / LOG).write_bytes(log[: int(len(log) * share)])
        await writing.close()
        opened = SyncDatabase.open(found / FILE)
        image = opened.image()
        await opened.close()
    await database.close()
    return image
