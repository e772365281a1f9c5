"""Which rights a parcel needs at a locker, as the contract's own records; signing them is somebody else's work."""

from dataclasses import dataclass
from datetime import datetime

from cloud.domain.fit import is_heavy
from cloud.domain.ids import grant_id, group_id, parcel_ref
from cloud.domain.parcel import Parcel
from contract.grants import CollectGrant, DropOffGrant, PickUpGrant
from contract.ids import LabelDigest
from contract.sizes import SizeClass


@dataclass(frozen=True, slots=True)
class GrantIds:
    """The ids of the pair that belongs together; re-issuing keeps the group and takes a new pick-up id."""

    group: str
    drop_off: str
    pick_up: str


def unix(at: datetime) -> int:
    """Return whole Unix seconds, the contract's way to write an expiry."""
    return int(at.timestamp())


def drop_off_grant(parcel: Parcel, ids: GrantIds, size: SizeClass, until: datetime) -> DropOffGrant:
    return DropOffGrant(
        id=grant_id(ids.drop_off),
        group=group_id(ids.group),
        parcel=parcel_ref(parcel.id),
        label=LabelDigest(bytes.fromhex(parcel.label_digest)),
        size=size,
        expires_at=unix(until),
        low_door=parcel.low_door,
        heavy=is_heavy(parcel.weight_g),
    )


def pick_up_grant(parcel: Parcel, ids: GrantIds, verifier: bytes, deadline: datetime) -> PickUpGrant:
    return PickUpGrant(
        id=grant_id(ids.pick_up),
        group=group_id(ids.group),
        parcel=parcel_ref(parcel.id),
        verifier=verifier,
        expires_at=unix(deadline),
    )


def collect_grant(parcel: Parcel, grant: str, group: str, until: datetime, reason: str) -> CollectGrant:
    return CollectGrant(
        id=grant_id(grant),
        group=group_id(group),
        parcel=parcel_ref(parcel.id),
        expires_at=unix(until),
        reason=reason,
    )
