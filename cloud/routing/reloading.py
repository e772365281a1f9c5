"""Several loads of one van, by planners that know only one: plan, come back to the depot, plan what is left, and so on.

Sound and simple: every load is planned by itself with the clock where the one before left it, so a parcel with a late
window may fill a place in the first load that another one needed. The joint engine knows loads itself; this is for the
engines that do not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cloud.routing.checker import check_route
from cloud.routing.explain import explain
from cloud.routing.matrices import TravelTimes
from cloud.routing.plan import Plan, Route, Step, StepKind, plan_cost
from cloud.routing.planner import Planner, PlannerError, ProgressCallback, silent
from cloud.routing.problem import Courier, Problem, Reload, RouteCourierId, Stop, StopId, TimeWindow
from cloud.routing.resting import rested
from cloud.routing.schedule import Halt, halts_of, schedule
from cloud.routing.vroom_request import left_out

Routes = Mapping[RouteCourierId, Route]


async def plan_loads(
    planner: Planner, problem: Problem, travel: TravelTimes, deadline_s: float, progress: ProgressCallback = silent
) -> Plan:
    """Return the planner's plan, with as many further loads as bring something more.

    Raises PlannerError for the first load; one of the later ones that fails is not driven.
    """
    loads = 1 + max((one.reload.times_max for one in problem.couriers if one.reload), default=0)
    plan = await planner.plan(problem, travel, deadline_s / loads, progress)
    for _ in range(1, loads):
        rest = next_load(problem, plan, travel)
        if rest is None:
            break
        try:
            more = await planner.plan(rest, travel, deadline_s / loads, progress)
        except PlannerError:
            break
        plan = joined(problem, travel, plan, more)
    return plan


def next_load(problem: Problem, plan: Plan, travel: TravelTimes) -> Problem | None:
    """Return what is left behind for the vans that may come back for it, None if there is either not."""
    driven = {route.courier_id: route for route in plan.routes}
    known = problem.stop_by_id()
    stops = tuple(known[one] for one in left_out(problem, plan))
    couriers = [_reloaded(one, driven[one.id], travel) for one in problem.couriers if one.id in driven]
    able = tuple(one for one in couriers if one is not None)
    return Problem(stops, able) if stops and able else None


def joined(problem: Problem, travel: TravelTimes, plan: Plan, more: Plan) -> Plan:
    """Return the plan with each further load behind what its van does already, but for loads that do not hold."""
    stops, couriers = problem.stop_by_id(), problem.courier_by_id()
    routes = {route.courier_id: route for route in plan.routes}
    for added in more.routes:
        courier = couriers[added.courier_id]
        if courier.reload is not None:
            order = [*halts_of(routes[courier.id], stops, courier), courier.reload, *_brought(added, stops)]
            routes[courier.id] = _driven(courier, order, stops, travel) or routes[courier.id]
    kept = tuple(routes[one.id] for one in problem.couriers if one.id in routes)
    whole = replace(plan, routes=kept, cost_cents=plan_cost(kept, plan.outside))
    return replace(whole, unplanned=tuple(explain(problem, travel, left_out(problem, whole))))


def _brought(route: Route, stops: Mapping[StopId, Stop]) -> list[Stop]:
    return [stops[one] for one in route.stop_ids()]


def _driven(courier: Courier, order: Sequence[Halt], stops: dict[StopId, Stop], travel: TravelTimes) -> Route | None:
    route = schedule(courier, rested(courier, order, stops, travel), travel)
    return None if check_route(stops, travel, courier, route) else route


def _reloaded(courier: Courier, route: Route, travel: TravelTimes) -> Courier | None:
    """Return the courier as they leave the depot again, None if they do not: no more loads, or no more time."""
    reload = courier.reload
    used = sum(step.kind is StepKind.RELOAD for step in route.steps)
    if reload is None or used >= reload.times_max:
        return None
    last = [step for step in route.steps if step.kind is StepKind.STOP][-1]
    leaves_s = _loaded_s(reload, route, last.leave_s + travel.duration_s(last.place or reload.place, reload.place))
    if leaves_s is None or leaves_s >= courier.shift.end_s:
        return None
    taken = {step.ref for step in route.steps if step.kind is StepKind.BREAK}
    return replace(
        courier,
        start=reload.place,
        shift=TimeWindow(leaves_s, courier.shift.end_s),
        breaks=tuple(pause for pause in courier.breaks if pause.id not in taken),
        costs=replace(courier.costs, fixed_cents=0),
        stops_max=_left(courier.stops_max, len(route.stop_ids())),
        distance_m_max=_left(courier.distance_m_max, route.distance_m),
        drive_s_max=_left(courier.drive_s_max, route.drive_s),
        locked=(),
        under_way=True,
        reload=None,
    )


def _loaded_s(reload: Reload, route: Route, back_s: int) -> int | None:
    """Return when the van is loaded if it is back at ``back_s``, breaks behind the last stop taken before."""
    begin_s = back_s + sum(step.service_s for step in _behind_the_last_stop(route))
    if reload.windows:
        begin_s = max(begin_s, reload.windows[0].start_s)
        if begin_s > reload.windows[-1].end_s:
            return None
    return begin_s + reload.duration_s


def _behind_the_last_stop(route: Route) -> list[Step]:
    last = max(number for number, step in enumerate(route.steps) if step.kind is StepKind.STOP)
    return [step for step in route.steps[last + 1 :] if step.kind is StepKind.BREAK]


def _left(limit: int | None, used: int) -> int | None:
    return None if limit is None else max(0, limit - used)
