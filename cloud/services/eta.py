"""When a stop may be expected: from where the courier is now, in the hour's traffic, with a band nine times true."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import cache

from cloud.routing.travel.arrivals import arrivals, band, bucket_of
from cloud.services import driven, reroute
from cloud.services.ports import UnitOfWork
from cloud.services.records import ENDS, Plan, Route, Stop, StopTask, TaskState
from cloud.services.travel_knowledge import knowledge, traffic

STEP = timedelta(minutes=5)  # bands begin and end on full ones: nobody reads them finer


@dataclass(frozen=True, slots=True)
class Expected:
    """``at`` is the likeliest moment; nine times out of ten it is between ``begins`` and ``ends``."""

    at: datetime
    begins: datetime
    ends: datetime


def expected(uow: UnitOfWork, route: Route, now: datetime, zone: tzinfo) -> Mapping[str, Expected]:
    """Return, by stop, when everything still ahead on a route may be expected."""
    left = reroute.with_stops(uow, route)
    coming = driven.ahead_of(uow, left)
    if not coming:
        return {}
    known, last = knowledge(uow), driven.last_known(uow, left, now)
    times = arrivals(last, [ahead for _, ahead in coming], traffic(uow), zone)
    late = max(now - times[0], timedelta(0)) if route.started_at is not None else timedelta(0)
    band_of = cache(lambda bucket: band(known.errors, bucket))  # a route of 120 stops meets six of them
    found: dict[str, Expected] = {}
    for (stop, ahead), told in zip(coming, times, strict=True):
        at = told + late
        low, high = band_of(bucket_of(told - last.at, is_under_way=route.started_at is not None))
        begins = max(at + low, now, ahead.not_before or now)
        found[stop.id] = Expected(at, _down(begins), _up(max(at + high, begins)))
    return found


def around(uow: UnitOfWork, at: datetime, route: Route, now: datetime) -> Expected:
    """Return the same band around a moment that was worked out otherwise."""
    low, high = band(knowledge(uow).errors, bucket_of(at - now, is_under_way=route.started_at is not None))
    begins = max(at + low, now)
    return Expected(at, _down(begins), _up(max(at + high, begins)))


def expected_parcel(uow: UnitOfWork, parcel_id: str, now: datetime, zone: tzinfo) -> Expected | None:
    """Return when the stop of a parcel may be expected; None when nobody is to drive there."""
    task = uow.first(StopTask, parcel_id=parcel_id, state=TaskState.PENDING, task=ENDS)
    stop = uow.get(Stop, task.stop_id) if task else None
    route = uow.get(Route, stop.route_id) if stop else None
    plan = uow.get(Plan, route.plan_id) if route else None
    if stop is None or route is None or plan is None or not (plan.current or route.started_at is not None):
        return None
    return expected(uow, route, now, zone).get(stop.id)


def _down(at: datetime) -> datetime:
    return at - timedelta(minutes=at.minute % 5, seconds=at.second, microseconds=at.microsecond)


def _up(at: datetime) -> datetime:
    whole = _down(at)
    return whole if whole == at else whole + STEP
