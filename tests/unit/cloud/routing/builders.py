"""Days for tests: a depot in Warsaw, couriers and stops with sensible defaults, and travel times one can count."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from cloud.routing.matrices import TravelTimes
from cloud.routing.plan import Plan
from cloud.routing.problem import (
    Amounts,
    Break,
    Costs,
    Courier,
    Place,
    Problem,
    RouteCourierId,
    Stop,
    StopId,
    Tariff,
    TariffId,
    TimeWindow,
)
from cloud.routing.schedule import Visit, schedule

DEPOT = Place(21.0, 52.2)
SECONDS_PER_STEP = 60  # between neighbours on the line the test places stand on
METRES_PER_STEP = 500
ROOM = Amounts(50, 500_000, 5_000_000)
PROMISE = TimeWindow(20_000, 28_000)  # of the partner's


def on_line(number: int) -> Place:
    """Return the place ``number`` steps east of the depot; travel between places is their distance in steps."""
    return Place(round(DEPOT.lon + number / 1000, 3), DEPOT.lat)


def line_travel(problem: Problem, extra: Sequence[Place] = ()) -> TravelTimes:
    places = tuple(dict.fromkeys((*problem.places(), *extra)))
    steps = np.array([round((place.lon - DEPOT.lon) * 1000) for place in places])
    apart = np.abs(steps[:, None] - steps[None, :]).astype(np.uint32)
    return TravelTimes(places, apart * SECONDS_PER_STEP, apart * METRES_PER_STEP)


def a_stop(name: str = "a", at: int = 1, **changes: Any) -> Stop:
    return replace(Stop(StopId(name), on_line(at), service_s=60, deliveries=Amounts(1, 1_000, 1_000)), **changes)


def a_courier(name: str = "anna", **changes: Any) -> Courier:
    shift, costs = TimeWindow(0, 36_000), Costs(1_000, 3_600, 100)
    return replace(Courier(RouteCourierId(name), DEPOT, DEPOT, shift, ROOM, costs=costs), **changes)


def a_tariff(name: str = "bikes", **changes: Any) -> Tariff:
    return replace(Tariff(TariffId(name), DEPOT, 5_000, 300, 50, PROMISE, 10, 20_000), **changes)


def a_break(begin_s: int, end_s: int, duration_s: int = 1_800, name: str = "lunch") -> Break:
    return Break(name, (TimeWindow(begin_s, end_s),), duration_s)


def a_plan(problem: Problem, travel: TravelTimes, **orders: Sequence[Visit]) -> Plan:
    """Return the plan in which each named courier drives the given order; nothing is left behind."""
    couriers = problem.courier_by_id()
    routes = tuple(schedule(couriers[RouteCourierId(name)], order, travel) for name, order in orders.items())
    return Plan(routes, (), sum(route.cost_cents for route in routes))


SKILLS = st.frozensets(st.sampled_from(["heavy", "cold"]), max_size=1)


@st.composite
def windows(draw: st.DrawFn, count_max: int = 2) -> tuple[TimeWindow, ...]:
    edges = sorted(draw(st.sets(st.integers(0, 30_000), min_size=2 * count_max, max_size=2 * count_max)))
    pairs = [TimeWindow(*edges[first : first + 2]) for first in range(0, 2 * count_max, 2)]
    return tuple(pairs[: draw(st.integers(0, count_max))])


@st.composite
def stops(draw: st.DrawFn, number: int) -> Stop:
    return Stop(
        StopId(f"s{number}"),
        on_line(draw(st.integers(-20, 20))),
        draw(windows()),
        draw(st.integers(0, 900)),
        Amounts(draw(st.integers(0, 4)), draw(st.integers(0, 9_000)), 0),
        Amounts(draw(st.integers(0, 4)), draw(st.integers(0, 9_000)), 0),
        draw(SKILLS),
        draw(st.integers(0, 100)),
    )


@st.composite
def couriers(draw: st.DrawFn, number: int) -> Courier:
    begin_s = draw(st.integers(0, 8_000))
    shift = TimeWindow(begin_s, begin_s + draw(st.integers(0, 28_000)))
    lunch = draw(st.lists(st.tuples(st.integers(0, 20_000), st.integers(0, 4_000)), max_size=1))
    start, end = draw(st.sampled_from([(DEPOT, DEPOT), (DEPOT, None), (None, DEPOT), (DEPOT, on_line(9))]))
    return Courier(
        RouteCourierId(f"c{number}"),
        start,
        end,
        shift,
        Amounts(draw(st.integers(12, 30)), draw(st.integers(27_000, 60_000)), 0),
        tuple(a_break(from_s, from_s + wide_s) for from_s, wide_s in lunch),
        draw(SKILLS),
        Costs(*(draw(st.integers(0, most)) for most in (9_000, 9_000, 300, 300, 300))),
        draw(st.sampled_from([None, 3, 8])),
        draw(st.sampled_from([None, 20_000])),
        draw(st.sampled_from([None, 4_000])),
        under_way=draw(st.booleans()),
        detour_m_max=draw(st.sampled_from([None, None, 3_000, 12_000])),
    )


@st.composite
def tariffs(draw: st.DrawFn, number: int) -> Tariff:
    begin_s = draw(st.integers(0, 20_000))
    return Tariff(
        TariffId(f"p{number}"),
        on_line(draw(st.integers(-10, 10))),
        draw(st.integers(200, 2_000)),
        draw(st.integers(0, 2_000)),
        draw(st.integers(0, 300)),
        TimeWindow(begin_s, begin_s + draw(st.integers(0, 9_000))),
        draw(st.integers(0, 8)),
        draw(st.integers(2_000, 20_000)),
    )


@st.composite
def days(draw: st.DrawFn) -> Problem:
    """Return a valid random day; the first courier may have up to three stops locked."""
    several = tuple(draw(stops(number)) for number in range(draw(st.integers(0, 12))))
    fleet = [draw(couriers(number)) for number in range(draw(st.integers(0, 3)))]
    if fleet:
        locked = tuple(stop.id for stop in several[: draw(st.integers(0, 3))])
        fleet[0] = replace(fleet[0], locked=locked)
    partners = tuple(draw(tariffs(number)) for number in range(draw(st.integers(0, 2))))
    return Problem(several, tuple(fleet), partners)
