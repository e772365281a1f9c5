"""A route on which parcels come aboard: what is behind the depot stays behind it, whatever would be shorter."""

import asyncio
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.routing.borders import parted, reordered_before, repaired_before
from cloud.routing.matrices import TravelTimes
from cloud.routing.plan import Plan
from cloud.routing.planner import ProgressCallback, silent
from cloud.routing.problem import Problem, Stop, StopId, TimeWindow
from cloud.routing.schedule import earliest_route
from tests.unit.cloud.routing.builders import a_courier, a_plan, a_stop, line_travel, on_line


class Nearest:
    """A planner of one way: what is locked first, then from west to east."""

    async def plan(
        self, problem: Problem, travel: TravelTimes, deadline_s: float, progress: ProgressCallback = silent
    ) -> Plan:
        del deadline_s, progress
        (courier,) = problem.couriers
        order = sorted(problem.stops, key=lambda one: (one.id not in courier.locked, one.place))
        return a_plan(problem, travel, anna=order)


COURIER = a_courier(start=on_line(0), end=on_line(0), under_way=True)
DEPOT = StopId("depot")


def route(*at: int | None) -> tuple[Stop, ...]:
    """Return stops on a line; None is the depot, where the next load is."""
    return tuple(a_stop(DEPOT, 0) if one is None else a_stop(f"s{number}", one) for number, one in enumerate(at))


def travel_of(stops: tuple[Stop, ...]) -> TravelTimes:
    return line_travel(Problem(stops, (COURIER,)))


def test_what_is_driven_to_stays_first_even_if_it_is_the_depot() -> None:
    stops = route(None, 3, None, 4)
    head, tail = parted(stops, {DEPOT})
    assert [one.id for one in head] == ["depot", "s1"]
    assert [one.id for one in tail] == ["depot", "s3"]


def test_a_shorter_way_before_the_depot_is_taken_and_the_next_load_is_only_timed_anew() -> None:
    stops = route(1, 9, 2, 8, None, 5, 1)
    found = asyncio.run(reordered_before(Nearest(), COURIER, stops, {DEPOT}, travel_of(stops)))
    assert found is not None
    assert found.longer_m < 0
    assert found.route.stop_ids()[0] == "s0"
    assert set(found.route.stop_ids()[:4]) == {"s0", "s1", "s2", "s3"}
    assert found.route.stop_ids()[4:] == ("depot", "s5", "s6")
    assert found.route.cost_cents <= earliest_route(COURIER, stops, travel_of(stops)).cost_cents


def test_a_late_stop_moves_only_among_its_own_load() -> None:
    stops = route(1, 9, 2, None, 3)
    late = replace(stops[2], windows=(TimeWindow(0, 700),))
    urgent = replace(stops[4], windows=(TimeWindow(0, 1),))
    asked = (*stops[:2], late, stops[3], urgent)
    found = repaired_before(COURIER, asked, {DEPOT}, travel_of(asked))
    order = [one.id for one in found.order]
    assert order[0] == "s0"
    assert order[3:] == ["depot", "s4"]
    assert "s4" in found.late


@settings(max_examples=40)
@given(at=st.lists(st.none() | st.integers(-9, 9), min_size=1, max_size=9).filter(lambda a: a.count(None) <= 1))
def test_nothing_ever_passes_the_depot(at: list[int | None]) -> None:
    stops = route(*at)
    found = repaired_before(COURIER, stops, {DEPOT}, travel_of(stops))
    head, tail = parted(stops, {DEPOT})
    order = [one.id for one in found.order]
    assert sorted(order[: len(head)]) == sorted(one.id for one in head)
    assert order[len(head) :] == [one.id for one in tail]
