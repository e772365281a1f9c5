"""OR-Tools' routing library on a benchmark instance: options as alternatives of a customer, what slows it repaired.

Cheapest insertion in parallel, then guided local search, as its own guide advises for such problems; one thread.
Lockers' rooms and service levels could be said as sums over active nodes, but then every move is propagated: at 200
customers there was no complete plan within five seconds. So they are repaired, as for PyVRP.
"""

import time
from importlib import import_module
from typing import Any

import numpy as np

from bench.routing import repaired
from bench.routing.curve import Kept
from cloud.routing.joint.instance import NO_LIMIT, Answer, Instance, Vehicle

DROP = 10**12  # for a customer nobody serves: more than any plan costs, so that there is an answer at any time

Routes = tuple[tuple[int, tuple[int, ...]], ...]


def solve(instance: Instance, seconds: float) -> repaired.Found:
    """Return the best answer within so many seconds, building the model included, and how it was come by."""
    return repaired.solve(instance, seconds, _search)


def _search(instance: Instance, span: tuple[float, float], warm: Answer | None) -> repaired.Timeline:
    pywrapcp = import_module("ortools.constraint_solver.pywrapcp")  # only installed for benchmarks
    kinds = import_module("ortools.constraint_solver.routing_enums_pb2")
    began, seconds = span
    manager = pywrapcp.RoutingIndexManager(len(instance.options) + 1, len(instance.vehicles), 0)
    routing = pywrapcp.RoutingModel(manager)
    _model(instance, manager, routing)
    kept: Kept[Routes] = Kept(time.monotonic, began)
    best = [DROP * (len(instance.customers) + 1)]

    def found() -> None:
        cost = routing.CostVar().Max()
        if cost < best[0]:
            best[0] = cost
            kept.add(_routes(manager, routing, len(instance.vehicles)))

    routing.AddAtSolutionCallback(found)
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    parameters.first_solution_strategy = kinds.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    parameters.local_search_metaheuristic = kinds.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    parameters.time_limit.FromMilliseconds(max(1, int(1_000 * (seconds - (time.monotonic() - began)))))
    start = _assignment(instance, routing, parameters, warm) if warm else None
    if start is None:
        routing.SolveWithParameters(parameters)
    else:
        routing.SolveFromAssignmentWithParameters(start, parameters)
    answers = [(at, _answer(instance, routes)) for at, routes in kept.in_order()]
    return answers or [(time.monotonic() - began, _answer(instance, ()))]


def _assignment(instance: Instance, routing: Any, parameters: Any, warm: Answer) -> Any:
    """Return a plan to start from, or None if the model does not take it."""
    routes: list[list[int]] = [[] for _ in instance.vehicles]
    for vehicle, options in warm.routes:
        routes[vehicle] = [option + 1 for option in options]
    routing.CloseModelWithParameters(parameters)
    return routing.ReadAssignmentFromRoutes(routes, True)  # noqa: FBT003 - not ours to name: who is in none is inactive


def _model(instance: Instance, manager: Any, routing: Any) -> None:
    van = instance.vehicles[0]
    places = np.array([van.start, *(option.location for option in instance.options)])
    extra = np.array([0, *(option.extra for option in instance.options)], dtype=np.int64)
    cost = instance.cost[van.kind][np.ix_(places, places)].astype(np.int64) + extra[None, :]
    routing.SetArcCostEvaluatorOfAllVehicles(routing.RegisterTransitMatrix(cost.tolist()))
    for axis, capacity in enumerate(van.capacity):
        if capacity < NO_LIMIT:
            loads = [0, *(instance.customers[option.customer].demand[axis] for option in instance.options)]
            routing.AddVectorDimension(loads, capacity, True, f"load {axis}")  # noqa: FBT003 - not ours to name: the load begins at 0
    _clock(instance, manager, routing, (van, places))
    for options in instance.options_of():
        routing.AddDisjunction([manager.NodeToIndex(option + 1) for option in options], DROP)


def _clock(instance: Instance, manager: Any, routing: Any, about: tuple[Vehicle, Any]) -> None:
    """Time windows. A visit's preparation lies on the way there, so that it is spent once a visit."""
    van, places = about
    prepare = np.array([0, *(instance.locations[option.location].prepare for option in instance.options)])
    service = np.array([0, *(option.service for option in instance.options)])
    there = places[:, None] != places[None, :]
    time_ = instance.time[np.ix_(places, places)].astype(np.int64) + service[:, None] + prepare[None, :] * there
    routing.AddDimension(routing.RegisterTransitMatrix(time_.tolist()), van.late, van.late, False, "time")  # noqa: FBT003 - not ours to name: vans may leave late
    clock = routing.GetDimensionOrDie("time")
    for number, option in enumerate(instance.options):
        place = instance.locations[option.location]
        latest = min(place.due + place.prepare, van.late)
        if place.ready + place.prepare <= latest:
            clock.CumulVar(manager.NodeToIndex(number + 1)).SetRange(place.ready + place.prepare, latest)
        else:
            routing.solver().Add(routing.ActiveVar(manager.NodeToIndex(number + 1)) == 0)
    for vehicle in range(len(instance.vehicles)):
        clock.CumulVar(routing.Start(vehicle)).SetRange(van.early, van.late)
        clock.CumulVar(routing.End(vehicle)).SetRange(van.early, van.late)


def _routes(manager: Any, routing: Any, vehicles: int) -> Routes:
    routes = []
    for vehicle in range(vehicles):
        index, options = routing.NextVar(routing.Start(vehicle)).Value(), []
        while not routing.IsEnd(index):
            options.append(manager.IndexToNode(index) - 1)
            index = routing.NextVar(index).Value()
        if options:
            routes.append((vehicle, tuple(options)))
    return tuple(routes)


def _answer(instance: Instance, routes: Routes) -> Answer:
    served = {instance.options[one].customer for _, options in routes for one in options}
    return Answer(routes, tuple(one for one in range(len(instance.customers)) if one not in served))
