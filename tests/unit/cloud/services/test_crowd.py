"""Crowd couriers announce trips, say yes to stops on their way, and drive them as any courier does."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from cloud.domain.errors import ConflictError, ForbiddenError, InvalidError, LimitReachedError
from cloud.domain.outside import CrowdTrip
from cloud.domain.parcel import Parcel, ParcelState
from cloud.services import queries
from cloud.services.assign_locker import assign_locker
from cloud.services.crowd import announce_trip, open_trips, withdraw_trip
from cloud.services.crowd_route import Spot, accept_crowd, places_of
from cloud.services.gather_day import DaySpan, gather_day
from cloud.services.offer_steps import give_up
from cloud.services.offers import OutsideTask, offer_tasks, offered_parcels
from cloud.services.offers_view import about
from cloud.services.outside_load import direct_m
from cloud.services.queries import CourierDay
from cloud.services.records import Courier, CourierKind, Plan, Route, Shift, StopKind, StopTask, TaskState
from cloud.services.trip_places import KEPT, coarsen_places, forget_places, set_out_from
from tests.unit.cloud.services.outside_street import (
    ANNA,
    BEN,
    DAY,
    LEAVES,
    OutsideStreet,
    candidate,
    crowd,
    legs,
)
from tests.unit.cloud.small_cloud import MORNING, OPERATOR


@pytest.fixture(params=[False, True], ids=["sql", "memory"])
def street(request: pytest.FixtureRequest) -> OutsideStreet:
    return OutsideStreet(quick=request.param)


def day_of(street: OutsideStreet, courier_id: str) -> CourierDay:
    begins = MORNING.replace(hour=0)
    return street.cloud.do(lambda uow: queries.courier_day(uow, courier_id, begins, begins + timedelta(days=1)))


def test_a_yes_makes_a_route_of_the_couriers_own_that_the_courier_page_shows(street: OutsideStreet) -> None:
    parcel, trip = street.parcel(), street.trip()
    street.offer([parcel], trip)

    street.accept()

    day = day_of(street, ANNA)
    assert day.route is not None
    assert (day.route.shift_id, day.route.starts_at) == (trip.id, LEAVES)
    assert [(view.stop.address, view.stop.kind) for view in day.stops] == [(parcel.address, "home")]
    assert day.stops[0].stop.eta > LEAVES
    assert street.cloud.again(parcel).state is ParcelState.PLANNED
    assert street.cloud.the(Plan, id=day.route.plan_id).day == f"{DAY}/crowd"
    assert street.cloud.do(offered_parcels) == {parcel.id}, "still at the depot, and theirs"


def test_of_two_trips_the_page_shows_the_first_with_something_left_to_do(street: OutsideStreet) -> None:
    first, second = street.parcel("P1"), street.parcel("P2")
    later: dict[str, Any] = {"leaves_at": LEAVES + timedelta(hours=3), "arrives_by": LEAVES + timedelta(hours=5)}
    trips = [street.trip(), street.trip(**later)]
    for parcel, trip in zip((first, second), trips, strict=True):
        street.offer([parcel], trip)
        street.accept()
    shown = day_of(street, ANNA).route
    assert shown is not None
    assert shown.shift_id == trips[0].id

    street.cloud.do(lambda uow: uow.change(StopTask, {"parcel_id": first.id}, state=TaskState.DONE))

    shown = day_of(street, ANNA).route
    assert shown is not None
    assert shown.shift_id == trips[1].id


def test_stops_accepted_later_go_where_they_lengthen_the_way_least(street: OutsideStreet) -> None:
    trip = street.trip()
    for barcode, lon in (("far", 21.04), ("near", 20.96), ("middle", 21.0)):
        street.offer([street.parcel(barcode, lon=lon, lat=52.201, address=barcode)], trip)
        street.accept()

    day = day_of(street, ANNA)

    assert [view.stop.address for view in day.stops] == ["near", "middle", "far"]
    assert [view.stop.eta for view in day.stops] == sorted(view.stop.eta for view in day.stops)
    assert street.cloud.the(Plan, planner="crowd").cost_cents == 900


def test_everything_accepted_so_far_counts_against_the_detour(street: OutsideStreet) -> None:
    trip = street.trip(detour_m_max=3_000)
    street.offer([street.parcel("P1", lat=52.212)], trip)
    street.accept()

    errand = street.offer([street.parcel("P2", lat=52.188)], trip)

    with pytest.raises(ConflictError, match="too far off your way"):
        street.accept()
    assert street.states(errand) == ["offered"], "the refusal changed nothing"


def test_an_open_trip_ends_at_its_last_stop_and_pays_no_way_back(street: OutsideStreet) -> None:
    trip = street.trip(end_lon=None, end_lat=None, detour_m_max=4_000)
    street.offer([street.parcel(lon=20.95, lat=52.23)], trip)

    street.accept()

    assert street.cloud.the(Shift, id=trip.id).end_lat == 52.23
    assert street.cloud.the(Route, shift_id=trip.id).distance_m == legs((20.95, 52.2), (20.95, 52.23))[0]


def test_a_window_is_kept_by_waiting_or_the_stop_is_refused(street: OutsideStreet) -> None:
    opens = LEAVES + timedelta(hours=1)
    early = street.parcel("P1", window_from=opens, window_to=opens + timedelta(hours=1))
    trip = street.trip()
    street.offer([early], trip)
    street.accept()
    assert day_of(street, ANNA).stops[0].stop.eta == opens

    street.offer([street.parcel("P2", window_from=MORNING, window_to=LEAVES)], trip)
    with pytest.raises(ConflictError, match="too late"):
        street.accept()


def test_parcels_for_a_locker_are_one_stop_there_and_only_where_they_are_promised(street: OutsideStreet) -> None:
    cloud = street.cloud
    cloud.locker(lon=21.0, lat=52.203)
    cloud.codes("WAW-01", 7, 8)
    parcels, trip = [street.parcel("P1"), street.parcel("P2")], street.trip()
    for one in parcels:
        cloud.do(partial(assign_locker, act=cloud.act(OPERATOR), keys=cloud.keys, parcel_id=one.id, locker_id="WAW-01"))
    task = OutsideTask(DAY, tuple(one.id for one in parcels), (candidate(trip),), 900, "WAW-01")
    elsewhere = OutsideTask(DAY, (parcels[0].id,), (candidate(trip),), 900)
    assert cloud.do(lambda uow: offer_tasks(uow, cloud.act(OPERATOR), [elsewhere])) == ()
    cloud.do(lambda uow: offer_tasks(uow, cloud.act(OPERATOR), [task]))

    street.accept()

    (view,) = day_of(street, ANNA).stops
    assert (view.stop.kind, view.stop.locker_id, len(view.tasks)) == (StopKind.LOCKER, "WAW-01", 2)
    assert {str(task.task) for task, _ in view.tasks} == {"drop_off"}
    assert {one.state for one in cloud.of(Parcel)} == {ParcelState.ASSIGNED_TO_LOCKER}


def test_giving_up_before_setting_out_asks_the_next(street: OutsideStreet) -> None:
    parcel = street.parcel()
    errand = street.offer([parcel], street.trip(), street.trip(BEN))
    yes = street.accept()

    street.cloud.do(lambda uow: give_up(uow, street.cloud.act(crowd(ANNA)), yes.id, "the car broke down"))

    assert street.states(errand) == ["given_up", "offered"]
    assert {one.state for one in street.cloud.of(StopTask, parcel_id=parcel.id)} == {TaskState.CANCELLED}


def test_a_withdrawn_trip_frees_what_it_was_asked_and_what_it_had_accepted(street: OutsideStreet) -> None:
    trip, other = street.trip(), street.trip(BEN)
    first = street.offer([street.parcel("P1")], trip, other)
    street.accept()
    second = street.offer([street.parcel("P2")], trip, other)

    street.cloud.do(lambda uow: withdraw_trip(uow, street.cloud.act(crowd(ANNA)), trip.id, "ill"))

    assert (street.states(first), street.states(second)) == (["given_up", "offered"], ["declined", "offered"])
    assert street.cloud.do(lambda uow: [one.courier_id for one in open_trips(uow, DAY)]) == [BEN]
    with pytest.raises(ConflictError):
        street.cloud.do(lambda uow: withdraw_trip(uow, street.cloud.act(crowd(ANNA)), trip.id))


def test_an_open_trip_shows_what_is_left_of_it(street: OutsideStreet) -> None:
    trip = street.trip()
    street.offer([street.parcel("P1", lat=52.21)], trip)
    street.accept()
    street.offer([street.parcel("P2")], trip)

    (left,) = street.cloud.do(lambda uow: open_trips(uow, DAY))

    assert (left.parcels_max, left.weight_g_max, left.volume_l_max) == (1, 18_200, 96)
    assert left.detour_m_max <= trip.detour_m_max


def test_a_trip_that_is_on_the_road_takes_no_more(street: OutsideStreet) -> None:
    trip = street.trip()
    street.offer([street.parcel("P1")], trip)
    street.accept()
    street.cloud.do(lambda uow: uow.change(Route, {"shift_id": trip.id}, started_at=LEAVES))

    assert street.cloud.do(lambda uow: open_trips(uow, DAY)) == ()
    with pytest.raises(ConflictError, match="on their way"):
        street.cloud.do(lambda uow: withdraw_trip(uow, street.cloud.act(crowd(ANNA)), trip.id))
    assert street.states(street.offer([street.parcel("P2")], trip)) == ["withdrawn"]


def test_a_place_that_was_not_asked_about_asks_for_the_answer_again(street: OutsideStreet) -> None:
    street.offer([street.parcel()], street.trip())
    asked = street.asked()
    nowhere: dict[tuple[Spot, Spot], tuple[int, int]] = {}
    act = street.cloud.act(crowd(ANNA))
    assert len(street.cloud.do(lambda uow: places_of(uow, act, asked.id))) == 3

    with pytest.raises(ConflictError, match="answer again"):
        street.cloud.do(lambda uow: accept_crowd(uow, act, asked.id, lambda a, b: nowhere[a, b]))


@pytest.mark.parametrize(
    "changes",
    [
        {"leaves_at": MORNING},
        {"arrives_by": LEAVES},
        {"arrives_by": LEAVES + timedelta(hours=7)},
        {"detour_m_max": 0},
        {"detour_m_max": 50_001},
        {"parcels_max": 41},
        {"per_parcel_cents": 5_001},
        {"end_lat": None},
    ],
)
def test_what_can_be_no_trip_is_refused_by_name(street: OutsideStreet, changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidError):
        street.trip(**changes)


def test_trips_are_announced_by_crowd_couriers_for_themselves_one_at_a_time(street: OutsideStreet) -> None:
    street.cloud.courier()
    with pytest.raises(ConflictError, match="drives for us"):
        street.trip(street.cloud.of(Courier, kind=CourierKind.OWN)[0].id)
    trip: CrowdTrip = street.a_trip(BEN)
    with pytest.raises(ForbiddenError):
        street.cloud.do(lambda uow: announce_trip(uow, street.cloud.act(crowd(ANNA)), trip))
    street.trip()
    with pytest.raises(ConflictError, match="another trip"):
        street.trip(leaves_at=LEAVES + timedelta(hours=1), arrives_by=LEAVES + timedelta(hours=3))
    for hour in range(2, 12, 2):
        street.trip(leaves_at=LEAVES + timedelta(hours=hour), arrives_by=LEAVES + timedelta(hours=hour + 2))
    with pytest.raises(LimitReachedError):
        street.trip(leaves_at=LEAVES + timedelta(hours=12), arrives_by=LEAVES + timedelta(hours=13))


def test_our_own_plan_leaves_alone_what_is_offered_and_whoever_drives_for_themselves(street: OutsideStreet) -> None:
    ours = street.parcel("P2")
    street.offer([street.parcel("P1")], street.trip())
    street.accept()
    street.cloud.courier()
    shift = street.cloud.shift()
    begins = MORNING.replace(hour=0)
    span = DaySpan(begins.date(), begins, begins + timedelta(days=1))

    data = street.cloud.do(lambda uow: gather_day(uow, street.cloud.act(OPERATOR), span))

    assert [one.id for one in data.shifts] == [shift.id]
    assert {ref for stop in data.problem.stops for ref in stop.parcels} == {ours.id}


# ------------------------------------------------------------------ places


HOME = (20.93, 52.2)  # some 1.4 km west of the depot, away from where the trip ends


def test_the_way_to_the_depot_is_taken_off_the_detour_and_where_it_began_is_not_kept(street: OutsideStreet) -> None:
    on_the_way = set_out_from(street.a_trip(), HOME)
    assert on_the_way.detour_m_max == pytest.approx(4_000, abs=5)

    north = set_out_from(street.a_trip(detour_m_max=20_000), (20.95, 52.25))
    assert 0 < north.detour_m_max < 20_000
    assert (north.start_lon, north.start_lat) == (20.95, 52.2)

    nowhere_else = set_out_from(street.a_trip(end_lon=None, end_lat=None), HOME)
    assert nowhere_else.detour_m_max == 4_000 - about(HOME, (20.95, 52.2))[0]


def test_whoever_is_too_far_from_the_depot_is_told_so(street: OutsideStreet) -> None:
    with pytest.raises(InvalidError, match="the depot alone is"):
        set_out_from(street.a_trip(detour_m_max=1_000), (20.95, 52.25))


def test_a_day_after_the_trip_only_the_district_and_the_length_of_the_way_are_kept(street: OutsideStreet) -> None:
    parcel, trip = street.parcel(), street.trip(end_lon=21.0512, end_lat=52.2034)
    free = street.trip(BEN, end_lon=None, end_lat=None)
    street.offer([parcel], trip)
    street.accept()
    long_m = direct_m(trip)

    street.cloud.now = trip.arrives_by + KEPT - timedelta(seconds=1)
    assert street.cloud.do(lambda uow: coarsen_places(uow, street.cloud.act())) == 0
    street.cloud.later(seconds=1)
    assert street.cloud.do(lambda uow: coarsen_places(uow, street.cloud.act())) == 2
    assert street.cloud.do(lambda uow: coarsen_places(uow, street.cloud.act())) == 0

    after = street.cloud.the(CrowdTrip, id=trip.id)
    assert (after.end_lon, after.end_lat, after.direct_m) == (21.05, 52.2, long_m)
    shift = street.cloud.the(Shift, id=trip.id)
    assert (shift.end_lon, shift.end_lat) == (21.05, 52.2)
    assert direct_m(after) == long_m
    assert street.cloud.the(CrowdTrip, id=free.id).direct_m == 0


def test_a_courier_has_past_trips_forgotten_and_nobody_elses(street: OutsideStreet) -> None:
    later = LEAVES + timedelta(days=2)
    past, ahead = street.trip(), street.trip(leaves_at=later, arrives_by=later + timedelta(hours=1))
    street.cloud.now = past.arrives_by

    with pytest.raises(ForbiddenError):
        street.cloud.do(lambda uow: forget_places(uow, street.cloud.act(crowd(BEN)), ANNA))
    assert street.cloud.do(lambda uow: forget_places(uow, street.cloud.act(crowd(ANNA)), ANNA)) == 1
    assert street.cloud.do(lambda uow: forget_places(uow, street.cloud.act(OPERATOR), ANNA)) == 0

    after = street.cloud.the(CrowdTrip, id=past.id)
    assert (after.end_lon, after.end_lat, after.end_address) == (None, None, "")
    assert direct_m(after) == direct_m(past)
    assert street.cloud.the(CrowdTrip, id=ahead.id).end_lon == ahead.end_lon
