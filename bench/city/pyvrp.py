"""PyVRP on a day of ours, asked in its own terms: what the generated day has (one kind of van, a window at most)."""

import time
from importlib import import_module
from typing import Any

import numpy as np

from cloud.routing.explain import explain
from cloud.routing.matrices import TravelTimes
from cloud.routing.plan import Plan
from cloud.routing.problem import Problem, Stop, TimeWindow
from cloud.routing.schedule import schedule

CENT = 1_000  # PyVRP counts whole numbers: thousandths of a cent
PRIZE = 10**10  # for serving a stop, in thousandths of a cent: more than any day costs
ANY_TIME = TimeWindow(0, 10**9)


def plan(problem: Problem, travel: TravelTimes, seconds: float) -> Plan:
    """Return PyVRP's best plan after so many seconds, its building included; times and cost are the product's own."""
    began = time.monotonic()

    def over(_: float) -> bool:  # its own MaxRuntime would only begin to count after the first construction
        return time.monotonic() - began >= seconds

    pyvrp = import_module("pyvrp")  # only installed for benchmarks
    best = pyvrp.solve(_data(problem, travel), over, seed=1, collect_stats=False).best
    routes = []
    for courier, route in zip(problem.couriers, best.routes(), strict=False):
        stops = [problem.stops[one.idx] for one in route.schedule() if one.is_client()]
        routes.append(schedule(courier, stops, travel))
    planned = {stop_id for route in routes for stop_id in route.stop_ids()}
    left = [stop.id for stop in problem.stops if stop.id not in planned]
    return Plan(tuple(routes), explain(problem, travel, left), sum(route.cost_cents for route in routes))


def _data(problem: Problem, travel: TravelTimes) -> Any:
    pyvrp = import_module("pyvrp")
    van = problem.couriers[0]
    known = [place for place in (van.start, van.end) if place is not None]
    metres = travel.distances_m.astype(np.int64)
    seconds = travel.durations_s.astype(np.int64)
    fleet = pyvrp.VehicleType(
        len(problem.couriers),
        list(van.capacity),
        fixed_cost=CENT * van.costs.fixed_cents,
        tw_early=van.shift.start_s,
        tw_late=van.shift.end_s,
        unit_distance_cost=CENT * van.costs.per_km_cents // 1_000,
        unit_duration_cost=round(CENT * van.costs.per_hour_cents / 3_600),
    )
    return pyvrp.ProblemData(
        [pyvrp.Location(*place) for place in travel.places],
        [_client(stop, travel) for stop in problem.stops],
        [pyvrp.Depot(travel.index[known[0]])],
        [fleet],
        [metres],
        [seconds],
    )


def _client(stop: Stop, travel: TravelTimes) -> Any:
    window = stop.windows[0] if stop.windows else ANY_TIME
    return import_module("pyvrp").Client(
        travel.index[stop.place],
        list(stop.deliveries),
        service_duration=stop.service_s,
        tw_early=window.start_s,
        tw_late=window.end_s,
        prize=PRIZE,
        required=False,
    )
