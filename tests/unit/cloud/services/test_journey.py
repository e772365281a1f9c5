"""One parcel's life as the cloud sees it, told by the verbs and by what the locker writes down."""

from datetime import timedelta

import pytest

from cloud.domain.actors import Role, actor
from cloud.domain.capacity import Reservation, ReservationState
from cloud.domain.locker import Compartment, Contents
from cloud.domain.parcel import ParcelState
from cloud.services import queries
from cloud.services.courier_pass import courier_pass
from cloud.services.expire_parcels import expire_parcels
from cloud.services.locker_question import LockerQuestion, Suggestion
from cloud.services.notifications import claim_notifications
from cloud.services.records import (
    Attempt,
    GrantState,
    HistoryEntry,
    IssuedGrant,
    SealedCode,
    StopKind,
    StopTask,
    Task,
    TaskState,
)
from cloud.services.records_ops import Notification, OutboxMessage, SupportCase
from cloud.services.remind import remind
from cloud.services.report_failed_attempt import AttemptOutcome, FailedAttempt, report_failed_attempt
from contract import codec, envelope
from contract.events import (
    CodeBurnt,
    CollectionAbandoned,
    CompartmentWithdrawn,
    ParcelCollected,
    ParcelDroppedOff,
    ParcelNotFound,
    ParcelPickedUp,
)
from contract.grants import Capability, CourierPass, DropOffGrant, GrantBundle, PickUpGrant
from contract.ids import GrantId, GroupId, ParcelRef
from tests.unit.cloud.small_cloud import A01, COURIER, GRANT, REF, Journal, SmallCloud

AT_THE_DOOR = actor(Role.COURIER, COURIER)


def nearest(question: LockerQuestion) -> list[Suggestion]:
    return [Suggestion(locker.id) for locker in question.candidates]


class Day:
    """A parcel in Cezary's van and one locker near its address."""

    def __init__(self) -> None:
        self.cloud = SmallCloud()
        self.locker: Journal = self.cloud.locker()
        self.cloud.codes("WAW-01", 12345678)
        self.cloud.courier()
        self.parcel = self.cloud.parcel()
        self.ref = ParcelRef(bytes.fromhex(self.parcel.id))
        self.cloud.route(self.parcel)

    def nobody_home(self) -> AttemptOutcome:
        failed = FailedAttempt(self.parcel.id, COURIER, "nobody_home")
        return self.cloud.do(
            lambda uow: report_failed_attempt(uow, self.cloud.act(AT_THE_DOOR), self.cloud.keys, failed, nearest)
        )

    def dropped_off(self) -> None:
        grant = self.cloud.the(IssuedGrant, kind="drop_off")
        self.locker.say(ParcelDroppedOff(self.ref, A01, GrantId(bytes.fromhex(grant.id)), REF))

    def picked_up(self) -> None:
        group = GroupId(bytes.fromhex(self.cloud.of(IssuedGrant, kind="pick_up")[0].group_id))
        self.locker.say(CodeBurnt(group, A01), ParcelPickedUp(self.ref, A01, group, "code"))


@pytest.fixture
def day() -> Day:
    return Day()


def test_a_failed_attempt_becomes_a_promise_at_a_locker(day: Day) -> None:
    outcome = day.nobody_home()

    assert outcome.assigned is not None
    assert outcome.assigned.locker_id == "WAW-01"
    parcel = day.cloud.again(day.parcel)
    assert (parcel.state, parcel.locker_id, parcel.custodian) == (
        ParcelState.ASSIGNED_TO_LOCKER,
        "WAW-01",
        f"courier:{COURIER}",
    )
    assert day.cloud.the(Reservation).state is ReservationState.ACTIVE
    assert {grant.kind for grant in day.cloud.of(IssuedGrant)} == {"drop_off", "pick_up"}
    assert day.cloud.the(Notification).template == "attempt_failed_locker"
    assert day.cloud.the(Attempt).outcome == "locker:WAW-01"


def test_the_drop_off_joins_the_courier_s_route(day: Day) -> None:
    day.nobody_home()
    span = (day.cloud.now, day.cloud.now + timedelta(days=1))
    seen = day.cloud.do(lambda uow: queries.courier_day(uow, COURIER, *span))

    assert [stop.stop.kind for stop in seen.stops] == [StopKind.HOME, StopKind.LOCKER]
    tasks = {task.task: task.state for stop in seen.stops for task, _ in stop.tasks}
    assert tasks == {Task.DELIVER: TaskState.FAILED, Task.DROP_OFF: TaskState.PENDING}


def test_the_locker_is_sent_grants_signed_for_it_alone(day: Day) -> None:
    day.nobody_home()
    message = day.cloud.the(OutboxMessage)
    keys = {day.cloud.keys.signer.key_id: day.cloud.keys.signer.private_key.public_key()}
    bundle = codec.decode_downward(envelope.verify(message.payload, keys).body)

    assert isinstance(bundle, GrantBundle)
    assert bundle.aud == "WAW-01"
    assert [type(grant) for grant in bundle.grants] == [DropOffGrant, PickUpGrant]
    assert day.parcel.barcode.encode() not in message.payload
    assert b"Ada" not in message.payload


def test_the_same_grants_are_on_the_courier_s_phone(day: Day) -> None:
    day.nobody_home()
    (text,) = day.cloud.do(lambda uow: courier_pass(uow, day.cloud.act(AT_THE_DOOR), day.cloud.keys, COURIER, "WAW-01"))
    keys = {day.cloud.keys.signer.key_id: day.cloud.keys.signer.private_key.public_key()}
    shown = codec.decode_presented(envelope.verify(codec.from_qr(text), keys).body)

    assert isinstance(shown, CourierPass)
    assert {grant.id.hex() for grant in shown.grants} == {grant.id for grant in day.cloud.of(IssuedGrant)}
    assert shown.courier == REF


def test_the_drop_off_moves_custody_and_tells_the_code(day: Day) -> None:
    day.nobody_home()
    day.cloud.later(minutes=30)
    day.dropped_off()

    parcel = day.cloud.again(day.parcel)
    assert (parcel.state, parcel.custodian, parcel.compartment) == (
        ParcelState.READY_FOR_PICKUP,
        "locker:WAW-01",
        "A01",
    )
    assert parcel.deadline == day.cloud.now + timedelta(hours=48)
    assert day.cloud.the(Reservation).state is ReservationState.USED
    assert day.cloud.of(Compartment, label="A01")[0].contents is Contents.OCCUPIED
    due = day.cloud.do(lambda uow: claim_notifications(uow, day.cloud.act(), day.cloud.keys, 10))
    ready = next(one for one in due if one.notification.template == "ready_for_pickup")
    assert ready.code is not None
    assert ready.code.replace(" ", "").startswith("12345678")
    capability = codec.decode_presented(_opened(day, ready.capability_qr or ""))
    assert isinstance(capability, Capability)
    assert capability.parcel == day.ref
    assert "12345678" not in ready.notification.context


def test_before_the_drop_off_no_message_carries_a_code(day: Day) -> None:
    day.nobody_home()
    (due,) = day.cloud.do(lambda uow: claim_notifications(uow, day.cloud.act(), day.cloud.keys, 10))

    assert (due.code, due.capability_qr) == (None, None)


def test_the_pick_up_ends_every_right_and_forgets_the_code(day: Day) -> None:
    day.nobody_home()
    day.dropped_off()
    day.picked_up()

    parcel = day.cloud.again(day.parcel)
    assert (parcel.state, parcel.custodian, parcel.compartment) == (ParcelState.PICKED_UP, "recipient", None)
    assert {grant.state for grant in day.cloud.of(IssuedGrant)} == {GrantState.SPENT}
    assert day.cloud.of(SealedCode) == []
    assert day.cloud.of(Compartment, label="A01")[0].contents is Contents.EMPTY
    assert day.cloud.of(SupportCase) == []
    page = day.cloud.do(lambda uow: queries.parcel_page(uow, day.parcel.id))
    chain = [one.custodian for one in page.custody]
    assert chain == [
        "carrier:acme",
        f"courier:{COURIER}",
        "locker:WAW-01",
        "recipient",
    ]


def test_nobody_comes_so_reminders_go_out_the_dwell_ends_and_a_courier_collects(day: Day) -> None:
    day.nobody_home()
    day.dropped_off()
    day.cloud.later(hours=25)
    assert [day.cloud.do(lambda uow: remind(uow, day.cloud.act())) for _ in range(2)] == [1, 0]
    day.cloud.later(hours=24)
    assert day.cloud.do(lambda uow: expire_parcels(uow, day.cloud.act(), day.cloud.keys)) == 1
    assert day.cloud.again(day.parcel).state is ParcelState.EXPIRED

    collect = day.cloud.the(IssuedGrant, kind="collect")
    day.locker.say(ParcelCollected(day.ref, A01, GrantId(bytes.fromhex(collect.id)), REF))

    parcel = day.cloud.again(day.parcel)
    assert (parcel.state, parcel.custodian) == (ParcelState.COLLECTED, f"courier:{COURIER}")
    assert day.cloud.of(SupportCase) == []


def test_a_parcel_a_courier_does_not_find_is_missing_at_once_and_nobody_is_sent_for_it_again(day: Day) -> None:
    day.nobody_home()
    day.dropped_off()
    day.cloud.later(hours=49)
    day.cloud.do(lambda uow: expire_parcels(uow, day.cloud.act(), day.cloud.keys))
    collect = day.cloud.the(IssuedGrant, kind="collect")

    day.locker.say(ParcelNotFound(day.ref, A01, GrantId(bytes.fromhex(collect.id)), REF))

    parcel, box = day.cloud.again(day.parcel), day.cloud.the(Compartment, label="A01")
    assert (parcel.state, parcel.compartment, parcel.deadline) == (ParcelState.MISSING, None, None)
    assert parcel.custodian == "locker:WAW-01", "until somebody knows better, the locker answers for it"
    assert (box.contents, box.parcel_id) == (Contents.EMPTY, None)
    assert {grant.state for grant in day.cloud.of(IssuedGrant)} == {GrantState.SPENT}
    assert [one.kind for one in day.cloud.of(SupportCase)] == ["parcel_missing"]
    assert "missing" in {note.template for note in day.cloud.of(Notification)}
    day.cloud.later(hours=24 * 4)
    assert day.cloud.do(lambda uow: expire_parcels(uow, day.cloud.act(), day.cloud.keys)) == 0


def test_a_missing_parcel_that_is_put_in_again_waits_for_its_recipient_and_support_sees_it(day: Day) -> None:
    day.nobody_home()
    day.dropped_off()
    day.locker.say(ParcelNotFound(day.ref, A01, GRANT, REF))
    day.dropped_off()

    assert day.cloud.again(day.parcel).state is ParcelState.EXPIRED, "its code is spent: a courier fetches it"
    assert {one.kind for one in day.cloud.of(SupportCase)} == {"parcel_missing", "surprising_drop_off"}


def test_a_parcel_that_was_picked_up_before_is_not_missing(day: Day) -> None:
    day.nobody_home()
    day.dropped_off()
    day.picked_up()
    day.locker.say(ParcelNotFound(day.ref, A01, GRANT, REF))

    assert day.cloud.again(day.parcel).state is ParcelState.PICKED_UP
    assert [one.kind for one in day.cloud.of(SupportCase)] == ["parcel_missing"]


def test_a_parcel_nobody_announced_that_is_not_found_is_a_case(day: Day) -> None:
    day.locker.say(ParcelNotFound(ParcelRef(b"nobody's parcel."), A01, GRANT, REF))

    assert day.cloud.the(SupportCase).kind == "parcel_missing"


def test_a_collection_nobody_spoke_for_after_a_power_cut_leaves_the_parcel_where_it_is(day: Day) -> None:
    day.nobody_home()
    day.dropped_off()
    day.locker.say(CollectionAbandoned(day.ref, A01, "unclear"), CompartmentWithdrawn(A01, "unclear"))

    parcel = day.cloud.again(day.parcel)
    assert (parcel.state, parcel.compartment) == (ParcelState.READY_FOR_PICKUP, "A01")
    assert day.cloud.the(SupportCase).kind == "collection_unclear"
    assert "collection_abandoned" in {line.happened for line in day.cloud.of(HistoryEntry, parcel_id=parcel.id)}


def test_a_collection_left_open_of_a_parcel_nobody_announced_is_a_case(day: Day) -> None:
    day.locker.say(CollectionAbandoned(ParcelRef(b"nobody's parcel."), A01, "unclear"))

    assert day.cloud.the(SupportCase).kind == "collection_unclear"


def test_a_collection_that_ran_out_is_issued_again(day: Day) -> None:
    day.nobody_home()
    day.dropped_off()
    for hours in (49, 24 * 4):
        day.cloud.later(hours=hours)
        day.cloud.do(lambda uow: expire_parcels(uow, day.cloud.act(), day.cloud.keys))

    assert len(day.cloud.of(IssuedGrant, kind="collect")) == 2


def test_the_recipient_who_comes_after_the_deadline_is_honoured(day: Day) -> None:
    day.nobody_home()
    day.dropped_off()
    day.cloud.later(hours=49)
    day.cloud.do(lambda uow: expire_parcels(uow, day.cloud.act(), day.cloud.keys))
    day.picked_up()

    assert day.cloud.again(day.parcel).state is ParcelState.PICKED_UP
    assert {grant.state for grant in day.cloud.of(IssuedGrant)} == {GrantState.SPENT}
    assert day.cloud.of(SupportCase) == []


def test_every_step_stands_in_the_history_once(day: Day) -> None:
    day.nobody_home()
    day.dropped_off()
    day.picked_up()

    happened = [one.happened for one in day.cloud.of(HistoryEntry, order="number", parcel_id=day.parcel.id)]
    assert sorted(happened) == sorted(["announced", "attempt_failed", "assigned_to_locker", "dropped_off", "picked_up"])
    assert len(day.cloud.of(StopTask, state=TaskState.DONE)) == 1


def _opened(day: Day, text: str) -> bytes:
    keys = {day.cloud.keys.signer.key_id: day.cloud.keys.signer.private_key.public_key()}
    return envelope.verify(codec.from_qr(text), keys).body
