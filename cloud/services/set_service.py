"""Taking a compartment out of service and back in; what is inside can still be picked up."""

from dataclasses import dataclass

from cloud.domain.access import unix
from cloud.domain.actors import Role, require
from cloud.domain.errors import InvalidError
from cloud.domain.ids import message_id
from cloud.domain.locker import Compartment, CompartmentStatus, Locker, require_machine
from cloud.services import audit
from cloud.services.ports import Act, Keys, UnitOfWork
from cloud.services.records_ops import CommandSent
from cloud.services.sending import LASTING, send_command
from contract.commands import SetService
from contract.ids import CompartmentLabel, LockerId


@dataclass(frozen=True, slots=True)
class ServiceWish:
    locker_id: str
    compartment: str
    in_service: bool
    reason: str


def set_service(uow: UnitOfWork, act: Act, keys: Keys, wish: ServiceWish) -> CommandSent:
    """Ask the locker; out of service counts here at once, back in service only when the locker says so."""
    require(act.actor, Role.OPERATOR, Role.SUPPORT)
    require_machine(uow.need(Locker, wish.locker_id))
    uow.need(Compartment, wish.locker_id, wish.compartment)
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
    command = SetService(
        aud=LockerId(wish.locker_id),
        id=message_id(act.ids.new()),
        issued_at=unix(act.now),
        expires_at=unix(act.now + LASTING),
        compartment=CompartmentLabel(wish.compartment),
        in_service=wish.in_service,
        reason=wish.reason,
    )
    audit.note(uow, act, "set_service", f"{wish.locker_id}/{wish.compartment}", reason=wish.reason)
    return send_command(uow, act, keys, command, wish.reason)
