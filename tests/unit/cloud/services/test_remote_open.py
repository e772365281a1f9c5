from dataclasses import replace
from typing import Any

import pytest

from cloud.domain.actors import Role, actor
from cloud.domain.errors import ForbiddenError, InvalidError, LimitReachedError, LockerUnavailableError, NotFoundError
from cloud.domain.locker import Compartment, CompartmentStatus, Locker
from cloud.services import audit
from cloud.services.desire_configuration import desire_configuration
from cloud.services.dispatch import claim_messages, expire_messages, mark_sent, resend_unconfirmed
from cloud.services.records import CommandState, MessageState
from cloud.services.records_ops import Alarm, AuditEntry, CommandSent, DesiredConfiguration, OutboxMessage
from cloud.services.remote_open import OpenWish, expire_commands, remote_open
from cloud.services.set_service import ServiceWish, set_service
from contract import codec, envelope
from contract.commands import RemoteOpen
from contract.events import (
    CommandAccepted,
    CommandDone,
    CommandRefused,
    ConfigurationApplied,
    DoorOpened,
    MessageRefused,
    OpenNotDetected,
    ReleaseIndeterminate,
)
from contract.ids import MessageId
from contract.state import Configuration
from tests.unit.cloud.small_cloud import A01, BOOT, OPERATOR, Journal, SmallCloud

WISH = OpenWish("WAW-01", "A01", "recipient says the door is stuck")


@pytest.fixture
def cloud() -> SmallCloud:
    return SmallCloud()


@pytest.fixture
def locker(cloud: SmallCloud) -> Journal:
    return cloud.locker()


@pytest.fixture
def opened(cloud: SmallCloud, locker: Journal) -> CommandSent:
    del locker
    return _open(cloud)


def _open(cloud: SmallCloud, wish: OpenWish = WISH) -> CommandSent:
    return cloud.do(lambda uow: remote_open(uow, cloud.act(OPERATOR), cloud.keys, wish))


def _sent(cloud: SmallCloud) -> list[OutboxMessage]:
    messages = cloud.do(lambda uow: claim_messages(uow, cloud.act(), 10))
    cloud.do(lambda uow: mark_sent(uow, cloud.act(), [one.id for one in messages]))
    return messages


def _command(cloud: SmallCloud) -> CommandSent:
    return cloud.the(CommandSent)


def test_the_command_is_bound_to_boot_counter_and_a_minute(cloud: SmallCloud, opened: CommandSent) -> None:
    message = cloud.the(OutboxMessage)
    keys = {cloud.keys.signer.key_id: cloud.keys.signer.private_key.public_key()}
    command = codec.decode_downward(envelope.verify(message.payload, keys).body)

    assert isinstance(command, RemoteOpen)
    assert (command.aud, command.compartment, command.boot_nonce, command.counter) == ("WAW-01", "A01", BOOT, 1)
    assert command.expires_at - command.issued_at == 60
    assert command.id.hex() == opened.id


def test_the_timeline_says_what_is_known_and_no_more(cloud: SmallCloud, locker: Journal, opened: CommandSent) -> None:
    command = MessageId(bytes.fromhex(opened.id))
    assert _command(cloud).state is CommandState.QUEUED
    _sent(cloud)
    assert _command(cloud).state is CommandState.SENT
    locker.say(CommandAccepted(command))
    assert _command(cloud).state is CommandState.ACCEPTED
    locker.say(DoorOpened(A01, None, command))
    after = _command(cloud)
    assert (after.state, after.opened_at) == (CommandState.OPENED, cloud.now)


def test_a_refusal_says_why(cloud: SmallCloud, locker: Journal, opened: CommandSent) -> None:
    locker.say(CommandRefused(MessageId(bytes.fromhex(opened.id)), "door_open"))

    assert (_command(cloud).state, _command(cloud).refusal) == (CommandState.REFUSED, "door_open")


def test_a_second_copy_that_was_refused_as_a_replay_changes_nothing(
    cloud: SmallCloud, locker: Journal, opened: CommandSent
) -> None:
    command = MessageId(bytes.fromhex(opened.id))
    locker.say(CommandAccepted(command), CommandRefused(command, "replayed"))

    assert _command(cloud).state is CommandState.ACCEPTED


def test_a_door_that_stayed_shut_is_not_shown_as_open(cloud: SmallCloud, locker: Journal, opened: CommandSent) -> None:
    command = bytes.fromhex(opened.id)
    locker.say(OpenNotDetected(MessageId(b"i" * 16), A01), cause=command)
    assert _command(cloud).state is CommandState.NOT_OPENED
    locker.say(CommandDone(MessageId(command)))
    assert _command(cloud).state is CommandState.NOT_OPENED
    locker.say(DoorOpened(A01), cause=command)
    assert _command(cloud).state is CommandState.OPENED


def test_a_locker_that_stopped_mid_pulse_ends_the_command_it_had_accepted(
    cloud: SmallCloud, locker: Journal, opened: CommandSent
) -> None:
    command = bytes.fromhex(opened.id)
    locker.say(CommandAccepted(MessageId(command)), ReleaseIndeterminate(MessageId(b"i" * 16), A01, command))
    assert _command(cloud).state is CommandState.NOT_OPENED


def test_silence_becomes_expired(cloud: SmallCloud, opened: CommandSent) -> None:
    assert opened.state is CommandState.QUEUED
    cloud.later(seconds=65)
    assert cloud.do(lambda uow: expire_commands(uow, cloud.act())) == 0
    cloud.later(seconds=30)
    assert cloud.do(lambda uow: expire_commands(uow, cloud.act())) == 1
    assert _command(cloud).state is CommandState.EXPIRED


def test_an_expired_command_is_not_published_any_more(cloud: SmallCloud, opened: CommandSent) -> None:
    assert opened.kind == "remote_open"
    cloud.later(seconds=61)

    assert _sent(cloud) == []
    assert cloud.do(lambda uow: expire_messages(uow, cloud.act())) == 1
    assert cloud.the(OutboxMessage).state is MessageState.EXPIRED


def test_one_door_at_a_time_and_ten_an_hour(cloud: SmallCloud, locker: Journal) -> None:
    del locker
    _open(cloud)
    with pytest.raises(LimitReachedError, match="one door at a time"):
        _open(cloud)
    for _ in range(9):
        cloud.later(seconds=5)
        _open(cloud)
    cloud.later(seconds=5)
    with pytest.raises(LimitReachedError, match="10 remote opens an hour"):
        _open(cloud)
    cloud.later(hours=1)
    assert _open(cloud).state is CommandState.QUEUED


def test_counters_only_rise(cloud: SmallCloud, locker: Journal) -> None:
    del locker
    _open(cloud)
    cloud.later(seconds=5)
    _open(cloud)

    assert cloud.the(Locker).command_counter == 2


@pytest.mark.parametrize(
    ("wish", "refusal"),
    [
        (replace(WISH, reason=" no "), InvalidError),
        (replace(WISH, reason="x" * 501), InvalidError),
        (replace(WISH, compartment="Z99"), NotFoundError),
        (replace(WISH, locker_id="WAW-99"), NotFoundError),
    ],
)
def test_what_cannot_be_opened_is_refused(
    cloud: SmallCloud, locker: Journal, wish: OpenWish, refusal: type[Exception]
) -> None:
    del locker
    with pytest.raises(refusal):
        _open(cloud, wish)
    assert cloud.of(OutboxMessage) == []


def test_only_operators_open_doors(cloud: SmallCloud, locker: Journal) -> None:
    del locker
    with pytest.raises(ForbiddenError):
        cloud.do(lambda uow: remote_open(uow, cloud.act(actor(Role.SUPPORT, "sam")), cloud.keys, WISH))


@pytest.mark.parametrize("change", [{"online": False}, {"boot_nonce": None}, {"status": "decommissioned"}])
def test_a_locker_that_cannot_answer_is_not_asked(cloud: SmallCloud, change: dict[str, Any]) -> None:
    cloud.locker(**change)
    with pytest.raises(LockerUnavailableError):
        _open(cloud)


def test_who_opened_what_and_why_stands_in_a_chain_that_shows_tampering(cloud: SmallCloud, opened: CommandSent) -> None:
    entry = cloud.the(AuditEntry)
    assert (entry.actor, entry.action, entry.subject, entry.reason) == (
        "operator:olga",
        "remote_open",
        "WAW-01/A01",
        WISH.reason,
    )
    assert entry.detail == opened.id
    assert cloud.do(audit.check) is None
    cloud.do(lambda uow: audit.note(uow, cloud.act(), "look", "x"))
    cloud.do(lambda uow: uow.change(AuditEntry, {"sequence": 1}, reason="no reason at all"))
    assert cloud.do(audit.check) == 1


def test_unconfirmed_messages_go_out_again_until_the_locker_answers(cloud: SmallCloud, locker: Journal) -> None:
    wish = ServiceWish("WAW-01", "A01", in_service=False, reason="dirty")
    command = cloud.do(lambda uow: set_service(uow, cloud.act(OPERATOR), cloud.keys, wish))
    assert len(_sent(cloud)) == 1
    assert cloud.do(lambda uow: resend_unconfirmed(uow, cloud.act())) == 0
    cloud.later(seconds=60)
    assert cloud.do(lambda uow: resend_unconfirmed(uow, cloud.act())) == 1
    assert len(_sent(cloud)) == 1
    locker.say(CommandDone(MessageId(bytes.fromhex(command.id))))
    cloud.later(seconds=60)
    assert cloud.do(lambda uow: resend_unconfirmed(uow, cloud.act())) == 0
    assert cloud.the(OutboxMessage).state is MessageState.CONFIRMED
    assert cloud.the(OutboxMessage).tries == 2


def test_a_claim_that_was_never_finished_falls_back(cloud: SmallCloud, opened: CommandSent) -> None:
    assert opened.kind == "remote_open"
    assert len(cloud.do(lambda uow: claim_messages(uow, cloud.act(), 10))) == 1
    assert cloud.do(lambda uow: claim_messages(uow, cloud.act(), 10)) == []
    cloud.later(seconds=30)
    assert len(cloud.do(lambda uow: claim_messages(uow, cloud.act(), 10))) == 1


def test_finished_messages_are_forgotten_after_a_month(cloud: SmallCloud, opened: CommandSent) -> None:
    assert opened.kind == "remote_open"
    cloud.later(days=31)
    for _ in range(2):
        cloud.do(lambda uow: expire_messages(uow, cloud.act()))

    assert cloud.of(OutboxMessage) == []


@pytest.mark.parametrize(("reason", "state"), [("replayed", MessageState.CONFIRMED), ("malformed", MessageState.DEAD)])
def test_a_refused_message_is_a_receipt_or_an_alarm(
    cloud: SmallCloud, locker: Journal, reason: str, state: MessageState
) -> None:
    command = _open(cloud)
    locker.say(MessageRefused(MessageId(bytes.fromhex(command.id)), reason), MessageRefused(None, "malformed"))

    assert cloud.the(OutboxMessage).state is state


def test_another_locker_neither_confirms_nor_ends_a_message(cloud: SmallCloud, locker: Journal) -> None:
    """A hostile broker hands one locker's messages to the next, which refuses them by their true ids."""
    del locker
    command, neighbour = _open(cloud), cloud.locker("WAW-02")
    number = MessageId(bytes.fromhex(command.id))
    for reason in ("wrong_locker", "replayed"):
        neighbour.say(MessageRefused(number, reason))

    assert cloud.the(OutboxMessage).state is MessageState.QUEUED
    assert {one.locker_id for one in cloud.of(Alarm)} == {"WAW-02"}


def test_out_of_service_counts_at_once_and_back_only_when_the_locker_says_so(
    cloud: SmallCloud, locker: Journal
) -> None:
    del locker
    out = ServiceWish("WAW-01", "A01", in_service=False, reason="dirty")
    back = replace(out, in_service=True)
    cloud.do(lambda uow: set_service(uow, cloud.act(OPERATOR), cloud.keys, out))
    cloud.do(lambda uow: set_service(uow, cloud.act(OPERATOR), cloud.keys, back))

    assert cloud.the(Compartment, label="A01").status is CompartmentStatus.QUARANTINED
    bad = replace(out, reason=" ")
    with pytest.raises(InvalidError):
        cloud.do(lambda uow: set_service(uow, cloud.act(OPERATOR), cloud.keys, bad))


def test_a_configuration_is_wanted_sent_and_said_to_be_applied(cloud: SmallCloud, locker: Journal) -> None:
    wanted = Configuration(door_left_open_s=90)
    for _ in range(2):
        cloud.do(lambda uow: desire_configuration(uow, cloud.act(OPERATOR), cloud.keys, "WAW-01", wanted))
    locker.say(ConfigurationApplied(2))
    row = cloud.the(DesiredConfiguration)

    assert (row.version, row.applied_version) == (2, 2)
    states = {one.about: one.state for one in cloud.of(OutboxMessage)}
    assert states["WAW-01/configuration/2"] is MessageState.CONFIRMED
