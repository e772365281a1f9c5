"""A second thought about a route's rest: taken only if it saves enough, keeps the next stop and breaks no promise."""

from collections.abc import Sequence
from dataclasses import replace

from cloud.routing.matrices import TravelTimes
from cloud.routing.plan import Plan
from cloud.routing.planner import ProgressCallback, silent
from cloud.routing.problem import Courier, Problem, Stop, TimeWindow
from cloud.routing.reorder import reordered
from cloud.routing.schedule import schedule
from tests.unit.cloud.routing.builders import a_courier, a_stop, line_travel


class Says:
    """A planner that answers with the order it was told, and remembers what it was asked."""

    def __init__(self, *names: str, unplanned: bool = False) -> None:
        self._names = names
        self._unplanned = unplanned
        self.asked: list[Problem] = []

    async def plan(
        self, problem: Problem, travel: TravelTimes, deadline_s: float, progress: ProgressCallback = silent
    ) -> Plan:
        del deadline_s, progress
        self.asked.append(problem)
        if self._unplanned:
            return Plan((), (), 0)
        stops = {str(stop.id): stop for stop in problem.stops}
        route = schedule(problem.couriers[0], [stops[name] for name in self._names], travel)
        return Plan((route,), (), route.cost_cents)


def under_way() -> Courier:
    return replace(a_courier(), under_way=True)


def back_and_forth() -> list[Stop]:
    return [a_stop("a", 10), a_stop("c", 90), a_stop("b", 20), a_stop("d", 80)]


def travel_of(courier: Courier, stops: Sequence[Stop]) -> TravelTimes:
    return line_travel(Problem(tuple(stops), (courier,)))


async def test_a_shorter_order_is_taken_and_the_next_stop_stays_the_next() -> None:
    courier, stops, planner = under_way(), back_and_forth(), Says("a", "b", "d", "c")
    found = await reordered(planner, courier, stops, travel_of(courier, stops))
    assert found is not None
    assert [str(one) for one in found.route.stop_ids()] == ["a", "b", "d", "c"]
    assert found.longer_m < 0
    assert planner.asked[0].couriers[0].locked == (stops[0].id,)


async def test_an_order_that_saves_nothing_is_not() -> None:
    courier, stops = under_way(), back_and_forth()
    assert await reordered(Says("a", "c", "b", "d"), courier, stops, travel_of(courier, stops)) is None


async def test_an_order_that_breaks_a_promise_is_not_however_short() -> None:
    courier, stops = under_way(), back_and_forth()
    travel = travel_of(courier, stops)
    there_s = 600 + 60 + 4_800  # to a, at a, and on to c; by way of b and d it is two minutes later
    stops[1] = replace(stops[1], windows=(TimeWindow(0, there_s + 60),))
    kept = await reordered(Says("a", "c", "b", "d"), courier, stops, travel)
    broken = await reordered(Says("a", "b", "d", "c"), courier, stops, travel)
    assert (kept, broken) == (None, None)


async def test_nobody_is_asked_about_two_stops_and_no_answer_is_none() -> None:
    courier, stops = under_way(), back_and_forth()
    planner = Says("a", "c")
    assert await reordered(planner, courier, stops[:2], travel_of(courier, stops)) is None
    assert planner.asked == []
    assert await reordered(Says(unplanned=True), courier, stops, travel_of(courier, stops)) is None
