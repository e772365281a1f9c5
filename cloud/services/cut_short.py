"""A route that ends where its van got stuck: it counts for what was driven, not for what was planned.

Nobody measured the way. It is the planned one's part that leads to the last stop done, by the straight lines between
stops: what roads add to them is much the same before and behind.
"""

from collections.abc import Sequence
from itertools import pairwise

from cloud.domain.places import distance_m
from cloud.services import reroute
from cloud.services.locker_question import RouteLeft
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records import Attempt, Route, Shift, Stop, TaskState

STOOD = (TaskState.DONE, TaskState.FAILED)  # how a task ends that somebody stood there for
Spot = tuple[float, float]


def cut_short(uow: UnitOfWork, act: Act, left: RouteLeft) -> None:
    """Store that a started route ends now, after its last stop done; ``left`` is it before anything was taken off."""
    route = left.route
    if route.started_at is None:
        return
    share = driven_share(left, _attempted(uow, left), uow.get(Shift, route.shift_id))
    ends_at = max(route.started_at, min(route.ends_at, act.now))
    uow.change(Route, {"id": route.id}, distance_m=round(share * route.distance_m), ends_at=ends_at)


def driven_share(left: RouteLeft, attempted: frozenset[str], shift: Shift | None) -> float:
    """Return the part of the planned way up to the last stop done; ``attempted`` are stops of failed attempts."""

    def is_done(stop: Stop) -> bool:
        tasks = left.tasks.get(stop.id, ())
        stood = stop.id in attempted or any(task.state in STOOD for task in tasks)
        return stood and not reroute.is_open(left, stop)

    done = [stop for stop in left.stops if is_done(stop)]
    ahead = [stop for stop in left.stops if reroute.is_open(left, stop)]
    starts: list[Spot] = [(shift.start_lon, shift.start_lat)] if shift else []
    ends: list[Spot] = [(shift.end_lon, shift.end_lat)] if shift else []
    driven = _way_m([*starts, *_spots(done)])
    whole = _way_m([*starts, *_spots([*done, *ahead]), *ends])
    return driven / whole if whole else 0.0


def _attempted(uow: UnitOfWork, left: RouteLeft) -> frozenset[str]:
    ids = tuple(stop.id for stop in left.stops)
    return frozenset(one.stop_id for one in uow.find(Attempt, stop_id=ids) if one.stop_id) if ids else frozenset()


def _spots(stops: Sequence[Stop]) -> list[Spot]:
    return [(stop.lon, stop.lat) for stop in stops]


def _way_m(spots: Sequence[Spot]) -> float:
    return float(sum(distance_m(*before, *after) for before, after in pairwise(spots)))
