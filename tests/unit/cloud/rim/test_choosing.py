from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cloud.choosing import rank
from cloud.domain.locker import Locker
from cloud.domain.parcel import Parcel
from cloud.routing.problem import TimeWindow
from cloud.services.locker_question import LockerQuestion, RouteLeft
from cloud.services.records import Route, Stop, StopKind, StopTask, Task, TaskState
from contract.sizes import SizeClass
from tests.unit.cloud.small_cloud import COURIER, SmallCloud

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
NEAR, FAR = "WAW-NEAR", "WAW-FAR"
HOME = (21.0, 52.23)
EAST = 21.06  # some 4 km down the road, where the courier goes next


def question(**changes: object) -> LockerQuestion:
    """Ask about two lockers: one round the corner to the west, one beside the courier's next stop in the east."""
    cloud = SmallCloud()
    cloud.locker(NEAR, lon=20.985, lat=52.23)
    cloud.locker(FAR, lon=EAST, lat=52.2301)
    parcel = cloud.a_parcel("P1")
    candidates = tuple(sorted(cloud.of(Locker), key=lambda one: abs(one.lon - HOME[0])))
    left = {one.id: {SizeClass.S: 2, SizeClass.M: 2} for one in candidates}
    asked = LockerQuestion(parcel, SizeClass.S, HOME, candidates, left, route(parcel), NOW)
    return replace(asked, **changes)  # type: ignore[arg-type] # each test names fields of its own


def route(parcel: Parcel, ends_after: timedelta = timedelta(hours=4)) -> RouteLeft:
    """Return a route with the failed stop here and one more in the east."""
    own = Route(
        id="r" * 32,
        plan_id="p" * 32,
        courier_id=COURIER,
        shift_id="s" * 32,
        starts_at=NOW,
        ends_at=NOW + ends_after,
        distance_m=0,
        started_at=NOW,
    )
    stops = tuple(
        Stop(
            id=name * 32,
            route_id=own.id,
            position=number,
            kind=StopKind.HOME,
            locker_id=None,
            address="",
            lon=lon,
            lat=52.23,
            eta=NOW,
            service_s=150,
        )
        for number, (name, lon) in enumerate((("a", HOME[0]), ("b", EAST)))
    )
    tasks = {name * 32: (_task(name, of),) for name, of in (("a", parcel.id), ("b", "0" * 32))}
    return RouteLeft(own, stops, tasks)


def _task(name: str, parcel_id: str) -> StopTask:
    return StopTask(
        id=name, stop_id=name * 32, parcel_id=parcel_id, task=Task.DELIVER, state=TaskState.PENDING, done_at=None
    )


def test_the_locker_beside_the_next_stop_beats_the_nearer_one_the_other_way() -> None:
    assert rank(question(), {}) == (FAR, NEAR)


def test_nearest_first_when_nobody_drives() -> None:
    assert rank(question(route=None), {}) == (NEAR, FAR)


def test_a_locker_without_room_for_it_is_left_out() -> None:
    asked = question()
    assert rank(replace(asked, left={**asked.left, FAR: {SizeClass.XS: 9}}), {}) == (NEAR,)


def test_a_locker_that_would_break_a_promise_further_on_comes_after_one_that_keeps_it() -> None:
    soon = {"b" * 32: (TimeWindow(0, 720),)}
    ranked = rank(question(), soon)
    assert ranked[0] == FAR


def test_a_locker_that_is_shut_today_is_left_out() -> None:
    asked = question()
    shut = tuple(replace(one, opening_hours="Tu 10:00-11:00") if one.id == FAR else one for one in asked.candidates)
    assert rank(replace(asked, candidates=shut), {}) == (NEAR,)
