"""What peers are asked after somebody else has decided where everything goes."""

from dataclasses import replace

from bench.routing.choosing import assignment, back, decide, first_choice, limits, nearest, reachable
from cloud.routing.joint.checker import check
from cloud.routing.joint.instance import Answer, Location
from tests.unit.cloud.routing.joint.builders import HORIZON, an_instance


def test_the_first_choice_is_what_the_recipient_ranks_best() -> None:
    assert first_choice(an_instance(), [1, 0]) == [0, 1]


def test_the_nearest_pick_up_point_goes_before_the_door() -> None:
    assert nearest(an_instance(), [0, 1]) == [1, 0]


def test_a_place_no_van_reaches_in_time_comes_last() -> None:
    day = an_instance()
    late = replace(day, locations=(day.locations[0], Location("home1", 0, 0), *day.locations[2:]))
    assert not reachable(late, 0)
    assert first_choice(late, [0, 1]) == [1, 0]


def test_who_would_overfill_the_locker_stays_at_home() -> None:
    decided = decide(an_instance(), nearest)
    assert [one.location for one in decided.options].count(4) == 2
    assert len(decided.options) == 3


def test_service_levels_are_kept_with_room_to_spare() -> None:
    decided = decide(an_instance(rooms=((3,),), budget=(1,)), nearest)
    assert [one.rank for one in decided.options].count(1) == 1


def test_where_no_assignment_keeps_the_rules_everybody_gets_what_they_like_best() -> None:
    day = an_instance(rooms=((0,),))
    only_locker = replace(day, options=tuple(one for one in day.options if one.location == 4))
    assert assignment(only_locker, [0, 0, 0]) is None
    assert [one.location for one in decide(only_locker, nearest).options] == [4, 4, 4]


def test_rules_that_cannot_be_broken_are_no_rules() -> None:
    assert list(limits(an_instance(rooms=((3,),), budget=(3,)))) == []
    assert [allowed for _, allowed in limits(an_instance())] == [2, 2]


def test_an_answer_comes_back_in_the_whole_instances_numbers() -> None:
    day = an_instance()
    decided = decide(day, nearest)
    answer = back(day, decided, Answer(((0, (0, 1, 2)),)))
    assert check(day, answer) == ()
    assert [day.options[one].location for one in answer.routes[0][1]] == [one.location for one in decided.options]


def test_a_day_without_scarce_things_is_assigned_without_a_programme() -> None:
    day = an_instance(rooms=((9,),), budget=())
    assert assignment(replace(day, rooms=(), locations=(Location("all", 0, HORIZON),) * 5), [1, 0] * 3) == [1, 3, 5]
