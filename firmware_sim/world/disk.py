"""A locker's card: the product's own SQL on SQLite in memory, which outlives every boot and may refuse to write."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edge.store.errors import StoreError, StoreFact
from edge.store.ports import Row, SqlValue, Statement
from edge.store.sqlite_sync import SyncDatabase
from firmware_sim.world.ledger import Ledger
from firmware_sim.world.plug import Plug
from firmware_sim.world.tearing import torn

TEAR_AFTER_MAX = 6  # commits from now: what people do at a locker takes about so many
WHOLE = 0.3  # of the commits that the power cuts, how many had just become whole
BEHIND_COMMITS = 20  # what was kept while a card refused is committed within so many, and tells of doors of before


@dataclass(slots=True)
class Tear:
    """The power goes in the middle of the ``after``-th commit from now.

    Of what the commit writes, only the first ``share`` is kept.
    """

    after: int
    share: float

    @classmethod
    def drawn(cls, chance: random.Random) -> "Tear":
        """Draw one: most cut the write-ahead log short, some come when its last byte was out."""
        whole = chance.random() < WHOLE
        return cls(chance.randrange(1, TEAR_AFTER_MAX), 1.0 if whole else chance.random())

    def is_now(self) -> bool:
        """Count a commit; say whether it is the one."""
        self.after -= 1
        return self.after <= 0


class Card:
    """What is in the slot: it stays when the power goes. ``behind``: commits that may still tell of before.

    ``tears`` True has SQLite find out what is left of a commit that the power cuts; otherwise it is known: all or
    nothing.
    """

    def __init__(self, *, tears: bool = True) -> None:
        """Begin empty."""
        self.tears = tears
        self.database = SyncDatabase.open(":memory:")
        self.sick: StoreFact | None = None
        self.behind = 0
        self.tear: Tear | None = None


class WorldDatabase:
    """The edge's ``Database`` for one boot; ``ledger`` learns of every commit at the moment it is durable."""

    def __init__(self, card: Card, plug: Plug, ledger: Ledger, happened: Callable[[], None]) -> None:
        """Write to ``card`` while ``plug`` has power; ``happened`` hears of every entry, and of every failure."""
        self._card, self._plug, self._ledger, self._happened = card, plug, ledger, happened

    async def transact(self, statements: Sequence[Statement]) -> None:
        await self._plug.moment("before the commit")
        if self._card.sick is not None:
            self._card.behind = BEHIND_COMMITS
            self._happened()
            raise StoreError(self._card.sick, "the world made the card sick")
        if self._card.tear is not None and self._card.tear.is_now():
            await self._torn(statements, self._card.tear)
        await self._card.database.transact(statements)
        self._ledger.committed(statements)
        self._card.behind = max(0, self._card.behind - 1)
        if any(sql.startswith("INSERT INTO entry") for sql, _ in statements):
            self._happened()
        await self._plug.moment("after the commit")

    async def _torn(self, statements: Sequence[Statement], tear: Tear) -> None:
        """Lose power in the middle of a commit: what is found after it is what SQLite makes of the log's beginning."""
        self._card.tear = None
        if self._card.tears:
            self._card.database = await torn(self._card.database, statements, tear.share)
        elif tear.share == 1:
            await self._card.database.transact(statements)
        end = "when all was written" if tear.share == 1 else "and the end of what it wrote is lost"
        self._ledger.chronicle.fault("torn commit", f"{self._ledger.locker} loses power in mid commit, {end}")
        if tear.share == 1:
            self._ledger.committed(statements)
        self._plug.pull()
        await asyncio.get_running_loop().create_future()

    async def fetch(self, sql: str, params: tuple[SqlValue, ...] = ()) -> list[Row]:
        await self._plug.moment("before a read")
        return await self._card.database.fetch(sql, params)

    async def close(self) -> None:
        """Leave the card in its slot."""
