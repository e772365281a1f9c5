"""An operator opens a door from afar, says why, and sees what really became of it.

The same limits stand on the device, where they hold against a hostile cloud; here they give an answer at once.
"""

from dataclasses import dataclass
from datetime import timedelta

from cloud.domain.access import unix
from cloud.domain.actors import Role, require
from cloud.domain.errors import InvalidError, LimitReachedError, LockerUnavailableError
from cloud.domain.ids import message_id
from cloud.domain.locker import Compartment, Locker, LockerStatus, require_machine
from cloud.services import audit, boots
from cloud.services.ports import Act, From, Keys, UnitOfWork, UpTo
from cloud.services.records import CommandState
from cloud.services.records_ops import CommandSent
from cloud.services.sending import send_command
from contract.commands import (
    REMOTE_OPEN_GAP_S,
    REMOTE_OPEN_LIFE_S,
    REMOTE_OPENS_PER_HOUR_MAX,
    RemoteOpen,
)
from contract.ids import BootId, CompartmentLabel, LockerId

KIND = "remote_open"
REASON_MIN, REASON_MAX = 5, 500  # long enough to be a reason, short enough to be read
RESULT_GRACE = timedelta(seconds=10)  # an open in its last second and its report; a later report still counts
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class OpenWish:
    locker_id: str
    compartment: str
    reason: str


def remote_open(uow: UnitOfWork, act: Act, keys: Keys, wish: OpenWish) -> CommandSent:
    """Queue a signed open that lives 60 s and works in the locker's present boot only."""
    require(act.actor, Role.OPERATOR)
    reason = wish.reason.strip()
    if not REASON_MIN <= len(reason) <= REASON_MAX:
        raise InvalidError("reason", f"write {REASON_MIN} to {REASON_MAX} characters")
    locker = uow.need(Locker, wish.locker_id)
    require_machine(locker)
    uow.need(Compartment, wish.locker_id, wish.compartment)
    nonce = _nonce(locker)
    _check_limits(uow, act, locker.id)
    counter = locker.command_counter + 1
    uow.change(Locker, {"id": locker.id}, command_counter=counter)
    command = RemoteOpen(
        aud=LockerId(locker.id),
        id=message_id(act.ids.new()),
        issued_at=unix(act.now),
        expires_at=unix(act.now) + REMOTE_OPEN_LIFE_S,
        counter=counter,
        boot_nonce=nonce,
        compartment=CompartmentLabel(wish.compartment),
        until_uptime_ms=boots.until_uptime_ms(uow, act, locker, timedelta(seconds=REMOTE_OPEN_LIFE_S)),
    )
    audit.note(uow, act, KIND, f"{locker.id}/{wish.compartment}", reason=reason, detail=command.id.hex())
    return send_command(uow, act, keys, command, reason)


def expire_commands(uow: UnitOfWork, act: Act) -> int:
    """Say of commands whose time is over and of which nothing was heard that they expired."""
    overdue = UpTo(act.now - RESULT_GRACE)
    waiting = (CommandState.QUEUED, CommandState.SENT, CommandState.ACCEPTED)
    return uow.change(
        CommandSent, {"state": waiting, "expires_at": overdue}, state=CommandState.EXPIRED, ended_at=act.now
    )


def _nonce(locker: Locker) -> BootId:
    if locker.status not in (LockerStatus.ACTIVE, LockerStatus.QUARANTINED, LockerStatus.ENROLLING):
        raise LockerUnavailableError(f"locker {locker.id} is {locker.status}")
    if locker.boot_nonce is None or not locker.online:
        raise LockerUnavailableError(f"locker {locker.id} is not online; a remote open would come too late")
    return BootId(bytes.fromhex(locker.boot_nonce))


def _check_limits(uow: UnitOfWork, act: Act, locker_id: str) -> None:
    hour = uow.find(CommandSent, order="-issued_at", locker_id=locker_id, kind=KIND, issued_at=From(act.now - _HOUR))
    if len(hour) >= REMOTE_OPENS_PER_HOUR_MAX:
        wait = hour[REMOTE_OPENS_PER_HOUR_MAX - 1].issued_at + _HOUR - act.now
        raise LimitReachedError(f"{REMOTE_OPENS_PER_HOUR_MAX} remote opens an hour at one locker", wait)
    gap = timedelta(seconds=REMOTE_OPEN_GAP_S)
    if hour and act.now - hour[0].issued_at < gap:
        raise LimitReachedError("one door at a time", hour[0].issued_at + gap - act.now)
