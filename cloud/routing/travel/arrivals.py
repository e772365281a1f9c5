"""When a courier will be where, and between which times that is true nine times out of ten.

Arrivals follow the route's own times from where the courier really is. The band comes from how wrong earlier arrivals
were at the same distance ahead: split conformal prediction (V. Vovk, A. Gammerman, G. Shafer, Algorithmic Learning in
a Random World, 2005, ch. 2; J. Lei et al., Journal of the American Statistical Association 113, 2018), two-sided, older
days weighing less (R. F. Barber et al., Annals of Statistics 51, 2023). Errors are kept as counts, not as rows.
"""

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import pairwise
from statistics import NormalDist
from typing import NamedTuple

import msgspec

from cloud.routing.problem import Place
from cloud.routing.travel.congestion import Traffic, area_of
from cloud.routing.travel.learned import hour_of_week
from cloud.routing.travel_times import EARTH_RADIUS_M, VAN

COVERAGE = 0.90
AHEAD_S = (600, 1_200, 2_400, 4_800, 9_600, 19_200)  # ends of the buckets an arrival's distance ahead falls into
BEFORE_START = len(AHEAD_S) + 1  # the bucket of arrivals said before the courier had set off
BIN_S = 30  # nobody reads a band finer
ERROR_S_MAX = 4 * 3_600  # an error beyond is counted as this much: the courier went home
HALF_LIFE_DAYS = 28.0  # as for traffic
PRIOR_WORTH = 60.0  # arrivals that our first guess of the errors is worth: half a route
PRIOR_S = (240.0, 300.0, 420.0, 600.0, 840.0, 1_140.0, 1_440.0, 1_500.0)  # that guess, a standard deviation a bucket
LEAST_WEIGHT = 0.01  # a bin with less is forgotten
GAP_MIN, GAP_MAX, GAP_SLACK_S = 0.4, 2.5, 120.0  # a planned leg so far from our own estimate holds a wait or a delay


class Errors(msgspec.Struct, frozen=True):
    """How late arrivals were, in bins of ``BIN_S``, by how far ahead they had been said."""

    counts: dict[int, dict[int, float]] = {}


@dataclass(frozen=True, slots=True)
class Ahead:
    """A stop still to come; ``eta`` is the route's, ``not_before`` the beginning of a promised window.

    ``pause_s`` is how long the courier rests on the way there.
    """

    place: Place
    eta: datetime
    service_s: int
    not_before: datetime | None = None
    pause_s: int = 0


@dataclass(frozen=True, slots=True)
class Left:
    """Where the courier was last known to be: left at ``at`` what the route says would be left at ``planned``."""

    place: Place
    at: datetime
    planned: datetime


@dataclass(frozen=True, slots=True)
class Visit:
    """A stop that was served, and when the courier left it."""

    stop: Ahead
    done_at: datetime


@dataclass(frozen=True, slots=True)
class Driven:
    """A route as it was driven: visits in the order of the route, which was to start at ``starts_at``."""

    start: Place
    starts_at: datetime
    started_at: datetime
    visits: tuple[Visit, ...]


class Miss(NamedTuple):
    """How many seconds late an arrival of a bucket was."""

    bucket: int
    late_s: float
    weight: float


def arrivals(left: Left, stops: Sequence[Ahead], traffic: Traffic, zone: tzinfo) -> list[datetime]:
    """Return when each stop will be reached, in order.

    A leg takes what the route planned for it. Where that is far from any driving (a window was waited for, a delay is
    in it) it takes our own estimate: the great circle in the hour's traffic. A break is neither and takes its time.
    """
    found: list[datetime] = []
    here, moment, planned = left.place, left.at, left.planned
    for stop in stops:
        estimate_s = leg_s(here, stop.place) * traffic.factor(
            area_of(here, stop.place), hour_of_week(moment.astimezone(zone))
        )
        gap_s = (stop.eta - planned).total_seconds() - stop.pause_s
        waited = stop.not_before is not None and stop.eta <= stop.not_before
        is_drive = estimate_s * GAP_MIN - GAP_SLACK_S <= gap_s <= estimate_s * GAP_MAX + GAP_SLACK_S
        drive_s = max(gap_s, 0.0) if is_drive and not waited else estimate_s
        moment += timedelta(seconds=stop.pause_s + drive_s)
        if stop.not_before is not None:
            moment = max(moment, stop.not_before)
        found.append(moment)
        moment += _service(stop)
        here, planned = stop.place, stop.eta + _service(stop)
    return found


def leg_s(one: Place, two: Place) -> float:
    """Return free-flow seconds of one leg by the van's profile, as ``great_circle`` does for many."""
    lon, lat = math.radians(two.lon - one.lon), math.radians(two.lat - one.lat)
    east = lon * math.cos(math.radians((one.lat + two.lat) / 2))  # flat enough for the legs of a day
    road_m = EARTH_RADIUS_M * math.hypot(east, lat) * VAN.detour_factor
    seconds, low = 0.0, 0.0
    for up_to, speed_kmh in VAN.bands:
        seconds += min(max(road_m - low, 0.0), up_to - low) * 3.6 / speed_kmh
        low = up_to
    return seconds


def bucket_of(ahead: timedelta, *, is_under_way: bool) -> int:
    """Return which errors an arrival so far ahead is judged by."""
    return bisect_left(AHEAD_S, ahead.total_seconds()) if is_under_way else BEFORE_START


def replay(driven: Driven, traffic: Traffic, zone: tzinfo) -> list[Miss]:
    """Return how wrong every arrival was that could have been told on a route, before it began and after each stop.

    What was told of one stop in one bucket weighs 1 together, however often it was told.
    """
    told: dict[tuple[int, int], list[float]] = defaultdict(list)
    stops = [visit.stop for visit in driven.visits]
    lefts = [Left(driven.start, driven.started_at, driven.starts_at)]
    lefts += [Left(one.stop.place, one.done_at, one.stop.eta + _service(one.stop)) for one in driven.visits[:-1]]
    actual = _arrived(driven)
    for first, left in enumerate(lefts):
        for place, at in enumerate(arrivals(left, stops[first:], traffic, zone), start=first):
            late_s = (actual[place] - at).total_seconds()
            told[place, bucket_of(at - left.at, is_under_way=True)].append(late_s)
    planned = Left(driven.start, driven.starts_at, driven.starts_at)
    for place, at in enumerate(arrivals(planned, stops, traffic, zone)):
        told[place, BEFORE_START].append((actual[place] - at).total_seconds())
    return [Miss(bucket, late_s, 1 / len(those)) for (_, bucket), those in told.items() for late_s in those]


def _arrived(driven: Driven) -> list[datetime]:
    """Return when the courier came to each stop: only leaving is recorded, so the usual service is taken off."""
    before = [driven.started_at, *(visit.done_at for visit in driven.visits)]
    return [max(left, visit.done_at - _service(visit.stop)) for left, visit in zip(before, driven.visits, strict=False)]


def _service(stop: Ahead) -> timedelta:
    return timedelta(seconds=stop.service_s)


def learn_errors(errors: Errors, misses: Iterable[Miss]) -> Errors:
    counts = {bucket: dict(bins) for bucket, bins in errors.counts.items()}
    for bucket, late_s, weight in misses:
        one = math.floor(min(max(late_s, -ERROR_S_MAX), ERROR_S_MAX) / BIN_S)
        bins = counts.setdefault(bucket, {})
        bins[one] = bins.get(one, 0.0) + weight
    return Errors(counts)


def forget_errors(errors: Errors, days: int) -> Errors:
    """Let what is known grow older by so many days."""
    keep = 0.5 ** (days / HALF_LIFE_DAYS)
    aged = {
        bucket: {one: keep * weight for one, weight in bins.items() if keep * weight > LEAST_WEIGHT}
        for bucket, bins in errors.counts.items()
    }
    return Errors({bucket: bins for bucket, bins in aged.items() if bins})


def band(errors: Errors, bucket: int) -> tuple[timedelta, timedelta]:
    """Return from how much before to how much after an arrival the courier comes, nine times out of ten.

    As many may come too early as too late. Little known is mostly our first guess.
    """
    weights = dict(errors.counts.get(bucket, {}))
    for one, weight in _prior(bucket):
        weights[one] = weights.get(one, 0.0) + weight
    ordered = sorted(weights.items())
    total = sum(weights.values())
    tail = (1 - COVERAGE) / 2 * (total + 1)  # the one more is the arrival asked about: it ranks among the others
    low = _quantile(ordered, min(tail, total))
    high = -_quantile([(-one - 1, weight) for one, weight in reversed(ordered)], min(tail, total))
    return timedelta(seconds=low), timedelta(seconds=high)


def _quantile(ordered: Sequence[tuple[int, float]], rank: float) -> float:
    """Return the seconds below which ``rank`` of the counted errors lie; within a bin they lie evenly."""
    below = 0.0
    for one, weight in ordered:
        if below + weight >= rank:
            return BIN_S * (one + (rank - below) / weight)
        below += weight
    return float(BIN_S * (ordered[-1][0] + 1))


@lru_cache(maxsize=len(PRIOR_S))
def _prior(bucket: int) -> tuple[tuple[int, float], ...]:
    """Return our first guess as counts: a normal curve, cut off at three standard deviations."""
    curve = NormalDist(0.0, PRIOR_S[bucket])
    edge = math.ceil(3 * PRIOR_S[bucket] / BIN_S)
    below = [curve.cdf(one * BIN_S) for one in range(-edge, edge + 1)]
    return tuple((one - edge, PRIOR_WORTH * (b - a)) for one, (a, b) in enumerate(pairwise(below)))
