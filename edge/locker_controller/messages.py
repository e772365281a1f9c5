"""What the cloud says: believed because it is signed, obeyed only if it is for this locker, in time, and new."""

from typing import assert_never

from contract.bulk import OpenMany, PinOperators
from contract.codec import Downward
from contract.commands import COMMAND_LIFE_S, RefusalReason, RemoteOpen, Revoke, SetDeadline, SetService
from contract.events import CommandDone, CommandRefused, ConfigurationApplied
from contract.grants import GRANTS_PER_MESSAGE_MAX, GrantBundle, PickUpGrant
from contract.ids import MessageId
from contract.state import Acknowledgement, Configuration, Desired
from edge.locker_controller import bulk, operators
from edge.locker_controller.accepting import accept
from edge.locker_controller.draft import Draft, with_entry
from edge.locker_controller.effects import PublishReport
from edge.locker_controller.limits import (
    CONFIRM_S,
    COURIER_SESSION_S,
    DOOR_LEFT_OPEN_S,
    GROUP_KEEP_S,
    INBOX_IDS_MAX,
    MINUTE_OF_DAY,
    OPEN_DETECT_MS,
    REVOKED_KEEP_S,
)
from edge.locker_controller.refusing import refuse, refuse_with
from edge.locker_controller.remote import open_door
from edge.locker_controller.service import set_service

Dated = GrantBundle | RemoteOpen | Revoke | SetDeadline | SetService | OpenMany | PinOperators


def receive(draft: Draft, message: Downward) -> None:
    """Obey a message whose signature held, or journal why not."""
    if isinstance(message, Acknowledgement):
        return  # concerns the outbox alone
    draft.cause = message.id
    if message.aud != draft.state.setup.locker:
        refuse(draft, message.id, RefusalReason.WRONG_LOCKER)
    elif isinstance(message, Desired):
        _configure(draft, message)
    elif message.id in draft.state.inbox:
        _repeated(draft, message)
    elif max(draft.now_s, draft.moment.now.signers_ms // 1000) > message.expires_at:
        _expired(draft, message)
    else:
        _remember(draft, message.id, message.expires_at)
        _obey(draft, message)


def _obey(draft: Draft, message: Dated) -> None:
    match message:
        case GrantBundle():
            if len(message.grants) > GRANTS_PER_MESSAGE_MAX:
                refuse(draft, message.id, RefusalReason.LIMIT_REACHED)
            else:
                accept(draft, message.id, message.grants, "wire", again=message.again)
        case RemoteOpen():
            open_door(draft, message)
        case Revoke():
            _revoke(draft, message)
        case SetDeadline():
            _set_deadline(draft, message)
        case SetService():
            set_service(draft, message)
        case OpenMany():
            bulk.open_many(draft, message)
        case PinOperators():
            operators.told(draft, message)
        case _ as never:
            assert_never(never)


def _repeated(draft: Draft, message: Dated) -> None:
    """Pass over what the wire doubled; only a repeated opening is worth an operator's attention."""
    if isinstance(message, RemoteOpen | OpenMany):
        refuse(draft, message.id, RefusalReason.REPLAYED)


def _expired(draft: Draft, message: Dated) -> None:
    if isinstance(message, GrantBundle):
        refuse(draft, message.id, RefusalReason.EXPIRED)
    else:
        refuse_with(draft, CommandRefused(message.id, RefusalReason.EXPIRED.value))


def _remember(draft: Draft, message: MessageId, expires_at: int) -> None:
    """Keep an id until the message itself would be too old; when too many are kept, the one nearest to that goes.

    A tombstone lives longer than its id is kept: obeyed twice it means the same, and would crowd the others out.
    """
    inbox = with_entry(draft.state.inbox, message, min(expires_at, draft.now_s + COMMAND_LIFE_S))
    if len(inbox) > INBOX_IDS_MAX:
        del inbox[min(inbox, key=lambda one: inbox[one])]
    draft.put(inbox=inbox)


def _revoke(draft: Draft, command: Revoke) -> None:
    """Put up the tombstone. Grants to put the parcel in go; pick-ups stay, so that their code gets a true answer.

    Somebody who already stands at the open door is not stopped: physical facts win, and the events tell them.
    """
    draft.group(command.group, keep_s=REVOKED_KEEP_S, revoked=True)
    draft.journal(CommandDone(command.id))


def _set_deadline(draft: Draft, command: SetDeadline) -> None:
    """Move a deadline, never to earlier than anybody was told before."""
    known = [
        grant.expires_at
        for grant in draft.state.grants.values()
        if isinstance(grant, PickUpGrant) and grant.group == command.group
    ]
    record = draft.state.groups.get(command.group)
    latest = max([command.deadline, *known, (record.deadline or 0) if record else 0])
    draft.group(command.group, keep_s=max(GROUP_KEEP_S, latest + GROUP_KEEP_S - draft.now_s), deadline=latest)
    draft.journal(CommandDone(command.id))


def _configure(draft: Draft, message: Desired) -> None:
    """Apply a newer configuration, unless it would make the locker useless, whoever signed it.

    The one in force is not journalled again: a picture, which names it, tells a cloud that is not sure of it.
    """
    wanted = message.configuration
    if wanted.configuration_version <= draft.state.configuration.configuration_version:
        if wanted.configuration_version == draft.state.configuration.configuration_version:
            draft.ask(PublishReport())
        return
    if not _is_sane(wanted):
        refuse(draft, message.id, RefusalReason.LIMIT_REACHED)
        return
    draft.put(configuration=wanted)
    draft.journal(ConfigurationApplied(wanted.configuration_version))


def _is_sane(wanted: Configuration) -> bool:
    bounds = (
        (wanted.door_left_open_s, DOOR_LEFT_OPEN_S),
        (wanted.confirm_s, CONFIRM_S),
        (wanted.open_detect_ms, OPEN_DETECT_MS),
        (wanted.courier_session_s, COURIER_SESSION_S),
        (wanted.quiet_from_min, MINUTE_OF_DAY),
        (wanted.quiet_to_min, MINUTE_OF_DAY),
    )
    return all(low <= value <= high for value, (low, high) in bounds)
