"""A break the plan left room for stays in the day when the rest of a route is thought about anew."""

from datetime import UTC, timedelta

import pytest

from cloud.routing.problem import SERVICE_S_MAX
from cloud.services import reroute
from cloud.services.driven import ahead_of
from cloud.services.eta import expected
from cloud.services.pauses import with_break
from cloud.services.records import Route, Shift, Stop
from cloud.services.rest_of_day import Rest, read_rest
from cloud.services.window_board import read_board
from tests.unit.cloud.small_cloud import COURIER, OPERATOR, SmallCloud

BREAK_S = 1_800
SERVICE_S = 150


@pytest.fixture
def cloud() -> SmallCloud:
    """Return a courier on the road to four doors; between the second and the third is room for a break."""
    cloud = SmallCloud()
    cloud.courier()
    cloud.route(*(cloud.parcel(f"P{number}", skills="heavy" if number == 3 else "") for number in range(4)))
    first, *_ = stops = cloud.do(lambda uow: uow.find(Stop, order="position"))
    for stop in stops[2:]:
        later = stop.eta + timedelta(minutes=25)
        cloud.do(lambda uow, stop=stop, later=later: uow.change(Stop, {"id": stop.id}, eta=later))  # type: ignore[misc] # bound in this round of the loop
    span = {"break_from": first.eta, "break_to": first.eta + timedelta(hours=1), "break_s": BREAK_S}
    cloud.do(lambda uow: uow.change(Shift, {}, **span, skills="cold"))
    return cloud


def rest_of(cloud: SmallCloud) -> Rest:
    left = cloud.do(lambda uow: reroute.route_of(uow, COURIER))
    assert left is not None
    return cloud.do(lambda uow: read_rest(uow, cloud.act(OPERATOR), left))


def test_the_break_is_counted_to_the_stop_before_it(cloud: SmallCloud) -> None:
    assert [stop.service_s for stop in rest_of(cloud).stops] == [SERVICE_S, SERVICE_S + BREAK_S, SERVICE_S, SERVICE_S]


def test_whoever_waits_behind_it_is_told_to_expect_it(cloud: SmallCloud) -> None:
    route = cloud.the(Route)
    left = cloud.do(lambda uow: reroute.with_stops(uow, route))
    assert [ahead.pause_s for _, ahead in cloud.do(lambda uow: ahead_of(uow, left))] == [0, 0, BREAK_S, 0]
    told = cloud.do(lambda uow: expected(uow, route, cloud.now, UTC))
    first, second, third, _ = (told[stop.id].at for stop in left.stops)
    assert third - second > timedelta(seconds=BREAK_S) > second - first


def test_windows_are_offered_with_the_break_in_the_day(cloud: SmallCloud) -> None:
    last = cloud.do(lambda uow: uow.find(Stop, order="position"))[-1]
    [task] = cloud.do(lambda uow: reroute.with_stops(uow, reroute.route_of(uow, COURIER).route)).tasks[last.id]  # type: ignore[union-attr] # it is on the road
    board = cloud.do(lambda uow: read_board(uow, cloud.act(OPERATOR), task.parcel_id))
    assert board is not None
    [lane] = board.lanes
    assert [stop.service_s for stop in lane.running.order] == [SERVICE_S, SERVICE_S + BREAK_S, SERVICE_S]


@pytest.mark.parametrize("minutes", [-120, 180])
def test_a_gap_at_another_time_of_day_is_no_break(cloud: SmallCloud, minutes: int) -> None:
    shift = cloud.the(Shift)
    assert shift.break_from is not None
    assert shift.break_to is not None
    moved = {"break_from": shift.break_from, "break_to": shift.break_to}
    moved = {name: at + timedelta(minutes=minutes) for name, at in moved.items()}
    cloud.do(lambda uow: uow.change(Shift, {}, **moved))
    assert {stop.service_s for stop in rest_of(cloud).stops} == {SERVICE_S}


def test_a_gap_too_short_for_it_is_no_break(cloud: SmallCloud) -> None:
    cloud.do(lambda uow: uow.change(Shift, {}, break_s=3_600))
    assert {stop.service_s for stop in rest_of(cloud).stops} == {SERVICE_S}


def test_what_is_aboard_stays_with_its_courier_and_others_are_told_what_it_needs(cloud: SmallCloud) -> None:
    rest = rest_of(cloud)
    assert rest.courier.skills == {"cold", "heavy"}
    assert [stop.skills for stop in rest.stops] == [frozenset(), frozenset(), frozenset(), {"heavy"}]


def test_no_stop_takes_longer_than_one_may(cloud: SmallCloud) -> None:
    shift = cloud.the(Shift)
    assert (with_break(SERVICE_S, None), with_break(SERVICE_S_MAX, shift)) == (SERVICE_S, SERVICE_S_MAX)
