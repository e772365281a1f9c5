"""A failed attempt with 120 stops ahead: how long the courier waits, and what the choice costs beside the obvious one.

The obvious one is what couriers do without help: drive to the nearest locker that has room, at once, then go on in the
order planned. Both are paid by the same travel times and tariff. Limit: answered in 300 ms, at most half the cost.
"""

import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.running_day import NOW, City, city
from cloud.choosing import places_of, rank
from cloud.domain.actors import Role
from cloud.routing.plan import Route
from cloud.routing.problem import Place, Stop, StopId
from cloud.routing.schedule import earliest_route
from cloud.routing.travel_times import VAN, great_circle
from cloud.services import reroute
from cloud.services.report_failed_attempt import FailedAttempt, ask_first, report_failed_attempt
from cloud.services.reroute import DROP_OFF_S, LOCKER_STOP_S
from cloud.services.rest_of_day import Rest, read_rest

STOPS = 120
ATTEMPTS = 30
LIMIT_MS = 300


@dataclass(frozen=True, slots=True)
class Measured:
    answer_ms: float
    cpu_ms: float
    rank_ms: float
    write_ms: float
    ours_cents: int
    nearest_cents: int
    late_ours: int
    late_nearest: int


def compare() -> list[dict[str, object]]:
    """Let attempts fail at the first stop of a fresh route each; return one row of medians and the worst."""
    with tempfile.TemporaryDirectory() as directory, city(Path(directory), ATTEMPTS, STOPS, 60) as made:
        found = [_attempt(made, courier) for courier in made.couriers]
    ours, nearest = sum(one.ours_cents for one in found), sum(one.nearest_cents for one in found)
    times = sorted(one.answer_ms for one in found)
    return [
        {
            "stops ahead": STOPS,
            "attempts": len(found),
            "answer ms, median": round(statistics.median(times)),
            "answer ms, worst": round(times[-1]),
            "limit ms": LIMIT_MS,
            "of all threads' CPU ms": round(statistics.median(one.cpu_ms for one in found)),
            "of it ranking ms": round(statistics.median(one.rank_ms for one in found)),
            "of it writing ms": round(statistics.median(one.write_ms for one in found)),
            "detour cents, ours": round(ours / len(found), 1),
            "detour cents, nearest now": round(nearest / len(found), 1),
            "ours / nearest": round(ours / max(1, nearest), 3),
            "promises broken, ours": sum(one.late_ours for one in found),
            "promises broken, nearest": sum(one.late_nearest for one in found),
        }
    ]


def _attempt(made: City, courier: str) -> Measured:
    act = made.act(Role.COURIER, courier)
    left = made.read(lambda uow: reroute.route_of(uow, courier))
    assert left is not None  # noqa: S101 - the city was made with a route for each
    here = left.stops[0]
    failed = FailedAttempt(left.tasks[here.id][0].parcel_id, courier, "nobody_home", lon=here.lon, lat=here.lat)
    began, cpu = time.perf_counter(), time.process_time()
    question = made.read(lambda uow: ask_first(uow, act, failed))
    assert question is not None  # noqa: S101 - every recipient of the city agreed to lockers
    rest = made.read(lambda uow: read_rest(uow, act, left, question.here, failed.parcel_id))
    read = time.perf_counter()
    travel = great_circle(places_of(question, rest), VAN, NOW.hour)
    ranked = rank(question, (rest, travel))
    thought = time.perf_counter()
    made.writer.submit(lambda uow: report_failed_attempt(uow, act, made.keys, failed, lambda _: ranked)).result()
    done, cpu = time.perf_counter(), time.process_time() - cpu
    base = earliest_route(rest.courier, rest.stops, travel)
    nearest = question.candidates[0]
    detour = Stop(StopId("nearest"), Place(nearest.lon, nearest.lat), service_s=LOCKER_STOP_S + DROP_OFF_S)
    obvious = earliest_route(rest.courier, (detour, *rest.stops), travel)
    after = made.read(lambda uow: read_rest(uow, act, reroute.with_stops(uow, left.route), question.here))
    driven = earliest_route(rest.courier, after.stops, travel)
    return Measured(
        1_000 * (done - began),
        1_000 * cpu,
        1_000 * (thought - read),
        1_000 * (done - thought),
        driven.cost_cents - base.cost_cents,
        obvious.cost_cents - base.cost_cents,
        _late(rest, driven) - _late(rest, base),
        _late(rest, obvious) - _late(rest, base),
    )


def _late(rest: Rest, route: Route) -> int:
    begins = {step.ref: step.begin_s for step in route.steps}
    promised = [stop for stop in rest.stops if stop.windows]
    return sum(begins[stop.id] > stop.windows[-1].end_s for stop in promised)
