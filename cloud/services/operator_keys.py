"""Operators' own signing keys: registered by their owner, confirmed by somebody else, signed for by the offline root.

Nothing here makes a key count at a locker. The cloud lists the confirmed ones, a person carries the list to the offline
root and compares fingerprints, and the signed list comes back to be handed to the lockers.
"""

import hashlib
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cloud.domain.access import unix
from cloud.domain.actors import Role, require
from cloud.domain.errors import ConflictError, ForbiddenError, InvalidError
from cloud.domain.ids import message_id
from cloud.domain.locker import Locker, LockerStatus, is_counter
from cloud.services import audit
from cloud.services.ports import NOT_NULL, Act, From, Keys, UnitOfWork
from cloud.services.records import UNDER_WAY
from cloud.services.records_bulk import OperatorKeyRecord, OperatorListRecord
from cloud.services.records_ops import Account, OutboxMessage
from cloud.services.sending import LASTING, send_command
from contract.bulk import (
    OPERATORS_MAX,
    PERSON_BYTES,
    BulkError,
    PinOperators,
    operator_key_id,
    read_list,
    read_statement,
)
from contract.ids import LockerId
from provisioning.operators.lists import RegisteredKey, RegisteredKeys

KEYS_PER_ACCOUNT_MAX = 3  # a desk, a laptop and the one that is being replaced
KIND = "pin_operators"
_LIVE = (LockerStatus.ACTIVE, LockerStatus.QUARANTINED, LockerStatus.ENROLLING)


def register_key(uow: UnitOfWork, act: Act, public_key: bytes) -> OperatorKeyRecord:
    """Take the public half of a key that the asker's browser has just made."""
    account = person_of(uow, act)
    try:
        Ed25519PublicKey.from_public_bytes(public_key)
    except ValueError as error:
        raise InvalidError("public_key_b64", "is no Ed25519 public key") from error
    if uow.count(OperatorKeyRecord, account_id=account.id, revoked_at=None) >= KEYS_PER_ACCOUNT_MAX:
        raise ConflictError(f"you have {KEYS_PER_ACCOUNT_MAX} keys already; revoke one you no longer use")
    key = OperatorKeyRecord(
        id=operator_key_id(public_key),
        account_id=account.id,
        public_key=public_key,
        registered_at=act.now,
        confirmed_by=None,
        confirmed_at=None,
        revoked_by=None,
        revoked_at=None,
    )
    uow.add(key)
    audit.note(uow, act, "register_operator_key", key.id)
    return key


def confirm_key(uow: UnitOfWork, act: Act, key_id: str) -> OperatorKeyRecord:
    """Confirm somebody else's key, once both have compared its fingerprint."""
    account = person_of(uow, act)
    key = uow.need(OperatorKeyRecord, key_id)
    if key.account_id == account.id:
        raise ForbiddenError("somebody else confirms your key: tell them its fingerprint")
    if key.revoked_at is not None or key.confirmed_at is not None:
        raise ConflictError("this key is confirmed already, or revoked")
    if uow.count(OperatorKeyRecord, confirmed_at=NOT_NULL, revoked_at=None) >= OPERATORS_MAX:
        raise ConflictError(f"{OPERATORS_MAX} keys may open in bulk; revoke one that is not used")
    uow.change(OperatorKeyRecord, {"id": key_id}, confirmed_by=account.id, confirmed_at=act.now)
    audit.note(uow, act, "confirm_operator_key", key_id, detail=f"account:{key.account_id}")
    return uow.need(OperatorKeyRecord, key_id)


def revoke_key(uow: UnitOfWork, act: Act, key_id: str) -> OperatorKeyRecord:
    """Believe a key no longer, here and at once; at lockers that takes a new list, or the end of the present one."""
    account = person_of(uow, act)
    key = uow.need(OperatorKeyRecord, key_id)
    if key.revoked_at is None:
        _revoke(uow, act, key, account.id)
    return uow.need(OperatorKeyRecord, key_id)


def revoke_keys_of(uow: UnitOfWork, act: Act, account_id: str) -> None:
    """Believe no key any longer of somebody who may sign in no more."""
    require(act.actor, Role.OPERATOR)
    for key in uow.find(OperatorKeyRecord, account_id=account_id, revoked_at=None):
        _revoke(uow, act, key, act.actor.name)


def _revoke(uow: UnitOfWork, act: Act, key: OperatorKeyRecord, by: str) -> None:
    uow.change(OperatorKeyRecord, {"id": key.id}, revoked_by=by, revoked_at=act.now)
    audit.note(uow, act, "revoke_operator_key", key.id, detail=f"account:{key.account_id}")


def registered(uow: UnitOfWork) -> RegisteredKeys:
    """Return the confirmed keys as the file that is carried to the offline root."""
    keys = uow.find(OperatorKeyRecord, order="registered_at id", confirmed_at=NOT_NULL, revoked_at=None)
    return RegisteredKeys(
        tuple(
            RegisteredKey(
                person=person_bytes(key.account_id).hex(),
                name=uow.need(Account, key.account_id).name,
                public_key=key.public_key,
            )
            for key in keys
        )
    )


def bring_list(uow: UnitOfWork, act: Act, keys: Keys, raw: bytes, root_of_trust: bytes) -> OperatorListRecord:
    """Take a list that the offline root has signed, and send it to every locker."""
    person_of(uow, act)
    try:
        listed = read_list(read_statement(raw), root_of_trust)
    except BulkError as error:
        raise InvalidError("statement_b64", str(error)) from error
    newest = newest_list(uow)
    if newest is not None and listed.number <= newest.number:
        raise ConflictError("a list at least as new is in force already")
    if listed.expires_at <= unix(act.now):
        raise InvalidError("statement_b64", "this list has run out; have the root sign a new one")
    brought = OperatorListRecord(
        number=listed.number,
        statement=raw,
        expires_at=datetime.fromtimestamp(listed.expires_at, act.now.tzinfo),
        brought_by=act.actor.name,
        brought_at=act.now,
    )
    uow.add(brought)
    audit.note(uow, act, "bring_operator_list", str(listed.number), detail=f"{len(listed.keys)} keys")
    pin_missing(uow, act, keys)
    return brought


def pin_missing(uow: UnitOfWork, act: Act, keys: Keys) -> int:
    """Send the newest list to every locker that has an older one and is not owed this one, and return how many.

    An older list that is still under way makes up for nothing: it may name a key that the newest has left out.
    """
    newest = newest_list(uow)
    if newest is None or newest.expires_at <= act.now:
        return 0
    lockers = [one for one in uow.find(Locker, status=_LIVE) if one.operators_number < newest.number]
    of_newest = From(newest.brought_at)
    owed = {one.locker_id for one in uow.find(OutboxMessage, kind=KIND, state=UNDER_WAY, created_at=of_newest)}
    missing = [one for one in lockers if one.id not in owed and not is_counter(one)]
    for locker in missing:
        command = PinOperators(
            aud=LockerId(locker.id),
            id=message_id(act.ids.new()),
            issued_at=unix(act.now),
            expires_at=unix(min(act.now + LASTING, newest.expires_at)),
            statement=read_statement(newest.statement),
        )
        send_command(uow, act, keys, command, "")
    return len(missing)


def newest_list(uow: UnitOfWork) -> OperatorListRecord | None:
    return uow.first(OperatorListRecord, order="-number")


def person_of(uow: UnitOfWork, act: Act) -> Account:
    """Return the operator who asks: a person with an account, no machine's key and no job."""
    require(act.actor, Role.OPERATOR)
    account = uow.get(Account, act.actor.name)
    if account is None:
        raise ForbiddenError("this is for a person who is signed in, not for an API key")
    return account


def person_bytes(account_id: str) -> bytes:
    """Return an operator's number on the wire, by which two keys of one person are known for one person's."""
    return hashlib.sha256(b"latchmile/operator/v1|" + account_id.encode()).digest()[:PERSON_BYTES]
