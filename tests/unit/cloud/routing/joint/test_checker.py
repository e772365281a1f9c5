"""A checker that cannot fail is worthless: each rule is broken once and is named."""

from dataclasses import replace

import pytest

from cloud.routing.joint.checker import check
from cloud.routing.joint.instance import Answer, Instance, Vehicle, answer_cost
from tests.unit.cloud.routing.joint.builders import an_instance

HOMES = Answer(((0, (0, 2, 4)),))
LOCKER = Answer(((0, (0, 3, 5)),))


def test_a_sound_answer_is_left_alone_and_priced() -> None:
    assert check(an_instance(), HOMES) == ()
    assert check(an_instance(), LOCKER) == ()
    assert answer_cost(an_instance(), HOMES) == 6
    assert answer_cost(an_instance(), LOCKER) == 8


def test_a_visit_is_prepared_once_and_its_window_is_for_its_begin() -> None:
    day = an_instance()
    locker = replace(day.locations[4], due=5)
    day = replace(day, locations=(*day.locations[:4], locker), vehicles=(replace(day.vehicles[0], late=24),))
    assert check(day, Answer(((0, (3, 5, 0)),))) == ()  # 4 + 10 + 2 + 2, then 3 back, 2 there, 1 home: 24


def far(van: Vehicle) -> Instance:
    day = an_instance(vehicles=(van,))
    return replace(day, metres=day.time)


@pytest.mark.parametrize(
    ("day", "answer", "said"),
    [
        (an_instance(), Answer(((0, (0, 2)),)), "c2 is served 0 times"),
        (an_instance(), Answer(((0, (0, 1, 2, 4)),)), "c0 is served 2 times"),
        (an_instance(), Answer(((0, (0, 2)),), (2,)), "must be served"),
        (an_instance(), Answer(((0, (0, 2)), (0, (4,)))), "drives 2 routes"),
        (an_instance(), Answer(((7, (0, 2, 4)),)), "no vehicle 7"),
        (an_instance(), Answer(((0, (0, 2, 99)),)), "no option 99"),
        (an_instance(), Answer(((0, ()), (1, (0, 2, 4)))), "is empty"),
        (an_instance(budget=(3,)), Answer(((0, (1, 3, 5)),)), "gets 3 parcels"),
        (an_instance(rooms=((9,),)), Answer(((0, (1, 3, 5)),)), "rank 1 or worse; 2 may"),
        (an_instance(vehicles=(Vehicle("v", 0, 0, 0, 1_000, (2, 9, 9)),)), HOMES, "it takes 2"),
        (an_instance(vehicles=(Vehicle("v", 0, 0, 0, 1_000, (3, 9, 9), stops_max=2),)), HOMES, "2 is its limit"),
        (an_instance(vehicles=(Vehicle("v", 0, 0, 0, 11, (3, 9, 9)),)), HOMES, "is back at 12"),
        (an_instance(vehicles=(Vehicle("v", 0, 0, 0, 21, (3, 9, 9), breaks=((5, 10),)),)), HOMES, "is back at 22"),
        (far(Vehicle("v", 0, 0, 0, 99, (3, 9, 9), reach=2)), HOMES, "drives 6; 2 is its reach"),
        (an_instance(vehicles=(Vehicle("v", 0, 0, 0, 99, (3, 9, 9), loose=True),)), HOMES, "takes an option of None"),
        (
            an_instance(options=tuple(replace(one, skills=2) for one in an_instance().options)),
            HOMES,
            "lacks a skill for a place of c0",
        ),
        (
            an_instance(customers=(replace(an_instance().customers[0], skills=1), *an_instance().customers[1:])),
            HOMES,
            "lacks a skill for c0",
        ),
        (
            an_instance(
                locations=(
                    *an_instance().locations[:3],
                    replace(an_instance().locations[3], due=6),
                    an_instance().locations[4],
                )
            ),
            HOMES,
            "begins at home3 at 7",
        ),
    ],
)
def test_what_is_wrong_is_said(day: Instance, answer: Answer, said: str) -> None:
    assert said in "; ".join(check(day, answer))
