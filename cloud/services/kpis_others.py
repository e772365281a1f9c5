"""What others did and got on a span of days, read for the figures of those days.

Somebody is paid for what was brought: of a stop of several parcels an equal part for each.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cloud.domain.outside import TAKEN, CrowdTrip, OfferKind
from cloud.domain.parcel import Parcel
from cloud.services.crowd_route import PLANNER
from cloud.services.many import by_id
from cloud.services.outside_load import agreed_detour_m
from cloud.services.ports import UnitOfWork
from cloud.services.records import Route
from cloud.services.records_outside import Errand, ErrandParcel, ErrandState, Offer


@dataclass(frozen=True, slots=True)
class Paid:
    """A crowd courier's route: what was earned on it, and how much farther it went for us."""

    cents: int
    metres: int


@dataclass(frozen=True, slots=True)
class ByPartner:
    """One parcel a partner fleet brought, or did not; way and CO2 are None where it did not say."""

    day: str
    partner: str
    parcel: Parcel
    brought: bool
    at: datetime | None
    cents: float
    stop_share: float
    way_m: int | None
    co2_g: int | None


def crowd_days(days: Sequence[str]) -> tuple[str, ...]:
    """Return the names under which crowd couriers' routes of these days are kept."""
    return tuple(f"{day}/{PLANNER}" for day in days)


def paid_by_route(uow: UnitOfWork, routes: Sequence[Route]) -> Mapping[str, Paid]:
    """Return what the routes of crowd couriers cost; our own are not in it."""
    trips = by_id(uow, CrowdTrip, (route.shift_id for route in routes))
    found = {}
    for route in routes:
        trip = trips.get(route.shift_id)
        if trip is not None:
            taken = uow.find(Offer, kind=OfferKind.CROWD, source_id=trip.id, state=tuple(TAKEN))
            cents = sum(_earned(one, uow.find(ErrandParcel, errand_id=one.errand_id)) for one in taken)
            found[route.id] = Paid(round(cents), agreed_detour_m(trip, route))
    return found


def by_partners(uow: UnitOfWork, days: Sequence[str]) -> Iterator[ByPartner]:
    """Yield what partners had on these days and have ended, parcel by parcel."""
    errands = {one.id: one for one in uow.find(Errand, order="id", day=tuple(days))}
    for errand in errands.values():
        offer = uow.first(Offer, errand_id=errand.id, kind=OfferKind.PARTNER, state=tuple(TAKEN))
        if offer is None:
            continue
        theirs = uow.find(ErrandParcel, order="parcel_id", errand_id=errand.id)
        ended = [one for one in theirs if one.state in (ErrandState.DELIVERED, ErrandState.FAILED)]
        parcels = by_id(uow, Parcel, (one.parcel_id for one in ended))
        for one in ended:
            brought = one.state is ErrandState.DELIVERED
            cents = offer.price_cents / len(theirs) if brought else 0.0
            at, share = errand.ended_at, 1 / len(ended)
            parcel, way = parcels[one.parcel_id], (one.way_m, one.co2_g)
            yield ByPartner(errand.day, offer.asked, parcel, brought, at, cents, share, *way)


def _earned(offer: Offer, theirs: Sequence[ErrandParcel]) -> float:
    delivered = sum(one.state is ErrandState.DELIVERED for one in theirs)
    return offer.price_cents * delivered / max(1, len(theirs))
