"""The recipient's QR: one signed document that opens one pick-up; only ever put into the recipient's own message."""

from cloud.domain.access import unix
from cloud.domain.errors import ConflictError
from cloud.domain.ids import group_id, message_id, parcel_ref
from cloud.services.ports import Act, Keys, UnitOfWork
from cloud.services.withdrawal import live_pick_up
from contract.codec import encode, to_qr
from contract.grants import Capability
from contract.ids import LockerId


def capability_qr(uow: UnitOfWork, act: Act, keys: Keys, parcel_id: str) -> str:
    """Return the text of the QR code for a parcel's live pick-up."""
    grant = live_pick_up(uow, parcel_id)
    if grant is None:
        raise ConflictError("there is nothing to pick up")
    capability = Capability(
        aud=LockerId(grant.locker_id),
        id=message_id(act.ids.new()),
        issued_at=unix(act.now),
        expires_at=unix(grant.expires_at),
        group=group_id(grant.group_id),
        parcel=parcel_ref(parcel_id),
    )
    return to_qr(keys.signer.sign(encode(capability)))
