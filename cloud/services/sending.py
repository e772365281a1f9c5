"""Signing what goes to a locker and putting it into the outbox, in the transaction of its reason."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from cloud.domain.access import unix
from cloud.domain.ids import group_id, message_id
from cloud.domain.locker import Locker, is_counter
from cloud.services.ports import Act, Signing, UnitOfWork
from cloud.services.records import CommandState, MessageState
from cloud.services.records_ops import CommandSent, OutboxMessage
from contract.codec import encode
from contract.commands import COMMAND_LIFE_S, TOMBSTONE_LIFE_S, Command, RemoteOpen, Revoke, SetDeadline, SetService
from contract.grants import GRANTS_PER_MESSAGE_MAX, Grant, GrantBundle
from contract.ids import LockerId
from contract.topics import Branch

LASTING = timedelta(seconds=COMMAND_LIFE_S)
FOR_EVER = timedelta(seconds=TOMBSTONE_LIFE_S)


AGAIN = "grants_again"  # the kind of a bundle for a locker that has lost its memory


def send_grants(uow: UnitOfWork, act: Act, keys: Signing, locker_id: str, grants: Sequence[Grant]) -> None:
    """Queue grants for one locker, in as many bundles as the contract's limit asks for; a counter hears of nothing."""
    if _hears(uow, locker_id):
        uow.add(*(_bundle(act, keys, locker_id, part) for part in _parts(grants)))


def send_grants_again(uow: UnitOfWork, act: Act, keys: Signing, locker_id: str, grants: Sequence[Grant]) -> None:
    """Queue grants as they stand for a locker that has lost its memory; they settle no doubt there."""
    if _hears(uow, locker_id):
        uow.add(*(_bundle(act, keys, locker_id, part, again=True) for part in _parts(grants)))


def _parts(grants: Sequence[Grant]) -> Iterator[tuple[Grant, ...]]:
    for start in range(0, len(grants), GRANTS_PER_MESSAGE_MAX):
        yield tuple(grants[start : start + GRANTS_PER_MESSAGE_MAX])


def _bundle(act: Act, keys: Signing, locker_id: str, part: tuple[Grant, ...], *, again: bool = False) -> OutboxMessage:
    number = act.ids.new()
    until = max(act.now + LASTING, _moment(max(grant.expires_at for grant in part)))
    bundle = GrantBundle(
        aud=LockerId(locker_id),
        id=message_id(number),
        issued_at=unix(act.now),
        expires_at=unix(until),
        grants=part,
        again=again,
    )
    payload = keys.signer.sign(encode(bundle))
    return _message(act, locker_id, (AGAIN if again else "grants", number), payload, until)


def send_tombstone(uow: UnitOfWork, act: Act, keys: Signing, where: tuple[str, str], reason: str) -> None:
    """Tell a locker that a group (``where``: group and locker) opens nothing any more, while any copy may last."""
    group, locker_id = where
    command = Revoke(
        aud=LockerId(locker_id),
        id=message_id(act.ids.new()),
        issued_at=unix(act.now),
        expires_at=unix(act.now + FOR_EVER),
        group=group_id(group),
        reason=reason,
    )
    send_command(uow, act, keys, command, reason)


def send_command(uow: UnitOfWork, act: Act, keys: Signing, command: Command, reason: str) -> CommandSent:
    """Queue a command and begin its timeline; at a counter it is done at once, because its rights are kept here."""
    hears = _hears(uow, command.aud)
    number = command.id.hex()
    until = _moment(command.expires_at)
    kind = str(command.__struct_config__.tag)
    door = command.compartment if isinstance(command, RemoteOpen | SetService) else None
    group = command.group.hex() if isinstance(command, Revoke | SetDeadline) else None
    sent = CommandSent(
        id=number,
        locker_id=command.aud,
        kind=kind,
        compartment=door,
        group_id=group,
        actor=str(act.actor),
        reason=reason,
        state=CommandState.QUEUED if hears else CommandState.DONE,
        issued_at=act.now,
        expires_at=until,
        sent_at=None,
        accepted_at=None,
        opened_at=None,
        ended_at=None if hears else act.now,
        refusal=None,
    )
    uow.add(sent)
    if hears:
        uow.add(_message(act, command.aud, (kind, number), keys.signer.sign(encode(command)), until))
    return sent


def _hears(uow: UnitOfWork, locker_id: str) -> bool:
    """Whether a machine listens there; nothing is ever published for a partner's counter."""
    return not is_counter(uow.need(Locker, locker_id))


def set_deadline(act: Act, locker_id: str, group: bytes, deadline: datetime) -> SetDeadline:
    return SetDeadline(
        aud=LockerId(locker_id),
        id=message_id(act.ids.new()),
        issued_at=unix(act.now),
        expires_at=unix(act.now + LASTING),
        group=group,  # type: ignore[arg-type] # bytes of the right length, read from our own table
        deadline=unix(deadline),
    )


def message(act: Act, locker_id: str, branch: Branch, about: tuple[str, str], payload: bytes) -> OutboxMessage:
    """Return a lasting message on any branch; ``about`` is its kind and the name its confirmation will use."""
    one = _message(act, locker_id, about, payload, act.now + LASTING)
    return OutboxMessage(**{name: getattr(one, name) for name in one.__slots__} | {"branch": str(branch)})


def _message(act: Act, locker_id: str, about: tuple[str, str], payload: bytes, until: datetime) -> OutboxMessage:
    kind, number = about
    return OutboxMessage(
        id=act.ids.new(),
        locker_id=locker_id,
        branch=str(Branch.COMMAND),
        kind=kind,
        about=number,
        payload=payload,
        created_at=act.now,
        not_before=act.now,
        expires_at=until,
        state=MessageState.QUEUED,
        tries=0,
        claimed_until=None,
        sent_at=None,
        confirmed_at=None,
    )


def _moment(unix_s: int) -> datetime:
    return datetime.fromtimestamp(unix_s, UTC)
