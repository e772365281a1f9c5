"""PyVRP and VROOM on the same instances, each asked in its own terms and judged by our checker.

PyVRP takes options as groups of which one client is served; lockers' rooms and service levels it cannot say, so its
answers to instances with those may be infeasible, and the line says so. VROOM takes one option a customer.
"""

import subprocess
import sys
from typing import Any

import numpy as np

from bench.routing.places import back, decide, first_choice
from cloud.routing.joint.instance import Answer, Instance
from cloud.routing.worker_wire import PREFIX, Failed, Job, Solve, Solved, Vehicle, decode_reply, frame

VROOM_GRACE_S = 5  # VROOM overruns its own limit; then it is killed
VROOM_EXPLORATION = 5  # its most thorough level


def pyvrp(instance: Instance, seconds: float, seed: int) -> Answer:
    """Solve with PyVRP; vehicles count first by a fixed cost above any route's."""
    from pyvrp.stop import MaxRuntime  # noqa: PLC0415 - only installed for benchmarks

    model = _pyvrp_model(instance)
    best = model.solve(MaxRuntime(seconds), seed=seed, display=False).best
    routes = []
    for number, route in enumerate(best.routes()):
        options = tuple(int(one.idx) for one in route.schedule() if one.is_client())
        routes.append((number, options))
    served = {instance.options[one].customer for _, options in routes for one in options}
    return Answer(tuple(routes), tuple(sorted(set(range(len(instance.customers))) - served)))


def _pyvrp_model(instance: Instance) -> Any:
    """Build the model. A visit's preparation lies on the way there, so that it is spent once a visit."""
    from pyvrp import Model  # noqa: PLC0415 - as above

    model = Model()
    places = [model.add_location(number, 0) for number in range(len(instance.locations))]
    van = instance.vehicles[0]
    depot = model.add_depot(places[van.start])
    fixed = int(instance.cost.max()) * len(instance.customers) if instance.fewest_vehicles else 0
    model.add_vehicle_type(len(instance.vehicles), van.capacity[0], depot, depot, fixed, van.early, van.late)
    groups = [model.add_client_group() if len(one) > 1 else None for one in instance.options_of()]
    for option in instance.options:
        place = instance.locations[option.location]
        window = place.ready + place.prepare, place.due + place.prepare
        demand = instance.customers[option.customer].demand[0]
        group = groups[option.customer]
        model.add_client(
            places[option.location], demand, 0, option.service, *window, required=group is None, group=group
        )
    for here, row in enumerate(places):
        for there, column in enumerate(places):
            if here != there:
                prepare = instance.locations[there].prepare
                time = int(instance.time[here, there]) + prepare
                model.add_edge(row, column, int(instance.cost[0, here, there]), time)
    return model


def vroom(instance: Instance, seconds: float) -> Answer:
    """Solve with VROOM, every customer at their first choice."""
    decided = decide(instance, first_choice)
    return back(instance, decided, _vroom_without_options(decided, seconds))


def _vroom_without_options(instance: Instance, seconds: float) -> Answer:
    everybody = tuple(range(len(instance.customers)))
    with subprocess.Popen(
        (sys.executable, "-m", "cloud.routing.vroom_planner"), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as worker:
        try:
            said, _ = worker.communicate(frame(_vroom_request(instance, seconds)), seconds + VROOM_GRACE_S)
        except subprocess.TimeoutExpired:
            worker.kill()
            said, _ = worker.communicate()
    solved = _last(said)
    if solved is None:
        return Answer((), everybody)
    routes = tuple((one.vehicle, tuple(job - 1 for job in one.order)) for one in solved.orders if one.order)
    served = {job for _, route in routes for job in route}
    return Answer(routes, tuple(one for one in everybody if one not in served))


def _vroom_request(instance: Instance, seconds: float) -> Solve:
    jobs = []
    for option in instance.options:
        place = instance.locations[option.location]
        demand = (instance.customers[option.customer].demand[0],)
        service = option.service + place.prepare
        jobs.append(Job(option.location, service, demand, (0,), (), 0, ((place.ready, place.due),)))
    fixed = 10**6 if instance.fewest_vehicles else 0
    vehicles = [
        Vehicle(
            van.start, van.end, (van.capacity[0],), (), (van.early, van.late), (), fixed, 0, 1_000, None, None, None
        )
        for van in instance.vehicles
    ]
    time, cost = (np.ascontiguousarray(one, dtype=np.uint32) for one in (instance.time, instance.cost[0]))
    size, levels = len(instance.locations), (0, VROOM_EXPLORATION)
    whole = max(1, int(seconds))
    return Solve(1, size, time.tobytes(), cost.tobytes(), tuple(jobs), tuple(vehicles), levels, 2, whole)


def _last(said: bytes) -> Solved | None:
    """Return the last whole answer in what a worker said."""
    last, at = None, 0
    while at + PREFIX.size <= len(said):
        (length,) = PREFIX.unpack(said[at : at + PREFIX.size])
        body = said[at + PREFIX.size : at + PREFIX.size + length]
        if len(body) < length:
            break
        reply = decode_reply(body)
        if isinstance(reply, Failed):
            print(f"# VROOM: {reply.error}", file=sys.stderr)
        else:
            last = reply
        at += PREFIX.size + length
    return last
