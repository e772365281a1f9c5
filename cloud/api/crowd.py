"""Crowd couriers' trips, the offers made to them and to partner fleets, and the errands that operators watch."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import Field

from cloud.accepting import yes_to
from cloud.api.calls import Call, needs
from cloud.api.shapes import Asked, Hex, Id, Lat, Lon, Moment, Note, PathId, Reason, Told
from cloud.domain.actors import Role
from cloud.domain.errors import InvalidError
from cloud.domain.outside import CrowdTrip
from cloud.rim import Doing
from cloud.services import crowd, offer_steps
from cloud.services.offers_view import ErrandView, OfferView, errands_of, offer_view, offers_of, readable
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records_outside import Errand, Offer
from cloud.services.trip_places import forget_places, set_out_from

router = APIRouter(prefix="/v1", tags=["deliveries by others"])
Announcing = Annotated[Call, needs(Role.COURIER, Role.OPERATOR)]
Withdrawing = Annotated[Call, needs(Role.COURIER, Role.OPERATOR, Role.PLANNER)]
Answering = Annotated[Call, needs(Role.COURIER, Role.PARTNER, Role.OPERATOR, Role.PLANNER)]
Reading = Annotated[Call, needs(Role.COURIER, Role.PARTNER, Role.OPERATOR, Role.PLANNER, Role.SUPPORT, changing=False)]
CourierReading = Annotated[Call, needs(Role.COURIER, Role.OPERATOR, Role.PLANNER, Role.SUPPORT, changing=False)]
Planning = Annotated[Call, needs(Role.OPERATOR, Role.PLANNER)]
Seeing = Annotated[Call, needs(Role.OPERATOR, Role.PLANNER, Role.SUPPORT, changing=False)]
Day = Annotated[date, Path()]
PathOffer = Annotated[str, Path(pattern=Hex)]


class TripAsked(Asked):
    """A way that is driven anyway, by the depot (``start``). Without an end it ends wherever the last parcel goes.

    ``from_lon`` and ``from_lat`` are where somebody sets out; they are never stored, but what the way to the depot is
    longer is taken off the detour. A day after the trip only the end's district is kept.
    """

    courier_id: Id | None = None
    leaves_at: Moment
    arrives_by: Moment
    start_lon: Lon
    start_lat: Lat
    from_lon: Lon | None = None
    from_lat: Lat | None = None
    end_lon: Lon | None = None
    end_lat: Lat | None = None
    end_address: Annotated[str, Field(max_length=200)] = ""
    detour_m_max: Annotated[int, Field(ge=1, le=crowd.DETOUR_M_MAX)] = 3_000
    parcels_max: Annotated[int, Field(ge=1, le=crowd.PARCELS_MAX)] = 4
    weight_g_max: Annotated[int, Field(ge=1, le=crowd.WEIGHT_G_MAX)] = 20_000
    volume_l_max: Annotated[int, Field(ge=1, le=crowd.VOLUME_L_MAX)] = 100
    per_parcel_cents: Annotated[int, Field(ge=1, le=crowd.PER_PARCEL_CENTS_MAX)] = 300


class TripShape(Told):
    id: str
    courier_id: str
    day: str
    leaves_at: datetime
    arrives_by: datetime
    end_address: str
    detour_m_max: int
    parcels_max: int
    weight_g_max: int
    volume_l_max: int
    per_parcel_cents: int
    withdrawn_at: datetime | None


class ForgottenShape(Told):
    trips: int


class OfferShape(Told):
    """``address`` and ``parcels`` are empty until the offer is accepted; ``lon`` and ``lat`` are a district's then."""

    id: str
    errand_id: str
    kind: str
    source_id: str
    state: str
    price_cents: int
    promise_from: datetime
    promise_to: datetime
    answer_by: datetime | None
    reason: str
    number: int
    weight_g: int
    far_m: int
    lon: float
    lat: float
    address: str
    parcels: list["OfferedParcelShape"]
    earned_cents: int


class OfferedParcelShape(Told):
    """What somebody needs to hand a parcel over at the door."""

    id: str
    barcode: str
    recipient_name: str
    recipient_phone: str | None
    address: str
    lon: float
    lat: float
    weight_g: int
    window_from: datetime | None
    window_to: datetime | None
    state: str


class OffersShape(Told):
    offers: list[OfferShape]


class DeclineAsked(Asked):
    reason: Note = ""


class GiveUpAsked(Asked):
    reason: Reason


class CandidateShape(Told):
    id: str
    rank: int
    kind: str
    asked: str
    name: str
    price_cents: int
    state: str
    answer_by: datetime | None
    reason: str


class ErrandShape(Told):
    id: str
    day: str
    address: str
    own_cents: int
    outcome: str | None
    said: str
    parcel_ids: list[str]
    candidates: list[CandidateShape]


class ErrandsShape(Told):
    errands: list[ErrandShape]


@router.post("/trips", status_code=201, response_model=TripShape)
async def post_trip(call: Announcing, asked: TripAsked) -> Response:
    """Announce a trip from the depot that may take parcels along."""
    courier_id = asked.courier_id or (call.actor.name if call.actor.may_be(Role.COURIER) else None)
    if courier_id is None:
        raise InvalidError("courier_id", "say whose trip it is")
    day = asked.leaves_at.astimezone(call.rim.locality.zone).date().isoformat()

    def work(uow: UnitOfWork, act: Act) -> TripShape:
        said = asked.model_dump(exclude={"courier_id", "from_lon", "from_lat"})
        trip = CrowdTrip(id=act.ids.new(), courier_id=courier_id, day=day, **said)
        if asked.from_lon is not None and asked.from_lat is not None:
            trip = set_out_from(trip, (asked.from_lon, asked.from_lat))
        return TripShape.model_validate(crowd.announce_trip(uow, act, trip))

    return await call.do(work, 201)


@router.post("/couriers/{courier_id}/forget-places", response_model=ForgottenShape)
async def post_forget_places(call: Announcing, courier_id: PathId) -> Response:
    """Forget where a crowd courier's past trips led; couriers ask it for themselves."""
    return await call.do(lambda uow, act: ForgottenShape(trips=forget_places(uow, act, courier_id)))


@router.post("/trips/{trip_id}/withdraw", response_model=TripShape)
async def post_withdraw(call: Withdrawing, trip_id: PathId, asked: GiveUpAsked) -> Response:
    """Take a trip back before it leaves; what it had accepted goes to the next."""
    return await call.do(
        lambda uow, act: TripShape.model_validate(crowd.withdraw_trip(uow, act, trip_id, asked.reason))
    )


@router.get("/couriers/{courier_id}/offers/{day}")
async def get_courier_offers(call: CourierReading, courier_id: PathId, day: Day) -> OffersShape:
    """Return what a crowd courier was offered of one day, the newest first."""
    return await offers_shape(call, courier_id, day)


@router.get("/offers/{offer_id}")
async def get_offer(call: Reading, offer_id: PathOffer) -> OfferShape:
    """Return one offer, with addresses once it is accepted."""
    act = call.rim.act(call.actor)
    found: OfferView = await call.look(lambda uow: readable(uow, act, offer_id))
    return offer_shape(found)


@router.post("/offers/{offer_id}/accept", response_model=OfferShape)
async def post_accept(call: Answering, offer_id: PathOffer) -> Response:
    """Say yes at the price offered; a crowd courier's way is checked with everything accepted so far."""
    act = call.rim.act(call.actor)

    async def thought(do: Doing[OfferView]) -> OfferView:
        yes = await yes_to(call.rim, act, offer_id)
        return await do(lambda uow: _view(uow, yes(uow, act)))

    return await call.think(thought, offer_shape)


@router.post("/offers/{offer_id}/decline", response_model=OfferShape)
async def post_decline(call: Answering, offer_id: PathOffer, asked: DeclineAsked) -> Response:
    """Say no; the next candidate is asked."""
    return await call.do(
        lambda uow, act: offer_shape(_view(uow, offer_steps.decline(uow, act, offer_id, asked.reason)))
    )


@router.post("/offers/{offer_id}/give-up", response_model=OfferShape)
async def post_give_up(call: Answering, offer_id: PathOffer, asked: GiveUpAsked) -> Response:
    """Take a yes back before the parcels were handed over; the next candidate is asked."""
    return await call.do(
        lambda uow, act: offer_shape(_view(uow, offer_steps.give_up(uow, act, offer_id, asked.reason)))
    )


@router.get("/errands/{day}")
async def get_errands(call: Seeing, day: Day) -> ErrandsShape:
    """Return what others were asked to bring on a day, with every candidate, the newest first."""
    act = call.rim.act(call.actor)
    found = await call.look(lambda uow: errands_of(uow, act, day.isoformat()))
    return ErrandsShape(errands=[_errand(one) for one in found])


@router.post("/errands/{errand_id}/withdraw", status_code=204)
async def post_withdraw_errand(call: Planning, errand_id: PathId, asked: GiveUpAsked) -> Response:
    """Take an errand back while its parcels lie at the depot; they are planned with our own couriers again."""

    def work(uow: UnitOfWork, act: Act) -> None:
        offer_steps.withdraw_errand(uow, act, errand_id, asked.reason)

    return await call.do(work, 204)


async def offers_shape(call: Call, asked: str, day: date) -> OffersShape:
    """Return what somebody was offered of one day."""
    act = call.rim.act(call.actor)
    found = await call.look(lambda uow: offers_of(uow, act, asked, day.isoformat()))
    return OffersShape(offers=[offer_shape(one) for one in found])


def offer_shape(view: OfferView) -> OfferShape:
    """Return an offer without what is not to be known yet."""
    own = {name: getattr(view.offer, name) for name in OfferShape.model_fields if hasattr(view.offer, name)}
    lon, lat = view.spot
    return OfferShape(
        **own,
        number=view.number,
        weight_g=view.weight_g,
        far_m=view.far_m,
        lon=lon,
        lat=lat,
        address=view.errand.address if view.is_known else "",
        parcels=[OfferedParcelShape.model_validate(one) for one in view.parcels],
        earned_cents=view.earned_cents,
    )


def _view(uow: UnitOfWork, offer: Offer) -> OfferView:
    return offer_view(uow, offer, uow.need(Errand, offer.errand_id))


def _errand(view: ErrandView) -> ErrandShape:
    own = {name: getattr(view.errand, name) for name in ErrandShape.model_fields if hasattr(view.errand, name)}
    candidates = [
        CandidateShape(
            **{name: getattr(one, name) for name in CandidateShape.model_fields if hasattr(one, name)},
            name=view.names.get(one.asked, one.asked),
        )
        for one in view.offers
    ]
    return ErrandShape(**own, parcel_ids=[one.id for one in view.parcels], candidates=candidates)
