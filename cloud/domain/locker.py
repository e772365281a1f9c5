"""What the cloud knows of a locker: its status, its doors by size, and whether it can serve people now."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cloud.domain.errors import ConflictError
from contract.layout import Layout
from contract.sizes import SizeClass

STANDARD_SHELF: Mapping[SizeClass, int] = {SizeClass.S: 10, SizeClass.M: 6, SizeClass.L: 2}
"""A metre of a counter's shelf with three boards: our assumption until the business says better."""
SILENT_AFTER = timedelta(minutes=5)  # three lost keep-alives of 60 s and a reconnect with jitter up to 120 s


class LockerStatus(StrEnum):
    """Where a locker stands in its life. Being online is not a status, it is an observation (``online``)."""

    ANNOUNCED = "announced"
    ENROLLING = "enrolling"
    ACTIVE = "active"
    QUARANTINED = "quarantined"
    DECOMMISSIONED = "decommissioned"


class PointKind(StrEnum):
    """What kind of pick-up point it is: a machine, or a partner's counter whose places are on a shelf."""

    LOCKER = "locker"
    COUNTER = "counter"


class Contents(StrEnum):
    EMPTY = "empty"
    OCCUPIED = "occupied"
    UNKNOWN = "unknown"


class CompartmentStatus(StrEnum):
    IN_SERVICE = "in_service"
    QUARANTINED = "quarantined"
    FAULTED = "faulted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Locker:
    """``boot_nonce`` and ``command_counter`` make remote opens unrepeatable; ``unserved_since`` stops dwell clocks.

    ``maintenance_until``: when maintenance mode ends by itself, as the locker last said; ``operators_number``: which
    list of operators it has pinned.
    ``reported_at``: when a picture last agreed with the journal we have; None since it came back, until one does.
    A partner's counter is one of these too (``kind``): its compartments are places on a shelf, nobody sends it
    anything, and it is always there because its staff work on our own pages.
    """

    id: str
    name: str
    model: str
    status: LockerStatus
    lon: float
    lat: float
    address: str
    opening_hours: str
    time_zone: str
    online: bool
    seen_at: datetime | None
    reported_at: datetime | None
    unserved_since: datetime | None
    boot_nonce: str | None
    session: int
    agent_version: str | None
    command_counter: int
    intake_open: bool
    created_at: datetime
    updated_at: datetime
    kind: PointKind = PointKind.LOCKER
    maintenance_until: datetime | None = None
    operators_number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Compartment:
    """The cloud's picture of one compartment: a projection of events and snapshots, never the truth itself."""

    locker_id: str
    label: str
    size: SizeClass
    low: bool
    door: str
    contents: Contents
    parcel_id: str | None
    status: CompartmentStatus
    fault: str | None
    updated_at: datetime


_NEXT: Mapping[LockerStatus, frozenset[LockerStatus]] = {
    LockerStatus.ANNOUNCED: frozenset({LockerStatus.ENROLLING, LockerStatus.DECOMMISSIONED}),
    LockerStatus.ENROLLING: frozenset({LockerStatus.ENROLLING, LockerStatus.ACTIVE, LockerStatus.QUARANTINED}),
    LockerStatus.ACTIVE: frozenset({LockerStatus.ENROLLING, LockerStatus.QUARANTINED, LockerStatus.DECOMMISSIONED}),
    LockerStatus.QUARANTINED: frozenset({LockerStatus.ENROLLING, LockerStatus.ACTIVE, LockerStatus.DECOMMISSIONED}),
    LockerStatus.DECOMMISSIONED: frozenset(),
}


def change_status(current: LockerStatus, wanted: LockerStatus) -> LockerStatus:
    """Return ``wanted`` where the life of a locker allows it."""
    if wanted not in _NEXT[current]:
        raise ConflictError(f"a locker that is {current} cannot become {wanted}")
    return wanted


def takes_parcels(locker: Locker) -> bool:
    """Whether new parcels may be sent there. A silent locker still may: grants travel on the courier's phone."""
    return locker.status is LockerStatus.ACTIVE and locker.intake_open


def is_counter(locker: Locker) -> bool:
    return locker.kind is PointKind.COUNTER


def require_machine(locker: Locker) -> None:
    """Raise ``ConflictError`` for a partner's counter: it has no doors, no settings and nobody who hears commands."""
    if is_counter(locker):
        raise ConflictError(f"{locker.id} is a partner's counter; people work there, no machine")


def is_silent(locker: Locker, now: datetime) -> bool:
    """Whether a locker has been gone for so long that somebody should know; the broker's will said when it went."""
    return not locker.online and (locker.seen_at is None or now - locker.seen_at >= SILENT_AFTER)


def is_caught_up(locker: Locker) -> bool:
    """Whether we know what the locker did: it is there, and nothing of a silent week is still on its way to us."""
    return locker.online and locker.reported_at is not None


def is_free(compartment: Compartment) -> bool:
    return compartment.status is CompartmentStatus.IN_SERVICE and compartment.contents is Contents.EMPTY


def free_by_size(compartments: Iterable[Compartment]) -> dict[SizeClass, int]:
    """Count the compartments that could take a parcel now, by size class; every size has an entry."""
    counted = Counter(compartment.size for compartment in compartments if is_free(compartment))
    return {size: counted[size] for size in SizeClass}


def differences(layout: Layout, seen: Mapping[str, SizeClass]) -> tuple[str, ...]:
    """Return what a first snapshot shows differently from the layout, as sentences; empty when they match."""
    planned: dict[str, SizeClass] = {plan.label: plan.size for plan in layout.compartments}
    missing = [f"{label} is in the layout and was not reported" for label in planned if label not in seen]
    extra = [f"{label} was reported and is not in the layout" for label in seen if label not in planned]
    wrong = [
        f"{label} is {size} in the layout and was reported as {seen[label]}"
        for label, size in planned.items()
        if label in seen and seen[label] != size
    ]
    return (*missing, *extra, *wrong)
