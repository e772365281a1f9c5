from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from cloud.domain.actors import Actor, Role, actor
from cloud.domain.custody import CustodyEntry, handovers
from cloud.domain.errors import ConflictError, ForbiddenError, InvalidError
from cloud.domain.locker import Compartment, Contents, Locker, LockerStatus, PointKind, takes_parcels
from cloud.domain.parcel import Parcel, ParcelState
from cloud.services.cancel_parcel import cancel_parcel
from cloud.services.counter_desk import Arrival, give_back, report_mistake
from cloud.services.counter_shelf import set_shelf
from cloud.services.counter_staff import create_staff
from cloud.services.counter_view import counter_view
from cloud.services.courier_pass import courier_pass
from cloud.services.enrol_locker import make_claim
from cloud.services.expire_parcels import expire_parcels
from cloud.services.extend_deadline import extend_deadline
from cloud.services.import_lockers import import_lockers
from cloud.services.imports import ImportSource
from cloud.services.record_state import mark_silent
from cloud.services.records import CommandState, HistoryEntry, Stop, StopKind, StopTask, Task, TaskState
from cloud.services.records_ops import Account, Alarm, AuditEntry, CommandSent, Notification, OutboxMessage, SupportCase
from cloud.services.remote_open import OpenWish, remote_open
from contract.ids import LockerId
from contract.sizes import SizeClass
from tests.unit.cloud.services.counters import (
    OTHER_SHOP,
    SHOP,
    SHOP_HOURS,
    STRANGER,
    brought,
    on_its_way,
    scanned,
    shop,
)
from tests.unit.cloud.small_cloud import COURIER, LINE, OPERATOR, SmallCloud


@pytest.fixture
def cloud() -> SmallCloud:
    cloud = SmallCloud()
    cloud.courier()
    return cloud


def test_a_counter_takes_parcels_once_somebody_works_there(cloud: SmallCloud) -> None:
    line = replace(LINE, id=LockerId(OTHER_SHOP), kind=PointKind.COUNTER)
    cloud.do(lambda uow: import_lockers(uow, cloud.act(), ImportSource("lockers", "f", "0" * 64), [line]))
    assert not takes_parcels(cloud.the(Locker))
    assert cloud.the(Locker).status is LockerStatus.ANNOUNCED

    shop(cloud)

    assert takes_parcels(cloud.the(Locker, id=SHOP))
    assert {one.label for one in cloud.of(Compartment, locker_id=SHOP)} == {"XS1", "S1", "S2", "M1"}
    assert len(cloud.of(Compartment, locker_id=OTHER_SHOP)) == 18  # the shelf we assume


def test_a_second_colleague_changes_nothing_about_the_counter(cloud: SmallCloud) -> None:
    shop(cloud)
    before = cloud.the(Locker, id=SHOP)
    account = replace(cloud.the(Account), id="ab" * 16, login="jan")

    cloud.do(lambda uow: create_staff(uow, cloud.act(OPERATOR), cloud.keys, account))

    assert cloud.the(Locker, id=SHOP) == before


@pytest.mark.parametrize(("role", "where"), [(Role.OPERATOR, SHOP), (Role.STAFF, None), ("staff operator", SHOP)])
def test_staff_work_at_one_counter_and_are_nothing_else(cloud: SmallCloud, role: str, where: str | None) -> None:
    shop(cloud)
    account = replace(cloud.the(Account), id="ab" * 16, login="jan", roles=role, counter_id=where)

    with pytest.raises(InvalidError, match="one counter"):
        cloud.do(lambda uow: create_staff(uow, cloud.act(OPERATOR), cloud.keys, account))


def test_a_machine_has_no_staff(cloud: SmallCloud) -> None:
    shop(cloud)
    cloud.locker()
    account = replace(cloud.the(Account), id="ab" * 16, login="jan", counter_id="WAW-01")

    with pytest.raises(ConflictError, match="is a locker"):
        cloud.do(lambda uow: create_staff(uow, cloud.act(OPERATOR), cloud.keys, account))


def test_a_parcel_that_is_expected_gets_a_place_and_its_recipient_a_code(cloud: SmallCloud) -> None:
    staff = shop(cloud)
    parcel = on_its_way(cloud)

    taken = scanned(cloud, staff, " p1\r")

    assert (taken.arrival, taken.place) == (Arrival.TAKEN_IN, "XS1")
    after = cloud.again(parcel)
    assert after.state is ParcelState.READY_FOR_PICKUP
    assert (after.custodian, after.compartment) == (f"locker:{SHOP}", "XS1")
    assert cloud.the(Compartment, locker_id=SHOP, label="XS1").parcel_id == parcel.id
    assert [one.template for one in cloud.of(Notification)] == ["ready_for_pickup"]
    story = [CustodyEntry(one.at, one.custodian, one.happened) for one in cloud.of(HistoryEntry, order="number")]
    assert [one.custodian for one in handovers(story)] == [f"courier:{COURIER}", f"locker:{SHOP}"]
    assert next(one.action for one in cloud.of(AuditEntry, order="-sequence")) == "take_in"
    assert str(staff) in {one.actor for one in cloud.of(AuditEntry)}


def test_scanning_it_again_says_where_it_lies(cloud: SmallCloud) -> None:
    staff = shop(cloud)
    brought(cloud, staff)

    again = scanned(cloud, staff, "P1")

    assert (again.arrival, again.place) == (Arrival.HERE_ALREADY, "XS1")
    assert len(cloud.of(HistoryEntry, happened="dropped_off")) == 1


def test_a_parcel_for_another_place_stays_with_the_courier(cloud: SmallCloud) -> None:
    staff = shop(cloud)
    shop(cloud, OTHER_SHOP)
    parcel = on_its_way(cloud, name=OTHER_SHOP)

    assert scanned(cloud, staff, "P1").arrival is Arrival.NOT_EXPECTED
    assert scanned(cloud, staff, "NOBODY-KNOWS-THIS").arrival is Arrival.NOT_EXPECTED
    assert cloud.again(parcel) == parcel


def test_a_parcel_without_a_place_left_stays_with_the_courier(cloud: SmallCloud) -> None:
    staff = shop(cloud)
    parcel = on_its_way(cloud)
    cloud.do(lambda uow: uow.change(Compartment, {"locker_id": SHOP}, contents=Contents.OCCUPIED))

    assert scanned(cloud, staff, "P1").arrival is Arrival.NO_PLACE
    assert cloud.again(parcel).state is ParcelState.ASSIGNED_TO_LOCKER


def test_a_place_promised_to_another_parcel_is_kept_for_it(cloud: SmallCloud) -> None:
    staff = shop(cloud)
    on_its_way(cloud, 1)  # XS
    for number in (2, 3):
        on_its_way(cloud, number)  # both S
    cloud.do(lambda uow: uow.change(Compartment, {"locker_id": SHOP, "label": "XS1"}, contents=Contents.UNKNOWN))

    assert scanned(cloud, staff, "P1").place == "M1"


@pytest.mark.parametrize("barcode", ["", "   ", "x" * 81])
def test_what_cannot_be_a_barcode_is_refused(cloud: SmallCloud, barcode: str) -> None:
    staff = shop(cloud)
    with pytest.raises(InvalidError, match="scan 1 to 80"):
        scanned(cloud, staff, barcode)


@pytest.mark.parametrize("who", [STRANGER, OPERATOR, actor(Role.COURIER, COURIER)])
def test_only_who_works_there_takes_in(cloud: SmallCloud, who: Actor) -> None:
    shop(cloud)
    on_its_way(cloud)
    with pytest.raises(ForbiddenError):
        scanned(cloud, who, "P1")


def test_nothing_is_ever_sent_to_a_counter(cloud: SmallCloud) -> None:
    staff = shop(cloud)
    parcel = brought(cloud, staff)
    cloud.do(lambda uow: extend_deadline(uow, cloud.act(OPERATOR), cloud.keys, parcel.id))
    cloud.do(lambda uow: cancel_parcel(uow, cloud.act(OPERATOR), cloud.keys, parcel.id, "recalled"))

    assert cloud.of(OutboxMessage) == []
    assert {one.state for one in cloud.of(CommandSent)} == {CommandState.DONE}
    assert cloud.again(parcel).state is ParcelState.EXPIRED


def test_what_only_a_machine_can_do_is_refused(cloud: SmallCloud) -> None:
    shop(cloud)
    wish = OpenWish(SHOP, "XS1", "the recipient waits outside")
    with pytest.raises(ConflictError, match="no machine"):
        cloud.do(lambda uow: remote_open(uow, cloud.act(OPERATOR), cloud.keys, wish))
    with pytest.raises(ConflictError, match="no machine"):
        cloud.do(lambda uow: make_claim(uow, cloud.act(OPERATOR), SHOP))


def test_a_counter_is_never_silent(cloud: SmallCloud) -> None:
    shop(cloud)
    cloud.later(days=30)

    assert cloud.do(lambda uow: mark_silent(uow, cloud.act())) == 0
    assert cloud.of(Alarm) == []


def test_a_deadline_on_a_closed_sunday_moves_to_the_next_opening_s_end(cloud: SmallCloud) -> None:
    staff = shop(cloud)
    cloud.now = datetime(2026, 3, 6, 12, tzinfo=UTC)  # a Friday; 48 hours later the shop is shut

    parcel = brought(cloud, staff)

    assert parcel.deadline == datetime(2026, 3, 9, 18, tzinfo=UTC)  # Monday, 19:00 in Warsaw


def test_an_extension_ends_while_it_is_open_too(cloud: SmallCloud) -> None:
    staff = shop(cloud)
    cloud.now = datetime(2026, 3, 5, 12, tzinfo=UTC)  # Thursday: until Saturday 13:00, and a day more is a Sunday
    parcel = brought(cloud, staff)
    assert parcel.deadline == datetime(2026, 3, 7, 12, tzinfo=UTC)

    longer = cloud.do(lambda uow: extend_deadline(uow, cloud.act(OPERATOR), cloud.keys, parcel.id))

    assert longer.deadline == datetime(2026, 3, 9, 18, tzinfo=UTC)


def expired(cloud: SmallCloud, staff: Actor) -> Parcel:
    parcel = brought(cloud, staff)
    cloud.later(days=5)
    cloud.do(lambda uow: expire_parcels(uow, cloud.act(), cloud.keys))
    return cloud.again(parcel)


def test_an_expired_parcel_goes_to_the_courier_who_has_it_on_the_route(cloud: SmallCloud) -> None:
    staff = shop(cloud)
    parcel = expired(cloud, staff)
    assert parcel.state is ParcelState.EXPIRED
    task = collection(cloud, parcel)
    (line,) = cloud.do(lambda uow: counter_view(uow, cloud.act(staff), SHOP)).returning
    assert (line.place, line.may_go, line.courier and line.courier.id) == ("XS1", True, COURIER)

    gone = fetched(cloud, staff, parcel)

    assert (gone.state, gone.custodian) == (ParcelState.COLLECTED, f"courier:{COURIER}")
    assert cloud.the(StopTask, id=task).state is TaskState.DONE
    assert cloud.the(Compartment, locker_id=SHOP, label="XS1").contents is Contents.EMPTY
    with pytest.raises(ConflictError, match="not waiting"):
        fetched(cloud, staff, parcel)


def fetched(cloud: SmallCloud, staff: Actor, parcel: Parcel, text: str | None = None) -> Parcel:
    return cloud.do(lambda uow: give_back(uow, cloud.act(staff), cloud.keys, (SHOP, parcel.id), text))


def test_without_a_route_the_courier_shows_a_pass(cloud: SmallCloud) -> None:
    staff = shop(cloud)
    parcel = expired(cloud, staff)
    with pytest.raises(ConflictError, match="scan the pass"):
        fetched(cloud, staff, parcel)
    (text,) = cloud.do(lambda uow: courier_pass(uow, cloud.act(), cloud.keys, COURIER, SHOP))

    gone = fetched(cloud, staff, parcel, text)

    assert gone.custodian == f"courier:{COURIER}"


def test_a_pass_for_another_counter_or_of_yesterday_fetches_nothing(cloud: SmallCloud) -> None:
    staff = shop(cloud)
    shop(cloud, OTHER_SHOP)
    (old,) = cloud.do(lambda uow: courier_pass(uow, cloud.act(), cloud.keys, COURIER, SHOP))
    parcel = expired(cloud, staff)
    (other,) = cloud.do(lambda uow: courier_pass(uow, cloud.act(), cloud.keys, COURIER, OTHER_SHOP))

    for text, why in ((old, "expired"), (other, "another pick-up point"), ("LM1:XX", "damaged"), ("P1", "damaged")):
        with pytest.raises(InvalidError, match=why):
            fetched(cloud, staff, parcel, text)


def test_what_still_waits_for_its_recipient_goes_to_no_courier(cloud: SmallCloud) -> None:
    staff = shop(cloud)
    parcel = brought(cloud, staff)
    with pytest.raises(ConflictError, match="not waiting for a courier"):
        fetched(cloud, staff, parcel)


def test_a_mistake_is_a_case_and_takes_nothing_back(cloud: SmallCloud) -> None:
    staff = shop(cloud)
    parcel = brought(cloud, staff)

    cloud.do(lambda uow: report_mistake(uow, cloud.act(staff), SHOP, parcel.id, " wrong  parcel\nscanned "))

    case = cloud.the(SupportCase)
    assert (case.parcel_id, case.locker_id, case.compartment) == (parcel.id, SHOP, "XS1")
    assert case.detail == "wrong parcel scanned"
    assert cloud.again(parcel) == parcel
    with pytest.raises(InvalidError, match="what went wrong"):
        cloud.do(lambda uow: report_mistake(uow, cloud.act(staff), SHOP, None, " "))


def test_a_shelf_never_becomes_smaller_than_what_it_holds_and_promised(cloud: SmallCloud) -> None:
    staff = shop(cloud)
    brought(cloud, staff, 1)
    on_its_way(cloud, 2)  # an S, because the XS is taken
    act = cloud.act(staff)

    with pytest.raises(ConflictError, match="1 parcels of size XS lie there"):
        cloud.do(lambda uow: set_shelf(uow, act, SHOP, {SizeClass.S: 2}))
    with pytest.raises(ConflictError, match="1 are promised"):
        cloud.do(lambda uow: set_shelf(uow, act, SHOP, {SizeClass.XS: 1}))
    too_few: dict[SizeClass, int] = {}
    for wrong in (too_few, {SizeClass.S: -1, SizeClass.M: 3}, {SizeClass.S: 401}):
        with pytest.raises(InvalidError):
            cloud.do(partial(set_shelf, act=act, counter_id=SHOP, shelf=wrong))
    cloud.do(lambda uow: set_shelf(uow, act, SHOP, {SizeClass.XS: 2, SizeClass.S: 1, SizeClass.L: 1}))

    view = cloud.do(lambda uow: counter_view(uow, act, SHOP))
    assert view.shelf == {SizeClass.XS: 2, SizeClass.S: 1, SizeClass.L: 1}
    assert (view.taken, view.coming) == ({SizeClass.XS: 1}, 1)
    assert {one.label for one in cloud.of(Compartment, locker_id=SHOP)} == {"XS1", "XS2", "S1", "L1"}


def test_a_file_read_again_leaves_closings_and_the_shelf_alone(cloud: SmallCloud) -> None:
    staff = shop(cloud)
    cloud.do(lambda uow: set_shelf(uow, cloud.act(staff), SHOP, {SizeClass.S: 3}))
    closed = SHOP_HOURS + "; 2026 Mar 03 off"
    cloud.do(lambda uow: uow.change(Locker, {"id": SHOP}, opening_hours=closed))
    line = replace(LINE, id=LockerId(SHOP), kind=PointKind.COUNTER, opening_hours=SHOP_HOURS, model="")
    source = ImportSource("lockers", "f", "0" * 64)

    again = cloud.do(lambda uow: import_lockers(uow, cloud.act(), source, [line]))
    other = cloud.do(lambda uow: import_lockers(uow, cloud.act(), source, [replace(line, kind=PointKind.LOCKER)]))

    assert (again.unchanged, again.changed) == (1, 0)
    assert cloud.the(Locker, id=SHOP).opening_hours == closed
    assert len(cloud.of(Compartment, locker_id=SHOP)) == 3
    assert [one.column for one in other.problems] == ["type"]


def collection(cloud: SmallCloud, parcel: Parcel) -> str:
    """Put the collection of a parcel on the courier's route of today."""
    route = cloud.route()
    stop = Stop(
        id=cloud.ids.new(),
        route_id=route.id,
        position=0,
        kind=StopKind.LOCKER,
        locker_id=SHOP,
        address="",
        lon=21.0,
        lat=52.2,
        eta=route.starts_at + timedelta(hours=1),
        service_s=180,
    )
    task = StopTask(
        id=cloud.ids.new(),
        stop_id=stop.id,
        parcel_id=parcel.id,
        task=Task.COLLECT,
        state=TaskState.PENDING,
        done_at=None,
    )
    cloud.do(lambda uow: uow.add(stop, task))
    return task.id
