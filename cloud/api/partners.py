"""Partner fleets by API: who they are, their tariffs, quotes, taking over, and what became of each parcel."""

import hashlib
import json
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Header, Path, Request, Response
from pydantic import BaseModel, Field, ValidationError

from cloud.api.calls import Call, needs, rim_of
from cloud.api.crowd import Day, OfferShape, OffersShape, PathOffer, offer_shape, offers_shape
from cloud.api.problems import UnauthenticatedError
from cloud.api.shapes import Asked, Id, Lat, Lon, Moment, Name, Note, PathId, Told
from cloud.domain.actors import Role, actor
from cloud.domain.errors import ForbiddenError, InvalidError
from cloud.domain.outside import PartnerTariff
from cloud.rim import Rim
from cloud.services import partner_status, partners
from cloud.services.offers_view import OfferView, offer_view
from cloud.services.partner_status import PartnerSays, Status
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records_outside import Errand, Offer, Partner, WebhookEndpoint
from cloud.services.standard_webhooks import is_signed
from cloud.services.webhooks import secrets_of

router = APIRouter(prefix="/v1", tags=["deliveries by others"])
Managing = Annotated[Call, needs(Role.OPERATOR)]
Seeing = Annotated[Call, needs(Role.OPERATOR, Role.PLANNER, Role.SUPPORT, changing=False)]
Pricing = Annotated[Call, needs(Role.PARTNER, Role.OPERATOR)]
Reading = Annotated[Call, needs(Role.PARTNER, Role.OPERATOR, Role.PLANNER, Role.SUPPORT, changing=False)]
Handing = Annotated[Call, needs(Role.PARTNER, Role.OPERATOR, Role.PLANNER)]
PartnerId = Annotated[str, Field(pattern=partners.ID_PATTERN, examples=["swift-bikes"])]
PathPartner = Annotated[str, Path(pattern=partners.ID_PATTERN)]
WayM = Annotated[int | None, Field(ge=0, le=partner_status.WAY_M_MAX, description="Metres gone for this parcel")]
Co2G = Annotated[int | None, Field(ge=0, le=partner_status.CO2_G_MAX, description="Its CO2; else a van's for way_m")]
SIGNATURE_MAX = 400  # characters; two signatures have 90


class PartnerAsked(Asked):
    """``id`` is what an API key with the scope ``partner`` carries as its carrier."""

    id: PartnerId
    name: Name


class PartnerShape(Told):
    id: str
    name: str
    active: bool


class PartnersShape(Told):
    partners: list[PartnerShape]


class TariffAsked(Asked):
    """What is asked for a parcel within a circle, and when on the day it would be delivered."""

    day: date
    centre_lon: Lon
    centre_lat: Lat
    radius_m: Annotated[int, Field(ge=1, le=partners.RADIUS_M_MAX)]
    base_cents: Annotated[int, Field(ge=0, le=partners.CENTS_MAX)]
    per_km_cents: Annotated[int, Field(ge=0, le=partners.CENTS_MAX)] = 0
    promise_from: Moment
    promise_to: Moment
    parcels_max: Annotated[int, Field(ge=0, le=partners.PARCELS_MAX)]
    weight_g_max: Annotated[int, Field(ge=1, le=partners.WEIGHT_G_MAX)] = 30_000


class TariffShape(Told):
    """``parcels_max`` is what it still takes."""

    id: str
    partner_id: str
    day: str
    centre_lon: float
    centre_lat: float
    radius_m: int
    base_cents: int
    per_km_cents: int
    promise_from: datetime
    promise_to: datetime
    parcels_max: int
    weight_g_max: int


class TariffsShape(Told):
    tariffs: list[TariffShape]


class QuoteAsked(Asked):
    """A price for everything at the stop, and when it would be there."""

    price_cents: Annotated[int, Field(ge=0, le=partners.CENTS_MAX)]
    promise_from: Moment
    promise_to: Moment


class StatusAsked(Asked):
    """``said`` is the proof of a delivery, or why there was none; the partner alone knows ``way_m``, ``co2_g``."""

    parcel_id: Id
    status: PartnerSays
    said: Note = ""
    way_m: WayM = None
    co2_g: Co2G = None


class StatusShape(Told):
    parcel_id: str
    state: str
    locker_id: str | None


class SignedStatus(BaseModel):
    """The body of a partner's own webhook to us: ``parcel.delivered``, ``parcel.failed``, ``parcel.returned``."""

    type: Annotated[str, Field(pattern=r"^parcel\.(delivered|failed|returned)$")]
    data: "SignedData"


class SignedData(BaseModel):
    offer_id: Id
    parcel_id: Id
    said: Note = ""
    way_m: WayM = None
    co2_g: Co2G = None


@router.post("/partners", status_code=201, response_model=PartnerShape)
async def post_partner(call: Managing, asked: PartnerAsked) -> Response:
    """Add a partner fleet; make it an API key with the scope ``partner`` and this id."""

    def work(uow: UnitOfWork, act: Act) -> PartnerShape:
        partner = Partner(id=asked.id, name=asked.name, active=True, created_at=act.now)
        return PartnerShape.model_validate(partners.create_partner(uow, act, partner))

    return await call.do(work, 201)


@router.get("/partners")
async def list_partners(call: Seeing) -> PartnersShape:
    """Return all partner fleets, by id."""
    found = await call.look(lambda uow: uow.find(Partner, order="id"))
    return PartnersShape(partners=[PartnerShape.model_validate(one) for one in found])


@router.put("/partners/{partner_id}/tariffs/{tariff_id}", response_model=TariffShape)
async def put_tariff(call: Pricing, partner_id: PathPartner, tariff_id: PathId, asked: TariffAsked) -> Response:
    """Set a tariff of one day, new or changed; offers already made keep their price."""

    def work(uow: UnitOfWork, act: Act) -> TariffShape:
        said = asked.model_dump() | {"day": asked.day.isoformat()}
        tariff = PartnerTariff(id=tariff_id, partner_id=partner_id, **said)
        return TariffShape.model_validate(partners.set_tariff(uow, act, tariff))

    return await call.do(work)


@router.get("/partners/{partner_id}/tariffs/{day}")
async def get_tariffs(call: Reading, partner_id: PathPartner, day: Day) -> TariffsShape:
    """Return a partner's tariffs of a day that still take parcels."""
    if call.actor.may_be(Role.PARTNER) and call.actor.name != partner_id:
        raise ForbiddenError("these are another partner's tariffs")
    found = await call.look(lambda uow: partners.tariffs(uow, day.isoformat()))
    return TariffsShape(tariffs=[TariffShape.model_validate(one) for one in found if one.partner_id == partner_id])


@router.get("/partners/{partner_id}/offers/{day}")
async def get_partner_offers(call: Reading, partner_id: PathPartner, day: Day) -> OffersShape:
    """Return what a partner was offered of one day, the newest first."""
    return await offers_shape(call, partner_id, day)


@router.post("/offers/{offer_id}/quote", response_model=OfferShape)
async def post_quote(call: Pricing, offer_id: PathOffer, asked: QuoteAsked) -> Response:
    """Answer an offer with another price or time; the state says whether it was taken, ``reason`` why not."""
    wanted = partners.Quote(offer_id, asked.price_cents, asked.promise_from, asked.promise_to)
    return await call.do(lambda uow, act: offer_shape(_view(uow, partners.quote(uow, act, wanted))))


@router.post("/offers/{offer_id}/hand-over", response_model=OfferShape)
async def post_hand_over(call: Handing, offer_id: PathOffer) -> Response:
    """Say that the partner took the parcels over at the depot and answers for them from now on."""
    return await call.do(lambda uow, act: offer_shape(_view(uow, partner_status.hand_to_partner(uow, act, offer_id))))


@router.post("/offers/{offer_id}/status", response_model=StatusShape)
async def post_status(call: Pricing, offer_id: PathOffer, asked: StatusAsked) -> Response:
    """Say what became of one parcel; saying it twice is saying it once."""
    status = Status(offer_id, asked.parcel_id, asked.status, asked.said, asked.way_m, asked.co2_g)
    return await call.do(lambda uow, act: _reported(uow, act, call.rim, status))


@router.post("/partners/{partner_id}/webhook", response_model=StatusShape)
async def post_signed_status(
    request: Request,
    partner_id: PathPartner,
    webhook_id: Annotated[str, Header(max_length=100)],
    webhook_timestamp: Annotated[str, Header(max_length=20)],
    webhook_signature: Annotated[str, Header(max_length=SIGNATURE_MAX)],
) -> Response:
    """Take a partner's status as a Standard Webhook signed with the secret of its own address; no API key is needed."""
    rim, body = rim_of(request), await request.body()
    act = rim.act(actor(Role.PARTNER, partner_id))
    given = (webhook_id, webhook_timestamp, webhook_signature)
    endpoint = await rim.look(lambda uow: uow.get(WebhookEndpoint, f"partner:{partner_id}"))
    secrets = secrets_of(act, rim.keys, endpoint) if endpoint is not None else ()
    if not is_signed(secrets, given, body, act.now):
        raise UnauthenticatedError("the signature does not fit, or the message is older than five minutes")
    status = _signed(body)
    call = Call(rim, act.actor, f"webhook-{webhook_id}", hashlib.sha256(body).hexdigest())
    return await call.do(lambda uow, inner: _reported(uow, inner, rim, status))


def _signed(body: bytes) -> Status:
    try:
        told = SignedStatus.model_validate(json.loads(body))
    except (ValidationError, ValueError) as error:
        raise InvalidError("body", "is no parcel.delivered, parcel.failed or parcel.returned") from error
    what = PartnerSays(told.type.partition(".")[2])
    data = told.data
    return Status(data.offer_id, data.parcel_id, what, data.said, data.way_m, data.co2_g)


def _reported(uow: UnitOfWork, act: Act, rim: Rim, status: Status) -> StatusShape:
    parcel = partner_status.report_status(uow, act, rim.keys, status)
    return StatusShape(parcel_id=parcel.id, state=parcel.state, locker_id=parcel.locker_id)


def _view(uow: UnitOfWork, offer: Offer) -> OfferView:
    return offer_view(uow, offer, uow.need(Errand, offer.errand_id))
