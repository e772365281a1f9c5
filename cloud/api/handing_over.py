"""A courier is out: who takes over what is proposed, looked at and confirmed; one who is named takes all they can."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from cloud.api.calls import Call, needs
from cloud.api.shapes import Asked, Id, Lat, Lon, PathId, Reason, Told
from cloud.domain.actors import Role
from cloud.handing_over import Proposed, confirm, hand_over, propose
from cloud.services.delays import DELAY_MAX
from cloud.services.hand_over import HandOver, Taking

router = APIRouter(prefix="/v1", tags=["road"])
Managing = Annotated[Call, needs(Role.OPERATOR, Role.PLANNER)]
_MINUTE = timedelta(minutes=1)
Minutes = Annotated[int, Field(ge=0, le=DELAY_MAX // _MINUTE)]


class HandOverAsked(Asked):
    """``to`` takes over what they can; with no route of their own they are at the van in ``minutes``."""

    to: Id
    reason: Reason
    minutes: Minutes = 0


class HandedOverShape(Told):
    """``told`` recipients were written to; ``late`` of all parcels miss the window that was promised."""

    parcels: int
    left_behind: int
    told: int
    late: int


class ProposalAsked(Asked):
    """``to`` empty asks whoever fits. ``lon`` and ``lat`` are where the van stands, if that is known."""

    to: Annotated[list[Id], Field(max_length=50, default_factory=list)]
    reason: Reason
    minutes: Minutes = 0
    lon: Lon | None = None
    lat: Lat | None = None


class TakingShape(Told):
    courier_id: str
    name: str
    meets_at: datetime
    ends_at: datetime
    parcels: int
    stops: int
    more_m: int
    more_cents: int
    late: int


class ProposalShape(Told):
    """Nothing has changed yet. ``left_behind`` parcels stay in the van, ``at_depot`` were never loaded."""

    id: str
    until: datetime
    takes: list[TakingShape]
    left_behind: list[str]
    at_depot: list[str]


@router.post("/couriers/{courier_id}/hand-over", response_model=HandedOverShape)
async def post_hand_over(call: Managing, courier_id: PathId, asked: HandOverAsked) -> Response:
    """Say that a courier is out and who comes to the van; what is taken over changes hands when they say it has."""
    what = HandOver(courier_id, asked.reason, (asked.to,), asked.minutes * _MINUTE)
    act = call.rim.act(call.actor)
    return await call.think(lambda do: hand_over(call.rim, act, what, do), HandedOverShape.model_validate)


@router.post("/couriers/{courier_id}/hand-over/proposals", status_code=201, response_model=ProposalShape)
async def post_proposal(call: Managing, courier_id: PathId, asked: ProposalAsked) -> Response:
    """Ask who would take what out of a van that cannot go on, and what that costs."""
    here = None if asked.lon is None or asked.lat is None else (asked.lon, asked.lat)
    what = HandOver(courier_id, asked.reason, tuple(asked.to), asked.minutes * _MINUTE, here)
    act = call.rim.act(call.actor)
    return await call.think(lambda _do: propose(call.rim, act, what), _shape, 201)


@router.post("/couriers/{courier_id}/hand-over/proposals/{proposal_id}/confirm", response_model=HandedOverShape)
async def post_confirm(call: Managing, courier_id: PathId, proposal_id: PathId) -> Response:
    """Do what was proposed, if every route is still what it was."""
    act = call.rim.act(call.actor)
    return await call.think(
        lambda do: confirm(call.rim, act, courier_id, proposal_id, do), HandedOverShape.model_validate
    )


def _shape(found: Proposed) -> ProposalShape:
    proposal = found.proposal
    return ProposalShape(
        id=proposal.id,
        until=found.until,
        takes=[_taking(one) for one in proposal.takings],
        left_behind=list(proposal.left_parcels),
        at_depot=list(proposal.stuck.at_depot),
    )


def _taking(one: Taking) -> TakingShape:
    return TakingShape(
        courier_id=one.comer.courier.id,
        name=one.comer.courier.name,
        meets_at=one.meets_at,
        ends_at=one.ends_at,
        parcels=one.parcels,
        stops=len(one.handed),
        more_m=one.more_m,
        more_cents=one.more_cents,
        late=len(one.late),
    )
