"""The rest of one courier's day as a problem of its own: from where they are, now, with what is still to do."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from cloud.routing.lateness import softened
from cloud.routing.problem import Costs, Courier, Place, Problem, Stop, StopId, TimeWindow, Travel


@dataclass(frozen=True, slots=True)
class Position:
    """What is true of a courier right now. ``committed`` are stops not to be moved any more (driving there already)."""

    now_s: int
    here: Place
    stops_done: int = 0
    breaks_taken: frozenset[str] = frozenset()
    driven_m: int = 0
    driven_s: int = 0
    committed: tuple[StopId, ...] = ()


@dataclass(frozen=True, slots=True)
class RestOfDay:
    """``late`` are stops whose promised window can no longer be kept: they stay on the route; people must be told."""

    problem: Problem
    late: tuple[StopId, ...]


def replan_rest(courier: Courier, position: Position, stops: Iterable[Stop], travel: Travel) -> RestOfDay:
    """Return the problem of what is left: fixed cost is spent, limits are reduced by what is used, the clock runs.

    A parcel that is in the van is not left there for being late: a window that cannot be reached even by driving there
    at once has a price from its end on. A shift already over ends now, so that only committed stops are driven.
    """
    kept: list[Stop] = []
    late: list[StopId] = []
    for stop in stops:
        if _is_lost(stop, position, travel):
            late.append(stop.id)
            kept.append(softened(stop, courier.shift.end_s))
        else:
            kept.append(stop)
    return RestOfDay(Problem(tuple(kept), (_from_here(courier, position),)), tuple(late))


def _is_lost(stop: Stop, position: Position, travel: Travel) -> bool:
    arrival_s = position.now_s + travel.duration_s(position.here, stop.place)
    return bool(stop.windows) and arrival_s > stop.windows[-1].end_s


def _from_here(courier: Courier, position: Position) -> Courier:
    costs = courier.costs
    return replace(
        courier,
        start=position.here,
        shift=TimeWindow(position.now_s, max(position.now_s, courier.shift.end_s)),
        breaks=tuple(pause for pause in courier.breaks if pause.id not in position.breaks_taken),
        costs=Costs(0, costs.per_hour_cents, costs.per_km_cents, costs.per_stop_cents),
        stops_max=_left(courier.stops_max, position.stops_done),
        distance_m_max=_left(courier.distance_m_max, position.driven_m),
        drive_s_max=_left(courier.drive_s_max, position.driven_s),
        locked=position.committed,
        under_way=True,
    )


def _left(limit: int | None, used: int) -> int | None:
    return None if limit is None else max(0, limit - used)
