"""Which locker, with the courier's rest of the day in view, and the order that goes with it."""

from datetime import timedelta

import pytest

from cloud.choosing import places_of, rank, tariff_of
from cloud.domain.actors import Role, actor
from cloud.domain.locker import Compartment, CompartmentStatus
from cloud.domain.parcel import Parcel
from cloud.domain.rules import STANDARD, Rules
from cloud.routing.problem import Place
from cloud.routing.travel_times import VAN, great_circle
from cloud.services.locker_question import LockerQuestion, Suggestion
from cloud.services.records import Consent, Route, Stop, StopKind, StopTask, TaskState
from cloud.services.report_failed_attempt import FailedAttempt, ask_first, report_failed_attempt
from cloud.services.rest_of_day import Rest, read_rest
from tests.unit.cloud.small_cloud import COURIER, SmallCloud

HOME = Place(21.0, 52.23)
NEAR, FAR = "WAW-NEAR", "WAW-FAR"
EAST = 21.06  # some 4 km down the road, where the courier goes next
AT_THE_DOOR = actor(Role.COURIER, COURIER)


class Street:
    """One locker round the corner to the west, one beside the courier's next stop in the east."""

    def __init__(self, hours: str = "24/7") -> None:
        self.cloud = SmallCloud()
        self.cloud.locker(NEAR, lon=20.9893, lat=52.23)
        self.cloud.locker(FAR, lon=EAST, lat=52.2301, opening_hours=hours)
        for number, name in enumerate((NEAR, FAR)):
            self.cloud.codes(name, 10 + number, 20 + number)
        self.cloud.courier()
        self.parcel = self.cloud.parcel("P1")
        self.others = [self.cloud.parcel(f"P{number}") for number in (2, 3)]
        self.cloud.do(lambda uow: uow.change(Consent, {"withdrawn_at": None}, walk_m_max=20_000))

    def drive(self) -> None:
        """Plan the failed stop here, the others in the east."""
        self.cloud.route(self.parcel, *self.others)
        for number, stop in enumerate(self.cloud.of(Stop, order="position")):
            if number:
                self.move(stop.id, EAST + number / 1_000)

    def move(self, stop_id: str, lon: float) -> None:
        self.cloud.do(lambda uow: uow.change(Stop, {"id": stop_id}, lon=lon))

    def ask(self) -> tuple[LockerQuestion, Rest | None]:
        failed = FailedAttempt(self.parcel.id, COURIER, "nobody_home", lon=21.0, lat=52.23)
        act = self.cloud.act(AT_THE_DOOR)
        question = self.cloud.do(lambda uow: ask_first(uow, act, failed))
        assert question is not None
        left = question.route
        rest = self.cloud.do(lambda uow: read_rest(uow, act, left, question.here, self.parcel.id)) if left else None
        return question, rest

    def ranked(self, rules: Rules = STANDARD) -> tuple[Suggestion, ...]:
        question, rest = self.ask()
        travel = great_circle(places_of(question, rest), VAN, self.cloud.now.hour)
        return rank(question, (rest, travel if rest else None), tariff_of(rules))

    def ids(self) -> list[str]:
        return [one.locker_id for one in self.ranked()]

    def fail(self, ranked: tuple[Suggestion, ...]) -> None:
        failed = FailedAttempt(self.parcel.id, COURIER, "nobody_home", lon=21.0, lat=52.23)
        act, keys = self.cloud.act(AT_THE_DOOR), self.cloud.keys
        self.cloud.do(lambda uow: report_failed_attempt(uow, act, keys, failed, lambda _: ranked))

    def ahead(self) -> list[Stop]:
        """Return the stops with something left to do, in order."""
        left = {task.stop_id for task in self.cloud.of(StopTask, state=TaskState.PENDING)}
        return [stop for stop in self.cloud.of(Stop, order="position") if stop.id in left]


@pytest.fixture
def street() -> Street:
    return Street()


def test_the_locker_beside_the_next_stop_beats_the_nearer_one_the_other_way(street: Street) -> None:
    street.drive()
    assert street.ids() == [FAR, NEAR]


def test_nearest_first_when_nobody_drives(street: Street) -> None:
    assert street.ids() == [NEAR, FAR]


def test_an_operator_says_what_a_detour_may_cost(street: Street) -> None:
    street.drive()
    assert street.ids() == [FAR, NEAR]
    assert [one.locker_id for one in street.ranked(Rules(detour_cents_max=0))] == []


def test_a_locker_without_room_for_it_is_left_out(street: Street) -> None:
    street.drive()
    street.cloud.do(lambda uow: uow.change(Compartment, {"locker_id": FAR}, status=CompartmentStatus.FAULTED))
    assert street.ids() == [NEAR]


def test_a_locker_that_would_break_a_promise_further_on_comes_last_or_never(street: Street) -> None:
    street.drive()
    now, there = street.cloud.now, Place(EAST + 0.001, 52.23)
    drive_s = great_circle((HOME, there), VAN, now.hour).duration_s(HOME, there)
    soon = {"window_from": now, "window_to": now + timedelta(seconds=drive_s + 60)}
    street.cloud.do(lambda uow: uow.change(Parcel, {"id": street.others[0].id}, **soon))
    best = street.ranked()[0]
    assert best.locker_id == FAR
    assert best.order is not None
    promised = street.cloud.the(StopTask, parcel_id=street.others[0].id).stop_id
    assert best.order.stops[0].stop_id == promised


def test_a_locker_that_is_shut_today_is_left_out() -> None:
    street = Street(hours="Tu 10:00-11:00")
    street.drive()
    assert street.ids() == [NEAR]


def test_the_order_that_was_thought_about_is_the_order_that_is_driven(street: Street) -> None:
    street.drive()
    ranked = street.ranked()
    street.fail(ranked)
    order = ranked[0].order
    assert order is not None
    ahead = street.ahead()
    assert [stop.eta for stop in ahead] == [one.eta for one in order.stops]
    assert [stop.locker_id for stop in ahead].count(FAR) == 1
    assert street.cloud.the(Route).ends_at == order.ends_at
    assert [stop.position for stop in street.cloud.of(Stop, order="position")] == [0, 1, 2, 3]


def test_an_order_thought_about_before_another_stop_was_done_is_not_taken(street: Street) -> None:
    """The drop-off then goes where it lengthens the way least, and no stop that is done comes to life again."""
    street.drive()
    ranked = street.ranked()
    done = street.cloud.of(StopTask, parcel_id=street.others[0].id)[0]
    at = street.cloud.now
    street.cloud.do(lambda uow: uow.change(StopTask, {"id": done.id}, state=TaskState.DONE, done_at=at))
    street.fail(ranked)
    ahead = street.ahead()
    assert done.stop_id not in {stop.id for stop in ahead}
    assert sorted(str(stop.kind) for stop in ahead) == [StopKind.HOME, StopKind.LOCKER]


def test_a_second_drop_off_at_a_locker_on_the_route_joins_its_stop(street: Street) -> None:
    street.drive()
    street.fail(street.ranked())
    first = next(stop for stop in street.ahead() if stop.locker_id == FAR)
    street.parcel = street.others[0]
    street.fail(street.ranked())
    (joined,) = [stop for stop in street.ahead() if stop.locker_id == FAR]
    assert (joined.id, joined.service_s > first.service_s) == (first.id, True)
    assert len(street.cloud.of(StopTask, stop_id=joined.id, state=TaskState.PENDING)) == 2
