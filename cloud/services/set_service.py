"""Taking a compartment out of service and back in; what is inside can still be picked up."""

from collections.abc import Sequence
from dataclasses import dataclass

from cloud.domain.access import unix
from cloud.domain.actors import Role, require
from cloud.domain.custody import Custodian, CustodianKind
from cloud.domain.errors import ConflictError, InvalidError
from cloud.domain.ids import message_id, parcel_ref
from cloud.domain.locker import Compartment, CompartmentStatus, Locker, require_machine
from cloud.domain.parcel import Parcel
from cloud.services import audit
from cloud.services.attention import case
from cloud.services.ports import Act, Keys, UnitOfWork
from cloud.services.records_ops import CommandSent
from cloud.services.sending import LASTING, send_command
from contract.commands import SetService
from contract.ids import CompartmentLabel, LabelDigest, LockerId


@dataclass(frozen=True, slots=True)
class ServiceWish:
    locker_id: str
    compartment: str
    in_service: bool
    reason: str
    parcel_id: str | None = None


def set_service(uow: UnitOfWork, act: Act, keys: Keys, wish: ServiceWish) -> CommandSent:
    """Ask the locker; out of service counts here at once, back in service only when the locker says so.

    At a locker that has lost its memory ``parcel_id`` is the parcel that staff have seen inside: one that this locker
    answers for, for a word of staff must not move a parcel from somebody else's hands into it.
    """
    require(act.actor, Role.OPERATOR, Role.SUPPORT)
    require_machine(uow.need(Locker, wish.locker_id))
    compartment = uow.need(Compartment, wish.locker_id, wish.compartment)
    if not wish.reason.strip():
        raise InvalidError("reason", "say why")
    if not wish.in_service:
        uow.change(
            Compartment,
            {"locker_id": wish.locker_id, "label": wish.compartment},
            status=CompartmentStatus.QUARANTINED,
            fault=wish.reason,
            updated_at=act.now,
        )
    seen = _seen(uow, wish)
    if wish.in_service:
        _miss(uow, act, compartment, seen)
    command = SetService(
        aud=LockerId(wish.locker_id),
        id=message_id(act.ids.new()),
        issued_at=unix(act.now),
        expires_at=unix(act.now + LASTING),
        compartment=CompartmentLabel(wish.compartment),
        in_service=wish.in_service,
        reason=wish.reason,
        parcel=parcel_ref(seen.id) if seen else None,
        label=LabelDigest(bytes.fromhex(seen.label_digest)) if seen else None,
    )
    what = f"parcel {seen.id} seen inside" if seen else ""
    audit.note(uow, act, "set_service", f"{wish.locker_id}/{wish.compartment}", reason=wish.reason, detail=what)
    return send_command(uow, act, keys, command, wish.reason)


def forgotten(uow: UnitOfWork, compartments: Sequence[Compartment], label: str) -> tuple[Parcel, ...]:
    """Return what a locker answers for and does not know of any more, what should lie behind door ``label`` first."""
    known = {one.parcel_id for one in compartments}
    held = _held(uow, compartments[0].locker_id) if compartments else []
    return tuple(sorted((one for one in held if one.id not in known), key=lambda one: one.compartment != label))


def _held(uow: UnitOfWork, locker_id: str) -> list[Parcel]:
    here = str(Custodian(CustodianKind.LOCKER, locker_id))
    return uow.find(Parcel, order="dropped_off_at id", locker_id=locker_id, custodian=here)


def _seen(uow: UnitOfWork, wish: ServiceWish) -> Parcel | None:
    if wish.parcel_id is None:
        return None
    if not wish.in_service:
        raise InvalidError("parcel_id", "what was seen inside counts for a compartment that goes back into service")
    parcel = uow.need(Parcel, wish.parcel_id)
    if parcel.custodian != str(Custodian(CustodianKind.LOCKER, wish.locker_id)):
        raise ConflictError(f"parcel {parcel.id} is with {parcel.custodian}, so this locker cannot answer for it")
    return parcel


def _miss(uow: UnitOfWork, act: Act, compartment: Compartment, seen: Parcel | None) -> None:
    """Open a case for what should lie there, is not in the locker's own picture, and was not seen by staff either."""
    for parcel in _held(uow, compartment.locker_id):
        if parcel.compartment == compartment.label and parcel.id not in {
            compartment.parcel_id,
            seen.id if seen else None,
        }:
            detail = "staff looked into it and saw another parcel" if seen else "staff looked into it and it was empty"
            uow.add(case(act, "parcel_missing", parcel.id, (compartment.locker_id, compartment.label), detail))
