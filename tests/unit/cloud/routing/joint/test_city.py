"""A city's turns: they share the time they have, go on from one another, and outlive a search that fails."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from cloud.routing.joint.city import TURNS, CityEffort, Slice, in_territories, plan_city
from cloud.routing.joint.engine import Effort, solve
from cloud.routing.joint.instance import Answer, Instance, answer_cost
from cloud.routing.planner import PlannerTimeoutError
from cloud.routing.territories import Routes
from tests.unit.cloud.routing.joint.test_territories import on_a_line

TOWN = (*range(100, 112), *range(900, 912))


@dataclass
class Searches:
    """Real searches on a clock that only they move; those numbered in ``failing`` fail."""

    failing: Callable[[int], bool] = lambda _: False
    now: float = 0.0
    asked: list[Slice] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    async def search(self, day: Instance, warm: Routes, effort: Slice) -> Answer:
        self.asked.append(effort)
        self.sizes.append(len(day.customers))
        self.now += effort.seconds
        if self.failing(len(self.asked)):
            raise PlannerTimeoutError(effort.seconds)
        return solve(day, Effort(1e6, effort.seed, 1, 200), lambda: 0.0, Answer(warm) if warm else None)[0]

    def effort(self, seconds: float = 60.0) -> CityEffort:
        return CityEffort(lambda: self.now, self.now + seconds, 1, 2)


def nothing(_: int, __: int) -> None:
    """Progress nobody asked for."""


async def test_turns_share_the_time_and_cool_down() -> None:
    city = Searches()
    costs: list[int] = []
    await plan_city(on_a_line(*TOWN, vans=9), (), city.effort(), city.search, lambda _, cost: costs.append(cost))
    assert city.now == pytest.approx(60.0)
    assert len(city.asked) == 2 * TURNS
    heats = [one.hot for one in city.asked[::2]]
    assert heats == sorted(heats, reverse=True)
    assert [one.carry for one in city.asked[::2]] == [True] * (TURNS - 1) + [False]
    assert len({one.seed for one in city.asked}) == len(city.asked)
    assert len(costs) == TURNS


async def test_two_ends_of_town_are_planned_as_well_as_in_one_piece() -> None:
    city, day = Searches(), on_a_line(*TOWN, vans=9)
    found = await plan_city(day, (), city.effort(), city.search, nothing)
    assert found.absent == ()
    assert answer_cost(day, found) == 2 * (111 + 108 + 105 + 102) + 2 * (911 + 908 + 905 + 902)


async def test_a_search_that_fails_later_costs_its_turn_only() -> None:
    city, day = Searches(failing=lambda number: number in (4, 7)), on_a_line(*TOWN, vans=9)
    found = await plan_city(day, (), city.effort(), city.search, nothing)
    assert found.absent == ()


@pytest.mark.parametrize("failing", [lambda number: number == 2, lambda number: number > 4])
async def test_a_first_turn_that_fails_or_many_that_do_are_the_day_s_failure(failing: Callable[[int], bool]) -> None:
    city = Searches(failing=failing)
    with pytest.raises(PlannerTimeoutError):
        await plan_city(on_a_line(*TOWN, vans=9), (), city.effort(), city.search, nothing)


async def test_a_plan_in_force_is_gone_on_from_and_not_melted_down() -> None:
    city, day = Searches(), on_a_line(*TOWN, vans=9)
    found = await plan_city(day, ((8, (0, 1, 2)),), city.effort(), city.search, nothing)
    assert found.absent == ()
    assert max(one.hot for one in city.asked) < 0.2


def test_only_large_days_are_cut_and_none_where_all_must_be_served() -> None:
    day = on_a_line(*TOWN, vans=20)
    assert in_territories(day) == 1
    assert in_territories(day, 23) == 2
    assert in_territories(day, 5) == 5
    assert in_territories(on_a_line(*TOWN, vans=9), 5) == 2, "four vans each"
    must = on_a_line(*TOWN, vans=20)
    object.__setattr__(must.customers[3], "penalty", None)
    assert in_territories(must, 5) == 1
