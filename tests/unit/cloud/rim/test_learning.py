"""A courier drives days in an office; the night after each, the cloud learns from them."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from cloud.domain.actors import SYSTEM, Role, actor
from cloud.learning import DAYS_MAX, learn_travel, learned_times
from cloud.routing.matrices import TravelTimes
from cloud.routing.problem import Place
from cloud.routing.travel.arrivals import BEFORE_START
from cloud.routing.travel.congestion import PRIOR
from cloud.routing.travel.errors import ServerSilentError
from cloud.routing.travel.spare import GreatCircleAside, WithSpare
from cloud.services import eta, queries
from cloud.services.complete_stop import deliver_home
from cloud.services.learn_speeds import days_to_learn
from cloud.services.ports import Act, UnitOfWork
from cloud.services.queries import CourierDay
from cloud.services.records import Route
from cloud.services.start_route import start_route
from cloud.services.tracking_token import PURPOSE, token_for
from cloud.services.travel_knowledge import Knowledge, knowledge, store_knowledge, traffic
from tests.unit.cloud.api.office import COURIER, Office, open_office

DRIVER = actor(Role.COURIER, COURIER)
MINUTE = timedelta(minutes=1)
DAY = date(2026, 11, 23)


@dataclass
class Road:
    """An office whose one courier drives what was planned, later than planned by so much at each stop."""

    office: Office

    async def day(self) -> CourierDay:
        zone = self.office.rim.locality.zone
        begins = self.office.clock.now().astimezone(zone).replace(hour=0, minute=0)
        return await self.office.rim.look(
            lambda uow: queries.courier_day(uow, COURIER, begins, begins + timedelta(days=1))
        )

    async def set_off(self, parcels: int = 3, late: timedelta = timedelta(0)) -> Route:
        await self.office.parcels(parcels)
        await self.office.shift()
        await self.office.plan()
        route = (await self.day()).route
        assert route is not None
        self.office.clock.move_to(route.starts_at + late)
        act = self.office.rim.act(DRIVER)
        await self.office.rim.do(lambda uow: start_route(uow, act, route.id))
        return await self.office.rim.look(lambda uow: uow.need(Route, route.id))

    async def serve(self, stops: int = 3, slower: timedelta = timedelta(0)) -> None:
        """Serve the next stops, each as much later than the one before as ``slower`` says."""
        ahead = [one for one in (await self.day()).stops if one.done_at is None]
        for number, one in enumerate(ahead[:stops], start=1):
            self.office.clock.move_to(one.stop.eta + timedelta(seconds=one.stop.service_s) + number * slower)
            await self.office.rim.do(partial(_hand_over, act=self.office.rim.act(DRIVER), view=one))

    async def next_morning(self) -> int:
        self.office.clock.move_to(datetime(2026, 11, 24, 3, 45, tzinfo=self.office.rim.locality.zone))
        return await learn_travel(self.office.rim)

    async def known(self) -> Knowledge:
        return await self.office.rim.look(knowledge)


def _hand_over(uow: UnitOfWork, act: Act, view: queries.StopView) -> None:
    for _, parcel in view.tasks:
        deliver_home(uow, act, parcel.id, "signature")


@pytest.fixture
async def road(tmp_path: Path) -> AsyncIterator[Road]:
    async with open_office(tmp_path) as office:
        yield Road(office)


async def test_a_day_is_learned_from_once(road: Road) -> None:
    await road.set_off()
    await road.serve(slower=MINUTE)
    assert await road.next_morning() == 1
    first = await road.known()
    assert first.through == DAY
    assert sum(first.errors.counts[BEFORE_START].values()) == pytest.approx(3)
    assert first.speeds.cells
    assert await learn_travel(road.office.rim) == 0
    assert await road.known() == first


async def test_slow_legs_make_the_hour_slower_and_bands_later(road: Road) -> None:
    await road.set_off()
    await road.serve(slower=2 * MINUTE)
    await road.next_morning()
    known = await road.office.rim.look(traffic)
    hour = DAY.weekday() * 24 + 9
    assert float(known.hours[hour]) > float(PRIOR.hours[hour])
    late = [one * weight for one, weight in (await road.known()).errors.counts[BEFORE_START].items()]
    assert sum(late) > 0


async def test_a_day_on_which_nobody_drove_is_learned_from_too(road: Road) -> None:
    assert await road.next_morning() == 1
    assert await road.known() == Knowledge(DAY)


async def test_estimates_are_no_teacher_and_the_day_waits(road: Road) -> None:
    class Silent:
        async def matrix(self, places: Sequence[Place], depart_at: datetime) -> TravelTimes:
            raise ServerSilentError(f"{len(places)} {depart_at}")

    await road.set_off()
    await road.serve()
    good = road.office.rim
    for bad in (WithSpare(Silent(), GreatCircleAside()), Silent()):
        road.office.rim = replace(good, travel=bad)
        assert await road.next_morning() == 0
    assert (await road.known()).through is None
    road.office.rim = good
    assert await road.next_morning() == 1


async def test_who_comes_second_with_the_same_day_changes_nothing(road: Road) -> None:
    act = road.office.rim.act(SYSTEM)
    before, after = Knowledge(), Knowledge(DAY)
    assert await road.office.rim.do(lambda uow: store_knowledge(uow, act, before, after))
    assert not await road.office.rim.do(
        lambda uow: store_knowledge(uow, act, before, Knowledge(DAY, errors=after.errors))
    )
    assert await road.known() == after


@pytest.mark.parametrize(
    ("through", "days"),
    [(None, 1), (date(2026, 11, 23), 0), (date(2026, 11, 20), 3), (date(2026, 1, 1), DAYS_MAX)],
)
def test_what_was_missed_is_caught_up_on_within_reason(through: date | None, days: int) -> None:
    found = days_to_learn(Knowledge(through), date(2026, 11, 24), DAYS_MAX)
    assert len(found) == days
    assert found[-1:] == ([DAY] if days else [])


async def test_times_asked_for_are_those_of_what_is_known(road: Road) -> None:
    rim = road.office.rim
    times = learned_times(rim.travel, rim.reader, rim.readers)
    places = [Place(21.0, 52.2), Place(21.05, 52.23)]
    nine = datetime(2026, 11, 30, 9, 30, tzinfo=rim.locality.zone)
    before = await times.matrix(places, nine)
    await road.set_off()
    await road.serve(slower=2 * MINUTE)
    await road.next_morning()
    assert (await times.matrix(places, nine)).duration_s(*places) > before.duration_s(*places)


async def _expected(road: Road, route: Route) -> list[eta.Expected]:
    zone, now = road.office.rim.locality.zone, road.office.clock.now()
    found = await road.office.rim.look(lambda uow: eta.expected(uow, route, now, zone))
    return list(found.values())


async def test_before_the_start_arrivals_are_the_plans(road: Road) -> None:
    await road.office.parcels(3)
    await road.office.shift()
    await road.office.plan()
    day = await road.day()
    assert day.route is not None
    told = await _expected(road, day.route)
    for view, one in zip(day.stops, told, strict=True):
        assert abs(one.at - view.stop.eta) < MINUTE
        assert one.begins < one.at < one.ends
        assert one.begins.minute % 5 == one.ends.minute % 5 == 0


async def test_a_courier_who_is_late_is_expected_later_everywhere(road: Road) -> None:
    route = await road.set_off(late=30 * MINUTE)
    planned = [view.stop.eta for view in (await road.day()).stops]
    told = await _expected(road, route)
    assert all(29 * MINUTE < one.at - eta < 31 * MINUTE for one, eta in zip(told, planned, strict=True))


async def test_the_band_narrows_as_the_courier_comes_nearer(road: Road) -> None:
    route = await road.set_off()
    far = (await _expected(road, route))[-1]
    await road.serve(2)
    (near,) = await _expected(road, route)
    assert near.ends - near.begins <= far.ends - far.begins
    assert near.begins >= road.office.clock.now() - 5 * MINUTE


async def test_a_stop_that_is_overdue_is_expected_from_now_on(road: Road) -> None:
    route = await road.set_off()
    road.office.clock.move_to(road.office.clock.now() + timedelta(hours=3))
    told = await _expected(road, route)
    now = road.office.clock.now()
    assert told[0].at >= now
    assert all(now - 5 * MINUTE < one.begins < one.ends for one in told)


async def test_a_parcel_nobody_drives_has_no_arrival(road: Road) -> None:
    (parcel,) = await road.office.parcels(1)
    zone, now = road.office.rim.locality.zone, road.office.clock.now()
    look = road.office.rim.look
    assert await look(lambda uow: eta.expected_parcel(uow, parcel.id, now, zone)) is None
    await road.set_off(1)
    told = await look(lambda uow: eta.expected_parcel(uow, parcel.id, now, zone))
    assert told is not None
    await road.serve()
    assert await look(lambda uow: eta.expected_parcel(uow, parcel.id, now, zone)) is None
    day = await road.day()
    assert day.route is not None
    assert await _expected(road, day.route) == []


async def test_the_interface_for_programs_tells_the_band_too(road: Road) -> None:
    await road.set_off()
    (view, *_) = (await road.day()).stops
    (_, parcel) = view.tasks[0]
    token = token_for(parcel.id, road.office.rim.keys.box.derive(PURPOSE))
    async with road.office.client("nobody") as http:
        said = (await http.get(f"/v1/tracking/{token}")).json()
    begins, at, ends = (datetime.fromisoformat(said[name]) for name in ("eta_from", "eta", "eta_to"))
    assert begins < at < ends
    assert abs(at - view.stop.eta) < MINUTE
