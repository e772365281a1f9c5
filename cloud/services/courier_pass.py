"""The QR a courier shows at a locker: sign-in and today's grants for this stop, so that the locker needs no uplink.

Carries drop-offs with their dormant pick-ups, and the collections: those of this courier's route, and those on nobody's
(a locker opens a collection by a pass that names it and by no other). What the wire owes the locker comes along too:
revocations, longer deadlines and codes issued again. A stop too large for one code becomes a series.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import msgspec

from cloud.domain.access import unix
from cloud.domain.errors import NotFoundError
from cloud.domain.ids import message_id
from cloud.domain.locker import Locker
from cloud.domain.parcel import Parcel
from cloud.services.many import by_id
from cloud.services.ports import Act, From, Keys, UnitOfWork
from cloud.services.records import (
    UNDER_WAY,
    Courier,
    CourierKind,
    GrantState,
    IssuedGrant,
    Plan,
    Route,
    Stop,
    StopTask,
    Task,
    TaskState,
)
from cloud.services.records_ops import OutboxMessage
from contract.codec import Downward, Unknown, decode_downward, encode, to_qr
from contract.commands import Revoke, SetDeadline
from contract.envelope import Envelope
from contract.grants import CourierPass, DropOffGrant, Grant, GrantBundle, PickUpGrant
from contract.ids import CourierRef, LockerId

CODE_BYTES_MAX = 1_080  # six parcels a code: QR version 25, 125 modules with its border, see docs/adr/0015
NOBODYS_MAX = 24  # collections without a route; as many again wait for the courier after this one
OWED_MAX = 24  # two codes more: what is older waits for the wire or the next visit
LOOKED_AT_MAX = 500  # messages; a locker of 60 doors that has been silent for a week is owed about 400
_GRANTS = msgspec.msgpack.Decoder(Grant)
_ENVELOPES = msgspec.msgpack.Decoder(Envelope)

Word = Revoke | SetDeadline
Piece = Grant | Word


def courier_pass(uow: UnitOfWork, act: Act, keys: Keys, courier_id: str, locker_id: str) -> tuple[str, ...]:
    """Return the texts of the QR codes to show, at least one (a sign-in without grants is a sign-in)."""
    courier = uow.need(Courier, courier_id)
    if not courier.active:
        raise NotFoundError("active courier", courier_id)
    uow.need(Locker, locker_id)
    guest = courier.kind is CourierKind.CROWD
    found = _grants(uow, act, courier_id, locker_id)
    found += [] if guest else _nobodys(uow, act, locker_id, {one.id for one in found})
    grants = _useful([_nameless(_GRANTS.decode(one.body)) for one in found])
    owed = _owed(uow, act, locker_id)
    known = {grant.id for grant in grants}
    late = [_GRANTS.decode(one.body) for one in owed.grants if bytes.fromhex(one.id) not in known]
    parts = list(_parts([*owed.words, *grants, *late])) or [()]
    about = (courier_id, locker_id, act.now + act.rules.pass_life)
    passes = (_pass(act, about, part, (number, len(parts))) for number, part in enumerate(parts, start=1))
    return tuple(to_qr(keys.signer.sign(encode(msgspec.structs.replace(one, named_only=guest)))) for one in passes)


def _grants(uow: UnitOfWork, act: Act, courier_id: str, locker_id: str) -> list[IssuedGrant]:
    """Return the live grants of the parcels this courier brings there or takes from there, pairs side by side."""
    parcels = _on_route(uow, courier_id, locker_id) | _in_van(uow, courier_id, locker_id)
    if not parcels:
        return []
    return uow.find(
        IssuedGrant,
        order="parcel_id kind id",
        locker_id=locker_id,
        parcel_id=tuple(parcels),
        state=GrantState.ISSUED,
        expires_at=From(act.now),
    )


def _nobodys(uow: UnitOfWork, act: Act, locker_id: str, known: set[str]) -> list[IssuedGrant]:
    """Return the collections there that nobody else is on the way for: whoever of ours comes may take them along.

    A route that should be over by now keeps nothing for its courier.
    """
    live = uow.find(
        IssuedGrant,
        order="issued_at id",
        locker_id=locker_id,
        kind="collect",
        state=GrantState.ISSUED,
        expires_at=From(act.now),
    )
    found = [one for one in live if one.id not in known]
    parcels = tuple(one.parcel_id for one in found)
    tasks = uow.find(StopTask, parcel_id=parcels, task=Task.COLLECT, state=TaskState.PENDING) if found else []
    stops = {one.id: one.route_id for one in by_id(uow, Stop, {task.stop_id for task in tasks}).values()}
    routes = by_id(uow, Route, set(stops.values()))
    plans = by_id(uow, Plan, {route.plan_id for route in routes.values()})
    driven = {key for key, one in routes.items() if one.ends_at >= act.now and plans[one.plan_id].current}
    others = {task.parcel_id for task in tasks if stops[task.stop_id] in driven}
    return [one for one in found if one.parcel_id not in others][:NOBODYS_MAX]


def _on_route(uow: UnitOfWork, courier_id: str, locker_id: str) -> set[str]:
    routes = uow.find(Route, order="-starts_at", limit=3, courier_id=courier_id)
    stops = uow.find(Stop, route_id=tuple(one.id for one in routes), locker_id=locker_id) if routes else []
    if not stops:
        return set()
    tasks = uow.find(StopTask, stop_id=tuple(one.id for one in stops), state=TaskState.PENDING)
    return {task.parcel_id for task in tasks}


def _in_van(uow: UnitOfWork, courier_id: str, locker_id: str) -> set[str]:
    carried = uow.find(Parcel, locker_id=locker_id, custodian=f"courier:{courier_id}")
    return {parcel.id for parcel in carried}


def _nameless(grant: Grant) -> Grant:
    """Leave out for whom a grant is: on a pass it is for the pass's courier, and their name stands there once."""
    return grant if isinstance(grant, PickUpGrant) else msgspec.structs.replace(grant, courier=None)


def _useful(grants: Sequence[Grant]) -> list[Grant]:
    """Leave out pick-ups of parcels that may no longer be put in: the locker has them, or never will."""
    coming = {grant.group for grant in grants if isinstance(grant, DropOffGrant)}
    return [grant for grant in grants if not isinstance(grant, PickUpGrant) or grant.group in coming]


class _Owed(msgspec.Struct, frozen=True):
    words: tuple[Word, ...]
    grants: tuple[IssuedGrant, ...]


def _owed(uow: UnitOfWork, act: Act, locker_id: str) -> _Owed:
    """Return what was sent and never confirmed, the newest first: tombstones, deadlines and new codes.

    What other couriers are to bring or to take is left to their own passes.
    """
    words = _unconfirmed(uow, act, locker_id, ("revoke", "set_deadline"))
    sent = _unconfirmed(uow, act, locker_id, ("grants",))
    bundles = (one.grants for one in sent if isinstance(one, GrantBundle) and not _drops_off(one.grants))
    names = [grant.id.hex() for bundle in bundles for grant in bundle][:OWED_MAX]
    if not names:
        return _Owed(tuple(one for one in words if isinstance(one, Word))[:OWED_MAX], ())
    live = uow.find(IssuedGrant, order="id", id=tuple(names), kind="pick_up", state=GrantState.ISSUED)
    return _Owed(tuple(one for one in words if isinstance(one, Word))[:OWED_MAX], tuple(live))


def _unconfirmed(uow: UnitOfWork, act: Act, locker_id: str, kinds: tuple[str, ...]) -> list[Downward | Unknown]:
    sent = uow.find(
        OutboxMessage,
        order="-created_at id",
        limit=LOOKED_AT_MAX,
        locker_id=locker_id,
        kind=kinds,
        state=UNDER_WAY,
        expires_at=From(act.now),
    )
    return [decode_downward(_ENVELOPES.decode(one.payload).body) for one in sent]


def _drops_off(bundle: Iterable[Grant]) -> bool:
    return any(isinstance(grant, DropOffGrant) for grant in bundle)


def _parts(pieces: Sequence[Piece]) -> Iterator[tuple[Piece, ...]]:
    part: list[Piece] = []
    room = CODE_BYTES_MAX
    for piece in pieces:
        size = len(encode(piece))
        if part and size > room:
            yield tuple(part)
            part, room = [], CODE_BYTES_MAX
        part.append(piece)
        room -= size
    if part:
        yield tuple(part)


def _pass(
    act: Act, about: tuple[str, str, datetime], pieces: tuple[Piece, ...], number: tuple[int, int]
) -> CourierPass:
    courier_id, locker_id, until = about
    return CourierPass(
        aud=LockerId(locker_id),
        id=message_id(act.ids.new()),
        issued_at=unix(act.now),
        expires_at=unix(until),
        courier=CourierRef(bytes.fromhex(courier_id)),
        grants=tuple(one for one in pieces if not isinstance(one, Word)),
        part=number[0],
        parts=number[1],
        commands=tuple(one for one in pieces if isinstance(one, Word)),
    )
