"""One transaction as services see it: records in, records out, SQL nowhere else.

Generic access covers most needs with one statement each; joins and aggregates are named in ``reads.py`` and the ingest
path's own statements in ``event_log.py``.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from cloud.domain.errors import AlreadyExistsError, NotFoundError
from cloud.services.ports import ROWS_MAX, Change, EventLog, Reads
from cloud.store import statements
from cloud.store.event_log import SqlEventLog
from cloud.store.mapping import TABLE_OF, values_of
from cloud.store.reads import SqlReads

R = TypeVar("R")


class SqlUnitOfWork:
    """Implements ``cloud.services.ports.UnitOfWork`` over one connection in a transaction."""

    def __init__(self, connection: Connection) -> None:
        """Work inside ``connection``'s current transaction; whoever opened it commits it."""
        self.connection = connection
        self.touched: set[str] = set()
        self._reads = SqlReads(connection)
        self._log = SqlEventLog(connection, self.touched)

    @property
    def reads(self) -> Reads:
        return self._reads

    @property
    def log(self) -> EventLog:
        return self._log

    def get(self, kind: type[R], /, *key: str | int) -> R | None:
        names = [column.name for column in TABLE_OF[kind].primary_key.columns]
        conditions: dict[str, Any] = dict(zip(names, key, strict=True))
        return self.first(kind, **conditions)

    def need(self, kind: type[R], /, *key: str | int) -> R:
        found = self.get(kind, *key)
        if found is None:
            raise NotFoundError(TABLE_OF[kind].name.replace("_", " "), "/".join(str(part) for part in key))
        return found

    def find(self, kind: type[R], /, *, order: str = "", limit: int = ROWS_MAX, **conditions: Any) -> list[R]:
        statement = statements.selecting(TABLE_OF[kind], statements.shape_of(conditions), order, limited=True)
        rows = self.connection.execute(statement, {**statements.bind(conditions), "row_limit": limit})
        return [kind(**row) for row in rows.mappings()]

    def first(self, kind: type[R], /, *, order: str = "", **conditions: Any) -> R | None:
        found = self.find(kind, order=order, limit=1, **conditions)
        return found[0] if found else None

    def count(self, kind: type[Any], /, **conditions: Any) -> int:
        statement = statements.counting(TABLE_OF[kind], statements.shape_of(conditions))
        return int(self.connection.execute(statement, statements.bind(conditions)).scalar_one())

    def add(self, *records: Any) -> None:
        grouped: dict[type[Any], list[dict[str, Any]]] = defaultdict(list)
        for record in records:
            grouped[type(record)].append(values_of(record))
        for kind, rows in grouped.items():
            self._insert(kind, rows)

    def change(self, kind: type[Any], where: Mapping[str, Any], /, **values: Any) -> int:
        statement = statements.updating(TABLE_OF[kind], statements.shape_of(where), tuple(values))
        bound = statements.bind(where) | {f"v_{name}": value for name, value in values.items()}
        return self._touch(kind, self.connection.execute(statement, bound).rowcount)

    def change_many(self, kind: type[Any], changes: Sequence[Change], /) -> None:
        if not changes:
            return
        shape = statements.shape_of(changes[0].where)
        statement = statements.updating(TABLE_OF[kind], shape, tuple(changes[0].values))
        self._touch(kind, self.connection.execute(statement, [_bound(change) for change in changes]).rowcount)

    def remove(self, kind: type[Any], /, **conditions: Any) -> int:
        statement = statements.deleting(TABLE_OF[kind], statements.shape_of(conditions))
        return self._touch(kind, self.connection.execute(statement, statements.bind(conditions)).rowcount)

    def _touch(self, kind: type[Any], rows: int) -> int:
        """Note that ``kind`` changed, if it did: a claim that found nothing must not wake whoever claims again."""
        if rows != 0:
            self.touched.add(kind.__name__)
        return rows

    def _insert(self, kind: type[Any], rows: list[dict[str, Any]]) -> None:
        self.touched.add(kind.__name__)
        try:
            self.connection.execute(statements.inserting(TABLE_OF[kind]), rows)
        except IntegrityError as error:
            if "UNIQUE" not in str(error.orig).upper():
                raise
            name = TABLE_OF[kind].name.replace("_", " ")
            raise AlreadyExistsError(f"this {name} exists already") from error


def _bound(change: Change) -> dict[str, Any]:
    return statements.bind(change.where) | {f"v_{name}": value for name, value in change.values.items()}
