"""A tiny week with the real planner in its worker: nothing is lost, nothing overfull, chance is the same for all."""

import asyncio
from dataclasses import dataclass, replace

import pytest

from cloud.routing.joint.day import Warm
from cloud.routing.joint.planner import JointOptions, JointPlanner
from cloud.routing.worker_client import VroomOptions, VroomPlanner
from contract.sizes import SizeClass
from firmware_sim.city_day import City, make_city
from firmware_sim.policy_week.comparing import compare
from firmware_sim.policy_week.evening import evening_plans
from firmware_sim.policy_week.fates import Fates
from firmware_sim.policy_week.policies import Policy
from firmware_sim.policy_week.report import Told, page
from firmware_sim.policy_week.walls import Move, Walls
from firmware_sim.policy_week.week import Plan, Week, live
from tests.simulation.policy_week import Judged, given, has_room, overfull

DAYS, PARCELS, LOCKERS, SEED = 2, 60, 8, 7
OFTEN = 0.4  # of attempts fail: in a week this small, eight in a hundred would be three
REPEATABLE = JointOptions(seed=7, threads=1, rounds=200)

# One group, so that not every pytest worker loads the machine code for itself.
pytestmark = [pytest.mark.long, pytest.mark.timeout(600), pytest.mark.xdist_group("joint")]


@dataclass(frozen=True, slots=True)
class Lived:
    week: Week
    walls: Walls


@dataclass(frozen=True, slots=True)
class Weeks:
    """Weeks by policy and share of failed attempts; the last one was lived a second time."""

    city: City
    plans: int
    lived: dict[tuple[Policy, float], Lived]
    again: Lived


@pytest.fixture(scope="module")
def weeks() -> Weeks:
    return asyncio.run(_weeks())


async def _weeks() -> Weeks:
    city = make_city(PARCELS, SEED, LOCKERS)
    async with JointPlanner(REPEATABLE) as planner, VroomPlanner(VroomOptions(threads=1)) as second:
        await planner.warm_up()
        judged = Judged(planner)
        evening = await evening_plans(city, (DAYS, PARCELS, SEED), judged.plan_day)

        async def lived(policy: Policy, share: float, plans: tuple[Warm, ...] = evening) -> Lived:
            walls = Walls(city.lockers)
            plan = Plan(city, policy, Fates(SEED, share, share), PARCELS, plans, second)
            return Lived(await live(plan, judged.plan_day, walls, lambda _: None), walls)

        found = {(policy, share): await lived(policy, share) for policy in Policy for share in (0.0, OFTEN)}
        again = await lived(Policy.LIVE, OFTEN)
        return Weeks(city, judged.plans, found, again)


def test_every_plan_was_judged_and_passed(weeks: Weeks) -> None:
    assert weeks.plans == DAYS * (1 + 2 * len(Policy) + 1)


def test_every_parcel_is_brought_waits_or_was_given_up_and_only_once(weeks: Weeks) -> None:
    for lived in weeks.lived.values():
        week = lived.week
        refs = [one.ref for one in (*week.brought, *week.waiting, *week.returned)]
        assert sorted(refs) == sorted(given(DAYS, PARCELS))
        assert sum(day.kpi.parcels for day in week.days) == len(week.brought)


def test_no_locker_is_ever_overfull_and_what_went_in_comes_out_once(weeks: Weeks) -> None:
    for lived in weeks.lived.values():
        assert overfull(weeks.city, lived.walls.moves) == []
        put_in = [move.ref for move in lived.walls.moves if move.is_in]
        assert len(put_in) == len(set(put_in)) == sum(day.kpi.to_lockers for day in lived.week.days)
        taken = len(lived.walls.moves) - len(put_in)
        assert lived.walls.count_inside() == len(put_in) - taken


def test_one_seed_gives_the_same_numbers(weeks: Weeks) -> None:
    lived = weeks.lived[Policy.LIVE, OFTEN]
    assert lived.week == weeks.again.week
    assert lived.walls.moves == weeks.again.walls.moves


def test_when_every_door_opens_all_policies_cost_the_same(weeks: Weeks) -> None:
    first, *others = (weeks.lived[policy, 0.0].week for policy in Policy)
    assert all(other == first for other in others)
    assert first.waiting == []


def test_when_doors_stay_shut_they_differ_and_lockers_bring_more_the_same_day(weeks: Weeks) -> None:
    depot, nearest, joint = (weeks.lived[policy, OFTEN].week for policy in Policy)
    assert len({day.days[0].kpi.cents for day in (depot, nearest, joint)}) == len(Policy)
    assert depot.days[0].rerouted == 0
    assert nearest.days[0].rerouted >= joint.days[0].rerouted > 0  # the product takes no detour at any price
    assert [sum(day.reordered for day in week.days) for week in (depot, nearest)] == [0, 0]
    assert sum(day.unanswered for day in joint.days) == 0
    assert len(depot.brought) < len(joint.brought)
    # What failed on the first day failed under every policy: chance hangs on names, not on what was decided.
    assert depot.days[0].kpi.failed == nearest.days[0].kpi.failed == joint.days[0].kpi.failed


def test_the_first_day_costs_less_by_the_products_choice_than_by_the_nearest_locker(weeks: Weeks) -> None:
    assert (
        weeks.lived[Policy.LIVE, OFTEN].week.days[0].kpi.cents
        < weeks.lived[Policy.NEAREST, OFTEN].week.days[0].kpi.cents
    )


def test_the_page_says_what_was_lived(weeks: Weeks) -> None:
    named = [(str(policy), weeks.lived[policy, OFTEN].week.days) for policy in Policy]
    rows = compare([*named, ("nobody absent", weeks.lived[Policy.DEPOT, 0.0].week.days)])
    told = Told("make week", PARCELS, DAYS, LOCKERS, 2, SEED, "200 rounds", 1, OFTEN, OFTEN, (0.0, 0.0))
    text = page(rows, told, "picture.svg")
    for row in rows:
        assert f"| {row.name} | {row.cents:.1f} |" in text
    assert all(len(line) <= 120 for line in text.splitlines() if not line.startswith(("|", "!")))


def test_the_judges_can_find_something() -> None:
    city = make_city(PARCELS, SEED, LOCKERS)
    locker = city.lockers[0]
    one = Move(0, locker.id, SizeClass.XL, "a", is_in=True)
    assert locker.doors[SizeClass.XL] == 1
    assert overfull(city, [one]) == []
    assert overfull(city, [one, replace(one, ref="b")]) == [replace(one, ref="b")]
    assert overfull(city, [replace(one, is_in=False)]) == [replace(one, is_in=False)]
    assert has_room({SizeClass.M: 1, SizeClass.L: 1}, [SizeClass.S, SizeClass.L])
    assert not has_room({SizeClass.M: 1, SizeClass.L: 1}, [SizeClass.L, SizeClass.L])
