"""VROOM on a benchmark instance in which everybody has one option left; in this process, which it may take with it."""

import time
from collections.abc import Callable

import numpy as np

from cloud.routing.joint.instance import Answer, Instance
from cloud.routing.vroom_planner import answers
from cloud.routing.worker_wire import Job, Solve, Vehicle

EXPLORATION = 5  # its most thorough level, after its quickest
FIXED = 10**6  # of a vehicle where they count first: more than any route costs in its own units

Tell = Callable[[float, Answer], None]


def solve(instance: Instance, seconds: float, threads: int, tell: Tell) -> Answer:
    """Return VROOM's last answer; ``tell`` hears each as it comes, as VROOM may well not come back in time."""
    began = time.monotonic()
    everybody = tuple(range(len(instance.customers)))
    answer = Answer((), everybody)
    for solved in answers(_request(instance, seconds, threads)):
        routes = tuple((one.vehicle, tuple(job - 1 for job in one.order)) for one in solved.orders if one.order)
        served = {job for _, route in routes for job in route}
        answer = Answer(routes, tuple(one for one in everybody if one not in served))
        tell(time.monotonic() - began, answer)
    return answer


def _request(instance: Instance, seconds: float, threads: int) -> Solve:
    jobs = []
    for option in instance.options:
        place = instance.locations[option.location]
        demand = (instance.customers[option.customer].demand[0],)
        service = option.service + place.prepare
        jobs.append(Job(option.location, service, demand, (0,), (), 0, ((place.ready, max(place.ready, place.due)),)))
    fixed = FIXED if instance.fewest_vehicles else 0
    vehicles = tuple(
        Vehicle(
            van.start, van.end, (van.capacity[0],), (), (van.early, van.late), (), fixed, 0, 1_000, None, None, None
        )
        for van in instance.vehicles
    )
    time_, cost = (np.ascontiguousarray(one, dtype=np.uint32) for one in (instance.time, instance.cost[0]))
    whole, size = max(1, int(seconds)), len(instance.locations)
    return Solve(1, size, time_.tobytes(), cost.tobytes(), tuple(jobs), vehicles, (0, EXPLORATION), threads, whole)
