"""Handing a parcel over at a counter: the recipient's code or QR code is checked here, then staff say that it is done.

1. ``parse_code`` finds slips, ``salt_of`` and ``stretch`` run outside the writer: one Argon2id takes 50 ms on purpose.
2. ``check_code`` compares with every live verifier of this counter; a miss is counted in the transaction that answers.
3. ``hand_over`` burns the code and records the pick-up, on the word of a proof that lives ten minutes.
"""

import base64
import binascii
import hmac
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from hashlib import sha256

import msgspec

from cloud.domain.access import unix
from cloud.domain.errors import ConflictError, InvalidError
from cloud.domain.ids import group_id, parcel_ref
from cloud.domain.lockout import (
    FREE_MISSES,
    MISSES_PER_DAY_MAX,
    Lockout,
    after_hit,
    after_miss,
    free_tries,
    paused_for,
)
from cloud.domain.parcel import IN_LOCKER, Parcel
from cloud.services import audit
from cloud.services.counter_journal import journal
from cloud.services.counter_staff import check_works_there
from cloud.services.device_keys import newest_key, secrets_of
from cloud.services.ports import Act, Keys, SecretBox, UnitOfWork
from cloud.services.presented import presented
from cloud.services.records import GrantState, IssuedGrant
from contract.codes import StretchedCode, find_match
from contract.events import AlarmRaised, CodeBurnt, CodeRefused, ParcelPickedUp
from contract.grants import Capability, PickUpGrant
from contract.ids import CompartmentLabel

PROOF_LIFE = timedelta(minutes=10)  # from the shelf and back with a parcel, and an identity card looked at
PROOF_CHARACTERS_MAX = 400  # ours have about 170
_PURPOSE = "counter-proof/v1"
_GRANTS = msgspec.msgpack.Decoder(PickUpGrant)


class Outcome(StrEnum):
    """What became of a code that was typed or scanned."""

    FOUND = "found"
    WRONG = "wrong"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Answer:
    """``proof`` is what ``hand_over`` asks for. ``free_tries`` are left before codes rest; they do for ``pause``."""

    outcome: Outcome
    parcel: Parcel | None = None
    proof: str = ""
    free_tries: int = 0
    pause: timedelta = timedelta(0)


class Proof(msgspec.Struct, frozen=True, array_like=True):
    """That somebody showed the right to take this parcel, at this counter, until then (Unix seconds)."""

    counter: str
    parcel: str
    group: str
    method: str
    expires_at: int


_PROOFS = msgspec.msgpack.Decoder(Proof)


def salt_of(uow: UnitOfWork, act: Act, keys: Keys, counter_id: str) -> bytes | None:
    """Return what to stretch a typed code with; None while codes rest, so that guessing costs us nothing either."""
    check_works_there(uow, act, counter_id)
    if paused_for(_lockout(uow, counter_id), act.now):
        return None
    return secrets_of(keys, newest_key(uow, counter_id)).salt


def check_code(uow: UnitOfWork, act: Act, keys: Keys, counter_id: str, stretched: StretchedCode | None) -> Answer:
    """Look for the parcel that a stretched code opens; the miss is counted before anybody hears of it.

    None instead of a code is somebody who has to wait.
    """
    check_works_there(uow, act, counter_id)
    lockout = _lockout(uow, counter_id)
    pause = paused_for(lockout, act.now)
    if pause or stretched is None:
        return Answer(Outcome.PAUSED, pause=pause)
    here = _waiting(uow, counter_id)
    live = {group: (parcel_ref(parcel.id), grant.verifier) for group, (parcel, grant) in here.items()}
    match = next(iter(find_match(stretched, live, secrets_of(keys, newest_key(uow, counter_id)).key)), None)
    if match is None:
        return _missed(uow, act, after_miss(lockout, act.now))
    if lockout.misses:
        _remember(uow, after_hit(lockout))
    return _found(act, keys, (counter_id, match, "code"), here[match][0])


def check_capability(uow: UnitOfWork, act: Act, keys: Keys, counter_id: str, text: str) -> Answer:
    """Look for the parcel a scanned QR code is about; one of ours is no guess, so it is never made to wait."""
    check_works_there(uow, act, counter_id)
    record = presented(act, keys, counter_id, text)
    if not isinstance(record, Capability):
        raise InvalidError("code", "this is not a recipient's QR code")
    group = record.group.hex()
    found = _waiting(uow, counter_id).get(group)
    if found is None:
        raise ConflictError("this parcel is not here: it was handed over, or has gone back")
    return _found(act, keys, (counter_id, group, "capability"), found[0])


def hand_over(uow: UnitOfWork, act: Act, keys: Keys, counter_id: str, proof: str) -> Parcel:
    """Record that the recipient has the parcel; the code is burnt with it."""
    check_works_there(uow, act, counter_id)
    said = _read(keys.box, proof)
    if said is None or said.counter != counter_id or act.now.timestamp() >= said.expires_at:
        raise ConflictError("this took too long; type or scan the code again")
    found = _waiting(uow, counter_id).get(said.group)
    if found is None or found[0].id != said.parcel:
        raise ConflictError("this parcel is not here: it was handed over, or has gone back")
    parcel = found[0]
    group, label = group_id(said.group), CompartmentLabel(parcel.compartment or "")
    taken = ParcelPickedUp(parcel_ref(parcel.id), label, group, said.method)
    journal(uow, act, counter_id, CodeBurnt(group, label), taken)
    audit.note(uow, act, "hand_over", f"parcel:{parcel.id}", detail=f"{counter_id}/{label} by {said.method}")
    return uow.need(Parcel, parcel.id)


def _waiting(uow: UnitOfWork, counter_id: str) -> dict[str, tuple[Parcel, PickUpGrant]]:
    """Return what may be handed over here now, by group: it lies here and has a live right to be picked up."""
    here = uow.find(Parcel, order="id", locker_id=counter_id, state=tuple(IN_LOCKER))
    parcels = {one.id: one for one in here if one.compartment}
    grants = uow.find(IssuedGrant, locker_id=counter_id, kind="pick_up", state=GrantState.ISSUED) if parcels else []
    return {
        one.group_id: (parcels[one.parcel_id], _GRANTS.decode(one.body)) for one in grants if one.parcel_id in parcels
    }


def _missed(uow: UnitOfWork, act: Act, lockout: Lockout) -> Answer:
    _remember(uow, lockout)
    pause = paused_for(lockout, act.now)
    happened: list[CodeRefused | AlarmRaised] = [CodeRefused(lockout.misses, int(pause.total_seconds()))]
    if lockout.misses == FREE_MISSES + 1 or lockout.day_misses == MISSES_PER_DAY_MAX:
        happened.append(AlarmRaised("guessing", f"{lockout.day_misses} misses today"))
    journal(uow, act, lockout.locker_id, *happened)
    return Answer(Outcome.WRONG, free_tries=free_tries(lockout), pause=pause)


def _found(act: Act, keys: Keys, what: tuple[str, str, str], parcel: Parcel) -> Answer:
    counter_id, group, method = what
    proof = Proof(counter_id, parcel.id, group, method, unix(act.now + PROOF_LIFE))
    return Answer(Outcome.FOUND, parcel, _written(keys.box, proof), FREE_MISSES)


def _lockout(uow: UnitOfWork, counter_id: str) -> Lockout:
    return uow.get(Lockout, counter_id) or Lockout(locker_id=counter_id)


def _remember(uow: UnitOfWork, lockout: Lockout) -> None:
    uow.remove(Lockout, locker_id=lockout.locker_id)
    uow.add(lockout)


def _written(box: SecretBox, proof: Proof) -> str:
    body = msgspec.msgpack.encode(proof)
    return base64.urlsafe_b64encode(_mac(box, body) + body).decode()


def _read(box: SecretBox, text: str) -> Proof | None:
    """Return a proof of ours; None for anything else."""
    if len(text) > PROOF_CHARACTERS_MAX:
        return None
    try:
        raw = base64.urlsafe_b64decode(text.encode())
        mac, body = raw[: sha256().digest_size], raw[sha256().digest_size :]
        return _PROOFS.decode(body) if hmac.compare_digest(mac, _mac(box, body)) else None
    except (binascii.Error, UnicodeError, ValueError, msgspec.DecodeError):
        return None


def _mac(box: SecretBox, body: bytes) -> bytes:
    return hmac.digest(box.derive(_PURPOSE), body, "sha256")
