"""Room at the lockers on a day to come: what is free now, and what people will have fetched until a courier comes.

Nothing here promises anything: a plan may count on the forecast, a promise is made only on an empty compartment.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo

from cloud.domain.locker import Compartment, CompartmentStatus
from cloud.domain.parcel import IN_LOCKER, Parcel
from cloud.routing.dwell_forecast import HOUR_S, Dwell, Waiting, freed, learn
from cloud.services.ports import Act, From, UnitOfWork
from cloud.services.records import HistoryEntry
from contract.sizes import SizeClass

LEARNT_FROM = timedelta(days=28)  # four of each weekday; older habits say little about a new season
ROWS_MAX = 60_000  # a thousand drop-offs a day over that time, with their pick-ups
INSIDE_MAX = 20_000  # parcels waiting in the fleet one process serves
ENDS = ("picked_up", "collected")


def forecast(uow: UnitOfWork, act: Act, at: datetime) -> dict[str, dict[SizeClass, int]]:
    """Return by locker and size how many compartments occupied now can be counted on to be free ``at`` a moment.

    Hours of the day are those of ``at``'s zone. What has passed frees nothing.
    """
    ahead_h = (at - act.now).total_seconds() / HOUR_S
    if ahead_h <= 0:
        return {}
    zone = at.tzinfo
    learned = learn(_dwells(uow, act, zone))
    return {
        locker: freed(learned, inside, _hour_of(act.now, zone), ahead_h)
        for locker, inside in sorted(_inside(uow, act.now).items())
    }


def with_forecast(left: Mapping[SizeClass, int], more: Mapping[SizeClass, int]) -> dict[SizeClass, int]:
    """Return the room there will be, by size."""
    return {size: left.get(size, 0) + more.get(size, 0) for size in SizeClass}


def _dwells(uow: UnitOfWork, act: Act, zone: tzinfo | None) -> list[Dwell]:
    """Return the stays of the last weeks, those that still last among them."""
    since = From(act.now - LEARNT_FROM)
    rows = uow.find(HistoryEntry, order="number", limit=ROWS_MAX, happened=("dropped_off", *ENDS), at=since)
    begun: dict[str, HistoryEntry] = {}
    found: list[Dwell] = []
    for row in rows:
        if row.happened == "dropped_off":
            begun[row.parcel_id] = row
        elif row.parcel_id in begun:
            found.append(_dwell(begun.pop(row.parcel_id), row.at, zone, fetched=row.happened == "picked_up"))
    return found + [_dwell(row, act.now, zone, fetched=False) for row in begun.values()]


def _dwell(begun: HistoryEntry, until: datetime, zone: tzinfo | None, *, fetched: bool) -> Dwell:
    hours = max(0.0, (until - begun.at).total_seconds() / HOUR_S)
    return Dwell(begun.locker_id or "", _hour_of(begun.at, zone), hours, fetched)


def _hour_of(at: datetime, zone: tzinfo | None) -> float:
    local = at.astimezone(zone)
    return local.hour + local.minute / 60


def _inside(uow: UnitOfWork, now: datetime) -> dict[str, list[Waiting]]:
    """Return the parcels in compartments that will serve again once empty."""
    working = {
        (one.locker_id, one.label): one.size for one in uow.find(Compartment, status=CompartmentStatus.IN_SERVICE)
    }
    found: dict[str, list[Waiting]] = {}
    for parcel in uow.find(Parcel, order="id", limit=INSIDE_MAX, state=tuple(IN_LOCKER)):
        size = working.get((parcel.locker_id or "", parcel.compartment or ""))
        if size is not None and parcel.locker_id and parcel.dropped_off_at and parcel.deadline:
            age_h = (now - parcel.dropped_off_at).total_seconds() / HOUR_S
            ends_h = (parcel.deadline - now).total_seconds() / HOUR_S
            found.setdefault(parcel.locker_id, []).append(Waiting(parcel.locker_id, size, max(0.0, age_h), ends_h))
    return found
