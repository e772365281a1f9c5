"""Recipients' changes of mind about parcels that partners and crowd couriers have aboard: asked, and their answers."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from cloud.api.calls import Call, IdempotencyHeader, call_of, needs, rim_of
from cloud.api.shapes import Asked, Hex, Moment, Note, Told
from cloud.domain.actors import Role, actor
from cloud.domain.locker import Locker, is_counter
from cloud.domain.parcel import Parcel
from cloud.services.answer_change import Answer, answer_change, waiting_changes
from cloud.services.ask_change import ask_window
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records_outside import ParcelChange
from cloud.services.tracking_token import PURPOSE, TOKEN_CHARACTERS_MAX, parcel_of

router = APIRouter(prefix="/v1", tags=["deliveries by others"])
Answering = Annotated[Call, needs(Role.COURIER, Role.PARTNER, Role.OPERATOR, Role.PLANNER)]
Reading = Annotated[Call, needs(Role.COURIER, Role.PARTNER, Role.OPERATOR, Role.PLANNER, changing=False)]
Who = Annotated[str | None, Query(max_length=40, description="A partner's id, or a courier's")]
PathChange = Annotated[str, Path(pattern=Hex)]
Token = Annotated[str, Path(min_length=1, max_length=TOKEN_CHARACTERS_MAX, description="From the recipient's link")]


class ChangeShape(Told):
    """``kind`` is ``locker`` (then where to), ``window`` (then which) or ``cancel``; ``is_counter``: bring it there."""

    id: str
    parcel_id: str
    offer_id: str
    kind: str
    locker_id: str | None
    place: str
    is_counter: bool
    window_from: datetime | None
    window_to: datetime | None
    asked_at: datetime
    state: str


class ChangesShape(Told):
    changes: list[ChangeShape]


class AnswerAsked(Asked):
    accepts: bool
    said: Note = ""


class AnsweredShape(Told):
    parcel_id: str
    state: str
    locker_id: str | None


class WishAsked(Asked):
    begins: Moment
    ends: Moment


@router.get("/changes")
async def get_changes(call: Reading, asked: Who = None) -> ChangesShape:
    """Return what whoever asks has to answer about parcels aboard, the oldest first; operators name somebody."""
    of = asked if asked and call.actor.may_be(Role.OPERATOR, Role.PLANNER) else call.actor.name
    found = await call.look(lambda uow: waiting_changes(uow, of))
    return ChangesShape(changes=[_shape(*one) for one in found])


@router.post("/changes/{change_id}/answer", response_model=AnsweredShape)
async def post_answer(call: Answering, change_id: PathChange, asked: AnswerAsked) -> Response:
    """Say whether it can be done; until a yes everything stays as it was promised. 409 when it is too late."""
    answer, keys = Answer(change_id, asked.accepts, asked.said), call.rim.keys
    return await call.do(lambda uow, act: _answered(answer_change(uow, act, keys, answer)))


@router.post("/tracking/{token}/window-wish", response_model=ChangeShape, status_code=201)
async def post_wish(
    request: Request, token: Token, asked: WishAsked, idempotency_key: IdempotencyHeader = None
) -> Response:
    """Ask whoever of the others has the parcel for another window; 409 when it is a courier of ours."""
    parcel_id = parcel_of(token, rim_of(request).keys.box.derive(PURPOSE))
    call = await call_of(request, actor(Role.RECIPIENT, parcel_id), idempotency_key)

    def work(uow: UnitOfWork, act: Act) -> ChangeShape:
        change = ask_window(uow, act, parcel_id, (asked.begins, asked.ends))
        return _shape(change, uow.need(Parcel, parcel_id), None)

    return await call.do(work, 201)


def _shape(change: ParcelChange, parcel: Parcel, place: Locker | None) -> ChangeShape:
    own = {name: getattr(change, name) for name in ChangeShape.model_fields if hasattr(change, name)}
    where = place.address if place else parcel.address
    return ChangeShape(**own, place=where, is_counter=place is not None and is_counter(place))


def _answered(parcel: Parcel) -> AnsweredShape:
    return AnsweredShape(parcel_id=parcel.id, state=parcel.state, locker_id=parcel.locker_id)
