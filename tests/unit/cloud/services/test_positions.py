"""Where a courier is now: who may say it, what it is good for, and that nothing of it stays."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from cloud.domain.actors import Actor, Role, actor
from cloud.domain.errors import ConflictError, ForbiddenError, NotFoundError
from cloud.domain.parcel import Parcel
from cloud.domain.positions import CourierPosition
from cloud.services import positions, reroute
from cloud.services.complete_stop import deliver_home
from cloud.services.find_locker import question_for
from cloud.services.ports import UnitOfWork
from cloud.services.rest_of_day import read_rest
from cloud.services.van_seen import Van, van_on, way_to
from tests.unit.cloud.small_cloud import COURIER, OPERATOR, SmallCloud

DRIVER, OTHER = actor(Role.COURIER, COURIER), actor(Role.COURIER, "c1" * 16)
HERE = (20.9712, 52.2153)
SEEN = (20.97111, 52.215)  # HERE to a hundred metres


@dataclass
class Road:
    """One courier on the road with a parcel for each of eight doors."""

    cloud: SmallCloud
    parcels: list[Parcel]

    def told(self, **ago: float) -> CourierPosition:
        at = self.cloud.now - timedelta(**ago)
        return CourierPosition(courier_id=COURIER, lon=HERE[0], lat=HERE[1], accuracy_m=12, at=at)

    def tell(self, **ago: float) -> None:
        self.cloud.do(lambda uow: positions.keep(uow, self.cloud.act(DRIVER), self.told(**ago)))

    def van(self, stop: int) -> Van | None:
        parcel = self.cloud.again(self.parcels[stop])
        return self.cloud.do(lambda uow: van_on(uow, self.cloud.now, parcel, way_to(uow, parcel.id)))

    def deliver(self, *stops: int) -> None:
        act = self.cloud.act(DRIVER)

        def unit(uow: UnitOfWork) -> None:
            for stop in stops:
                deliver_home(uow, act, self.parcels[stop].id, "Ada")

        self.cloud.do(unit)

    def see(self, who: Actor = OPERATOR) -> CourierPosition:
        return self.cloud.do(lambda uow: positions.see(uow, self.cloud.act(who), COURIER))

    def over(self) -> tuple[str, ...]:
        return self.cloud.do(lambda uow: positions.over(uow, self.cloud.now))


@pytest.fixture(params=[False, True], ids=["sql", "memory"])
def road(request: pytest.FixtureRequest) -> Road:
    cloud = SmallCloud(quick=request.param)
    cloud.courier()
    parcels = [cloud.parcel(f"P{number}") for number in range(8)]
    cloud.route(*parcels)
    return Road(cloud, parcels)


def test_of_a_courier_only_the_last_place_is_kept(road: Road) -> None:
    road.tell(seconds=50)
    road.tell(seconds=20)
    road.tell(seconds=40)

    assert road.cloud.the(CourierPosition) == road.told(seconds=20)


@pytest.mark.parametrize("who", [OTHER, OPERATOR], ids=str)
def test_only_couriers_themselves_say_where_they_are(road: Road, who: Actor) -> None:
    with pytest.raises(ForbiddenError):
        road.cloud.do(lambda uow: positions.weigh(uow, road.cloud.act(who), road.told()))
    with pytest.raises(ForbiddenError):
        road.cloud.do(lambda uow: positions.keep(uow, road.cloud.act(who), road.told()))


def test_without_a_route_on_the_road_nobody_is_asked_where_they_are(road: Road) -> None:
    def weigh() -> object:
        return road.cloud.do(lambda uow: positions.weigh(uow, road.cloud.act(DRIVER), road.told()))

    assert weigh() is None
    road.cloud.later(hours=10, minutes=1)  # eight of the shift and two of overtime
    with pytest.raises(ConflictError, match="no route on the road"):
        weigh()


def test_a_courier_who_has_not_set_off_is_nowhere() -> None:
    cloud = SmallCloud()
    cloud.courier()
    cloud.route(cloud.parcel(), started=False)
    road = Road(cloud, [])

    with pytest.raises(ConflictError):
        cloud.do(lambda uow: positions.weigh(uow, cloud.act(DRIVER), road.told()))


def test_recipients_see_the_van_five_stops_ahead_and_no_earlier(road: Road) -> None:
    road.tell()

    assert road.van(5) == Van(*SEEN, road.cloud.now, 5)
    assert road.van(6) is None


def test_a_van_that_nobody_shows_is_not_seen(road: Road) -> None:
    assert road.van(0) is None
    road.tell(minutes=10)
    assert road.van(0) is None


def test_who_has_their_parcel_does_not_see_where_the_van_goes_next(road: Road) -> None:
    road.tell()
    road.deliver(0)

    assert road.van(0) is None
    assert road.van(1) == Van(*SEEN, road.cloud.now, 0)


def test_a_parcel_that_is_not_in_the_van_yet_shows_no_van(road: Road) -> None:
    road.tell()
    road.cloud.do(lambda uow: uow.change(Parcel, {"id": road.parcels[0].id}, custodian="carrier:acme"))

    assert road.van(0) is None


def test_staff_and_the_courier_see_the_place_exactly_and_nobody_else(road: Road) -> None:
    road.tell()

    assert road.see(OPERATOR) == road.see(DRIVER) == road.told()
    for who in (OTHER, actor(Role.RECIPIENT, road.parcels[0].id), actor(Role.CARRIER, "acme")):
        with pytest.raises(ForbiddenError):
            road.see(who)


def test_it_is_forgotten_when_the_switch_is_off(road: Road) -> None:
    road.tell()
    with pytest.raises(ForbiddenError):
        road.cloud.do(lambda uow: positions.forget(uow, road.cloud.act(OTHER), COURIER))
    road.cloud.do(lambda uow: positions.forget(uow, road.cloud.act(DRIVER), COURIER))

    assert road.cloud.of(CourierPosition) == []


def test_it_is_forgotten_with_the_last_stop(road: Road) -> None:
    road.tell()
    assert road.over() == ()
    road.deliver(*range(8))

    with pytest.raises(NotFoundError):
        road.see()
    assert road.over() == (COURIER,)
    assert road.cloud.do(lambda uow: positions.forget_all(uow, ())) == 0
    assert road.cloud.do(lambda uow: positions.forget_all(uow, (COURIER,))) == 1
    assert road.cloud.of(CourierPosition) == []


def test_it_is_forgotten_ten_minutes_after_the_phone_fell_silent(road: Road) -> None:
    road.tell()
    road.cloud.later(minutes=9)
    assert road.over() == ()
    road.cloud.later(minutes=1)

    assert road.over() == (COURIER,)


def test_a_route_is_thought_about_from_where_the_van_is(road: Road) -> None:
    def start() -> tuple[float, float]:
        left = road.cloud.do(lambda uow: reroute.route_of(uow, COURIER))
        assert left is not None
        place = road.cloud.do(lambda uow: read_rest(uow, road.cloud.act(OPERATOR), left)).courier.start
        assert place is not None
        return place.lon, place.lat

    depot = start()
    road.tell()
    assert start() == HERE
    road.cloud.later(minutes=5)

    assert start() == depot == (20.95, 52.2)


def test_a_failed_attempt_that_does_not_say_where_is_where_the_van_is(road: Road) -> None:
    road.cloud.locker()
    road.tell()

    def here(said: tuple[float, float] | None) -> tuple[float, float]:
        parcel = road.parcels[0]

        def ask(uow: UnitOfWork) -> tuple[float, float]:
            left = reroute.route_carrying(uow, parcel.id)
            question, _ = question_for(uow, road.cloud.act(OPERATOR), parcel, (said, left))
            assert question is not None
            return question.here

        return road.cloud.do(ask)

    assert here((21.5, 52.5)) == (21.5, 52.5)
    assert here(None) == HERE
    road.cloud.later(minutes=5)
    assert here(None) == (road.parcels[0].lon, road.parcels[0].lat)
