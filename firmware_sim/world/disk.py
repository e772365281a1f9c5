"""A locker's card: the product's own SQL on SQLite in memory, which outlives every boot and may refuse to write."""

from collections.abc import Callable, Sequence

from edge.store.errors import StoreError, StoreFact
from edge.store.ports import Row, SqlValue, Statement
from edge.store.sqlite_sync import SyncDatabase
from firmware_sim.world.ledger import Ledger
from firmware_sim.world.plug import Plug

BEHIND_COMMITS = 20  # what was kept while a card refused is committed within so many, and tells of doors of before


class Card:
    """What is in the slot: it stays when the power goes. ``behind``: commits that may still tell of before."""

    def __init__(self) -> None:
        """Begin empty."""
        self.database = SyncDatabase.open(":memory:")
        self.sick: StoreFact | None = None
        self.behind = 0


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
        await self._card.database.transact(statements)
        self._ledger.committed(statements)
        self._card.behind = max(0, self._card.behind - 1)
        if any(sql.startswith("INSERT INTO entry") for sql, _ in statements):
            self._happened()
        await self._plug.moment("after the commit")

    async def fetch(self, sql: str, params: tuple[SqlValue, ...] = ()) -> list[Row]:
        await self._plug.moment("before a read")
        return await self._card.database.fetch(sql, params)

    async def close(self) -> None:
        """Leave the card in its slot."""
