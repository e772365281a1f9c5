"""Where couriers are now: their phones say it while they let them; the last word wins and none is kept beside it."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from cloud.api.calls import Call, needs
from cloud.api.shapes import Asked, Lat, Lon, Moment, PathId, Told
from cloud.domain.actors import Role
from cloud.domain.positions import CourierPosition
from cloud.services import positions

router = APIRouter(prefix="/v1/couriers/{courier_id}/position", tags=["couriers"])
# The same position twice is the same as once, so no Idempotency-Key is asked for.
Being = Annotated[Call, needs(Role.COURIER, changing=False)]
Ending = Annotated[Call, needs(Role.COURIER, Role.OPERATOR, changing=False)]
Seeing = Annotated[Call, needs(Role.COURIER, Role.OPERATOR, Role.PLANNER, Role.SUPPORT, changing=False)]
_UNCERTAIN_M_MAX = 50_000_000  # farther than anywhere on earth; what a browser says that knows nothing


class PositionAsked(Asked):
    """``at`` is when the phone measured it; ``accuracy_m`` the radius in which it believes to be."""

    lon: Lon
    lat: Lat
    accuracy_m: Annotated[float, Field(ge=0, le=_UNCERTAIN_M_MAX, allow_inf_nan=False)]
    at: Moment


class PositionTakenShape(Told):
    """``ignored`` says why it was not taken: ``vague``, ``soon`` after the one before, or a ``jump``."""

    taken: bool
    ignored: str | None


class PositionShape(Told):
    lon: float
    lat: float
    accuracy_m: int
    at: datetime


@router.put("")
async def put_position(call: Being, courier_id: PathId, asked: PositionAsked) -> PositionTakenShape:
    """Say where you are; the place before is forgotten. 409 without a route on the road, 422 when it is too old."""
    told = CourierPosition(
        courier_id=courier_id, lon=asked.lon, lat=asked.lat, accuracy_m=round(asked.accuracy_m), at=asked.at
    )
    act, pace = call.rim.act(call.actor), call.rim.locality.pace
    ignored = await call.look(lambda uow: positions.weigh(uow, act, told, pace))
    if ignored is None:
        await call.rim.do(lambda uow: positions.keep(uow, act, told))
    return PositionTakenShape(taken=ignored is None, ignored=ignored)


@router.get("")
async def get_position(call: Seeing, courier_id: PathId) -> PositionShape:
    """Return where a courier on the road is, of less than ten minutes ago; 404 when nobody knows."""
    act = call.rim.act(call.actor)
    return PositionShape.model_validate(await call.look(lambda uow: positions.see(uow, act, courier_id)))


@router.delete("", status_code=204)
async def delete_position(call: Ending, courier_id: PathId) -> Response:
    """Forget at once where a courier is, as when they no longer show it."""
    act = call.rim.act(call.actor)
    await call.rim.do(lambda uow: positions.forget(uow, act, courier_id))
    return Response(status_code=204)
