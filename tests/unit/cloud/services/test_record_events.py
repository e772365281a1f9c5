from typing import get_args

import msgspec
import pytest

from cloud.domain.parcel import ParcelState
from cloud.services.record_events import FORKED, HANDLERS
from cloud.services.records_ops import Alarm, IngestHead, Notification, SupportCase
from contract import events as told
from contract.events import (
    AgentStarted,
    CodeRefused,
    DoorClosed,
    DoorForced,
    DoorLeftOpen,
    DoorOpened,
    EventBatch,
    ParcelDroppedOff,
    ParcelPickedUp,
    SensorSuspected,
    chain,
)
from contract.ids import BootId, CompartmentLabel, GroupId, LockerId, MessageId, ParcelRef
from tests.unit.cloud.small_cloud import A01, BOOT, GRANT, REF, Journal, SmallCloud

HISTORY_ONLY = {
    told.AgentStarted,
    told.TechnicianSignedIn,
    told.TechnicianSignedOut,
    told.MaintenanceStarted,
    told.MaintenanceEnded,
    told.CourierSignedIn,
    told.CourierSignedOut,
    told.ReleaseIntended,
    told.LockReleased,
}


class Later(msgspec.Struct, frozen=True, tag_field="kind", tag="DoorPainted"):
    """An event of a version that does not exist yet."""

    colour: str


@pytest.fixture
def cloud() -> SmallCloud:
    return SmallCloud()


@pytest.fixture
def locker(cloud: SmallCloud) -> Journal:
    return cloud.locker()


def test_every_kind_of_event_is_projected_or_said_to_be_history_only() -> None:
    assert set(HANDLERS) | HISTORY_ONLY == set(get_args(told.Event))
    assert not set(HANDLERS) & HISTORY_ONLY


def test_recorded_events_are_answered_with_sequence_and_head(locker: Journal) -> None:
    answer = locker.say(AgentStarted(BOOT, "1.0"), DoorOpened(A01), DoorClosed(A01))

    assert (answer.through_sequence, answer.head, answer.added) == (3, locker.head, 3)
    assert locker.cloud.the(IngestHead).through_sequence == 3


def test_the_exact_bytes_are_kept(cloud: SmallCloud, locker: Journal) -> None:
    locker.say(DoorOpened(A01), DoorClosed(A01))

    assert cloud.do(lambda uow: uow.log.entries("WAW-01", 1, 9)) == locker.entries


def test_the_same_batch_twice_is_recorded_once(cloud: SmallCloud, locker: Journal) -> None:
    batch = locker.batch(DoorForced(A01))
    answers = [cloud.record(batch)[0] for _ in range(3)]

    assert [one.added for one in answers] == [1, 0, 0]
    assert {one.through_sequence for one in answers} == {1}
    assert len(cloud.of(Alarm)) == 1


def test_the_same_batch_twice_in_one_group_is_recorded_once(cloud: SmallCloud, locker: Journal) -> None:
    batch = locker.batch(DoorForced(A01))

    assert [one.added for one in cloud.record(batch, batch)] == [1, 0]
    assert len(cloud.of(Alarm)) == 1


def test_a_batch_that_overlaps_adds_only_what_is_new(cloud: SmallCloud, locker: Journal) -> None:
    first = locker.batch(DoorOpened(A01), DoorClosed(A01))
    locker.batch(DoorForced(A01))
    longer = EventBatch(LockerId("WAW-01"), 1, first.previous_hash, tuple(locker.entries))
    cloud.record(first)

    assert cloud.record(longer)[0].added == 1
    assert cloud.the(IngestHead).head == locker.head


def test_a_gap_is_not_recorded_and_says_from_where_to_send(cloud: SmallCloud, locker: Journal) -> None:
    locker.say(DoorOpened(A01))
    locker.batch(DoorClosed(A01))
    late = locker.batch(DoorForced(A01))
    answer = cloud.record(late)[0]

    assert (answer.gap, answer.through_sequence, answer.added) == (True, 1, 0)
    assert cloud.of(Alarm) == []


def test_a_forked_journal_is_refused_and_raises_one_alarm(cloud: SmallCloud, locker: Journal) -> None:
    locker.say(DoorOpened(A01))
    forged = replace_first(locker.batch(DoorClosed(A01)), b"\x00" * 32)
    answers = [cloud.record(forged)[0] for _ in range(2)]

    assert {one.refused for one in answers} == {FORKED}
    assert cloud.the(Alarm).kind == FORKED
    assert cloud.the(IngestHead).through_sequence == 1


def test_a_shorter_journal_that_tells_another_story_is_a_fork_too(cloud: SmallCloud, locker: Journal) -> None:
    locker.say(DoorOpened(A01))
    locker.say(DoorClosed(A01), DoorOpened(A01))
    restored = Journal("WAW-01", cloud)
    restored.batch(DoorOpened(A01))
    other = restored.batch(DoorOpened(A01))
    answer = cloud.record(other)[0]

    assert (answer.refused, answer.through_sequence, answer.added) == (FORKED, 3, 0)
    assert cloud.the(Alarm).kind == FORKED


def test_what_is_sent_again_as_it_was_is_no_fork(cloud: SmallCloud, locker: Journal) -> None:
    batch = locker.batch(DoorOpened(A01), DoorClosed(A01))
    answers = cloud.record(batch, batch), cloud.record(batch)

    assert [one.refused for group in answers for one in group] == [None, None, None]
    assert cloud.of(Alarm) == []


def test_a_forked_batch_does_not_sink_another_locker_s(cloud: SmallCloud, locker: Journal) -> None:
    other = cloud.locker("WAW-02")
    forged = replace_first(locker.batch(DoorClosed(A01)), b"\x00" * 32)
    answers = cloud.record(forged, other.batch(DoorOpened(A01)))

    assert [one.refused for one in answers] == [FORKED, None]
    assert answers[1].added == 1


def test_one_group_may_hold_several_batches_of_one_locker(cloud: SmallCloud, locker: Journal) -> None:
    batches = [locker.batch(DoorOpened(A01)), locker.batch(DoorClosed(A01)), locker.batch(DoorForced(A01))]

    assert [one.through_sequence for one in cloud.record(*batches)] == [1, 2, 3]


def test_an_unknown_kind_is_kept_and_skipped(cloud: SmallCloud, locker: Journal) -> None:
    raw = encode_entry(1, Later("red"))
    batch = locker.batch()
    answer = cloud.record(EventBatch(LockerId("WAW-01"), 1, batch.previous_hash, (raw,)))[0]

    assert answer.added == 1
    assert [one.kind for one in cloud.do(lambda uow: uow.log.timeline(locker="WAW-01"))] == ["DoorPainted"]


def test_an_unreadable_entry_is_kept_too_because_it_was_signed_and_chained(cloud: SmallCloud, locker: Journal) -> None:
    batch = locker.batch()
    raw = b"\xc1 not msgpack"
    answer = cloud.record(EventBatch(LockerId("WAW-01"), 1, batch.previous_hash, (raw,)))[0]

    assert answer.head == chain(batch.previous_hash, [raw])
    assert [one.kind for one in cloud.do(lambda uow: uow.log.timeline(locker="WAW-01"))] == ["Unreadable"]


def test_a_parcel_nobody_announced_becomes_a_case_and_nothing_is_lost(cloud: SmallCloud, locker: Journal) -> None:
    stranger, group = ParcelRef(b"x" * 16), GroupId(b"g" * 16)
    locker.say(ParcelDroppedOff(stranger, A01, GRANT, REF), ParcelPickedUp(stranger, A01, group, "code"))
    locker.say(told.ParcelCollected(stranger, A01, GRANT, REF))
    locker.say(told.DropOffAbandoned(stranger, A01, "too_big"), told.DropOffRefused(stranger, "full"))

    assert [one.kind for one in cloud.of(SupportCase)] == ["unknown_parcel"] * 3


def test_a_drop_off_elsewhere_than_promised_is_taken_as_it_is(cloud: SmallCloud, locker: Journal) -> None:
    cloud.locker("WAW-02")
    parcel = cloud.parcel(state=ParcelState.ASSIGNED_TO_LOCKER, locker_id="WAW-02")
    locker.say(ParcelDroppedOff(ParcelRef(bytes.fromhex(parcel.id)), A01, GRANT, REF))

    assert cloud.again(parcel).locker_id == "WAW-01"
    assert cloud.the(SupportCase).detail == "dropped off here, promised to WAW-02"


def test_a_refused_drop_off_gives_the_capacity_back(cloud: SmallCloud, locker: Journal) -> None:
    parcel = cloud.parcel(state=ParcelState.ASSIGNED_TO_LOCKER, locker_id="WAW-01")
    ref = ParcelRef(bytes.fromhex(parcel.id))
    locker.say(told.DropOffAbandoned(ref, A01, "too_big"), told.DropOffRefused(ref, "too_big"))
    after = cloud.again(parcel)

    assert (after.state, after.locker_id) == (ParcelState.DELIVERY_FAILED, None)
    assert cloud.the(SupportCase).kind == "drop_off_refused"


@pytest.mark.parametrize("reason", ["unclear", "left_open"])
def test_a_drop_off_nobody_confirmed_is_a_case_and_the_parcel_stays_with_its_courier(
    cloud: SmallCloud, locker: Journal, reason: str
) -> None:
    parcel = cloud.parcel(state=ParcelState.ASSIGNED_TO_LOCKER, locker_id="WAW-01")
    locker.say(told.DropOffAbandoned(ParcelRef(bytes.fromhex(parcel.id)), A01, reason))
    after = cloud.again(parcel)

    assert (after.state, after.custodian) == (parcel.state, parcel.custodian)
    assert (cloud.the(SupportCase).kind, cloud.the(SupportCase).compartment) == ("drop_off_unclear", A01)
    assert cloud.of(Notification) == []


def test_a_recipient_without_any_address_gets_no_message(cloud: SmallCloud, locker: Journal) -> None:
    parcel = cloud.parcel(state=ParcelState.ASSIGNED_TO_LOCKER, locker_id="WAW-01", recipient_email=None)
    locker.say(ParcelDroppedOff(ParcelRef(bytes.fromhex(parcel.id)), A01, GRANT, REF))

    assert cloud.of(Notification) == []


def test_an_entry_without_a_trusted_clock_happened_now(cloud: SmallCloud, locker: Journal) -> None:
    parcel = cloud.parcel(state=ParcelState.ASSIGNED_TO_LOCKER, locker_id="WAW-01")
    batch = locker.batch(ParcelDroppedOff(ParcelRef(bytes.fromhex(parcel.id)), A01, GRANT, REF), quality="untrusted")
    cloud.later(hours=3)
    cloud.record(batch)

    assert cloud.again(parcel).dropped_off_at == cloud.now


def test_doors_and_alarms_are_seen_at_once(cloud: SmallCloud, locker: Journal) -> None:
    locker.say(DoorForced(A01), DoorLeftOpen(A01, 61), SensorSuspected(CompartmentLabel("A02"), "open"))
    locker.say(CodeRefused(1, 0), CodeRefused(6, 30), told.AlarmRaised("store_failed", "disk full"))

    kinds = sorted(one.kind for one in cloud.of(Alarm))
    assert kinds == ["door_forced", "door_left_open", "guessing", "sensor_suspected", "store_failed"]


def test_a_closed_door_clears_what_was_left_open_once(cloud: SmallCloud, locker: Journal) -> None:
    locker.say(DoorLeftOpen(A01, 61))
    cloud.later(seconds=5)
    locker.say(DoorClosed(A01))
    closed_at = cloud.now
    cloud.later(seconds=5)
    locker.say(DoorOpened(A01), DoorClosed(A01))

    assert cloud.the(Alarm).cleared_at == closed_at


def test_a_door_that_stays_open_is_one_alarm_that_grows(cloud: SmallCloud, locker: Journal) -> None:
    locker.say(DoorLeftOpen(A01, 60))
    assert cloud.the(Alarm).severity == "warning"
    cloud.later(seconds=180)
    locker.say(DoorLeftOpen(A01, 240))

    assert (cloud.the(Alarm).severity, cloud.the(Alarm).detail) == ("critical", "open for 240 s")


def test_a_door_left_open_and_closed_while_nobody_heard_is_history_and_no_alarm(
    cloud: SmallCloud, locker: Journal
) -> None:
    parcel = cloud.parcel(state=ParcelState.READY_FOR_PICKUP, locker_id="WAW-01")
    locker.say(DoorLeftOpen(A01, 60, ParcelRef(bytes.fromhex(parcel.id))), DoorClosed(A01))

    assert cloud.the(Alarm).cleared_at == cloud.now
    assert cloud.of(Notification) == []


def test_whoever_left_a_door_open_is_told_once(cloud: SmallCloud, locker: Journal) -> None:
    parcel = cloud.parcel(state=ParcelState.READY_FOR_PICKUP, locker_id="WAW-01")
    ref = ParcelRef(bytes.fromhex(parcel.id))
    locker.say(DoorLeftOpen(A01, 60, ref))
    cloud.later(seconds=60)
    locker.say(DoorLeftOpen(A01, 120, ref))

    assert [one.template for one in cloud.of(Notification)] == ["door_left_open"]


def test_a_compartment_back_in_service_has_no_alarms_left(cloud: SmallCloud, locker: Journal) -> None:
    locker.say(DoorForced(A01), SensorSuspected(A01, "open"), told.OpenNotDetected(MessageId(b"i" * 16), A01))
    cloud.later(seconds=60)
    locker.say(told.CompartmentRestored(A01))

    assert {one.cleared_at for one in cloud.of(Alarm)} == {cloud.now}


def test_a_compartment_found_occupied_names_the_parcel_that_was_last_there(cloud: SmallCloud, locker: Journal) -> None:
    parcel = cloud.parcel(state=ParcelState.ASSIGNED_TO_LOCKER, locker_id="WAW-01")
    ref = ParcelRef(bytes.fromhex(parcel.id))
    locker.say(told.DropOffAbandoned(ref, A01, "cancelled"))
    locker.say(told.CompartmentWithdrawn(A01, "occupied"), told.CompartmentWithdrawn(CompartmentLabel("A02"), "dirty"))

    occupied, dirty = sorted(cloud.of(SupportCase), key=lambda one: one.compartment or "")
    assert (occupied.kind, occupied.parcel_id) == ("compartment_occupied", parcel.id)
    assert (dirty.kind, dirty.parcel_id) == ("compartment_dirty", None)


def test_a_withdrawn_compartment_leaves_the_capacity_and_comes_back(cloud: SmallCloud, locker: Journal) -> None:
    def free() -> int:
        return sum(cloud.do(lambda uow: uow.reads.free_by_size(("WAW-01",)))["WAW-01"].values())

    locker.say(told.CompartmentWithdrawn(A01, "dirty"))
    assert free() == 11
    locker.say(told.CompartmentRestored(A01))
    assert free() == 12


def test_a_reported_problem_is_a_case_bound_to_its_door(cloud: SmallCloud, locker: Journal) -> None:
    locker.say(told.ProblemReported("empty", A01), told.ProblemReported("screen"))

    assert {(one.compartment, one.detail) for one in cloud.of(SupportCase)} == {("A01", "empty"), (None, "screen")}


@pytest.mark.parametrize(
    "event",
    [
        told.OpenNotDetected(MessageId(b"i" * 16), A01),
        told.ReleaseFailed(MessageId(b"i" * 16), A01, "relay"),
        told.ReleaseIndeterminate(MessageId(b"i" * 16), A01),
    ],
)
def test_a_door_that_did_not_open_is_an_alarm(cloud: SmallCloud, locker: Journal, event: told.Event) -> None:
    locker.say(event)

    assert cloud.the(Alarm).kind == "open_not_detected"


def replace_first(batch: EventBatch, head: bytes) -> EventBatch:
    return msgspec.structs.replace(batch, previous_hash=head)


def encode_entry(sequence: int, event: msgspec.Struct) -> bytes:
    return msgspec.msgpack.encode(
        {"sequence": sequence, "at_ms": 1, "quality": "synced", "boot": BootId(b"b"), "event": event}
    )
