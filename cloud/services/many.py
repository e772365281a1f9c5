"""Reading many records by id, a sensible number in each statement."""

from collections.abc import Iterable
from typing import Any, TypeVar

from cloud.services.ports import UnitOfWork

R = TypeVar("R", bound=Any)
CHUNK = 500  # ids in one statement: SQLite would allow 32,766 parameters, but the plan is made for each length anew


def by_id(uow: UnitOfWork, kind: type[R], ids: Iterable[str]) -> dict[str, R]:
    """Return the records that exist, by id, in the order of ``ids``."""
    wanted = list(dict.fromkeys(ids))
    found: dict[str, R] = {}
    for start in range(0, len(wanted), CHUNK):
        found |= {one.id: one for one in uow.find(kind, id=tuple(wanted[start : start + CHUNK]))}
    return {one: found[one] for one in wanted if one in found}
