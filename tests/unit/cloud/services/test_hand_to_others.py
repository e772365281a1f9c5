"""A day on which others may help: gathered with their trips and tariffs, planned, stored as ours, offered as theirs."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from cloud.domain.actors import Actor
from cloud.domain.outside import OfferState
from cloud.domain.parcel import Parcel, ParcelState
from cloud.routing.checker import check
from cloud.routing.explain import explain
from cloud.routing.matrices import TravelTimes
from cloud.routing.others import leave_to_others, ours_only
from cloud.routing.plan import Plan as Answer
from cloud.routing.plan import plan_cost
from cloud.routing.schedule import schedule
from cloud.routing.travel_times import VAN, great_circle
from cloud.services.came_back import came_back
from cloud.services.hand_to_others import own_part, tasks_for_others
from cloud.services.offer_steps import decline
from cloud.services.offers import OutsideTask, offer_tasks
from cloud.services.plan_routes import DayData, DaySpan, gather_day, store_plan
from cloud.services.records import Plan, Route, StopTask
from cloud.services.records_outside import Errand, Offer
from tests.unit.cloud.services.outside_street import ANNA, LEAVES, SWIFT, OutsideStreet, crowd
from tests.unit.cloud.small_cloud import MORNING, OPERATOR

BEGINS = MORNING.replace(hour=0)
SPAN = DaySpan(MORNING.date(), BEGINS, BEGINS + timedelta(days=1))


@pytest.fixture(params=[False, True], ids=["sql", "memory"])
def street(request: pytest.FixtureRequest) -> OutsideStreet:
    made = OutsideStreet(quick=request.param)
    made.cloud.courier()
    made.cloud.shift()
    return made


def gather(street: OutsideStreet) -> DayData:
    return street.cloud.do(lambda uow: gather_day(uow, street.cloud.act(OPERATOR), SPAN))


def travel_of(data: DayData) -> TravelTimes:
    return great_circle(data.problem.places(), VAN, 9)


def planned(data: DayData) -> Answer:
    """Return everything on one van of ours, then what others do cheaper."""
    ours, travel = ours_only(data.problem), travel_of(data)
    routes = tuple(schedule(one, ours.stops, travel) for one in ours.couriers) if ours.stops else ()
    left = () if routes else explain(ours, travel, (stop.id for stop in ours.stops))
    answer = leave_to_others(data.problem, travel, Answer(routes, left, plan_cost(routes)))
    assert check(data.problem, travel, answer) == ()
    return answer


def stored(street: OutsideStreet, data: DayData, answer: Answer) -> tuple[OutsideTask, ...]:
    tasks = tasks_for_others(data, answer, travel_of(data))
    act = street.cloud.act(OPERATOR)
    street.cloud.do(lambda uow: store_plan(uow, act, data, own_part(data, answer), "test"))
    street.cloud.do(lambda uow: offer_tasks(uow, act, tasks))
    return tasks


def refs(tasks: Sequence[OutsideTask]) -> set[str]:
    return {ref for task in tasks for ref in task.parcels}


def back(street: OutsideStreet) -> int:
    return street.cloud.do(lambda uow: came_back(uow, street.cloud.act(), SPAN))


def _say_no(street: OutsideStreet, who: Actor) -> None:
    asked = street.asked()
    street.cloud.do(lambda uow: decline(uow, street.cloud.act(who), asked.id, "no"))


def far(street: OutsideStreet, barcode: str = "far") -> Parcel:
    return street.parcel(barcode, lon=21.05, lat=52.2, address="far away")


def test_trips_and_tariffs_are_part_of_the_day(street: OutsideStreet) -> None:
    far(street)
    trip, tariff = street.trip(), street.tariff()
    data = gather(street)

    bus = next(one for one in data.problem.couriers if one.id == trip.id)
    assert (bus.detour_m_max, bus.costs.per_parcel_cents, bus.capacity.parcels) == (4_000, 300, 3)
    assert bus.shift.start_s == (LEAVES - BEGINS).total_seconds()
    assert [one.id for one in data.problem.tariffs] == [tariff.id]
    assert data.joint is not None
    assert data.joint.tariffs == data.problem.tariffs


def test_who_has_left_or_whose_promise_has_begun_is_not_counted_on(street: OutsideStreet) -> None:
    far(street)
    street.trip()
    street.tariff()
    street.cloud.later(hours=1)
    data = gather(street)

    assert not data.others
    assert data.joint is None


def test_what_others_do_cheaper_is_offered_and_no_part_of_our_plan(street: OutsideStreet) -> None:
    parcel = far(street)
    street.parcel("heavy", lon=20.951, lat=52.2, weight_g=25_000)
    trip, tariff = street.trip(), street.tariff()
    data = gather(street)
    tasks = stored(street, data, planned(data))

    assert refs(tasks) == {parcel.id}
    assert [one.source_id for one in tasks[0].candidates] == [trip.id, tariff.id]
    assert [one.price_cents for one in tasks[0].candidates] == [300, 450 + 69]
    assert tasks[0].own_cents > 300, "our own courier would drive there and back"
    assert street.asked().asked == ANNA
    assert len(street.cloud.of(StopTask)) == 1
    assert street.cloud.again(parcel).state is ParcelState.ANNOUNCED
    plan, route = street.cloud.the(Plan), street.cloud.the(Route)
    assert 0 < plan.cost_cents < 10_000
    assert route.distance_m == plan.distance_m


def test_what_is_offered_is_not_planned_again_and_what_all_refuse_comes_back_to_us(street: OutsideStreet) -> None:
    parcel = far(street)
    street.trip()
    street.tariff()
    data = gather(street)
    stored(street, data, planned(data))

    assert gather(street).problem.stops == ()
    street.cloud.later(minutes=1)
    for who in (crowd(ANNA), SWIFT):
        assert back(street) == 0
        _say_no(street, who)
    assert street.cloud.the(Errand).outcome == "nobody"
    assert back(street) == 1
    again = gather(street)
    answer = planned(again)
    assert [stop.parcels for stop in again.problem.stops] == [(parcel.id,)]
    assert refs(tasks_for_others(again, answer, travel_of(again))) == set()
    assert [len(route.stop_ids()) for route in answer.routes] == [1]
    stored(street, again, answer)
    assert back(street) == 0


def test_what_came_back_too_late_for_any_of_our_vans_asks_for_no_plan(street: OutsideStreet) -> None:
    far(street)
    street.trip()
    data = gather(street)
    stored(street, data, planned(data))
    street.cloud.later(minutes=1)
    _say_no(street, crowd(ANNA))
    assert back(street) == 1
    street.cloud.later(days=1)

    assert back(street) == 0


def test_a_partner_is_asked_first_where_it_is_cheapest(street: OutsideStreet) -> None:
    far(street)
    street.tariff(base_cents=100, per_km_cents=0)
    street.trip()
    data = gather(street)
    stored(street, data, planned(data))

    assert street.asked().asked == "swift"
    assert sorted(one.state for one in street.cloud.of(Offer)) == [OfferState.OFFERED, OfferState.WAITING]


def test_a_stop_of_many_parcels_is_several_tasks_at_their_share(street: OutsideStreet) -> None:
    for number in range(30):
        far(street, f"p{number}")
    street.tariff(base_cents=10, per_km_cents=0, parcels_max=40, weight_g_max=1_000_000)
    data = gather(street)
    tasks = tasks_for_others(data, planned(data), travel_of(data))

    assert [len(task.parcels) for task in tasks] == [20, 10]
    assert [task.candidates[0].price_cents for task in tasks] == [200, 100]
    assert sum(task.own_cents for task in tasks) > 300


def test_without_a_courier_of_ours_a_quote_may_reach_the_dearest_who_was_found(street: OutsideStreet) -> None:
    far(street)
    street.tariff()
    street.trip()
    data = gather(street)
    theirs = tuple(one for one in data.problem.couriers if one.detour_m_max is not None)
    alone = replace(data, problem=replace(data.problem, couriers=theirs), shifts=())
    tasks = tasks_for_others(alone, planned(alone), travel_of(data))

    assert [task.own_cents for task in tasks] == [450 + 69]
