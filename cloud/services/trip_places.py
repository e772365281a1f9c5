"""Where crowd couriers set out and where they go: used for the way that is theirs anyway, and not kept as addresses.

Where somebody sets out is never stored: it shortens the detour that is left from the depot on. The end is needed as
long as the trip is driven; a day later only its district is known, and nothing of it once its courier says so.
"""

from dataclasses import replace
from datetime import timedelta

from cloud.domain.actors import Role, require
from cloud.domain.errors import ForbiddenError, InvalidError
from cloud.domain.outside import CrowdTrip
from cloud.services import audit
from cloud.services.crowd_route import Spot
from cloud.services.offers_view import AREA_DIGITS, about
from cloud.services.outside_load import direct_m
from cloud.services.ports import Act, UnitOfWork, UpTo
from cloud.services.records import Shift

KEPT = timedelta(hours=24)  # what went wrong on the way is asked about the day after at the latest
BATCH = 500  # trips in one unit of the writer


def set_out_from(trip: CrowdTrip, origin: Spot) -> CrowdTrip:
    """Return the trip with the detour that is left once its courier has come to the depot from ``origin``.

    Raises ``InvalidError`` when fetching the parcels is farther off the way already than was offered.
    """
    depot = (trip.start_lon, trip.start_lat)
    end = None if trip.end_lon is None or trip.end_lat is None else (trip.end_lon, trip.end_lat)
    by_depot_m = about(origin, depot)[0] + (about(depot, end)[0] if end else 0)
    anyway_m = about(origin, end)[0] if end else 0
    left_m = trip.detour_m_max - max(0, by_depot_m - anyway_m)
    if left_m <= 0:
        raise InvalidError("detour_km", f"the depot alone is {-(-(by_depot_m - anyway_m) // 1_000)} km off your way")
    return replace(trip, detour_m_max=left_m)


def coarsen_places(uow: UnitOfWork, act: Act) -> int:
    """Keep of trips that ended a day ago only the district they led to (a job); how long they were stays known."""
    over = uow.find(CrowdTrip, order="id", limit=BATCH, direct_m=None, arrives_by=UpTo(act.now - KEPT))
    for trip in over:
        if trip.end_lon is None or trip.end_lat is None:
            uow.change(CrowdTrip, {"id": trip.id}, direct_m=0)
            continue
        place = {"end_lon": round(trip.end_lon, AREA_DIGITS), "end_lat": round(trip.end_lat, AREA_DIGITS)}
        uow.change(CrowdTrip, {"id": trip.id}, direct_m=direct_m(trip), **place)
        uow.change(Shift, {"id": trip.id}, **place)
    return len(over)


def forget_places(uow: UnitOfWork, act: Act, courier_id: str) -> int:
    """Forget at once where a courier's past trips led, as when their account ends; returns how many it were."""
    require(act.actor, Role.COURIER, Role.OPERATOR)
    if not act.actor.may_be(Role.OPERATOR, Role.SYSTEM) and act.actor.name != courier_id:
        raise ForbiddenError("these are another courier's trips")
    past = [
        one
        for one in uow.find(CrowdTrip, order="id", courier_id=courier_id, arrives_by=UpTo(act.now))
        if one.end_lon is not None
    ]
    for trip in past:
        known_m = direct_m(trip)
        uow.change(CrowdTrip, {"id": trip.id}, end_lon=None, end_lat=None, end_address="", direct_m=known_m)
        uow.change(Shift, {"id": trip.id}, end_lon=trip.start_lon, end_lat=trip.start_lat)
    audit.note(uow, act, "forget_places", f"courier:{courier_id}", detail=f"{len(past)} trips")
    return len(past)
