"""A peer that knows nothing of rooms and service levels still ends with a plan that keeps them."""

from dataclasses import replace

from bench.routing.repaired import FLEET, NARROWED, PRICED, Search, Timeline, regrets, solve, vans_at_least, worth
from cloud.routing.joint.checker import check
from cloud.routing.joint.instance import Answer, Instance
from tests.unit.cloud.routing.joint.builders import an_instance

Asked = list[tuple[Instance, Answer | None]]


def who_likes(place: int, asked: Asked) -> Search:
    """Return a search that brings everybody to one place, unless it is dearer than home or no longer open to them."""

    def search(day: Instance, _: tuple[float, float], start: Answer | None) -> Timeline:
        asked.append((day, start))
        chosen = [
            min(numbers, key=lambda number: (day.options[number].extra, day.options[number].location != place))
            for numbers in day.options_of()
        ]
        return [(0.5, Answer(((0, tuple(sorted(chosen, key=lambda one: day.options[one].location))),)))]

    return search


def who_is_stubborn(asked: Asked) -> Search:
    """Return a search that prices do not move."""
    liking = who_likes(4, asked)

    def search(day: Instance, span: tuple[float, float], start: Answer | None) -> Timeline:
        cheap = replace(day, options=tuple(replace(one, extra=0) for one in day.options))
        return liking(cheap, span, start)

    return search


def test_a_price_on_a_full_locker_sends_some_home() -> None:
    asked: Asked = []
    answer, points = solve(an_instance(), 1.0, who_likes(4, asked))
    assert check(an_instance(), answer) == ()
    assert {one.extra for one in asked[0][0].options} == {0}
    assert max(one.extra for one in asked[1][0].options if one.location == 4) > 0
    assert points


def test_whom_prices_do_not_move_the_last_rounds_do() -> None:
    asked: Asked = []
    day = an_instance()
    answer, points = solve(day, 1.0, who_is_stubborn(asked))
    assert check(day, answer) == ()
    assert [day.options[one].location for one in answer.routes[0][1]].count(4) == 2
    assert len(asked) == len(PRICED) + len(NARROWED)
    assert len(asked[-1][0].options) == 5  # one customer may not go to the locker any more
    assert [point.vehicles for point in points] == [1] * len(NARROWED)


def test_each_search_goes_on_from_the_last_plan() -> None:
    asked: Asked = []
    solve(an_instance(), 1.0, who_is_stubborn(asked))
    assert asked[0][1] is None
    assert all(start is not None for _, start in asked[1:])


def test_a_plan_that_breaks_rules_the_peer_knew_is_no_start_and_costs_a_vehicle() -> None:
    asked: Asked = []

    def nobody(day: Instance, _: tuple[float, float], start: Answer | None) -> Timeline:
        asked.append((day, start))
        return [(0.1, Answer((), (0, 1, 2)))]

    answer, points = solve(an_instance(fewest_vehicles=True), 1.0, nobody)
    assert all(start is None for _, start in asked)
    assert [len(day.vehicles) for day, _ in asked[: len(FLEET)]] == [1, 2, 2]
    assert (answer.absent, points) == ((0, 1, 2), [])


def test_without_scarce_things_the_search_runs_once_with_all_vehicles() -> None:
    asked: Asked = []
    solve(an_instance(rooms=((9,),), budget=()), 1.0, who_likes(4, asked))
    assert [len(day.vehicles) for day, _ in asked] == [2]


def test_the_load_says_how_many_vehicles_are_needed() -> None:
    day = an_instance()
    assert vans_at_least(day) == 1
    assert vans_at_least(replace(day, vehicles=tuple(replace(van, capacity=(2, 9, 9)) for van in day.vehicles))) == 2


def test_an_options_worth_is_its_detour_or_what_leaving_it_out_saves() -> None:
    value = worth(an_instance(), Answer(((0, (0, 4)),)))  # home 1 and home 3, out and back: six minutes
    assert value[0] == 0  # the way to home 3 leads past it
    assert value[4] == 4  # without home 3 the van turns round at home 1
    assert value[2] == 0  # home 2 lies between them
    assert value[1] == 2  # the locker lies one minute beyond


def test_nobody_is_moved_without_need() -> None:
    loss = regrets(an_instance(), Answer(((0, (0, 4)),)))
    assert (loss[0], loss[4]) == (0, 0)
    assert loss[1] == 2
    assert loss[5] == 1  # home 3 is worth four, the locker would be two: cheaper, yet a bit dearer than staying
