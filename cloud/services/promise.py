"""The promise at the heart of it: capacity kept at one locker, rights issued, the parcel assigned; all or nothing.

Every way to a locker (failed attempt, opt-in, operator) ends here, so the rules are checked once and in one order.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from cloud.domain.access import GrantIds, drop_off_grant, pick_up_grant
from cloud.domain.assignment import Agreement, Obstacle, Scope, obstacles, wanted_size
from cloud.domain.capacity import Reservation, ReservationState, choose_size, left_by_size
from cloud.domain.custody import CustodianKind, parse_custodian
from cloud.domain.dwell import dwell_of
from cloud.domain.errors import AssignmentRefusedError, NoCapacityError
from cloud.domain.ids import parcel_ref
from cloud.domain.locker import Locker
from cloud.domain.parcel import Parcel, ParcelState, Wish, advance
from cloud.domain.places import distance_m
from cloud.services.device_keys import newest_key, secrets_of
from cloud.services.history import move
from cloud.services.ports import Act, Keys, UnitOfWork
from cloud.services.prepare_codes import take_code
from cloud.services.records import Assignment, Consent, GrantState, IssuedGrant, SealedCode
from cloud.services.sending import send_grants
from contract.codec import encode
from contract.codes import verifier
from contract.grants import DropOffGrant, PickUpGrant
from contract.ids import CourierRef
from contract.sizes import SizeClass


@dataclass(frozen=True, slots=True)
class Assigned:
    locker_id: str
    reservation_id: str
    group_id: str
    size: SizeClass
    until: datetime


def agreements(uow: UnitOfWork, act: Act, parcel: Parcel) -> tuple[Agreement, ...]:
    """Return what the recipient, or the carrier in their name, agreed to and did not withdraw."""
    found = uow.find(Consent, order="given_at", parcel_id=parcel.id, withdrawn_at=None)
    walk = act.rules.walk_m_max
    return tuple(
        Agreement(one.given_by, one.given_at, Scope(one.scope), one.locker_id, one.walk_m_max or walk) for one in found
    )


def why_not(parcel: Parcel, locker: Locker, agreed: tuple[Agreement, ...]) -> tuple[Obstacle, ...]:
    walk = distance_m(parcel.lon, parcel.lat, locker.lon, locker.lat)
    return obstacles(parcel, locker, agreed, walk)


def left_at(uow: UnitOfWork, lockers: tuple[str, ...]) -> dict[str, dict[SizeClass, int]]:
    """Return what may still be promised at each locker, by size class."""
    free = uow.reads.free_by_size(lockers)
    reserved = uow.reads.reserved_by_size(lockers)
    return {
        one: left_by_size(
            free.get(one, {}), [size for size, count in reserved.get(one, {}).items() for _ in range(count)]
        )
        for one in lockers
    }


def promise(uow: UnitOfWork, act: Act, keys: Keys, parcel: Parcel, locker: Locker) -> Assigned:
    """Promise ``parcel`` a compartment at ``locker``.

    Raises ``AssignmentRefusedError`` with every obstacle, ``NoCapacityError``, or ``TransitionRefusedError``.
    """
    after = advance(parcel.state, Wish.ASSIGN)
    against = why_not(parcel, locker, agreements(uow, act, parcel))
    if against:
        raise AssignmentRefusedError(against)
    wanted = wanted_size(parcel) or SizeClass.XL
    size = choose_size(wanted, left_at(uow, (locker.id,))[locker.id])
    if size is None:
        raise NoCapacityError(locker.id, wanted)
    reservation = _reserve(uow, act, parcel, locker.id, size)
    group = _issue(uow, act, keys, parcel, reservation)
    _note(uow, act, parcel, reservation, after)
    return Assigned(locker.id, reservation.id, group, size, reservation.expires_at)


def _reserve(uow: UnitOfWork, act: Act, parcel: Parcel, locker_id: str, size: SizeClass) -> Reservation:
    begins = max(act.now, parcel.window_to or act.now)
    reservation = Reservation(
        id=act.ids.new(),
        locker_id=locker_id,
        parcel_id=parcel.id,
        size=size,
        state=ReservationState.ACTIVE,
        created_at=act.now,
        expires_at=begins + act.rules.reservation_life,
        ended_at=None,
    )
    uow.add(reservation)
    return reservation


def _issue(uow: UnitOfWork, act: Act, keys: Keys, parcel: Parcel, reservation: Reservation) -> str:
    """Issue the pair of grants and keep the code sealed; return their group."""
    ids = GrantIds(act.ids.new(), act.ids.new(), act.ids.new())
    secrets = secrets_of(keys, newest_key(uow, reservation.locker_id))
    fresh = take_code(uow, act, keys, reservation.locker_id, secrets)
    proof = verifier(fresh.stretched, parcel_ref(parcel.id), secrets.key)
    drop_off = drop_off_grant(parcel, ids, reservation.size, reservation.expires_at)
    drop_off = msgspec.structs.replace(drop_off, courier=_courier_of(parcel))
    pick_up = pick_up_grant(parcel, ids, proof, reservation.expires_at + dwell(act, parcel))
    uow.add(
        issued(act, drop_off, parcel.id, reservation.locker_id),
        issued(act, pick_up, parcel.id, reservation.locker_id),
        SealedCode(
            group_id=ids.group,
            parcel_id=parcel.id,
            locker_id=reservation.locker_id,
            code_sealed=keys.box.seal(fresh.code.encode(), about_code(ids.group)),
            created_at=act.now,
        ),
    )
    send_grants(uow, act, keys, reservation.locker_id, (drop_off, pick_up))
    return ids.group


def _courier_of(parcel: Parcel) -> CourierRef | None:
    """Return the courier who has the parcel; while none has, the grant is for whoever will."""
    custodian = parse_custodian(parcel.custodian)
    return CourierRef(bytes.fromhex(custodian.name)) if custodian.kind is CustodianKind.COURIER else None


def dwell(act: Act, parcel: Parcel) -> timedelta:
    """Return how long the parcel may stay in its compartment."""
    policy = act.rules.dwell.policy_for(parcel.carrier, wanted_size(parcel))
    return dwell_of(policy, parcel.dwell_h_max)


def issued(act: Act, grant: DropOffGrant | PickUpGrant, parcel_id: str, locker_id: str) -> IssuedGrant:
    """Return the record of a grant just made."""
    return IssuedGrant(
        id=grant.id.hex(),
        group_id=grant.group.hex(),
        kind="drop_off" if isinstance(grant, DropOffGrant) else "pick_up",
        locker_id=locker_id,
        parcel_id=parcel_id,
        courier_id=None,
        body=encode(grant),
        issued_at=act.now,
        expires_at=datetime.fromtimestamp(grant.expires_at, act.now.tzinfo),
        state=GrantState.ISSUED,
        ended_at=None,
    )


def about_code(group_id: str) -> str:
    """Return what a sealed code is bound to."""
    return f"sealed_code:{group_id}"


def _note(uow: UnitOfWork, act: Act, parcel: Parcel, reservation: Reservation, after: ParcelState) -> None:
    uow.add(
        Assignment(
            id=act.ids.new(),
            parcel_id=parcel.id,
            locker_id=reservation.locker_id,
            reservation_id=reservation.id,
            consent_id=None,
            reason=str(act.actor),
            assigned_at=act.now,
            ended_at=None,
            outcome=None,
        )
    )
    move(
        uow,
        act,
        parcel,
        "assigned_to_locker",
        state=after,
        locker_id=reservation.locker_id,
        detail=f"{reservation.size} at {reservation.locker_id} until {reservation.expires_at.isoformat()}",
    )
