"""Saying yes to an offer at the rim: a crowd courier's way is measured beside the writer, then agreed to inside it."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from cloud.domain.outside import CrowdTrip, OfferKind
from cloud.rim import Rim
from cloud.routing.matrices import MatrixError, TravelTimes
from cloud.routing.problem import Place
from cloud.routing.travel.errors import TravelServerError
from cloud.routing.travel_times import VAN, great_circle
from cloud.services.crowd_route import Spot, accept_crowd, places_of
from cloud.services.partners import accept_offer
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records_outside import Offer

PATIENCE_S = 3.0  # somebody has tapped "yes" and waits; after this the great circle answers

Yes = Callable[[UnitOfWork, Act], Offer]


async def yes_to(rim: Rim, act: Act, offer_id: str) -> Yes:
    """Return the verb that accepts this offer."""

    def ask(uow: UnitOfWork) -> tuple[tuple[Spot, ...], datetime] | None:
        offer = uow.need(Offer, offer_id)
        if offer.kind is OfferKind.PARTNER:
            return None
        return places_of(uow, act, offer_id), uow.need(CrowdTrip, offer.source_id).leaves_at

    found = await rim.look(ask)
    if found is None:
        return lambda uow, inner: accept_offer(uow, inner, offer_id)
    travel = await _travel(rim, *found)

    def legs(here: Spot, there: Spot) -> tuple[int, int]:
        a, b = Place(*here), Place(*there)
        return travel.distance_m(a, b), travel.duration_s(a, b)

    return lambda uow, inner: accept_crowd(uow, inner, offer_id, legs)


async def _travel(rim: Rim, spots: tuple[Spot, ...], leaves_at: datetime) -> TravelTimes:
    places = tuple(Place(*one) for one in spots)
    local = leaves_at.astimezone(rim.locality.zone)
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await rim.travel.matrix(places, local)
    except (TimeoutError, MatrixError, TravelServerError):
        return great_circle(places, VAN, local.hour)
