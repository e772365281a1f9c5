"""One more counter, as an operator types it in the console: what a line of an imported file does, one by one."""

import hashlib

from cloud.domain.actors import Role, require
from cloud.domain.errors import AlreadyExistsError, InvalidError
from cloud.domain.locker import Locker, PointKind
from cloud.intake.lockers_geojson import LockerRow
from cloud.services.counter_shelf import check_size
from cloud.services.import_lockers import import_lockers
from cloud.services.imports import ImportSource
from cloud.services.ports import Act, UnitOfWork

BY_HAND = "typed in the console"


def open_counter(uow: UnitOfWork, act: Act, row: LockerRow, time_zone: str) -> Locker:
    """Add a counter; it takes parcels with its first staff. Raises ``InvalidError`` and ``AlreadyExistsError``."""
    require(act.actor, Role.OPERATOR)
    if row.kind is not PointKind.COUNTER:
        raise InvalidError("kind", "machines are imported and enrolled")
    check_size(dict(row.shelf))
    if uow.get(Locker, row.id) is not None:
        raise AlreadyExistsError("locker", row.id)
    digest = hashlib.sha256(repr(row).encode()).hexdigest()
    report = import_lockers(uow, act, ImportSource("lockers", BY_HAND, digest, time_zone=time_zone), [row])
    for problem in report.problems:
        raise InvalidError(problem.column, problem.reason)
    return uow.need(Locker, row.id)
