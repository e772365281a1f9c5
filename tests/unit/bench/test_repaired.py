"""A peer that knows nothing of rooms and service levels still ends with a plan that keeps them."""

from bench.routing.curve import Point
from bench.routing.repaired import prices, solve
from cloud.routing.joint.checker import check
from cloud.routing.joint.instance import Answer, Instance
from tests.unit.cloud.routing.joint.builders import an_instance

Asked = list[tuple[Instance, Answer | None]]


def greedy_for(place: int, asked: Asked) -> object:
    """Return a search that brings everybody to one place if it may, on one van."""

    def search(day: Instance, _: tuple[float, float], start: Answer | None) -> tuple[Answer, list[Point]]:
        asked.append((day, start))
        chosen = [
            max(numbers, key=lambda number: day.options[number].location == place) for numbers in day.options_of()
        ]
        return Answer(((0, tuple(sorted(chosen, key=lambda one: day.options[one].location))),)), []

    return search


def test_an_overfull_locker_is_given_to_as_many_as_it_holds() -> None:
    asked: Asked = []
    day = an_instance()
    answer, _ = solve(day, 1.0, greedy_for(4, asked))  # type: ignore[arg-type] # the builder's type says less
    assert check(day, answer) == ()
    assert [day.options[one].location for one in answer.routes[0][1]].count(4) == 2
    assert len(asked[0][0].options) == 6
    assert len(asked[1][0].options) == 5  # one customer may not go to the locker any more


def test_the_search_goes_on_from_what_is_left_of_its_plan() -> None:
    asked: Asked = []
    solve(an_instance(), 1.0, greedy_for(4, asked))  # type: ignore[arg-type] # as above
    assert asked[0][1] is None
    assert asked[1][1] is not None
    assert [len(route) for _, route in asked[1][1].routes] == [2]


def test_a_search_that_breaks_rules_it_knows_begins_anew() -> None:
    asked: Asked = []
    small = an_instance(vehicles=tuple(an_instance().vehicles[:1]), budget=(1,), rooms=((2,),))

    def nobody(day: Instance, _: tuple[float, float], start: Answer | None) -> tuple[Answer, list[Point]]:
        asked.append((day, start))
        return Answer((), (0, 1, 2)), []

    answer, _ = solve(small, 1.0, nobody)
    assert all(start is None for _, start in asked)
    assert answer.absent == (0, 1, 2)


def test_without_scarce_things_the_search_runs_once() -> None:
    asked: Asked = []
    solve(an_instance(rooms=((9,),), budget=()), 1.0, greedy_for(4, asked))  # type: ignore[arg-type] # as above
    assert len(asked) == 1


def test_an_options_price_is_its_detour_or_what_leaving_it_out_saves() -> None:
    price = prices(an_instance(), Answer(((0, (0, 4)),)))  # home 1 and home 3 on the way out and back: six minutes
    assert price[0] == 0  # the way to home 3 leads past it
    assert price[4] == 4  # without home 3 the van turns round at home 1
    assert price[2] == 0  # home 2 lies between them
    assert price[1] == 2  # the locker lies one minute beyond
