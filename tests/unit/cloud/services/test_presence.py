from datetime import timedelta
from typing import Any

import msgspec
import pytest

from cloud.domain.errors import InvalidError
from cloud.domain.locker import Compartment, CompartmentStatus, Contents, Locker, LockerStatus
from cloud.domain.parcel import ParcelState
from cloud.services.desire_configuration import desire_configuration
from cloud.services.models import STANDARD, add_model, columns, layout_of
from cloud.services.promise import promise
from cloud.services.record_report import record_report
from cloud.services.record_state import mark_silent, record_state
from cloud.services.records import HistoryEntry, MessageState
from cloud.services.records_ops import Alarm, OutboxMessage, SupportCase
from cloud.services.release_reservation import expire_reservations
from contract.events import ConfigurationApplied, DoorOpened, OperatorsPinned, ParcelDroppedOff
from contract.ids import CompartmentLabel, LockerId, ParcelRef
from contract.layout import CompartmentPlan, Layout
from contract.sizes import SizeClass
from contract.state import CompartmentState, Configuration, Snapshot, snapshot_digest
from tests.unit.cloud.small_cloud import A01, BOOT, GRANT, OPERATOR, REF, Journal, SmallCloud

OTHER_BOOT = b"another boot...."
THIRD_BOOT = b"the third boot.."
INSIDE = ParcelRef(b"p" * 16)


@pytest.fixture
def cloud() -> SmallCloud:
    return SmallCloud()


@pytest.fixture
def locker(cloud: SmallCloud) -> Journal:
    return cloud.locker()


def _state(cloud: SmallCloud, **said: Any) -> None:
    cloud.do(lambda uow: record_state(uow, cloud.act(), cloud.state_of("WAW-01", **said)))


def _report(
    cloud: SmallCloud,
    through: int = 0,
    said: tuple[Any, int] = (BOOT, 0),
    version: int = 0,
    **changes: dict[str, Any],
) -> None:
    layout = cloud.do(lambda uow: layout_of(uow, "S12"))
    seen = tuple(
        CompartmentState(**({"label": plan.label, "size": plan.size, "door": "closed"} | changes.get(plan.label, {})))
        for plan in layout.compartments
        if not changes.get(plan.label, {}).get("gone")
    )
    snapshot = Snapshot(LockerId("WAW-01"), *said, through, version, seen, snapshot_digest(seen))
    cloud.do(lambda uow: record_report(uow, cloud.act(), snapshot))


def test_a_configuration_that_a_newer_one_overtook_is_waited_for_no_more(cloud: SmallCloud, locker: Journal) -> None:
    for _ in range(2):
        cloud.do(lambda uow: desire_configuration(uow, cloud.act(OPERATOR), cloud.keys, "WAW-01", Configuration()))
    locker.say(ConfigurationApplied(2))
    states = [one.state for one in cloud.of(OutboxMessage) if one.kind == "desired"]
    assert sorted(states) == [MessageState.CONFIRMED, MessageState.DEAD]


def test_the_newest_list_of_operators_is_known_from_the_journal_and_no_older_word_unsays_it(
    cloud: SmallCloud, locker: Journal
) -> None:
    _state(cloud, online=True, operators_number=3)
    locker.say(OperatorsPinned(7), OperatorsPinned(8))
    assert cloud.the(Locker).operators_number == 8
    _state(cloud, online=True, operators_number=3)
    assert cloud.the(Locker).operators_number == 8, "a broker may tell again what was said earlier in this boot"
    _state(cloud, online=True, operators_number=5, boot=OTHER_BOOT, session=1)
    assert cloud.the(Locker).operators_number == 5, "a card put back from a copy knows an older list"
    cloud.now += timedelta(minutes=5)
    _report(cloud, said=(THIRD_BOOT, int(cloud.now.timestamp() * 1000)))
    assert cloud.the(Locker).operators_number == 0, "a picture that overtook the birth says nothing of the list"
    _state(cloud, online=True, operators_number=4, boot=THIRD_BOOT, session=1)
    assert cloud.the(Locker).operators_number == 4


def test_a_picture_confirms_the_configuration_it_names_and_no_other(cloud: SmallCloud, locker: Journal) -> None:
    del locker
    for _ in range(2):
        cloud.do(lambda uow: desire_configuration(uow, cloud.act(OPERATOR), cloud.keys, "WAW-01", Configuration()))
    _report(cloud, version=2)

    states = {one.about: one.state for one in cloud.of(OutboxMessage)}
    assert states["WAW-01/configuration/2"] is MessageState.CONFIRMED
    assert states["WAW-01/configuration/1"] is not MessageState.CONFIRMED


def test_a_birth_brings_the_boot_nonce_and_a_will_takes_the_locker_away(cloud: SmallCloud, locker: Journal) -> None:
    del locker
    _state(cloud, online=True, boot=OTHER_BOOT)
    assert (cloud.the(Locker).online, cloud.the(Locker).boot_nonce) == (True, OTHER_BOOT.hex())
    _state(cloud, online=False, boot=OTHER_BOOT)
    assert (cloud.the(Locker).online, cloud.the(Locker).unserved_since) == (False, cloud.now)


def test_a_locker_that_came_back_ends_no_promise_before_its_journal_has_come_too(
    cloud: SmallCloud, locker: Journal
) -> None:
    promised, home = cloud.parcel(), cloud.the(Locker)
    cloud.codes("WAW-01", 1)
    cloud.do(lambda uow: promise(uow, cloud.act(), cloud.keys, promised, home))
    _state(cloud, online=False)
    cloud.later(days=7)
    _state(cloud, online=True)
    waiting = locker.batch(ParcelDroppedOff(ParcelRef(bytes.fromhex(promised.id)), A01, GRANT, REF))
    _report(cloud, through=1)

    assert cloud.do(lambda uow: expire_reservations(uow, cloud.act(), cloud.keys)) == 0
    cloud.record(waiting)
    _report(cloud, through=1, A01={"parcel": ParcelRef(bytes.fromhex(promised.id))})
    assert cloud.the(Locker).reported_at == cloud.now
    assert cloud.do(lambda uow: expire_reservations(uow, cloud.act(), cloud.keys)) == 0
    assert cloud.again(promised).state is ParcelState.READY_FOR_PICKUP


def test_a_will_of_an_older_connection_changes_nothing(cloud: SmallCloud, locker: Journal) -> None:
    del locker
    _state(cloud, online=True, session=5)
    _state(cloud, online=False, session=4)
    _state(cloud, online=False, boot=OTHER_BOOT, session=9)
    _state(cloud, online=True, session=3)

    assert (cloud.the(Locker).online, cloud.the(Locker).session) == (True, 5)


@pytest.mark.parametrize(("boot", "longer"), [(OTHER_BOOT, timedelta(hours=3)), (BOOT, timedelta(0))])
def test_the_dwell_clock_stops_while_the_locker_was_down_not_while_it_was_cut_off(
    cloud: SmallCloud, locker: Journal, boot: bytes, longer: timedelta
) -> None:
    del locker
    deadline = cloud.now + timedelta(hours=10)
    parcel = cloud.parcel(
        state=ParcelState.READY_FOR_PICKUP, locker_id="WAW-01", deadline=deadline, dropped_off_at=cloud.now
    )
    _state(cloud, online=False)
    cloud.later(hours=3)
    _state(cloud, online=True, boot=boot, session=3)

    assert cloud.again(parcel).deadline == deadline + longer


@pytest.mark.parametrize(("seconds", "lines"), [(7, 0), (290, 0), (300, 1), (10_800, 1)])
def test_a_short_stop_moves_the_deadline_and_is_no_part_of_the_story(
    cloud: SmallCloud, locker: Journal, seconds: int, lines: int
) -> None:
    del locker
    deadline = cloud.now + timedelta(hours=10)
    parcel = cloud.parcel(
        state=ParcelState.READY_FOR_PICKUP, locker_id="WAW-01", deadline=deadline, dropped_off_at=cloud.now
    )
    _state(cloud, online=False)
    cloud.later(seconds=seconds)
    _state(cloud, online=True, boot=OTHER_BOOT, session=3)

    assert cloud.again(parcel).deadline == deadline + timedelta(seconds=seconds)
    assert len(cloud.of(HistoryEntry, happened="dwell_stopped")) == lines


def test_a_silent_locker_raises_one_alarm_until_it_is_back(cloud: SmallCloud, locker: Journal) -> None:
    del locker
    _state(cloud, online=False)
    for minutes, new in ((4, 0), (2, 1), (60, 0)):
        cloud.later(minutes=minutes)
        assert cloud.do(lambda uow: mark_silent(uow, cloud.act())) == new
    _state(cloud, online=True)
    assert cloud.the(Alarm).cleared_at == cloud.now


def test_a_fresh_picture_of_a_boot_we_know_nothing_of_brings_its_nonce_and_the_time_that_was_lost(
    cloud: SmallCloud, locker: Journal
) -> None:
    del locker
    deadline = cloud.now + timedelta(hours=10)
    parcel = cloud.parcel(
        state=ParcelState.READY_FOR_PICKUP, locker_id="WAW-01", deadline=deadline, dropped_off_at=cloud.now
    )
    _state(cloud, online=False)
    cloud.later(minutes=20)

    _report(cloud, said=(OTHER_BOOT, int(cloud.now.timestamp() * 1000)))

    assert (cloud.the(Locker).online, cloud.the(Locker).boot_nonce) == (True, OTHER_BOOT.hex())
    assert cloud.again(parcel).deadline == deadline + timedelta(minutes=20)


@pytest.mark.usefixtures("locker")
def test_a_fresh_picture_brings_a_locker_back_whose_birth_was_lost(cloud: SmallCloud) -> None:
    _state(cloud, online=False)
    gone_ms = int(cloud.now.timestamp() * 1000)
    cloud.later(minutes=10)
    now_ms = int(cloud.now.timestamp() * 1000)

    for stale_ms in (0, gone_ms, now_ms - 60_000, now_ms + 60_000, 1 << 62):
        _report(cloud, said=(BOOT, stale_ms))
        assert not cloud.the(Locker).online
    cloud.later(minutes=15)
    _report(cloud, said=(BOOT, now_ms + 899_000))

    assert cloud.the(Locker).online


def test_the_first_snapshot_that_matches_the_layout_makes_a_locker_active(cloud: SmallCloud) -> None:
    cloud.locker(status=LockerStatus.ENROLLING, intake_open=False)
    _report(cloud, A01={"size": SizeClass.XL})
    _report(cloud, A02={"gone": True})
    assert (cloud.the(Locker).status, cloud.the(Alarm).kind) == (LockerStatus.ENROLLING, "layout_mismatch")
    _report(cloud)

    assert (cloud.the(Locker).status, cloud.the(Locker).intake_open) == (LockerStatus.ACTIVE, True)
    assert cloud.the(Alarm).cleared_at is not None


def test_a_snapshot_corrects_the_picture_and_opens_a_case_about_contents(cloud: SmallCloud, locker: Journal) -> None:
    del locker
    _report(
        cloud,
        A01={"parcel": INSIDE, "door": "open"},
        A02={"withdrawn": "dirty"},
        A03={"sensor_suspect": True},
    )
    doors = {one.label: one for one in cloud.of(Compartment)}

    assert (doors["A01"].contents, doors["A01"].parcel_id, doors["A01"].door) == (
        Contents.OCCUPIED,
        INSIDE.hex(),
        "open",
    )
    assert (doors["A02"].status, doors["A02"].fault) == (CompartmentStatus.QUARANTINED, "dirty")
    assert (doors["A03"].status, doors["A03"].fault) == (CompartmentStatus.FAULTED, "sensor")
    assert cloud.the(SupportCase).compartment == "A01"


@pytest.mark.parametrize("through", [0, 2])
def test_a_snapshot_of_another_moment_than_the_journal_s_is_not_believed(
    cloud: SmallCloud, locker: Journal, through: int
) -> None:
    locker.say(DoorOpened(A01))
    _report(cloud, through=through, A01={"parcel": INSIDE})

    assert cloud.the(Compartment, label="A01").contents is Contents.EMPTY


def test_a_damaged_snapshot_is_an_alarm(cloud: SmallCloud, locker: Journal) -> None:
    del locker
    seen = (CompartmentState(A01, SizeClass.XL, "open"),)
    damaged = Snapshot(LockerId("WAW-01"), BOOT, 0, 0, 0, seen, b"\x00" * 32)
    cloud.do(lambda uow: record_report(uow, cloud.act(), damaged))

    assert cloud.the(Alarm).kind == "snapshot_damaged"


def test_a_door_the_layout_does_not_know_is_left_alone(cloud: SmallCloud, locker: Journal) -> None:
    del locker
    seen = (CompartmentState(CompartmentLabel("Z99"), SizeClass.S, "closed", INSIDE),)
    stranger = Snapshot(LockerId("WAW-01"), BOOT, 0, 0, 0, seen, snapshot_digest(seen))
    cloud.do(lambda uow: record_report(uow, cloud.act(), stranger))

    assert cloud.of(SupportCase) == []


@pytest.mark.parametrize("layout", STANDARD, ids=lambda one: one.model)
def test_standard_models_have_unique_doors_of_every_common_size(layout: Layout) -> None:
    assert len(layout.sizes()) == len(layout.compartments) == int(layout.model[1:])
    assert {SizeClass.S, SizeClass.M, SizeClass.L, SizeClass.XL} <= set(layout.sizes().values())
    assert any(plan.low for plan in layout.compartments)


def test_a_model_is_checked_and_can_be_changed(cloud: SmallCloud) -> None:
    twice = (CompartmentPlan(A01, SizeClass.S), CompartmentPlan(A01, SizeClass.M))
    with pytest.raises(InvalidError, match="twice"):
        cloud.do(lambda uow: add_model(uow, cloud.act(), Layout("bad", twice)))
    with pytest.raises(InvalidError, match="between"):
        cloud.do(lambda uow: add_model(uow, cloud.act(), Layout("none", ())))
    larger = columns("S12", "S S M")
    cloud.do(lambda uow: add_model(uow, cloud.act(), larger))

    assert cloud.do(lambda uow: layout_of(uow, "S12")) == larger
    assert msgspec.json.decode(msgspec.json.encode(larger), type=Layout) == larger
