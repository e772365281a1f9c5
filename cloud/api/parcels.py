"""Parcels: carriers see their own, operators and support see all; what is asked of one is one verb each."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from cloud.api.calls import Call, needs
from cloud.api.shapes import Asked, Hex, HistoryShape, LockerName, ParcelShape, PathId, Reason, Told, Why
from cloud.domain.actors import Role
from cloud.domain.assignment import Scope
from cloud.domain.errors import NotFoundError
from cloud.domain.parcel import Parcel, ParcelState
from cloud.services import complete_stop, reissue_code, release_reservation
from cloud.services.assign_locker import assign_locker
from cloud.services.cancel_parcel import cancel_parcel
from cloud.services.extend_deadline import EXTENSION_MAX, extend_deadline
from cloud.services.opt_in import WALK_M_MAX, OptIn, opt_in
from cloud.services.ports import From, UnitOfWork
from cloud.services.records import HistoryEntry
from cloud.services.tracking_token import PURPOSE, token_for

PAGE_MAX = 200  # parcels in one answer, about 200 kB
HISTORY_MAX = 500  # lines; a parcel that travels for a month has some fifty
EXTENSION_H_MAX = EXTENSION_MAX // timedelta(hours=1)

router = APIRouter(prefix="/v1/parcels", tags=["parcels"])
Seeing = Annotated[Call, needs(Role.CARRIER, Role.OPERATOR, Role.SUPPORT, changing=False)]
Helping = Annotated[Call, needs(Role.OPERATOR, Role.SUPPORT)]
Cancelling = Annotated[Call, needs(Role.CARRIER, Role.OPERATOR, Role.SUPPORT)]
Assigning = Annotated[Call, needs(Role.OPERATOR, Role.PLANNER, Role.SUPPORT)]
Driving = Annotated[Call, needs(Role.COURIER, Role.OPERATOR)]


class ParcelPage(Told):
    """``next_cursor`` is null on the last page."""

    parcels: list[ParcelShape]
    next_cursor: str | None


class ParcelWithHistory(ParcelShape):
    history: list[HistoryShape]


class TrackingLink(Told):
    """The recipient's page and the secret in its address; whoever has it is taken for the recipient."""

    token: str
    url: str


class OptInAsked(Asked):
    scope: Scope
    locker_id: LockerName | None = None
    walk_m_max: Annotated[int, Field(ge=1, le=WALK_M_MAX)] | None = None


class ConsentShape(Told):
    id: str
    parcel_id: str
    scope: str
    locker_id: str | None
    walk_m_max: int | None


class AssignmentAsked(Asked):
    locker_id: LockerName


class AssignmentShape(Told):
    locker_id: str
    reservation_id: str
    size: str


class ExtensionAsked(Asked):
    """Without ``hours`` the deadline moves by the policy's step."""

    hours: Annotated[int, Field(ge=1, le=EXTENSION_H_MAX)] | None = None


class ProofAsked(Asked):
    """What shows that it was handed over: a name, a PIN, the reference of a photo."""

    proof: Reason


@router.get("")
async def list_parcels(
    call: Seeing,
    cursor: Annotated[str | None, Query(pattern=Hex, description="next_cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 50,
    state: ParcelState | None = None,
    barcode: Annotated[str | None, Query(max_length=48)] = None,
) -> ParcelPage:
    """List parcels in the order of their ids, page by page; nothing is skipped or doubled while others change."""
    wanted: dict[str, object] = {"state": state, "barcode": barcode, "carrier": _only(call)}
    conditions = {name: value for name, value in wanted.items() if value is not None}
    if cursor is not None:
        conditions["id"] = From(cursor)
    found: list[Parcel] = await call.look(lambda uow: uow.find(Parcel, order="id", limit=limit + 1, **conditions))
    following = found[limit].id if len(found) > limit else None
    return ParcelPage(parcels=[ParcelShape.model_validate(one) for one in found[:limit]], next_cursor=following)


@router.get("/{parcel_id}")
async def get_parcel(call: Seeing, parcel_id: PathId) -> ParcelWithHistory:
    """Return one parcel with its history, oldest first."""

    def unit(uow: UnitOfWork) -> ParcelWithHistory:
        parcel = seen_parcel(uow, call, parcel_id)
        lines = uow.find(HistoryEntry, order="number", limit=HISTORY_MAX, parcel_id=parcel_id)
        history = [HistoryShape.model_validate(line) for line in lines]
        return ParcelWithHistory(**ParcelShape.model_validate(parcel).model_dump(), history=history)

    found: ParcelWithHistory = await call.look(unit)
    return found


@router.get("/{parcel_id}/tracking-link")
async def get_tracking_link(call: Seeing, parcel_id: PathId) -> TrackingLink:
    """Return the recipient's link, for a carrier that tells its recipients itself."""
    await call.look(lambda uow: seen_parcel(uow, call, parcel_id))
    token = token_for(parcel_id, call.rim.keys.box.derive(PURPOSE))
    return TrackingLink(token=token, url=f"{call.rim.locality.base_url}/t/{token}")


@router.post("/{parcel_id}/opt-in", status_code=201, response_model=ConsentShape)
async def post_opt_in(call: Helping, parcel_id: PathId, asked: OptInAsked) -> Response:
    """Record that the recipient agreed to a locker; a named one keeps a compartment at once."""
    return await consent(call, parcel_id, asked)


async def consent(call: Call, parcel_id: str, asked: OptInAsked) -> Response:
    """Record a consent given by the recipient, or to support on the telephone."""
    wish = OptIn(parcel_id, asked.scope, asked.locker_id, asked.walk_m_max)
    keys = call.rim.keys
    return await call.do(lambda uow, act: ConsentShape.model_validate(opt_in(uow, act, keys, wish)), 201)


@router.post("/{parcel_id}/assign", response_model=AssignmentShape)
async def post_assign(call: Assigning, parcel_id: PathId, asked: AssignmentAsked) -> Response:
    """Send the parcel to a locker: reserve, issue the grants, tell the recipient."""
    keys = call.rim.keys
    return await call.do(
        lambda uow, act: AssignmentShape.model_validate(assign_locker(uow, act, keys, parcel_id, asked.locker_id))
    )


@router.post("/{parcel_id}/release", response_model=ParcelShape)
async def post_release(call: Assigning, parcel_id: PathId, why: Why) -> Response:
    """Take the parcel back from the locker it was promised to."""
    keys = call.rim.keys
    return await call.do(
        lambda uow, act: ParcelShape.model_validate(release_reservation.release(uow, act, keys, parcel_id, why.reason))
    )


@router.post("/{parcel_id}/cancel", response_model=ParcelShape)
async def post_cancel(call: Cancelling, parcel_id: PathId, why: Why) -> Response:
    """Cancel the parcel; one that lies in a locker is called back."""
    keys = call.rim.keys
    await call.look(lambda uow: seen_parcel(uow, call, parcel_id))
    return await call.do(
        lambda uow, act: ParcelShape.model_validate(cancel_parcel(uow, act, keys, parcel_id, why.reason))
    )


@router.post("/{parcel_id}/extend", response_model=ParcelShape)
async def post_extend(call: Helping, parcel_id: PathId, asked: ExtensionAsked) -> Response:
    """Give the recipient more time."""
    by = None if asked.hours is None else timedelta(hours=asked.hours)
    keys = call.rim.keys
    return await call.do(lambda uow, act: ParcelShape.model_validate(extend_deadline(uow, act, keys, parcel_id, by)))


@router.post("/{parcel_id}/resend-code", status_code=204)
async def post_resend_code(call: Helping, parcel_id: PathId) -> Response:
    """Tell the recipient the same code again."""
    return await call.do(lambda uow, act: reissue_code.resend_code(uow, act, parcel_id), 204)


@router.post("/{parcel_id}/reissue-code", status_code=204)
async def post_reissue_code(call: Helping, parcel_id: PathId) -> Response:
    """Tell the recipient a new code; the old one ends when the locker has heard of it."""
    keys = call.rim.keys
    return await call.do(lambda uow, act: reissue_code.reissue_code(uow, act, keys, parcel_id), 204)


@router.post("/{parcel_id}/deliver-home", response_model=ParcelShape)
async def post_deliver_home(call: Driving, parcel_id: PathId, asked: ProofAsked) -> Response:
    """Say that the recipient has it in hand."""
    return await call.do(
        lambda uow, act: ParcelShape.model_validate(complete_stop.deliver_home(uow, act, parcel_id, asked.proof))
    )


@router.post("/{parcel_id}/bring-back", response_model=ParcelShape)
async def post_bring_back(call: Driving, parcel_id: PathId) -> Response:
    """Say that the carrier has it back: collected parcels are returned, failed ones wait for another day."""
    return await call.do(lambda uow, act: ParcelShape.model_validate(complete_stop.bring_back(uow, act, parcel_id)))


def seen_parcel(uow: UnitOfWork, call: Call, parcel_id: str) -> Parcel:
    """Return the parcel if the caller may see it; somebody else's does not exist for them."""
    parcel = uow.need(Parcel, parcel_id)
    carrier = _only(call)
    if carrier is not None and parcel.carrier != carrier:
        raise NotFoundError("parcel", parcel_id)
    return parcel


def _only(call: Call) -> str | None:
    """Return the carrier whose parcels alone the caller may see, ``None`` for all."""
    return None if call.actor.may_be(Role.OPERATOR, Role.SUPPORT) else call.actor.name
