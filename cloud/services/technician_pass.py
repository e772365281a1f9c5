"""The QR a technician shows at a locker: it signs in there, and opens nothing by itself."""

from datetime import timedelta

from cloud.domain.access import unix
from cloud.domain.actors import Role, require
from cloud.domain.ids import message_id
from cloud.domain.locker import Locker, require_machine
from cloud.services import audit
from cloud.services.operator_keys import person_bytes
from cloud.services.ports import Act, Keys, UnitOfWork
from contract.codec import encode, to_qr
from contract.grants import Presence
from contract.ids import LockerId

PASS_LIFE = timedelta(hours=1)  # from the van to the last door; the page makes it anew, a photograph of it does not


def technician_pass(uow: UnitOfWork, act: Act, keys: Keys, locker_id: str) -> str:
    """Return the text of the QR code, for whoever works at the machines."""
    require(act.actor, Role.OPERATOR, Role.INSTALLER)
    require_machine(uow.need(Locker, locker_id))
    shown = Presence(
        aud=LockerId(locker_id),
        id=message_id(act.ids.new()),
        issued_at=unix(act.now),
        expires_at=unix(act.now + PASS_LIFE),
        person=person_bytes(act.actor.name),
    )
    audit.note(uow, act, "technician_pass", locker_id, detail=shown.id.hex())
    return to_qr(keys.signer.sign(encode(shown)))
