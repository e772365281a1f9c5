"""PyVRP on a benchmark instance: options as groups of which one client is served, what it cannot say repaired."""

import time
from importlib import import_module
from itertools import pairwise
from operator import itemgetter
from typing import Any

import numpy as np

from bench.routing import repaired
from bench.routing.curve import Kept
from cloud.routing.joint.instance import NO_LIMIT, Answer, Instance


def solve(instance: Instance, seconds: float, seed: int) -> repaired.Found:
    """Return PyVRP's best answer within so many seconds, building its model included, and how it came by it."""

    def search(part: Instance, span: tuple[float, float], warm: Answer | None) -> repaired.Timeline:
        return _search(part, span, (seed, warm))

    return repaired.solve(instance, seconds, search)


def _search(instance: Instance, span: tuple[float, float], start: tuple[int, Answer | None]) -> repaired.Timeline:
    pyvrp = import_module("pyvrp")  # only installed for benchmarks
    (began, seconds), (seed, warm) = span, start
    data = _data(instance)
    kept: Kept[Any] = Kept(time.monotonic, began)

    def on_best(_: object, best: Any) -> None:
        kept.add(best)

    listener = type("Listener", (pyvrp.IteratedLocalSearchCallbacks,), {"on_best": on_best})()
    params = pyvrp.SolveParams(pyvrp.IteratedLocalSearchParams(callbacks=listener))
    initial = pyvrp.Solution(data, _completed(instance, warm)) if warm and warm.routes else None

    def over(_: float) -> bool:  # its own MaxRuntime would only begin to count after the first construction
        return time.monotonic() - began >= seconds

    best = pyvrp.solve(data, over, seed, collect_stats=False, params=params, initial_solution=initial).best
    kept.add(best)
    return [(at, _answer(instance, one)) for at, one in kept.in_order()]


def _completed(instance: Instance, warm: Answer) -> list[list[int]]:
    """Return the routes with everybody in them, put where the way is shortest: late or overfull is for PyVRP to mend.

    From a start that leaves somebody out it never finds a plan with everybody in it (0.14.1).
    """
    routes = [list(route) for _, route in warm.routes]
    served = {instance.options[one].customer for route in routes for one in route}
    cost, depot, places = instance.cost[0], instance.vehicles[0].start, [one.location for one in instance.options]
    for customer, options in enumerate(instance.options_of()):
        if customer in served:
            continue
        detours = []
        for route in routes:
            stops = [depot, *(places[one] for one in route), depot]
            for at, (here, there) in enumerate(pairwise(stops)):
                for option in options:
                    detour = int(cost[here, places[option]] + cost[places[option], there] - cost[here, there])
                    detours.append((detour, at, option, route))
        _, at, option, route = min(detours, key=itemgetter(0))
        route.insert(at, option)
    return routes


def _answer(instance: Instance, solution: Any) -> Answer:
    routes = tuple(
        (number, tuple(int(one.idx) for one in route.schedule() if one.is_client()))
        for number, route in enumerate(solution.routes())
    )
    served = {instance.options[one].customer for _, options in routes for one in options}
    return Answer(routes, tuple(one for one in range(len(instance.customers)) if one not in served))


def _data(instance: Instance) -> Any:
    """Build the model. A visit's preparation lies on the way there, so that it is spent once a visit.

    An option's extra cost is the prize that is missed by not serving another option of the customer.
    """
    pyvrp = import_module("pyvrp")
    van = instance.vehicles[0]
    axes = [axis for axis, capacity in enumerate(van.capacity) if capacity < NO_LIMIT]
    choices = instance.options_of()
    groups = [customer for customer, options in enumerate(choices) if len(options) > 1]
    group_of = {customer: number for number, customer in enumerate(groups)}
    dearest = max((option.extra for option in instance.options), default=0)
    clients = []
    for option in instance.options:
        place, group = instance.locations[option.location], group_of.get(option.customer)
        load = [instance.customers[option.customer].demand[axis] for axis in axes]
        window = {"tw_early": place.ready + place.prepare, "tw_late": place.due + place.prepare}
        clients.append(
            pyvrp.Client(
                option.location,
                load,
                service_duration=option.service,
                prize=dearest - option.extra,
                required=group is None,
                group=group,
                **window,
            )
        )
    prepare = np.array([place.prepare for place in instance.locations], dtype=np.int64)
    time_ = instance.time.astype(np.int64) + prepare
    np.fill_diagonal(time_, 0)
    cost = instance.cost[van.kind].astype(np.int64)
    fleet = pyvrp.VehicleType(
        len(instance.vehicles),
        [van.capacity[axis] for axis in axes],
        tw_early=van.early,
        tw_late=van.late,
    )
    points = instance.points or [(0.0, 0.0)] * len(instance.locations)
    return pyvrp.ProblemData(
        [pyvrp.Location(*point) for point in points],
        clients,
        [pyvrp.Depot(van.start)],
        [fleet],
        [cost],
        [time_],
        [pyvrp.ClientGroup(list(choices[customer])) for customer in groups],
    )
