"""A day in pieces is the same day: nobody is lost, nothing shared is used twice, and what the pieces answer holds."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloud.routing.joint.checker import check
from cloud.routing.joint.engine import Effort, solve
from cloud.routing.joint.instance import Answer, Customer, Instance, Location, Option, Vehicle
from cloud.routing.territories import Territory, merged, territories
from tests.unit.cloud.routing.joint.builders import instances

PATIENT = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
EVERYBODY_S = 10_000


def still_clock() -> float:
    return 0.0


def nobody_served(day: Instance) -> Answer:
    return Answer((), tuple(range(len(day.customers))))


def solved(day: Instance, warm: Answer | None = None) -> Answer:
    return solve(day, Effort(EVERYBODY_S, 1, 1, 60), still_clock, warm)[0]


def as_they_are(parts: tuple[Territory, ...]) -> list[Answer]:
    return [Answer(part.warm) for part in parts]


def on_a_line(*places: int, vans: int = 4) -> Instance:
    """Return a day with a depot at 0 and a customer at each place, three of which fill a van."""
    at = np.array([0, *places], dtype=np.int32)
    legs = np.abs(at[:, None] - at[None, :]).astype(np.int32)
    return Instance(
        "line",
        tuple(Location(f"p{one}", 0, 9_999) for one in at),
        tuple(Customer(f"c{number}", (1, 0, 0), penalty=10_000) for number in range(len(places))),
        tuple(Option(number, number + 1) for number in range(len(places))),
        tuple(Vehicle(f"v{number}", 0, 0, 0, 9_999, (3, 9, 9)) for number in range(vans)),
        legs,
        legs[None],
    )


@PATIENT
@given(day=instances(), count=st.integers(1, 4), turn=st.integers(0, 9))
def test_pieces_together_are_the_plan_they_were_cut_from(day: Instance, count: int, turn: int) -> None:
    plan = solved(day)
    parts = territories(day, plan, count, turn)
    again = merged(day, parts, as_they_are(parts))
    driven = {van: route for van, route in again.routes if not day.vehicles[van].loose}
    assert driven == {van: route for van, route in plan.routes if not day.vehicles[van].loose}
    assert again.absent == plan.absent
    assert check(day, again) == ()


@PATIENT
@given(day=instances(), count=st.integers(1, 4), turn=st.integers(0, 9))
def test_what_pieces_answer_on_their_own_holds_for_the_day(day: Instance, count: int, turn: int) -> None:
    plan = nobody_served(day)
    for step in range(2):
        parts = territories(day, plan, count, turn + step)
        answers = [solved(part.instance, Answer(part.warm)) for part in parts]
        for part, answer in zip(parts, answers, strict=True):
            assert check(part.instance, answer) == ()
        plan = merged(day, parts, answers)
        assert check(day, plan) == ()


@PATIENT
@given(day=instances(), count=st.integers(1, 4))
def test_everybody_and_every_van_is_in_one_piece(day: Instance, count: int) -> None:
    parts = territories(day, solved(day), count, 0)
    customers = sorted(one for part in parts for one in part.customers)
    vans = sorted(one for part in parts for one in part.vehicles if not day.vehicles[one].loose)
    assert customers == list(range(len(day.customers)))
    assert vans == [number for number, van in enumerate(day.vehicles) if not van.loose]


def test_neighbours_are_cut_together_and_vans_follow_them() -> None:
    day = on_a_line(100, 101, 102, 103, 900, 901, 902, 903)
    near, far = sorted(part.customers for part in territories(day, nobody_served(day), 2, 1))
    assert (near, far) == ((0, 1, 2, 3), (4, 5, 6, 7))
    assert [len(part.vehicles) for part in territories(day, nobody_served(day), 2, 1)] == [2, 2]


def test_another_turn_draws_other_borders() -> None:
    chance = np.random.default_rng(5)
    day = on_a_line(*(int(one) for one in chance.integers(1, 999, 24)))
    square = chance.integers(0, 999, (25, 2))
    legs = np.abs(square[:, None] - square[None, :]).sum(axis=2).astype(np.int32)
    day = replace(day, time=legs, cost=legs[None])
    cuts = {
        tuple(sorted(part.customers for part in territories(day, nobody_served(day), 2, turn))) for turn in range(6)
    }
    assert len(cuts) > 2


@pytest.mark.parametrize("kept", [0, 1])
def test_a_locker_s_last_compartment_is_offered_once(kept: int) -> None:
    day = on_a_line(100, 101, 900, 901)
    locker = replace(day.locations[3], room=0)
    options = (*day.options, *(Option(number, 3, extra=1) for number in range(4)))
    day = replace(day, locations=(*day.locations[:3], locker, day.locations[4]), options=options, rooms=((1,),))
    plan = Answer(((0, (4 + kept,)),), tuple(one for one in range(4) if one != kept)) if kept else nobody_served(day)
    rooms = [sum(map(sum, part.instance.rooms)) for part in territories(day, plan, 2, 0)]
    assert sum(rooms) == 1
