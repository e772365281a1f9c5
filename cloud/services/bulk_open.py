"""Opening many doors of one locker: one operator asks and signs, another reads and signs, then the locker decides.

The cloud checks what the locker will check, so that people hear of it at once; the limits that hold against a cloud
which has been taken over are the locker's own (``edge.locker_controller.bulk``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from cloud.domain.access import unix
from cloud.domain.errors import ConflictError, ForbiddenError, InvalidError, LockerUnavailableError
from cloud.domain.ids import message_id
from cloud.domain.locker import Compartment, Locker, require_machine
from cloud.services import audit, boots
from cloud.services.attention import alarm
from cloud.services.operator_keys import person_of
from cloud.services.ports import Act, From, Keys, UnitOfWork
from cloud.services.records_bulk import BulkOpening, OperatorKeyRecord
from cloud.services.records_ops import CommandSent
from cloud.services.sending import send_command
from contract.bulk import (
    BULK_DOORS_MAX,
    BULK_LIFE_S,
    BULK_REASON_CHARACTERS,
    MAINTENANCE_S,
    BulkOrder,
    OpenMany,
    OrderSignature,
    read_order,
    signed_by,
    write_order,
)
from contract.commands import REMOTE_OPEN_LIFE_S
from contract.ids import KeyId, LockerId, MessageId

KIND = "open_many"
ALARM = "bulk_opening"
LIFE = timedelta(seconds=BULK_LIFE_S)


@dataclass(frozen=True, slots=True)
class BulkWish:
    locker_id: str
    compartments: tuple[str, ...]
    reason: str


def ask_bulk(uow: UnitOfWork, act: Act, wish: BulkWish) -> BulkOpening:
    """Write the order that two operators are to sign; nothing is sent yet."""
    account = person_of(uow, act)
    reason, labels = wish.reason.strip(), tuple(dict.fromkeys(wish.compartments))
    low, high = BULK_REASON_CHARACTERS
    if not low <= len(reason) <= high:
        raise InvalidError("reason", f"write {low} to {high} characters")
    if not 0 < len(labels) <= BULK_DOORS_MAX:
        raise InvalidError("compartments", f"choose 1 to {BULK_DOORS_MAX} doors")
    locker = uow.need(Locker, wish.locker_id)
    require_machine(locker)
    for label in labels:
        uow.need(Compartment, locker.id, label)
    _check_site(locker, act.now)
    if (standing := open_request(uow, locker.id, act.now)) is not None:
        asked_at = f"{standing.asked_at:%H:%M} UTC"
        raise ConflictError(f"a request of {asked_at} still waits at this locker; sign it or withdraw it")
    order = _order(uow, act, locker, (labels, reason))
    asked = _request(act, account.id, order)
    uow.add(asked)
    audit.note(uow, act, "ask_bulk_opening", f"{locker.id}/{' '.join(labels)}", reason=reason, detail=asked.id)
    return asked


def sign_bulk(uow: UnitOfWork, act: Act, keys: Keys, opening_id: str, signature: OrderSignature) -> BulkOpening:
    """Take one operator's signature; the second one sends the order."""
    account = person_of(uow, act)
    opening = uow.need(BulkOpening, opening_id)
    _check_open(opening, act.now)
    key = _good_key(uow, signature.key_id, account.id)
    if key is None:
        raise ForbiddenError("this is no confirmed signing key of yours; see the page on signing keys")
    if not signed_by(key.public_key, opening.order, signature.signature):
        raise InvalidError("signature_b64", "does not fit this order and your key")
    order = read_order(opening.order)
    subject, reason = f"{opening.locker_id}/{' '.join(order.compartments)}", order.reason
    if opening.first_by is None:
        first = {"first_by": account.id, "first_key": key.id, "first_signature": signature.signature}
        uow.change(BulkOpening, {"id": opening.id}, first_at=act.now, **first)
        audit.note(uow, act, "sign_bulk_opening", subject, reason=reason, detail=f"{opening.id} by {key.id}")
        return uow.need(BulkOpening, opening.id)
    if opening.first_by == account.id:
        raise ForbiddenError("the second signature is another operator's")
    if _good_key(uow, opening.first_key or "", opening.first_by) is None:
        raise ConflictError("the first signature's key was revoked meanwhile; withdraw the request and ask again")
    _send(uow, act, keys, opening, signature)
    uow.change(BulkOpening, {"id": opening.id}, second_by=account.id, second_at=act.now)
    audit.note(uow, act, KIND, subject, reason=reason, detail=f"{opening.id} by {opening.first_key} and {key.id}")
    return uow.need(BulkOpening, opening.id)


def _good_key(uow: UnitOfWork, key_id: str, account_id: str) -> OperatorKeyRecord | None:
    """Return a key if it is this person's, confirmed and not revoked."""
    key = uow.get(OperatorKeyRecord, key_id)
    if key is None or key.account_id != account_id or key.confirmed_at is None or key.revoked_at is not None:
        return None
    return key


def withdraw_bulk(uow: UnitOfWork, act: Act, opening_id: str) -> BulkOpening:
    """Take a request back before its second signature; any operator may."""
    account = person_of(uow, act)
    opening = uow.need(BulkOpening, opening_id)
    _check_open(opening, act.now)
    uow.change(BulkOpening, {"id": opening.id}, withdrawn_by=account.id, withdrawn_at=act.now)
    audit.note(uow, act, "withdraw_bulk_opening", opening.locker_id, detail=opening.id)
    return uow.need(BulkOpening, opening.id)


def open_request(uow: UnitOfWork, locker_id: str, now: datetime) -> BulkOpening | None:
    """Return the request at this locker that still waits for a signature."""
    waiting: Mapping[str, object] = {"second_at": None, "withdrawn_at": None}
    return uow.first(
        BulkOpening, order="-asked_at", locker_id=locker_id, expires_at=From(now + timedelta(seconds=1)), **waiting
    )


def in_maintenance(locker: Locker, now: datetime) -> bool:
    return locker.online and locker.maintenance_until is not None and now < locker.maintenance_until


def _check_site(locker: Locker, now: datetime) -> None:
    if locker.boot_nonce is None or not locker.online:
        raise LockerUnavailableError(f"locker {locker.id} is not online")
    if not in_maintenance(locker, now):
        raise LockerUnavailableError(
            f"maintenance mode is off at {locker.id}; a technician switches it on at the machine"
        )


def _check_open(opening: BulkOpening, now: datetime) -> None:
    if opening.withdrawn_at is not None:
        raise ConflictError("this request was withdrawn")
    if opening.second_at is not None:
        raise ConflictError("this request has two signatures and was sent")
    if now >= opening.expires_at:
        raise ConflictError("this request is more than ten minutes old; ask again")


def _order(uow: UnitOfWork, act: Act, locker: Locker, about: tuple[tuple[str, ...], str]) -> BulkOrder:
    labels, reason = about
    until_uptime_ms = boots.until_uptime_ms(uow, act, locker, LIFE)
    if not until_uptime_ms:
        raise LockerUnavailableError(
            f"locker {locker.id} has not said yet how long it has been running; try again soon"
        )
    return BulkOrder(
        locker=LockerId(locker.id),
        order=message_id(act.ids.new()).hex(),
        boot=locker.boot_nonce or "",
        counter=unix(act.now),
        issued_at=unix(act.now),
        expires_at=unix(act.now + LIFE),
        until_uptime_ms=until_uptime_ms,
        compartments=labels,
        reason=reason,
    )


def _request(act: Act, account_id: str, order: BulkOrder) -> BulkOpening:
    return BulkOpening(
        id=order.order,
        locker_id=order.locker,
        order=write_order(order),
        asked_by=account_id,
        asked_at=act.now,
        expires_at=act.now + LIFE,
        first_by=None,
        first_key=None,
        first_signature=None,
        first_at=None,
        second_by=None,
        second_at=None,
        withdrawn_by=None,
        withdrawn_at=None,
    )


def _send(uow: UnitOfWork, act: Act, keys: Keys, opening: BulkOpening, second: OrderSignature) -> None:
    order = read_order(opening.order)
    locker = uow.need(Locker, opening.locker_id)
    _check_site(locker, act.now)
    if locker.boot_nonce != order.boot:
        raise LockerUnavailableError(f"locker {locker.id} has restarted meanwhile; ask again")
    first = OrderSignature(KeyId(opening.first_key or ""), opening.first_signature or b"")
    command = OpenMany(
        aud=LockerId(locker.id),
        id=MessageId(bytes.fromhex(opening.id)),
        issued_at=unix(act.now),
        expires_at=unix(act.now) + REMOTE_OPEN_LIFE_S,
        order=opening.order,
        signatures=(first, second),
    )
    sent = send_command(uow, act, keys, command, order.reason)
    # It is under way for as long as maintenance may last, and not for the minute in which it must arrive.
    uow.change(CommandSent, {"id": sent.id}, expires_at=act.now + timedelta(seconds=MAINTENANCE_S))
    detail = f"{len(order.compartments)} doors by order of two operators: {order.reason}"
    uow.add(alarm(act, (locker.id, None), (ALARM, "critical"), detail))
