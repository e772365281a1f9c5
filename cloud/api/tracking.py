"""What a recipient may see and do with the signed link: one parcel, no account, nobody else's name."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from cloud.api.calls import Call, IdempotencyHeader, call_of, rim_of
from cloud.api.parcels import ConsentShape, OptInAsked, consent
from cloud.api.shapes import Asked, Moment, Told
from cloud.domain.actors import Role, actor
from cloud.domain.windows import Window
from cloud.services import queries, reissue_code
from cloud.services.eta import expected_parcel
from cloud.services.extend_deadline import extend_deadline
from cloud.services.ports import UnitOfWork
from cloud.services.tracking_token import PURPOSE, TOKEN_CHARACTERS_MAX, parcel_of
from cloud.services.van_seen import van_on, way_to
from cloud.window_offers import keep_window, windows_for

router = APIRouter(prefix="/v1/tracking/{token}", tags=["tracking"])
Token = Annotated[str, Path(min_length=1, max_length=TOKEN_CHARACTERS_MAX, description="From the recipient's link")]


class TrackingLocker(Told):
    id: str
    name: str
    address: str
    lon: float
    lat: float
    opening_hours: str


class TrackingLine(Told):
    at: datetime
    happened: str
    state: str


class TrackingVan(Told):
    """To about a hundred metres and the minute: which street the van was in, not at whose door it stood."""

    lon: float
    lat: float
    at: datetime
    stops_before: int


class TrackingShape(Told):
    """The code itself is never here: it is in the recipient's mail only.

    ``eta`` is the likeliest arrival; nine times out of ten it is between ``eta_from`` and ``eta_to``. ``van`` is there
    on its last five stops before this one, if its courier shows it.
    """

    barcode: str
    carrier: str
    state: str
    address: str
    window_from: datetime | None
    window_to: datetime | None
    eta: datetime | None
    eta_from: datetime | None
    eta_to: datetime | None
    deadline: datetime | None
    has_code: bool
    van: TrackingVan | None
    locker: TrackingLocker | None
    history: list[TrackingLine]


class WindowShape(Told):
    """``price_cents`` is what it costs the route beside leaving everything as it is."""

    begins: datetime
    ends: datetime
    price_cents: int
    eta: datetime


class WindowsShape(Told):
    windows: list[WindowShape]


class WindowAsked(Asked):
    """Both ends as they were offered."""

    begins: Moment
    ends: Moment


class WindowKeptShape(Told):
    begins: datetime
    ends: datetime
    eta: datetime


class DeadlineShape(Told):
    deadline: datetime | None


@router.get("")
async def get_tracking(request: Request, token: Token) -> TrackingShape:
    """Return where the parcel is."""
    rim, parcel_id = rim_of(request), _parcel_of(request, token)
    now, zone = rim.clock.now(), rim.locality.zone

    def unit(uow: UnitOfWork) -> TrackingShape:
        found = queries.tracking(uow, parcel_id)
        told = expected_parcel(uow, parcel_id, now, zone)
        parcel = found.parcel
        van = van_on(uow, now, parcel, way_to(uow, parcel_id))
        return TrackingShape(
            barcode=parcel.barcode,
            carrier=parcel.carrier,
            state=parcel.state,
            address=parcel.address,
            window_from=parcel.window_from,
            window_to=parcel.window_to,
            eta=told.at if told else found.eta,
            eta_from=told.begins if told else None,
            eta_to=told.ends if told else None,
            deadline=parcel.deadline,
            has_code=found.has_code,
            van=TrackingVan.model_validate(van) if van else None,
            locker=TrackingLocker.model_validate(found.locker) if found.locker else None,
            history=[TrackingLine.model_validate(line) for line in found.history],
        )

    return await rim.look(unit)


@router.post("/opt-in", status_code=201, response_model=ConsentShape)
async def post_opt_in(
    request: Request, token: Token, asked: OptInAsked, idempotency_key: IdempotencyHeader = None
) -> Response:
    """Agree to a locker: this one, any near me, or any if I am out."""
    call, parcel_id = await _recipient(request, token, idempotency_key)
    return await consent(call, parcel_id, asked)


@router.get("/windows")
async def get_windows(request: Request, token: Token) -> WindowsShape:
    """Return the windows that the plan as it runs can still keep; none for a parcel on nobody's way to a door."""
    rim, parcel_id = rim_of(request), _parcel_of(request, token)
    found = await windows_for(rim, rim.act(actor(Role.RECIPIENT, parcel_id)), parcel_id)
    return WindowsShape(
        windows=[
            WindowShape(begins=one.window.begins, ends=one.window.ends, price_cents=one.price_cents, eta=one.eta)
            for one in found
        ]
    )


@router.post("/window", response_model=WindowKeptShape)
async def post_window(
    request: Request, token: Token, asked: WindowAsked, idempotency_key: IdempotencyHeader = None
) -> Response:
    """Choose one of the windows offered; later plans keep it. 409 when it cannot be kept any more."""
    call, parcel_id = await _recipient(request, token, idempotency_key)
    window = Window(asked.begins, asked.ends)
    act = call.rim.act(call.actor)
    return await call.think(
        lambda do: keep_window(call.rim, act, parcel_id, window, do),
        lambda eta: WindowKeptShape(begins=window.begins, ends=window.ends, eta=eta),
    )


@router.post("/extend", response_model=DeadlineShape)
async def post_extend(request: Request, token: Token, idempotency_key: IdempotencyHeader = None) -> Response:
    """Ask for more time; the policy says how often and how much."""
    call, parcel_id = await _recipient(request, token, idempotency_key)
    keys = call.rim.keys
    return await call.do(lambda uow, act: DeadlineShape.model_validate(extend_deadline(uow, act, keys, parcel_id)))


@router.post("/resend-code", status_code=204)
async def post_resend_code(request: Request, token: Token, idempotency_key: IdempotencyHeader = None) -> Response:
    """Have the code sent again, to the address the carrier gave."""
    call, parcel_id = await _recipient(request, token, idempotency_key)
    return await call.do(lambda uow, act: reissue_code.resend_code(uow, act, parcel_id), 204)


@router.post("/reissue-code", status_code=204)
async def post_reissue_code(request: Request, token: Token, idempotency_key: IdempotencyHeader = None) -> Response:
    """Have a new code sent, because somebody else saw the old one."""
    call, parcel_id = await _recipient(request, token, idempotency_key)
    keys = call.rim.keys
    return await call.do(lambda uow, act: reissue_code.reissue_code(uow, act, keys, parcel_id), 204)


async def _recipient(request: Request, token: str, key: str | None) -> tuple[Call, str]:
    parcel_id = _parcel_of(request, token)
    return await call_of(request, actor(Role.RECIPIENT, parcel_id), key), parcel_id


def _parcel_of(request: Request, token: str) -> str:
    return parcel_of(token, rim_of(request).keys.box.derive(PURPOSE))
