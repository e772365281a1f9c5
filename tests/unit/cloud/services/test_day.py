"""A day is planned, driven and re-planned: routing's own records in, stored stops and custody out."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from cloud.domain.actors import Role, actor
from cloud.domain.errors import ConflictError, ForbiddenError, InvalidError
from cloud.domain.locker import Locker
from cloud.domain.parcel import Parcel, ParcelState
from cloud.routing.plan import Plan as Answer
from cloud.routing.plan import Route as AnswerRoute
from cloud.routing.plan import Step, StepKind, Unplanned, UnplannedReason
from cloud.routing.problem import NOTHING, Place, TimeWindow
from cloud.services import queries
from cloud.services.assign_locker import assign_locker
from cloud.services.complete_stop import bring_back, deliver_home
from cloud.services.day_size import fitting
from cloud.services.expire_parcels import expire_parcels
from cloud.services.plan_routes import DayData, DaySpan, gather_day, store_plan
from cloud.services.queries import CourierDay
from cloud.services.records import Plan, Route, Stop, StopKind, StopTask, Task, TaskState
from cloud.services.start_route import start_route
from contract.events import ParcelCollected, ParcelDroppedOff
from contract.ids import GrantId, ParcelRef
from contract.sizes import SizeClass
from tests.unit.cloud.small_cloud import A01, COURIER, GRANT, MORNING, OPERATOR, REF, SmallCloud

SPAN = DaySpan(MORNING.date(), MORNING, MORNING + timedelta(hours=12))
DRIVER = actor(Role.COURIER, COURIER)


@dataclass
class Depot:
    """A cloud with one locker, one courier with a shift, and parcels at the carrier's depot."""

    cloud: SmallCloud

    def gather(self) -> DayData:
        return self.cloud.do(lambda uow: gather_day(uow, self.cloud.act(OPERATOR), SPAN))

    def plan(self, data: DayData | None = None) -> str:
        """Plan everything onto the first shift, in the order of the problem: a planner with no talent."""
        known = data or self.gather()
        answer = serial(known)
        return self.cloud.do(lambda uow: store_plan(uow, self.cloud.act(OPERATOR), known, answer, "test"))

    def start(self) -> int:
        route = self.cloud.of(Route, started_at=None)[0]
        return self.cloud.do(lambda uow: start_route(uow, self.cloud.act(DRIVER), route.id))

    def assign(self, parcel: Parcel) -> None:
        self.cloud.do(lambda uow: assign_locker(uow, self.cloud.act(OPERATOR), self.cloud.keys, parcel.id, "WAW-01"))

    def day_of_courier(self) -> CourierDay:
        return self.cloud.do(lambda uow: queries.courier_day(uow, COURIER, SPAN.begins, SPAN.ends))


def serial(data: DayData) -> Answer:
    if not data.shifts or not data.problem.stops:
        return Answer((), (), 0)
    clock = 3_600
    steps = [Step(StepKind.START, "", None, clock, 0, 0, 0, 0, NOTHING)]
    for stop in data.problem.stops:
        clock += 600
        steps.append(Step(StepKind.STOP, stop.id, stop.place, clock, 0, stop.service_s, 600, 4_000, NOTHING))
        clock += stop.service_s
    steps.append(Step(StepKind.END, "", None, clock + 600, 0, 0, 600, 4_000, NOTHING))
    shift = data.problem.couriers[0].id
    return Answer((AnswerRoute(shift, tuple(steps), 4_000 * len(steps), 600 * len(steps), 5_000),), (), 5_000)


@pytest.fixture
def depot() -> Depot:
    cloud = SmallCloud()
    cloud.locker()
    cloud.codes("WAW-01", *range(1, 20))
    cloud.courier()
    cloud.shift()
    return Depot(cloud)


def test_of_more_places_than_a_plan_can_hold_the_least_urgent_wait(depot: Depot) -> None:
    late, early = MORNING + timedelta(hours=9), MORNING + timedelta(hours=3)
    whenever = depot.cloud.parcel("P1", lon=21.01)
    neighbour = depot.cloud.parcel("P2", lon=21.04)
    by_three = depot.cloud.parcel("P3", lon=21.03, window_from=MORNING, window_to=early)
    by_nine = depot.cloud.parcel("P4", lon=21.04, window_from=MORNING, window_to=late)
    promised = replace(depot.cloud.parcel("P5", lon=21.05), state=ParcelState.ASSIGNED_TO_LOCKER)
    in_vain = replace(depot.cloud.parcel("P6", lon=21.06), state=ParcelState.DELIVERY_FAILED)
    due = [whenever, neighbour, by_three, by_nine, promised, in_vain]
    kept, left = fitting(due, {Place(20.0, 50.0)}, places_max=4)

    assert kept == [neighbour, by_three, by_nine, promised, in_vain]
    assert [(one.parcels, one.reason) for one in left] == [((whenever.id,), UnplannedReason.CROWDED_OUT)]
    assert fitting(due, set()) == (due, ())


def test_the_day_holds_homes_with_windows_drop_offs_by_size_and_shifts(depot: Depot) -> None:
    depot.cloud.parcel("P1", window_from=MORNING + timedelta(hours=2), window_to=MORNING + timedelta(hours=4))
    depot.assign(depot.cloud.parcel("P2", length_mm=600, width_mm=370, height_mm=180))
    data = depot.gather()
    stops = {stop.id.partition(":")[0]: stop for stop in data.problem.stops}

    assert stops["home"].windows == (TimeWindow(7_200, 14_400),)
    assert stops["locker"].deliveries.parcels == 1
    assert data.problem.couriers[0].shift == TimeWindow(3_600, 9 * 3_600)
    assert data.left_behind == ()


def test_the_kept_compartment_counts_for_the_parcel_it_is_kept_for(depot: Depot) -> None:
    parcels = [depot.cloud.parcel(f"P{number}") for number in range(12)]
    for parcel in parcels:
        depot.assign(parcel)

    assert depot.gather().left_behind == ()


def test_a_locker_that_stays_shut_all_day_is_not_a_stop(depot: Depot) -> None:
    depot.assign(depot.cloud.parcel())
    depot.cloud.do(lambda uow: uow.change(Locker, {"id": "WAW-01"}, opening_hours="Su 10:00-12:00"))
    (left,) = depot.gather().left_behind

    assert left.reason is UnplannedReason.LOCKER_CLOSED


def test_a_locker_with_hours_gets_windows(depot: Depot) -> None:
    depot.assign(depot.cloud.parcel())
    depot.cloud.do(lambda uow: uow.change(Locker, {"id": "WAW-01"}, opening_hours="Mo-Fr 10:00-19:00"))
    (stop,) = depot.gather().problem.stops

    assert stop.windows == (TimeWindow(3_600, 10 * 3_600),)


def test_parcels_for_another_day_or_in_a_van_already_are_not_gathered(depot: Depot) -> None:
    tomorrow = SPAN.ends + timedelta(hours=3)
    depot.cloud.parcel("later", window_from=tomorrow, window_to=tomorrow + timedelta(hours=1))
    depot.cloud.parcel("driving", custodian=f"courier:{COURIER}")
    depot.cloud.parcel("gone", state=ParcelState.DELIVERED_HOME)

    assert depot.gather().problem.stops == ()


def test_a_plan_becomes_a_route_with_etas_tasks_and_planned_parcels(depot: Depot) -> None:
    home = depot.cloud.parcel("P1")
    depot.assign(depot.cloud.parcel("P2", lon=21.02))
    depot.plan()
    day = depot.day_of_courier()

    assert [one.stop.kind for one in day.stops] == [StopKind.HOME, StopKind.LOCKER]
    assert [task.task for one in day.stops for task, _ in one.tasks] == [Task.DELIVER, Task.DROP_OFF]
    assert day.stops[0].stop.eta == MORNING + timedelta(seconds=4_200)
    assert depot.cloud.again(home).state is ParcelState.PLANNED
    assert day.stops[0].done_at is None


def test_what_was_left_out_is_listed_with_its_reason(depot: Depot) -> None:
    parcel = depot.cloud.parcel()
    data = depot.gather()
    left = Unplanned(data.problem.stops[0].id, (parcel.id,), UnplannedReason.SHIFT_TOO_SHORT, "The shift is too short.")
    depot.cloud.do(lambda uow: store_plan(uow, depot.cloud.act(OPERATOR), data, Answer((), (left,), 0), "test"))
    page = depot.cloud.do(lambda uow: queries.plan_page(uow, SPAN.day.isoformat()))

    assert page is not None
    assert [(one.reason, of.id) for one, of in page.unplanned] == [("The shift is too short.", parcel.id)]
    assert depot.cloud.do(lambda uow: queries.plan_page(uow, "2001-01-01")) is None


def test_loading_hands_every_parcel_of_the_route_to_the_courier(depot: Depot) -> None:
    home, boxed = depot.cloud.parcel("P1"), depot.cloud.parcel("P2", lon=21.02)
    depot.assign(boxed)
    depot.plan()
    assert depot.start() == 2

    assert depot.cloud.again(home).state is ParcelState.OUT_FOR_DELIVERY
    assert depot.cloud.again(boxed).state is ParcelState.ASSIGNED_TO_LOCKER
    assert {one.custodian for one in depot.cloud.of(Parcel)} == {f"courier:{COURIER}"}
    assert len(depot.day_of_courier().carried) == 2


def test_a_route_starts_once_and_only_by_its_courier(depot: Depot) -> None:
    depot.cloud.parcel()
    depot.plan()
    route = depot.cloud.the(Route)
    stranger = actor(Role.COURIER, "d0" * 16)
    with pytest.raises(ForbiddenError):
        depot.cloud.do(lambda uow: start_route(uow, depot.cloud.act(stranger), route.id))
    depot.start()
    with pytest.raises(ConflictError):
        depot.cloud.do(lambda uow: start_route(uow, depot.cloud.act(DRIVER), route.id))


def test_delivered_at_home_ends_the_task_with_its_proof(depot: Depot) -> None:
    parcel = depot.cloud.parcel()
    depot.plan()
    depot.start()
    with pytest.raises(InvalidError):
        depot.cloud.do(lambda uow: deliver_home(uow, depot.cloud.act(DRIVER), parcel.id, " "))
    depot.cloud.do(lambda uow: deliver_home(uow, depot.cloud.act(DRIVER), parcel.id, "signed by A. Nowak"))

    after = depot.cloud.again(parcel)
    assert (after.state, after.custodian) == (ParcelState.DELIVERED_HOME, "recipient")
    assert depot.day_of_courier().stops[0].done_at == depot.cloud.now


def test_nobody_delivers_what_is_in_another_van(depot: Depot) -> None:
    parcel = depot.cloud.parcel(custodian="courier:" + "d0" * 16)
    with pytest.raises(ForbiddenError):
        depot.cloud.do(lambda uow: deliver_home(uow, depot.cloud.act(DRIVER), parcel.id, "x"))


@pytest.mark.parametrize(
    ("state", "after"),
    [
        (ParcelState.COLLECTED, ParcelState.RETURNED),
        (ParcelState.DELIVERY_FAILED, ParcelState.DELIVERY_FAILED),
        (ParcelState.OUT_FOR_DELIVERY, ParcelState.DELIVERY_FAILED),
        (ParcelState.ASSIGNED_TO_LOCKER, ParcelState.ASSIGNED_TO_LOCKER),
        (ParcelState.CANCELLED, ParcelState.CANCELLED),
    ],
)
def test_what_was_brought_back_is_with_the_carrier_again(depot: Depot, state: ParcelState, after: ParcelState) -> None:
    parcel = depot.cloud.parcel(state=state, custodian=f"courier:{COURIER}")
    brought = depot.cloud.do(lambda uow: bring_back(uow, depot.cloud.act(DRIVER), parcel.id))

    assert (brought.state, brought.custodian) == (after, "carrier:acme")


@pytest.mark.parametrize("state", [ParcelState.DELIVERED_HOME, ParcelState.PICKED_UP])
def test_what_its_recipient_has_is_brought_back_by_nobody(depot: Depot, state: ParcelState) -> None:
    parcel = depot.cloud.parcel(state=state, custodian="recipient")
    with pytest.raises(ConflictError):
        depot.cloud.do(lambda uow: bring_back(uow, depot.cloud.act(OPERATOR), parcel.id))


def test_a_failed_parcel_is_planned_again_the_next_time_and_first(depot: Depot) -> None:
    depot.cloud.parcel("P1", state=ParcelState.DELIVERY_FAILED)
    (stop,) = depot.gather().problem.stops
    assert stop.priority > 0
    depot.plan()
    assert depot.cloud.the(Parcel).state is ParcelState.PLANNED


def test_a_new_plan_replaces_what_does_not_drive_yet(depot: Depot) -> None:
    parcel = depot.cloud.parcel()
    first = depot.plan()
    depot.assign(depot.cloud.again(parcel))
    second = depot.plan()

    assert depot.cloud.the(Plan, current=True).id == second
    assert first != second
    live = depot.cloud.the(StopTask, state=TaskState.PENDING)
    assert live.task is Task.DROP_OFF


def test_a_parcel_that_fell_out_of_the_plan_is_announced_again(depot: Depot) -> None:
    parcel = depot.cloud.parcel()
    depot.plan()
    data = depot.gather()
    depot.cloud.do(lambda uow: store_plan(uow, depot.cloud.act(OPERATOR), data, Answer((), (), 0), "test"))

    assert depot.cloud.again(parcel).state is ParcelState.ANNOUNCED


def test_what_already_drives_stays_and_its_shift_is_not_planned_again(depot: Depot) -> None:
    depot.cloud.parcel("P1")
    depot.plan()
    depot.start()
    depot.cloud.parcel("P2")
    data = depot.gather()
    assert data.shifts == ()
    plan = depot.plan(data)

    assert depot.cloud.the(Route).plan_id == plan
    assert len(depot.day_of_courier().stops) == 1


def test_a_parcel_that_changed_while_the_planner_thought_is_left_out(depot: Depot) -> None:
    parcel = depot.cloud.parcel()
    data = depot.gather()
    depot.cloud.do(lambda uow: uow.change(Parcel, {"id": parcel.id}, state=ParcelState.CANCELLED))
    depot.plan(data)

    assert depot.cloud.of(Stop) == []


def test_an_expired_parcel_is_collected_on_the_next_plan_and_only_once(depot: Depot) -> None:
    parcel = depot.cloud.parcel()
    depot.assign(parcel)
    ref = ParcelRef(bytes.fromhex(parcel.id))
    locker = depot.cloud.journals["WAW-01"]
    locker.say(ParcelDroppedOff(ref, A01, GRANT, REF))
    due = depot.cloud.again(parcel).deadline
    depot.cloud.do(lambda uow: uow.change(Parcel, {"id": parcel.id}, deadline=depot.cloud.now))
    depot.cloud.do(lambda uow: expire_parcels(uow, depot.cloud.act(), depot.cloud.keys))
    depot.plan()
    assert depot.cloud.the(StopTask, state=TaskState.PENDING).task is Task.COLLECT
    depot.start()
    assert depot.gather().problem.stops == ()
    locker.say(ParcelCollected(ref, A01, GrantId(b"g" * 16), REF))

    assert depot.cloud.again(parcel).custodian == f"courier:{COURIER}"
    assert depot.day_of_courier().stops[0].done_at == depot.cloud.now
    assert due is not None


def test_the_sites_offer_only_what_is_not_kept_for_others(depot: Depot) -> None:
    depot.assign(depot.cloud.parcel("P1", length_mm=600, width_mm=370, height_mm=180))
    left = depot.cloud.do(lambda uow: queries.locker_page(uow, "WAW-01")).left

    assert left[SizeClass.M] == 2
