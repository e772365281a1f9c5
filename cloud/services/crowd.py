"""Crowd couriers' trips: announced by people who are on their way anyway, open until they leave or are taken back."""

from dataclasses import replace
from datetime import timedelta

from cloud.domain.actors import Role, require
from cloud.domain.errors import ConflictError, ForbiddenError, InvalidError, LimitReachedError
from cloud.domain.outside import LIVE, CrowdTrip, OfferState
from cloud.domain.rules import STANDARD
from cloud.services import audit, offer_steps
from cloud.services.outside_load import MM3_PER_L, agreed_detour_m, load_of
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records import Courier, CourierKind, Route
from cloud.services.records_outside import Offer

TRIP_MAX = timedelta(hours=6)  # longer is a shift, and a shift is a courier's
AHEAD_MAX = timedelta(days=14)  # people know their next fortnight; a trip announced for summer is a mistake
DETOUR_M_MAX = STANDARD.trip_detour_m_max  # whatever an operator sets, not more
PARCELS_MAX = 40  # what a car's boot holds
WEIGHT_G_MAX = 300_000  # and may weigh
VOLUME_L_MAX = 2_000
PER_PARCEL_CENTS_MAX = 5_000  # dearer than any courier of ours; the planner would never take it
TRIPS_MAX = 6  # of one person on one day; more is a trade


def open_trips(uow: UnitOfWork, day: str) -> tuple[CrowdTrip, ...]:
    """Return the trips of a day that still may take parcels, each with the room and the detour that are left.

    A trip is closed once it is withdrawn or its courier has set out; whoever asks drops those that left by the clock.
    """
    trips = uow.find(CrowdTrip, order="leaves_at id", day=day, withdrawn_at=None)
    routes = {one.shift_id: one for one in uow.find(Route, shift_id=tuple(one.id for one in trips))} if trips else {}
    left = []
    for trip in trips:
        route = routes.get(trip.id)
        rest = _rest(uow, trip, route)
        if rest.parcels_max > 0 and (route is None or route.started_at is None):
            left.append(rest)
    return tuple(left)


def announce_trip(uow: UnitOfWork, act: Act, trip: CrowdTrip) -> CrowdTrip:
    """Keep a crowd courier's own trip; raises ``InvalidError`` where it can be no trip."""
    require(act.actor, Role.COURIER, Role.OPERATOR)
    _only_own(act, trip)
    courier = uow.need(Courier, trip.courier_id)
    if courier.kind is not CourierKind.CROWD or not courier.active:
        raise ConflictError(f"courier {courier.id} drives for us and announces no trips")
    _check_times(act, trip)
    _check_room(act, trip)
    same_day = uow.find(CrowdTrip, courier_id=trip.courier_id, day=trip.day, withdrawn_at=None)
    if len(same_day) >= TRIPS_MAX:
        raise LimitReachedError(f"{TRIPS_MAX} trips a day can be announced", timedelta(days=1))
    if any(one.leaves_at < trip.arrives_by and trip.leaves_at < one.arrives_by for one in same_day):
        raise ConflictError("another trip of yours is under way at that time")
    uow.add(trip)
    audit.note(uow, act, "announce_trip", f"trip:{trip.id}", detail=f"{trip.parcels_max} parcels")
    return trip


def withdraw_trip(uow: UnitOfWork, act: Act, trip_id: str, reason: str = "") -> CrowdTrip:
    """Take a trip back: what was offered to it or accepted by it goes to the next. Refused once it is on the road."""
    require(act.actor, Role.COURIER, Role.OPERATOR, Role.PLANNER)
    trip = uow.need(CrowdTrip, trip_id)
    _only_own(act, trip)
    if uow.count(Route, shift_id=trip_id) and uow.first(Route, shift_id=trip_id, started_at=None) is None:
        raise ConflictError("the parcels of this trip are on their way; bring back what you cannot deliver")
    if not uow.change(CrowdTrip, {"id": trip_id, "withdrawn_at": None}, withdrawn_at=act.now):
        raise ConflictError("this trip has been withdrawn already")
    why = reason or "the trip was withdrawn"
    for one in uow.find(Offer, order="id", source_id=trip_id, state=tuple(LIVE)):
        if one.state is OfferState.ACCEPTED:
            offer_steps.give_up(uow, act, one.id, why)
        else:
            offer_steps.decline(uow, act, one.id, why)
    audit.note(uow, act, "withdraw_trip", f"trip:{trip_id}", reason=why)
    return replace(trip, withdrawn_at=act.now)


def _rest(uow: UnitOfWork, trip: CrowdTrip, route: Route | None) -> CrowdTrip:
    """Return a trip with what is left of it; a detour already agreed to is spent."""
    used = load_of(uow, trip.id)
    return replace(
        trip,
        parcels_max=trip.parcels_max - used.parcels,
        weight_g_max=max(0, trip.weight_g_max - used.weight_g),
        volume_l_max=max(0, trip.volume_l_max - -(-used.volume_mm3 // MM3_PER_L)),
        detour_m_max=max(0, trip.detour_m_max - agreed_detour_m(trip, route)),
    )


def _only_own(act: Act, trip: CrowdTrip) -> None:
    if not act.actor.may_be(Role.OPERATOR, Role.PLANNER, Role.SYSTEM) and act.actor.name != trip.courier_id:
        raise ForbiddenError("this is another courier's trip")


def _check_times(act: Act, trip: CrowdTrip) -> None:
    if not act.now < trip.leaves_at < act.now + AHEAD_MAX:
        raise InvalidError("leaves_at", f"must lie ahead, at most {AHEAD_MAX.days} days")
    if not timedelta(0) < trip.arrives_by - trip.leaves_at <= TRIP_MAX:
        raise InvalidError("arrives_by", f"a trip lasts up to {TRIP_MAX}")


def _check_room(act: Act, trip: CrowdTrip) -> None:
    for name, most in (
        ("detour_m_max", min(DETOUR_M_MAX, act.rules.trip_detour_m_max)),
        ("parcels_max", PARCELS_MAX),
        ("weight_g_max", WEIGHT_G_MAX),
        ("volume_l_max", VOLUME_L_MAX),
        ("per_parcel_cents", PER_PARCEL_CENTS_MAX),
    ):
        if not 0 < getattr(trip, name) <= most:
            raise InvalidError(name, f"is between 1 and {most}")
    if (trip.end_lon is None) != (trip.end_lat is None):
        raise InvalidError("end", "a place needs a longitude and a latitude")
