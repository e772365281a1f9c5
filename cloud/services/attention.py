"""What a person must look at: alarms about machines, cases about parcels."""

from datetime import datetime

from cloud.services.ports import Act
from cloud.services.records_ops import Alarm, SupportCase

Place = tuple[str | None, str | None]
"""A locker, and a compartment of it if it is about one."""


def alarm(act: Act, place: Place, what: tuple[str, str], detail: str, at: datetime | None = None) -> Alarm:
    """Return a new alarm; ``what`` is its kind and severity. It was raised now unless ``at`` says when."""
    kind, severity = what
    return Alarm(
        id=act.ids.new(),
        locker_id=place[0],
        kind=kind,
        severity=severity,
        compartment=place[1],
        detail=detail,
        raised_at=at or act.now,
        seen_by=None,
        seen_at=None,
        cleared_at=None,
    )


def case(act: Act, kind: str, parcel_id: str | None, place: Place, detail: str) -> SupportCase:
    """Return a new case for support."""
    return SupportCase(
        id=act.ids.new(),
        kind=kind,
        parcel_id=parcel_id,
        locker_id=place[0],
        compartment=place[1],
        detail=detail,
        opened_at=act.now,
        closed_at=None,
    )
