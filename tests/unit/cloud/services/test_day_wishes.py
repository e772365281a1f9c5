"""What files say beside windows reaches the planner: breaks, skills, and until when something should be there."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from cloud.routing.problem import Break, Soft, TimeWindow
from cloud.services.gather_day import OTHER_SKILLS, SKILLS_MAX
from tests.unit.cloud.services.test_day import Depot, depot
from tests.unit.cloud.small_cloud import MORNING

__all__ = ["depot"]
TWO_HOURS: dict[str, Any] = {"window_from": MORNING + timedelta(hours=2), "window_to": MORNING + timedelta(hours=4)}


def test_a_soft_end_is_the_stops_and_parcels_of_another_price_are_another_stop(depot: Depot) -> None:
    soft: dict[str, Any] = {"soft_to": MORNING + timedelta(hours=3), "late_cents_per_min": 20}
    first, second = depot.cloud.parcel("P1", **TWO_HOURS, **soft), depot.cloud.parcel("P2", **TWO_HOURS, **soft)
    depot.cloud.parcel("P3", **TWO_HOURS)
    stops = {frozenset(stop.parcels): stop for stop in depot.gather().problem.stops}
    together = stops.pop(frozenset({first.id, second.id}))
    assert (together.windows, together.soft) == ((TimeWindow(7_200, 14_400),), Soft(10_800, 20))
    assert [stop.soft for stop in stops.values()] == [None]


@pytest.mark.parametrize("hours", [1, 5, 30])
def test_a_soft_end_that_lies_in_no_window_of_the_day_is_none(depot: Depot, hours: int) -> None:
    depot.cloud.parcel("P1", **TWO_HOURS, soft_to=MORNING + timedelta(hours=hours), late_cents_per_min=20)
    [stop] = depot.gather().problem.stops
    assert (stop.windows, stop.soft) == ((TimeWindow(7_200, 14_400),), None)


def test_a_shifts_break_and_skills_are_its_couriers(depot: Depot) -> None:
    noon: dict[str, Any] = {
        "break_from": MORNING + timedelta(hours=4),
        "break_to": MORNING + timedelta(hours=5),
        "break_s": 1_800,
    }
    depot.cloud.courier("c2" * 16)
    depot.cloud.shift("c2" * 16, skills="cold heavy", **noon)
    depot.cloud.parcel("P1", skills="heavy")
    problem = depot.gather().problem
    plain, able = sorted(problem.couriers, key=lambda one: len(one.skills))
    assert (plain.breaks, plain.skills) == ((), frozenset())
    assert able.breaks == (Break("break", (TimeWindow(14_400, 18_000),), 1_800),)
    assert able.skills == {"cold", "heavy"}
    assert problem.stops[0].skills == {"heavy"}


def test_however_many_words_files_have_the_planner_is_told_few(depot: Depot) -> None:
    for number in range(SKILLS_MAX + 10):
        depot.cloud.parcel(f"P{number}", skills=f"word{number}")
    asked = depot.gather().problem.skills()
    assert len(asked) == SKILLS_MAX + 1
    assert asked > OTHER_SKILLS


def test_a_shift_of_another_day_teaches_nobody(depot: Depot) -> None:
    [shift] = depot.gather().shifts
    later = shift.starts_at + timedelta(days=2)
    other = replace(shift, id="ff" * 16, starts_at=later, ends_at=later + timedelta(hours=8), skills="cold")
    depot.cloud.do(lambda uow: uow.add(other))
    depot.cloud.parcel("P1", skills="cold")
    data = depot.gather()
    assert data.problem.stops[0].skills == {"cold"}
    assert [one.skills for one in data.problem.couriers] == [frozenset()]
