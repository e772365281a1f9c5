"""A stop that fell out of one van goes along in another one, where it costs least and every promise holds."""

from cloud.routing.joint.tuck_in import Vans, tuck_in
from cloud.routing.plan import Route
from cloud.routing.problem import Amounts, Courier, Problem, RouteCourierId, Stop, TimeWindow
from tests.unit.cloud.routing.builders import a_courier, a_plan, a_stop, line_travel


def tucked(couriers: list[Courier], driven: dict[str, list[Stop]], *fallen: Stop) -> dict[str, list[str]]:
    stops = (*(stop for order in driven.values() for stop in order), *fallen)
    problem = Problem(stops, tuple(couriers))
    travel = line_travel(problem)
    routes: dict[RouteCourierId, Route] = {
        route.courier_id: route for route in a_plan(problem, travel, **driven).routes
    }
    found = tuck_in(Vans(problem.couriers, problem.stop_by_id(), travel), routes, fallen)
    return {name: [str(one) for one in route.stop_ids()] for name, route in found.items()}


def test_it_goes_where_the_detour_is_least() -> None:
    near, far, new = a_stop("near", at=2), a_stop("far", at=-40), a_stop("new", at=1)

    found = tucked([a_courier("anna"), a_courier("bob")], {"anna": [near], "bob": [far]}, new)

    assert found["bob"] == ["far"]
    assert sorted(found["anna"]) == ["near", "new"]


def test_a_van_nobody_drives_yet_sets_out_for_it() -> None:
    full = a_courier("anna", capacity=Amounts(1, 500_000, 5_000_000))

    found = tucked([full, a_courier("bob")], {"anna": [a_stop("a")]}, a_stop("b"))

    assert found == {"anna": ["a"], "bob": ["b"]}


def test_what_nobody_can_keep_stays_behind() -> None:
    over = a_stop("late", at=500, windows=(TimeWindow(0, 60),))

    assert tucked([a_courier("anna")], {"anna": [a_stop("a")]}, over) == {"anna": ["a"]}


def test_the_more_important_stop_gets_the_last_room() -> None:
    courier = a_courier("anna", capacity=Amounts(2, 500_000, 5_000_000))
    first, second = a_stop("b", priority=0), a_stop("c", priority=9)

    found = tucked([courier], {"anna": [a_stop("a")]}, first, second)

    assert sorted(found["anna"]) == ["a", "c"]


def test_locked_stops_stay_first() -> None:
    locked = a_stop("locked", at=5)
    courier = a_courier("anna", locked=(locked.id,))

    assert tucked([courier], {"anna": [locked]}, a_stop("new", at=1)) == {"anna": ["locked", "new"]}
