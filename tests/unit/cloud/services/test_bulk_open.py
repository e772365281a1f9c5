"""Two operators, two signatures, one order: what the cloud takes, sends, and makes of what the locker says."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from cloud.domain.actors import Actor, Role, actor
from cloud.domain.errors import (
    ConflictError,
    DomainError,
    ForbiddenError,
    InvalidError,
    LockerUnavailableError,
    NotFoundError,
)
from cloud.services.bulk_open import ALARM, BulkWish, withdraw_bulk
from cloud.services.bulk_view import BulkView, DoorStage, Stage, bulk_view
from cloud.services.operator_keys import revoke_key
from cloud.services.records import CommandState
from cloud.services.records_bulk import BulkOpening
from cloud.services.records_ops import Alarm, AuditEntry, CommandSent, OutboxMessage
from cloud.services.remote_open import expire_commands
from contract import codec, envelope
from contract.bulk import (
    BULK_DOORS_MAX,
    BULK_LIFE_S,
    MAINTENANCE_S,
    OpenMany,
    operator_key_id,
    read_order,
    signed_by,
)
from contract.events import (
    ENTRIES_PER_BATCH_MAX,
    BulkEnded,
    CommandAccepted,
    CommandRefused,
    DoorClosed,
    DoorOpened,
    OpenNotDetected,
    ReleaseIndeterminate,
    ReleaseIntended,
)
from contract.ids import BootId, CompartmentLabel, MessageId
from tests.contract.bulk_papers import public
from tests.unit.cloud.services.bulk_street import OLGA, OLGAS, PAUL, PAULS, RITA, SPARE, WISH, BulkCloud
from tests.unit.cloud.small_cloud import BOOT

A01, A02, A03 = (CompartmentLabel(f"A0{number}") for number in (1, 2, 3))
INTENT, ANOTHER = MessageId(b"i" * 16), MessageId(b"j" * 16)


@pytest.fixture
def cloud() -> BulkCloud:
    return BulkCloud()


def seen(cloud: BulkCloud, opening: BulkOpening) -> BulkView:
    return cloud.do(lambda uow: bulk_view(uow, opening.locker_id, opening.id, cloud.now))


def refused(cloud: BulkCloud, error: type[DomainError], act: Callable[[], object]) -> str:
    """Return the sentence of a refusal, having checked that nothing was sent."""
    with pytest.raises(error) as caught:
        act()
    assert cloud.of(OutboxMessage, kind="open_many") == []
    return str(caught.value)


def test_the_second_signature_sends_the_order_that_both_have_signed(cloud: BulkCloud) -> None:
    asked = cloud.asks()
    assert seen(cloud, asked).stage is Stage.ASKED
    assert seen(cloud, cloud.signs(asked, OLGA, OLGAS)).stage is Stage.SIGNED
    assert cloud.of(OutboxMessage, kind="open_many") == []
    assert seen(cloud, cloud.signs(asked, PAUL, PAULS)).stage is Stage.SENT

    message = cloud.the(OutboxMessage, kind="open_many")
    keys = {cloud.keys.signer.key_id: cloud.keys.signer.private_key.public_key()}
    command = codec.decode_downward(envelope.verify(message.payload, keys).body)
    assert isinstance(command, OpenMany)
    order = read_order(command.order)
    assert (order.compartments, order.reason, order.boot) == (("A01", "A02"), WISH.reason, BOOT.hex())
    assert command.id.hex() == asked.id == order.order
    for key, signature in zip((OLGAS, PAULS), command.signatures, strict=True):
        assert signature.key_id == operator_key_id(public(key))
        assert signed_by(public(key), command.order, signature.signature)
    assert order.expires_at == int((cloud.now + timedelta(seconds=BULK_LIFE_S)).timestamp())


def test_everybody_who_took_part_stands_in_the_audit_and_an_alarm_is_raised(cloud: BulkCloud) -> None:
    cloud.is_sent()
    lines = [(one.actor, one.action) for one in cloud.of(AuditEntry, order="sequence", subject="WAW-01/A01 A02")]
    assert lines == [
        ("operator:olga", "ask_bulk_opening"),
        ("operator:olga", "sign_bulk_opening"),
        ("operator:paul", "open_many"),
    ]
    assert cloud.the(Alarm, kind=ALARM).severity == "critical"


@pytest.mark.parametrize(
    "who", [actor(Role.SUPPORT, "olga"), actor(Role.OPERATOR, "key-lm_1234"), actor(Role.COURIER, "c")]
)
def test_only_an_operator_who_is_a_person_asks(cloud: BulkCloud, who: Actor) -> None:
    refused(cloud, ForbiddenError, lambda: cloud.asks(who=who))


@pytest.mark.parametrize(
    "wish",
    [
        BulkWish("WAW-01", ("A01",), " no "),
        BulkWish("WAW-01", ("A01",), "x" * 201),
        BulkWish("WAW-01", (), "spring cleaning"),
        BulkWish("WAW-01", tuple(f"B{n}" for n in range(BULK_DOORS_MAX + 1)), "spring cleaning"),
    ],
)
def test_a_wish_that_cannot_be_right_is_refused(cloud: BulkCloud, wish: BulkWish) -> None:
    refused(cloud, InvalidError, lambda: cloud.asks(wish))


def test_a_door_that_is_not_there_is_not_asked_for(cloud: BulkCloud) -> None:
    refused(cloud, NotFoundError, lambda: cloud.asks(BulkWish("WAW-01", ("Z9",), "spring cleaning")))


def test_nothing_is_asked_for_while_maintenance_is_off_or_the_locker_away(cloud: BulkCloud) -> None:
    cloud.says(maintenance_s=0)
    assert "maintenance mode is off" in refused(cloud, LockerUnavailableError, cloud.asks)
    cloud.says(maintenance_s=60)
    cloud.later(seconds=61)
    refused(cloud, LockerUnavailableError, cloud.asks)
    cloud.locker("WAW-02", boot_nonce=None)
    wish = BulkWish("WAW-02", ("A01",), "spring cleaning")
    assert "not online" in refused(cloud, LockerUnavailableError, lambda: cloud.asks(wish))


def test_nothing_is_asked_of_a_locker_that_has_not_said_how_long_it_runs(cloud: BulkCloud) -> None:
    boot = BootId(b"a boot unheard..")
    cloud.says(boot, maintenance_s=MAINTENANCE_S, uptime_ms=0)
    assert "how long it has been running" in refused(cloud, LockerUnavailableError, cloud.asks)
    cloud.later(seconds=10)
    cloud.says(boot, maintenance_s=MAINTENANCE_S, uptime_ms=15_000)
    assert read_order(cloud.asks().order).until_uptime_ms == 15_000 + BULK_LIFE_S * 1000


def test_one_request_at_a_time_waits_at_a_locker(cloud: BulkCloud) -> None:
    asked = cloud.asks()
    refused(cloud, ConflictError, cloud.asks)
    cloud.do(lambda uow: withdraw_bulk(uow, cloud.act(RITA), asked.id))
    assert seen(cloud, asked).stage is Stage.WITHDRAWN
    assert "withdrawn" in refused(cloud, ConflictError, lambda: cloud.signs(asked, OLGA, OLGAS))
    cloud.asks()


def test_one_operator_does_not_sign_twice(cloud: BulkCloud) -> None:
    asked = cloud.asks()
    cloud.registers(OLGA, SPARE)
    cloud.confirms(PAUL, SPARE)
    cloud.signs(asked, OLGA, OLGAS)
    refused(cloud, ForbiddenError, lambda: cloud.signs(asked, OLGA, SPARE))


def test_a_key_that_is_not_one_s_own_confirmed_or_still_good_signs_nothing(cloud: BulkCloud) -> None:
    asked = cloud.asks()
    refused(cloud, ForbiddenError, lambda: cloud.signs(asked, OLGA, PAULS))
    refused(cloud, ForbiddenError, lambda: cloud.signs(asked, RITA, SPARE))
    cloud.registers(RITA, SPARE)
    refused(cloud, ForbiddenError, lambda: cloud.signs(asked, RITA, SPARE))
    cloud.do(lambda uow: revoke_key(uow, cloud.act(PAUL), operator_key_id(public(OLGAS))))
    refused(cloud, ForbiddenError, lambda: cloud.signs(asked, OLGA, OLGAS))


def test_a_first_signature_does_not_outlive_its_key(cloud: BulkCloud) -> None:
    asked = cloud.asks()
    cloud.signs(asked, OLGA, OLGAS)
    cloud.do(lambda uow: revoke_key(uow, cloud.act(PAUL), operator_key_id(public(OLGAS))))
    assert "revoked meanwhile" in refused(cloud, ConflictError, lambda: cloud.signs(asked, PAUL, PAULS))


def test_a_signature_over_something_else_is_refused(cloud: BulkCloud) -> None:
    asked = cloud.asks()
    refused(cloud, InvalidError, lambda: cloud.signs(asked, OLGA, OLGAS, asked.order + b" "))


def test_a_request_is_good_for_ten_minutes(cloud: BulkCloud) -> None:
    asked = cloud.asks()
    cloud.signs(asked, OLGA, OLGAS)
    cloud.later(seconds=BULK_LIFE_S)
    refused(cloud, ConflictError, lambda: cloud.signs(asked, PAUL, PAULS))
    assert seen(cloud, asked).stage is Stage.EXPIRED
    cloud.asks()


def test_a_locker_that_restarted_meanwhile_is_asked_anew(cloud: BulkCloud) -> None:
    asked = cloud.asks()
    cloud.signs(asked, OLGA, OLGAS)
    cloud.says(BootId(b"another boot...."), maintenance_s=600)
    assert "restarted" in refused(cloud, LockerUnavailableError, lambda: cloud.signs(asked, PAUL, PAULS))


def test_an_order_that_was_sent_takes_no_third_signature(cloud: BulkCloud) -> None:
    opening = cloud.is_sent()
    with pytest.raises(ConflictError):
        cloud.signs(opening, RITA, SPARE)
    with pytest.raises(ConflictError):
        cloud.do(lambda uow: withdraw_bulk(uow, cloud.act(RITA), opening.id))


def test_what_becomes_of_every_door_is_told_as_it_happens(cloud: BulkCloud) -> None:
    opening = cloud.is_sent()
    cause = MessageId(bytes.fromhex(opening.id))
    assert seen(cloud, opening).doors == {"A01": DoorStage.WAITING, "A02": DoorStage.WAITING}
    cloud.journal.say(CommandAccepted(cause), ReleaseIntended(INTENT, A01, "remote"), cause=cause)
    assert seen(cloud, opening).doors["A01"] is DoorStage.RELEASED
    cloud.journal.say(DoorOpened(A01, INTENT, cause))
    assert seen(cloud, opening).doors["A01"] is DoorStage.OPEN
    cloud.later(minutes=5)
    cloud.do(lambda uow: expire_commands(uow, cloud.act()))
    assert cloud.the(CommandSent, id=opening.id).state is CommandState.ACCEPTED
    cloud.journal.say(DoorClosed(A01))
    cloud.journal.say(ReleaseIntended(ANOTHER, A02, "remote"), cause=cause)
    cloud.journal.say(OpenNotDetected(ANOTHER, A02))
    cloud.journal.say(BulkEnded(cause, 2, (), "done"))
    view = seen(cloud, opening)
    assert view.doors == {"A01": DoorStage.CLOSED, "A02": DoorStage.NOT_OPENED}
    assert (view.stage, view.is_over, view.command and view.command.refusal) == (Stage.ENDED, True, None)
    assert cloud.of(Alarm, kind="bulk_stopped") == []


def test_doors_that_were_not_opened_are_told_with_the_reason(cloud: BulkCloud) -> None:
    opening = cloud.is_sent()
    cause = MessageId(bytes.fromhex(opening.id))
    cloud.journal.say(BulkEnded(cause, 1, (A02,), "maintenance_ended"))
    view = seen(cloud, opening)
    assert view.doors["A02"] is DoorStage.LEFT
    assert view.command is not None
    assert view.command.refusal == "maintenance_ended: 1 doors not opened"
    assert cloud.the(Alarm, kind="bulk_stopped").detail.endswith("(A02)")


def others(cloud: BulkCloud, count: int) -> None:
    """Let the locker write down what has nothing to do with an order."""
    batch = ENTRIES_PER_BATCH_MAX
    for _ in range(count // batch):
        cloud.journal.say(*[DoorClosed(A03)] * batch)


def test_what_became_of_an_old_order_is_told_however_much_came_before_and_since(cloud: BulkCloud) -> None:
    others(cloud, 2_000)
    cloud.later(hours=1)
    cloud.says(maintenance_s=MAINTENANCE_S)
    opening = cloud.is_sent()
    cause = MessageId(bytes.fromhex(opening.id))
    others(cloud, 600)  # a backlog, which comes before what the locker does now
    cloud.journal.say(CommandAccepted(cause), ReleaseIntended(INTENT, A01, "remote"), cause=cause)
    cloud.journal.say(DoorOpened(A01, INTENT, cause), DoorClosed(A01), BulkEnded(cause, 1, (A02,), "restarted"))
    cloud.later(days=30)
    others(cloud, 2_000)
    assert seen(cloud, opening).doors == {"A01": DoorStage.CLOSED, "A02": DoorStage.LEFT}


def test_an_order_is_looked_for_from_a_while_before_it_was_sent_since_clocks_are_set_back(cloud: BulkCloud) -> None:
    opening = cloud.is_sent()
    cause = MessageId(bytes.fromhex(opening.id))
    cloud.later(minutes=-5)
    cloud.journal.say(ReleaseIntended(INTENT, A01, "remote"), cause=cause)
    assert seen(cloud, opening).doors["A01"] is DoorStage.RELEASED


def test_a_door_of_which_the_power_left_nobody_knowing_is_not_called_opening_for_ever(cloud: BulkCloud) -> None:
    opening = cloud.is_sent()
    cause = MessageId(bytes.fromhex(opening.id))
    cloud.journal.say(CommandAccepted(cause), ReleaseIntended(INTENT, A01, "remote"), cause=cause)
    cloud.journal.say(ReleaseIndeterminate(INTENT, A01, cause), BulkEnded(cause, 1, (A02,), "restarted"))
    assert seen(cloud, opening).doors == {"A01": DoorStage.UNCLEAR, "A02": DoorStage.LEFT}


def test_a_refusal_of_the_locker_is_the_end_of_it(cloud: BulkCloud) -> None:
    opening = cloud.is_sent()
    cloud.journal.say(CommandRefused(MessageId(bytes.fromhex(opening.id)), "not_in_maintenance"))
    assert seen(cloud, opening).stage is Stage.REFUSED


def test_doors_opened_by_an_order_that_is_not_ours_raise_an_alarm(cloud: BulkCloud) -> None:
    cloud.journal.say(BulkEnded(INTENT, 40, (), "done"))
    assert cloud.the(Alarm, kind="bulk_unknown").severity == "critical"


def test_an_order_is_shown_at_its_own_locker_only(cloud: BulkCloud) -> None:
    asked = cloud.asks()
    with pytest.raises(NotFoundError):
        cloud.do(lambda uow: bulk_view(uow, "WAW-02", asked.id, cloud.now))
