"""Collections: the right to take a parcel out again, issued when its time is over or it was called back."""

from datetime import datetime

from cloud.domain.access import collect_grant
from cloud.domain.errors import ConflictError
from cloud.domain.parcel import Parcel
from cloud.services.ports import Act, From, Keys, UnitOfWork
from cloud.services.records import GrantState, IssuedGrant
from cloud.services.sending import send_grants
from contract.codec import encode


def issue_collection(uow: UnitOfWork, act: Act, keys: Keys, parcel: Parcel, reason: str) -> IssuedGrant:
    """Issue a collection grant in a group of its own: the recipient is honoured until the box is empty."""
    if parcel.locker_id is None:
        raise ConflictError(f"parcel {parcel.id} is in no locker")
    grant = collect_grant(parcel, act.ids.new(), act.ids.new(), act.now + act.rules.collect_life, reason)
    issued = IssuedGrant(
        id=grant.id.hex(),
        group_id=grant.group.hex(),
        kind="collect",
        locker_id=parcel.locker_id,
        parcel_id=parcel.id,
        courier_id=None,
        body=encode(grant),
        issued_at=act.now,
        expires_at=datetime.fromtimestamp(grant.expires_at, act.now.tzinfo),
        state=GrantState.ISSUED,
        ended_at=None,
    )
    uow.add(issued)
    send_grants(uow, act, keys, parcel.locker_id, (grant,))
    return issued


def has_collection(uow: UnitOfWork, act: Act, parcel_id: str) -> bool:
    """Whether a collection grant is live now."""
    return bool(
        uow.count(IssuedGrant, parcel_id=parcel_id, kind="collect", state=GrantState.ISSUED, expires_at=From(act.now))
    )
