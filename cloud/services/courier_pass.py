"""The QR a courier shows at a locker: sign-in and today's grants for this stop, so that the locker needs no uplink.

Carries drop-offs with their dormant pick-ups, and the collections. A stop too large for one code becomes a series.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec

from cloud.domain.access import unix
from cloud.domain.errors import NotFoundError
from cloud.domain.ids import message_id
from cloud.domain.locker import Locker
from cloud.domain.parcel import Parcel
from cloud.services.ports import Act, From, Keys, UnitOfWork
from cloud.services.records import Courier, GrantState, IssuedGrant, Route, Stop, StopTask, TaskState
from contract.codec import encode, to_qr
from contract.grants import CourierPass, Grant
from contract.ids import CourierRef, LockerId

GRANT_BYTES_MAX = 1_400  # of one code: about QR version 30, which a kiosk's scanner still reads from a phone's screen
_GRANTS = msgspec.msgpack.Decoder(Grant)


def courier_pass(uow: UnitOfWork, act: Act, keys: Keys, courier_id: str, locker_id: str) -> tuple[str, ...]:
    """Return the texts of the QR codes to show, at least one (a sign-in without grants is a sign-in)."""
    courier = uow.need(Courier, courier_id)
    if not courier.active:
        raise NotFoundError("active courier", courier_id)
    uow.need(Locker, locker_id)
    parts = list(_parts(_grants(uow, act, courier_id, locker_id))) or [()]
    until = act.now + act.rules.pass_life
    return tuple(
        to_qr(keys.signer.sign(encode(_pass(act, (courier_id, locker_id, until), part, (number, len(parts))))))
        for number, part in enumerate(parts, start=1)
    )


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


def _parts(grants: Sequence[IssuedGrant]) -> Iterator[tuple[Grant, ...]]:
    part: list[Grant] = []
    room = GRANT_BYTES_MAX
    for grant in grants:
        if part and len(grant.body) > room:
            yield tuple(part)
            part, room = [], GRANT_BYTES_MAX
        part.append(_GRANTS.decode(grant.body))
        room -= len(grant.body)
    if part:
        yield tuple(part)


def _pass(
    act: Act, about: tuple[str, str, datetime], grants: tuple[Grant, ...], number: tuple[int, int]
) -> CourierPass:
    courier_id, locker_id, until = about
    return CourierPass(
        aud=LockerId(locker_id),
        id=message_id(act.ids.new()),
        issued_at=unix(act.now),
        expires_at=unix(until),
        courier=CourierRef(bytes.fromhex(courier_id)),
        grants=grants,
        part=number[0],
        parts=number[1],
    )
