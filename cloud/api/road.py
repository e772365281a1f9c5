"""What happens on the road: a courier is late, traffic stands, a locker takes nothing. Each changes routes."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from cloud.api.calls import Call, needs
from cloud.api.couriers import AssignedShape
from cloud.api.shapes import Asked, Hex, Lat, Lon, Moment, PathId, PathLocker, Told
from cloud.choosing import sent_elsewhere
from cloud.disruptions import Late, Whereabouts, running_late, traffic_jam
from cloud.domain.actors import Role
from cloud.domain.errors import ForbiddenError
from cloud.routing.jam import DELAY_S_MAX, RADIUS_M_MAX, Jam
from cloud.routing.problem import Place
from cloud.services.delays import DELAY_MAX
from cloud.services.locker_trouble import Elsewhere, TakesNothing, Trouble

router = APIRouter(prefix="/v1", tags=["road"])
Driving = Annotated[Call, needs(Role.COURIER, Role.OPERATOR)]
Noticing = Annotated[Call, needs(Role.COURIER, Role.OPERATOR, Role.PLANNER)]
_MINUTE = timedelta(minutes=1)


class LateAsked(Asked):
    """The courier can go on in ``minutes``; ``lon`` and ``lat`` are where they are."""

    minutes: Annotated[int, Field(ge=0, le=DELAY_MAX // _MINUTE)]
    lon: Lon | None = None
    lat: Lat | None = None


class JamAsked(Asked):
    """Every way within ``radius_m`` of the place takes ``minutes`` longer, until the moment given."""

    lon: Lon
    lat: Lat
    radius_m: Annotated[int, Field(ge=1, le=RADIUS_M_MAX)] = 500
    minutes: Annotated[int, Field(ge=1, le=DELAY_S_MAX // 60)]
    until: Moment


class DelayedShape(Told):
    """``told`` recipients were written to; ``late`` of all parcels miss the window that was promised."""

    told: int
    late: int


class TroubleAsked(Asked):
    trouble: Trouble
    lon: Lon | None = None
    lat: Lat | None = None


class ElsewhereShape(Told):
    """``assigned`` is null when no other locker could take it; ``why_not`` then says why."""

    parcel_id: Annotated[str, Field(pattern=Hex)]
    assigned: AssignedShape | None
    why_not: list[str]


class TroubleShape(Told):
    parcels: list[ElsewhereShape]


@router.post("/couriers/{courier_id}/late", response_model=DelayedShape)
async def post_late(call: Driving, courier_id: PathId, asked: LateAsked) -> Response:
    """Say that a courier is late: the rest of the route is timed anew, promises that can be kept are."""
    _only_own(call, courier_id)
    late = Late(courier_id, asked.minutes * _MINUTE, Whereabouts(asked.lon, asked.lat))
    act = call.rim.act(call.actor)
    return await call.think(lambda do: running_late(call.rim, act, late, do), DelayedShape.model_validate)


@router.post("/jams", response_model=DelayedShape)
async def post_jam(call: Noticing, asked: JamAsked) -> Response:
    """Say where traffic stands: routes that lead through it are timed anew and go round it where that is better."""
    jam = Jam(Place(asked.lon, asked.lat), asked.radius_m, asked.minutes * 60)
    act = call.rim.act(call.actor)
    return await call.think(lambda _do: traffic_jam(call.rim, act, jam, asked.until), DelayedShape.model_validate)


@router.post("/couriers/{courier_id}/lockers/{locker_id}/trouble", response_model=TroubleShape)
async def post_trouble(call: Driving, courier_id: PathId, locker_id: PathLocker, asked: TroubleAsked) -> Response:
    """Say that a locker is silent or full: what was meant for it goes to the next best ones, or stays in the van."""
    _only_own(call, courier_id)
    here = Whereabouts(asked.lon, asked.lat).place()
    trouble = TakesNothing(courier_id, locker_id, asked.trouble, here)
    act = call.rim.act(call.actor)
    return await call.think(lambda do: sent_elsewhere(call.rim, act, trouble, do), _sent)


def _sent(found: tuple[Elsewhere, ...]) -> TroubleShape:
    return TroubleShape(parcels=[_elsewhere(one) for one in found])


def _elsewhere(one: Elsewhere) -> ElsewhereShape:
    assigned = AssignedShape.model_validate(one.assigned) if one.assigned else None
    return ElsewhereShape(parcel_id=one.parcel_id, assigned=assigned, why_not=list(one.why_not))


def _only_own(call: Call, courier_id: str) -> None:
    if call.actor.may_be(Role.COURIER) and not call.actor.may_be(Role.OPERATOR) and call.actor.name != courier_id:
        raise ForbiddenError("this is another courier's")
