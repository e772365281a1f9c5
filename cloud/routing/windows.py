"""Which windows a running plan can still promise for one more stop, and what each costs: cheapest insertion with slack.

For every route the earliest times and the latest arrivals that keep all promises are computed once; every position of
every window is then a comparison of arrays (forward time slack: M. Savelsbergh, ORSA Journal on Computing 4, 1992).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cloud.routing.lateness import LATE_CENTS_PER_MINUTE
from cloud.routing.matrices import TravelTimes
from cloud.routing.problem import HORIZON_S_MAX, Courier, Place, Stop, TimeWindow

LOST_MAX = 20  # late stops of one route that are priced, the next ones; a route with more is being planned anew
SECONDS_PER_MINUTE = 60
Seconds = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Running:
    """One courier's route: the order ahead, from ``courier.start`` at the beginning of ``courier.shift``."""

    courier: Courier
    order: tuple[Stop, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """A window that can be kept by putting the stop into ``running[route]`` before the stop now at ``position``."""

    window: TimeWindow
    route: int
    position: int
    added_cents: float
    begin_s: int


def offers(
    running: Sequence[Running], stop: Stop, windows: Sequence[TimeWindow], travel: TravelTimes
) -> tuple[Offer, ...]:
    """Return the cheapest way to keep each window that can be kept at all; ``stop`` is on none of the routes.

    What is late already stays so, forbids nothing and has a price for being later (``lateness``). Ties go to the first
    route and the earliest position.
    """
    routes = [_gaps(one, stop.place, travel) for one in running]
    found = []
    for window in windows:
        best: Offer | None = None
        for number, gaps in enumerate(routes):
            cents, begins = added_cents(gaps, stop, window)
            position = int(cents.argmin())
            if np.isfinite(cents[position]) and (best is None or cents[position] < best.added_cents):
                where = position + gaps.locked
                best = Offer(window, number, where, float(cents[position]), int(begins[position]))
        if best is not None:
            found.append(best)
    return tuple(found)


def cost_at(running: Running, stop: Stop, position: int, travel: TravelTimes) -> float:
    """Return the cents that ``stop`` adds where it stands now, at ``position`` of the order without it."""
    gaps = _gaps(running, stop.place, travel)
    window = stop.windows[0] if stop.windows else TimeWindow(0, HORIZON_S_MAX)
    cents, _ = added_cents(gaps, stop, window, forgiving=True)
    return float(cents[max(0, position - gaps.locked)])


@dataclass(frozen=True, slots=True, eq=False)
class _Gaps:
    """Arrays by gap, the first behind the locked prefix: what a stop in that gap meets.

    ``leave`` of the one before, ``arrive`` and ``latest`` arrival at the one behind, ``absorbed`` what is waited from
    there on; ways there, onward and straight on, in seconds and metres. ``lost`` is by gap and by stop that is late
    anyway how much delay never reaches it, and ``lost_cents`` what a second of it costs.
    """

    courier: Courier
    locked: int
    leave: Seconds
    arrive: Seconds
    latest: Seconds
    absorbed: Seconds
    there_s: Seconds
    onward_s: Seconds
    straight_s: Seconds
    extra_m: Seconds
    lost: Seconds
    lost_cents: NDArray[np.float64]


def added_cents(
    gaps: _Gaps, stop: Stop, window: TimeWindow, *, forgiving: bool = False
) -> tuple[NDArray[np.float64], Seconds]:
    """Return for each gap what a stop there costs (infinite where some promise would break) and when it begins."""
    begin = np.maximum(gaps.leave + gaps.there_s, window.start_s)
    onward = begin + stop.service_s + gaps.onward_s
    driving_s = gaps.there_s + gaps.onward_s - gaps.straight_s
    delayed_s = np.maximum(0, onward - gaps.arrive - gaps.absorbed)
    # hours are paid to the end, and waiting on the way absorbs; who has not left yet leaves so that nothing is waited
    paid_s = delayed_s if gaps.courier.under_way else driving_s + stop.service_s
    costs = gaps.courier.costs
    handled = stop.deliveries.parcels + stop.collections.parcels
    pieces = costs.per_stop_cents + costs.per_parcel_cents * handled
    cents = pieces + costs.per_hour_cents * paid_s / 3_600 + costs.per_km_cents * gaps.extra_m / 1_000
    if gaps.lost_cents.size:
        cents = cents + np.maximum(0, (onward - gaps.arrive)[:, None] - gaps.lost) @ gaps.lost_cents
    holds = (begin <= window.end_s) & (onward <= gaps.latest)
    return np.where(holds | forgiving, cents, np.inf), begin


def _gaps(running: Running, place: Place, travel: TravelTimes) -> _Gaps:
    courier, order = running.courier, running.order
    here = travel.index[place]
    index, nowhere = _places(running, travel)
    legs, straight_m = _ways(travel, (index[:-1], index[1:]), nowhere[:-1] | nowhere[1:])
    there_s, there_m = _ways(travel, (index[:-1], here), nowhere[:-1])
    onward_s, onward_m = _ways(travel, (here, index[1:]), nowhere[1:])
    way_s = legs.tolist()
    begins, leaves, waits = _earliest(courier, order, way_s)
    latest = _latest(courier, order, way_s, begins)
    leave = np.array(leaves)
    first = len(courier.locked)
    absorbed = np.append(np.cumsum(waits[::-1])[::-1], 0)
    lost, lost_cents = _lost(order, begins, absorbed)
    return _Gaps(
        courier,
        first,
        leave[first:],
        (leave + legs)[first:],
        latest[first:],
        absorbed[first:],
        there_s[first:],
        onward_s[first:],
        legs[first:],
        (there_m + onward_m - straight_m)[first:],
        lost[first:],
        lost_cents,
    )


def _lost(order: Sequence[Stop], begins: Sequence[int], absorbed: Seconds) -> tuple[Seconds, NDArray[np.float64]]:
    """Return what ``_Gaps`` says of stops whose promise is lost (or whose soft end is passed) as it is."""
    late = [number for number, stop in enumerate(order) if _late_cents(stop, begins[number])][:LOST_MAX]
    kept = absorbed[:, None] - absorbed[late][None, :]
    behind = np.arange(len(order) + 1)[:, None] <= np.array(late, dtype=np.int64)[None, :]
    cents = np.array([_late_cents(order[one], begins[one]) / SECONDS_PER_MINUTE for one in late], dtype=np.float64)
    return np.where(behind, kept, HORIZON_S_MAX), cents


def _late_cents(stop: Stop, begin_s: int) -> int:
    """Return what being a minute later costs at a stop, nothing where it is in time."""
    if stop.soft is not None:
        return stop.soft.per_minute_cents if begin_s >= stop.soft.end_s else 0
    return LATE_CENTS_PER_MINUTE if stop.windows and begin_s > stop.windows[-1].end_s else 0


def _places(running: Running, travel: TravelTimes) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return where each place from the start to the end is in the matrices, and which of the two ends is nowhere."""
    places = (running.courier.start, *(stop.place for stop in running.order), running.courier.end)
    index = np.array([-1 if place is None else travel.index[place] for place in places])
    nowhere = index < 0
    return np.where(nowhere, 0, index), nowhere


def _ways(
    travel: TravelTimes,
    pairs: tuple[NDArray[np.intp] | int, NDArray[np.intp] | int],
    is_none: NDArray[np.bool_],
) -> tuple[Seconds, Seconds]:
    """Return seconds and metres of each way; nothing where it leads from or to nowhere."""
    times, metres = (matrix[pairs].astype(np.int64) for matrix in (travel.durations_s, travel.distances_m))
    times[is_none], metres[is_none] = 0, 0
    return times, metres


def _earliest(courier: Courier, order: Sequence[Stop], legs: Sequence[int]) -> tuple[list[int], list[int], list[int]]:
    """Return when service begins at each stop, when each place is left (the start first), and the waits."""
    leaves, begins, waits = [courier.shift.start_s], [], []
    for stop, leg_s in zip(order, legs, strict=False):
        arrival_s = leaves[-1] + leg_s
        begin_s = next((max(arrival_s, one.start_s) for one in stop.windows if arrival_s <= one.end_s), arrival_s)
        begins.append(begin_s)
        waits.append(begin_s - arrival_s)
        leaves.append(begin_s + stop.service_s)
    return begins, leaves, waits


def _latest(courier: Courier, order: Sequence[Stop], legs: Sequence[int], begins: Sequence[int]) -> Seconds:
    """Return the latest arrival at each stop, and home, that keeps every promise from there on."""
    latest = [courier.shift.end_s]
    behind_s = courier.shift.end_s
    for stop, begin_s, leg_s in zip(reversed(order), reversed(begins), reversed(legs), strict=False):
        behind_s -= leg_s + stop.service_s
        for one in stop.windows:
            if one.start_s <= begin_s <= one.end_s:
                behind_s = min(behind_s, one.end_s)
                break
        latest.append(behind_s)
    return np.array(latest[::-1], dtype=np.int64)
