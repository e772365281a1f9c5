"""After a lost card: a locker that has lost its memory is told again what holds there, once for each loss.

All rights as they stand go again: drop-offs, dormant and living pick-ups with their verifiers, collections; tombstones
of what was revoked, and of what was spent as far as it is about parcels that have a right there; the configuration.

None of it opens a door by itself. What a locker did after its last word to us is gone with its card, so nobody can know
what lies in a compartment now: it takes part again when staff have looked into it and said what they saw
(``set_service``), and from then on the code the recipient always had opens it.
"""

from typing import Any

import msgspec

from cloud.domain.access import unix
from cloud.domain.custody import Custodian, CustodianKind
from cloud.domain.parcel import Parcel
from cloud.services.attention import case
from cloud.services.desire_configuration import send_current
from cloud.services.many import by_id
from cloud.services.ports import Act, From, Signing, UnitOfWork
from cloud.services.records import UNDER_WAY, GrantState, IssuedGrant, MessageState
from cloud.services.records_ops import OutboxMessage, SupportCase
from cloud.services.sending import AGAIN, LASTING, send_grants_again, send_tombstone
from contract.grants import Grant, PickUpGrant

LOOK_INSIDE = "locker_forgot"
TOMBSTONES_MAX = 400  # the largest locker, each compartment once; older than a bundle lives, none is needed
LABELS_SHOWN = 20  # in the sentence for staff; the console lists them all
WHY = "sent again: the locker has lost its memory"
DEAD = (GrantState.SPENT, GrantState.SUPERSEDED, GrantState.REVOKED, GrantState.EXPIRED)
_GRANTS: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(Grant)


def send_again(uow: UnitOfWork, act: Act, keys: Signing, locker_id: str) -> int:
    """Queue everything that holds at a locker and have staff look inside; returns how many rights hold there."""
    uow.change(OutboxMessage, {"locker_id": locker_id, "kind": AGAIN, "state": UNDER_WAY}, state=MessageState.DEAD)
    live = uow.find(IssuedGrant, order="issued_at id", locker_id=locker_id, state=GrantState.ISSUED)
    parcels = by_id(uow, Parcel, {one.parcel_id for one in live})
    grants = [_as_it_stands(one, parcels.get(one.parcel_id)) for one in live if _holds(act, one)]
    send_grants_again(uow, act, keys, locker_id, grants)
    for group in _tombstones(uow, act, locker_id, {one.group_id for one in live}, set(parcels)):
        send_tombstone(uow, act, keys, (group, locker_id), WHY)
    send_current(uow, act, keys, locker_id)
    _ask_staff(uow, act, locker_id)
    return len(grants)


def _holds(act: Act, one: IssuedGrant) -> bool:
    """Say whether a right is of use: a pick-up is honoured until its parcel has been fetched, however late."""
    return one.kind == "pick_up" or one.expires_at > act.now


def _as_it_stands(one: IssuedGrant, parcel: Parcel | None) -> Grant:
    """Return a grant with the deadline in force, which may have been moved since it was issued."""
    grant: Grant = _GRANTS.decode(one.body)
    if not isinstance(grant, PickUpGrant) or parcel is None or parcel.deadline is None:
        return grant
    return msgspec.structs.replace(grant, expires_at=max(grant.expires_at, unix(parcel.deadline)))


def _tombstones(uow: UnitOfWork, act: Act, locker_id: str, live: set[str], parcels: set[str]) -> list[str]:
    """Return the groups that must not open again: revoked ones of which a copy may be under way, a parcel's old ones.

    A capability for a group that was spent long ago finds nothing inside that answers to it, unless its parcel is
    there once more.
    """
    lately = From(act.now - LASTING)
    revoked = uow.find(
        IssuedGrant,
        order="-ended_at id",
        limit=TOMBSTONES_MAX,
        locker_id=locker_id,
        state=GrantState.REVOKED,
        ended_at=lately,
    )
    inside = {parcel.id for parcel in _believed_inside(uow, locker_id)}
    about = tuple(sorted(parcels | inside))
    old = uow.find(IssuedGrant, order="id", locker_id=locker_id, parcel_id=about, state=DEAD) if about else []
    return [group for group in dict.fromkeys(one.group_id for one in [*revoked, *old]) if group not in live]


def _believed_inside(uow: UnitOfWork, locker_id: str) -> list[Parcel]:
    here = str(Custodian(CustodianKind.LOCKER, locker_id))
    return uow.find(Parcel, order="compartment id", locker_id=locker_id, custodian=here)


def _ask_staff(uow: UnitOfWork, act: Act, locker_id: str) -> None:
    """Open one case for the locker, with what its last journal had inside; a standing one says it already."""
    if uow.count(SupportCase, locker_id=locker_id, kind=LOOK_INSIDE, closed_at=None):
        return
    labels = [parcel.compartment for parcel in _believed_inside(uow, locker_id) if parcel.compartment]
    shown = ", ".join(labels[:LABELS_SHOWN]) + (", ..." if len(labels) > LABELS_SHOWN else "")
    expected = f"{len(labels)} parcels are expected in it ({shown})" if labels else "no parcel is expected in it"
    detail = f"it has lost its memory; {expected}: look into every compartment and say what lies there"
    uow.add(case(act, LOOK_INSIDE, None, (locker_id, None), detail))
