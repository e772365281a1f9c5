"""The product's day goes to the joint engine where places are to be chosen; whatever becomes of it, there is a plan."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from cloud.background import Progress
from cloud.domain.actors import SYSTEM
from cloud.domain.capacity import Reservation, ReservationState
from cloud.domain.locker import Compartment, Contents
from cloud.domain.parcel import Parcel, ParcelState
from cloud.engines import Engines, answer_day, kept_for_vroom_s
from cloud.planning import make_ready, plan_day, span_of
from cloud.routing import planner as port
from cloud.routing.joint.day import JointDay, JointPlan, Warm
from cloud.routing.matrices import TravelTimes
from cloud.routing.plan import Plan as Answer
from cloud.routing.problem import Problem, Stop, StopId, total
from cloud.routing.schedule import schedule
from cloud.routing.stops import site_stop_id
from cloud.services.gather_day import gather_day
from cloud.services.held_drop_offs import promise_held
from cloud.services.records import Consent, Plan, PreparedCode, StopKind, StopTask, Task, TaskState
from cloud.services.records import Stop as StoredStop
from cloud.services.records_ops import Alarm, Notification
from tests.unit.cloud.api.office import OTHER_COURIER, Office, open_office

DAY = date(2026, 11, 23)


@dataclass
class Nearest:
    """A joint engine that sends every choice to its nearest locker and drives everything in one go.

    ``error`` is what it dies of, ``heard`` what it was asked.
    """

    error: port.PlannerError | None = None
    is_warm: bool = True
    heard: list[tuple[JointDay, Warm | None]] = field(default_factory=list)

    async def warm_up(self) -> None:
        self.is_warm = True

    async def plan_day(
        self,
        day: JointDay,
        travel: TravelTimes,
        deadline_s: float,
        progress: port.ProgressCallback = port.silent,
        warm: Warm | None = None,
    ) -> JointPlan:
        self.heard.append((day, warm))
        progress(port.Progress(port.Phase.IMPROVING, None, 12_345))
        assert 0 < deadline_s < 60
        if self.error is not None:
            raise self.error
        decided = {one.item.ref: one.sites[0].site_id if one.sites else None for one in day.choices}
        stops = [*day.stops, *_site_stops(day, decided)]
        route = schedule(day.couriers[0], stops, travel)
        plan = Answer((route,), (), route.cost_cents)
        return JointPlan(Problem(tuple(stops), day.couriers), plan, decided)


def _site_stops(day: JointDay, decided: dict[str, str | None]) -> list[Stop]:
    found = []
    for site in day.sites:
        items = [one.item for one in day.choices if decided[one.item.ref] == site.id]
        if items:
            refs = tuple(item.ref for item in items)
            name = StopId(site_stop_id(site.kind, site.id))
            load = total(item.amounts for item in items)
            found.append(Stop(name, site.place, site.windows, 300, load, kind=site.kind, parcels=refs))
    return found


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with open_office(tmp_path) as opened:
        await opened.lockers()
        await opened.shift()
        yield opened


async def agree(office: Office, parcels: list[Parcel], scope: str = "any_nearby") -> None:
    """Have recipients leave the choice of a locker to us."""
    ids = tuple(one.id for one in parcels)
    values = {"scope": scope, "walk_m_max": 4_000}
    await office.rim.do(lambda uow: uow.change(Consent, {"parcel_id": ids}, **values))


async def plan(office: Office, engine: Nearest) -> str:
    return await plan_day(replace(office.rim, joint=engine), DAY, SYSTEM, Progress())


async def all_of(office: Office, kind: type[Any], **conditions: Any) -> list[Any]:
    return await office.rim.look(lambda uow: uow.find(kind, **conditions))


async def test_who_leaves_the_choice_to_us_is_promised_the_locker_the_plan_chose(office: Office) -> None:
    parcels = await office.parcels(5)
    await agree(office, parcels[:2])
    plan_id = await plan(office, Nearest())
    stored = (await all_of(office, Plan, id=plan_id))[0]
    assert stored.planner == "joint"
    after = {one.id: one for one in await all_of(office, Parcel)}
    assert [after[one.id].state for one in parcels[:2]] == [ParcelState.ASSIGNED_TO_LOCKER] * 2
    assert {after[one.id].state for one in parcels[2:]} == {ParcelState.PLANNED}
    active = await all_of(office, Reservation, state=ReservationState.ACTIVE)
    assert {one.parcel_id for one in active} == {one.id for one in parcels[:2]}
    tasks = await all_of(office, StopTask, state=TaskState.PENDING)
    assert sorted(task.task for task in tasks) == [Task.DELIVER] * 3 + [Task.DROP_OFF] * 2
    stops = {one.id: one for one in await all_of(office, StoredStop)}
    for task in tasks:
        assert stops[task.stop_id].locker_id == after[task.parcel_id].locker_id
    assert [one.template for one in await all_of(office, Notification)] == ["opted_in"] * 2


async def test_codes_are_made_before_the_writer_needs_them(office: Office) -> None:
    parcels = await office.parcels(1)
    await agree(office, parcels)
    await office.rim.do(lambda uow: uow.remove(PreparedCode))
    await plan(office, Nearest())
    assert (await all_of(office, Parcel))[0].state is ParcelState.ASSIGNED_TO_LOCKER
    assert await all_of(office, PreparedCode) == []


@pytest.mark.parametrize(
    ("deadline_s", "stops", "kept_s"), [(60, 614, 6), (60, 3_000, 18), (60, 9_000, 18), (10, 614, 3), (300, 614, 18.42)]
)
def test_what_is_kept_for_vroom_follows_the_size_of_the_day(deadline_s: float, stops: int, kept_s: float) -> None:
    assert kept_for_vroom_s(deadline_s, stops) == pytest.approx(kept_s)


async def test_a_small_day_without_choices_is_vrooms(office: Office) -> None:
    await office.parcels(2)
    engine = Nearest()
    plan_id = await plan(office, engine)
    assert (await all_of(office, Plan, id=plan_id))[0].planner == "vroom"
    assert engine.heard == []


async def test_only_after_a_failed_attempt_if_it_is_to_be_only_then(office: Office) -> None:
    parcels = await office.parcels(2)
    await agree(office, parcels, "if_absent")
    engine = Nearest()
    await plan(office, engine)
    assert engine.heard == []
    failed = {"state": ParcelState.DELIVERY_FAILED}
    await office.rim.do(lambda uow: uow.change(Parcel, {"id": parcels[0].id}, **failed))
    await plan(office, engine)
    ((day, _),) = engine.heard
    (choice,) = day.choices
    assert (choice.item.ref, choice.home is not None, bool(choice.sites)) == (parcels[0].id, True, True)


@pytest.mark.parametrize(
    "error",
    [
        port.WorkerDiedError(-9, ""),
        port.PlannerTimeoutError(42),
        port.WorkerLiedError("customer x is served twice"),
        port.WorkerFailedError("MemoryError: "),
        port.PlanRefusedError(()),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_whatever_its_worker_does_there_is_a_plan_and_a_clear_alarm(
    office: Office, error: port.PlannerError
) -> None:
    parcels = await office.parcels(2)
    await agree(office, parcels)
    plan_id = await plan(office, Nearest(error))
    assert (await all_of(office, Plan, id=plan_id))[0].planner == "vroom"
    assert {one.state for one in await all_of(office, Parcel)} == {ParcelState.PLANNED}
    (alarm,) = await all_of(office, Alarm)
    assert alarm.kind == "joint_planning_failed"
    assert str(error) in alarm.detail


async def test_an_engine_that_is_not_ready_is_not_waited_for(office: Office) -> None:
    await agree(office, await office.parcels(1))
    engine = Nearest(is_warm=False)
    plan_id = await plan(office, engine)
    assert ((await all_of(office, Plan, id=plan_id))[0].planner, engine.heard) == ("vroom", [])
    assert await all_of(office, Alarm) == []


async def test_a_second_plan_goes_on_from_the_one_in_force(office: Office) -> None:
    parcels = await office.parcels(4)
    await agree(office, parcels[:1])
    engine = Nearest()
    await plan(office, engine)
    promised = (await all_of(office, Parcel, id=parcels[0].id))[0]
    await agree(office, parcels[1:2])
    await plan(office, engine)
    (_, first), (day, second) = engine.heard
    assert not first
    assert second is not None
    (running,) = second.values()
    assert {one.ref for one in running} == {one.id for one in parcels}
    assert {one.site_id for one in running if one.ref == promised.id} == {promised.locker_id}
    fixed = [one for one in day.choices if one.item.ref == promised.id]
    assert [(one.home, [offer.site_id for offer in one.sites]) for one in fixed] == [(None, [promised.locker_id])]


class OnForecast(Nearest):
    """While it thinks every compartment fills up: what it chose is a forecast by the time it is stored."""

    office: Office

    async def plan_day(self, day: JointDay, *rest: Any, **more: Any) -> JointPlan:
        found = await super().plan_day(day, *rest, **more)
        await self.office.rim.do(lambda uow: uow.change(Compartment, {}, contents=Contents.OCCUPIED))
        return found


async def held(office: Office) -> Parcel:
    """Have one parcel planned for a locker that is full for now."""
    [parcel] = await office.parcels(1)
    await agree(office, [parcel])
    engine = OnForecast()
    engine.office = office
    await plan(office, engine)
    (now,) = await all_of(office, Parcel, id=parcel.id)
    assert (now.state, now.locker_id) == (ParcelState.PLANNED, None)
    (task,) = await all_of(office, StopTask, state=TaskState.PENDING)
    assert task.task is Task.DROP_OFF
    assert await all_of(office, Reservation) == []
    return parcel


async def keep(office: Office) -> int:
    act = office.act()
    return await office.rim.do(lambda uow: promise_held(uow, act, office.rim.keys))


async def test_what_is_planned_on_a_forecast_is_promised_once_a_compartment_is_free(office: Office) -> None:
    parcel = await held(office)
    assert await keep(office) == 0
    (stop,) = await all_of(office, StoredStop)
    await office.rim.do(
        lambda uow: uow.change(Compartment, {"locker_id": stop.locker_id, "label": "A01"}, contents=Contents.EMPTY)
    )
    assert await keep(office) == 1
    (now,) = await all_of(office, Parcel, id=parcel.id)
    assert (now.state, now.locker_id) == (ParcelState.ASSIGNED_TO_LOCKER, stop.locker_id)
    assert len(await all_of(office, Notification)) == 1
    assert await keep(office) == 0


async def test_what_no_compartment_came_free_for_is_driven_home_in_time(office: Office) -> None:
    parcel = await held(office)
    (stop,) = await all_of(office, StoredStop)
    office.clock.move_to(stop.eta - timedelta(minutes=61))
    assert await keep(office) == 0
    office.clock.move_to(stop.eta - timedelta(minutes=59))
    assert await keep(office) == 1
    (task,) = await all_of(office, StopTask, state=TaskState.PENDING)
    (door,) = await all_of(office, StoredStop, id=task.stop_id)
    assert (task.task, task.parcel_id, door.kind) == (Task.DELIVER, parcel.id, StopKind.HOME)
    assert (door.lon, door.lat) == (parcel.lon, parcel.lat)
    assert await all_of(office, Notification) == []


async def test_progress_says_what_the_best_plan_so_far_costs(office: Office) -> None:
    await agree(office, await office.parcels(1))
    notes: list[str] = []

    class Noting(Progress):
        def __setattr__(self, name: str, value: object) -> None:
            super().__setattr__(name, value)
            notes.append(str(value))

    await plan_day(replace(office.rim, joint=Nearest()), DAY, SYSTEM, Noting())
    assert "improving, 123.45 so far" in notes


async def test_a_choice_weighs_the_walk_and_the_risk_of_another_failed_attempt(office: Office) -> None:
    parcels = await office.parcels(2)
    await agree(office, parcels)
    await office.rim.do(lambda uow: uow.change(Parcel, {"id": parcels[0].id}, state=ParcelState.DELIVERY_FAILED))
    engine = Nearest()
    await plan(office, engine)
    choices = {one.item.ref: one for one in engine.heard[0][0].choices}
    again, first = choices[parcels[0].id], choices[parcels[1].id]
    assert again.home_extra_cents > first.home_extra_cents > 0
    walks = [offer.extra_cents for offer in first.sites]
    assert walks == sorted(walks)
    assert walks[-1] > 0


async def test_the_service_has_its_engine_made_ready_and_lives_without_it(office: Office) -> None:
    engine = Nearest(is_warm=False)
    await make_ready(replace(office.rim, joint=engine))
    assert engine.is_warm
    await make_ready(office.rim)  # nobody installed one

    class Broken(Nearest):
        async def warm_up(self) -> None:
            raise port.WorkerDiedError(1, "no compiler")

    broken = Broken(is_warm=False)
    await make_ready(replace(office.rim, joint=broken))
    assert not broken.is_warm


@pytest.mark.parametrize(("stops", "planner"), [(2, "joint"), (3, "vroom")])
async def test_a_large_day_is_the_joint_engine_s_without_choices_too(office: Office, stops: int, planner: str) -> None:
    await office.parcels(2)
    rim, engine = office.rim, Nearest()
    data = await rim.look(lambda uow: gather_day(uow, rim.act(SYSTEM), span_of(rim, DAY)))
    travel = await rim.travel.matrix(data.problem.places(), data.span.begins)
    engines = Engines(rim.planner, engine, joint_from=stops)
    answered = await answer_day(engines, data, travel, (50.0, port.silent, {}))
    assert (answered.planner, answered.trouble) == (planner, "")
    assert len(engine.heard) == (planner == "joint")
    assert answered.data.problem.stops == data.problem.stops


async def test_a_day_on_which_a_van_is_loaded_twice_is_the_joint_engine_s_however_small(office: Office) -> None:
    await office.parcels(2)
    await office.shift(OTHER_COURIER, loads_max=2)
    engine = Nearest()
    plan_id = await plan(office, engine)
    assert (await all_of(office, Plan, id=plan_id))[0].planner == "joint"
    [(day, _)] = engine.heard
    assert [one.reload.times_max if one.reload else 0 for one in day.couriers] == [0, 1]
