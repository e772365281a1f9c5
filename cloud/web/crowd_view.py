"""A crowd courier's trips and offers as the phone shows them: what is asked, what was said yes to, what it earned."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cloud.domain.locker import Locker, LockerStatus
from cloud.domain.outside import CrowdTrip, OfferState
from cloud.domain.parcel import Parcel
from cloud.domain.places import distance_m
from cloud.services.answer_change import waiting_changes
from cloud.services.offers_view import OfferView, earned, offers_of
from cloud.services.ports import Act, From, UnitOfWork
from cloud.services.records import Courier, Route, Shift
from cloud.services.records_outside import ParcelChange
from cloud.web import maps

PLACES_MAX = 200  # lockers a trip may be announced to; a longer list is no list on a phone
OVER = (OfferState.DECLINED, OfferState.TIMED_OUT, OfferState.WITHDRAWN, OfferState.GIVEN_UP)


@dataclass(frozen=True, slots=True)
class TripLine:
    """One trip still ahead or under way; ``stops`` were accepted, ``started`` once the parcels are aboard.

    ``near`` names the district it leads to, empty for anywhere.
    """

    trip: CrowdTrip
    stops: int
    started: bool
    near: str


@dataclass(frozen=True, slots=True)
class TripsView:
    """``asked`` waits for an answer, ``accepted`` was said yes to, ``over`` came to nothing; ``near`` names areas.

    ``changes`` are wishes of recipients whose parcels are aboard.
    """

    courier: Courier
    trips: tuple[TripLine, ...]
    asked: tuple[OfferView, ...]
    accepted: tuple[OfferView, ...]
    over: tuple[OfferView, ...]
    earned_cents: int
    to_come_cents: int
    near: dict[str, str]
    places: tuple[Locker, ...]
    changes: tuple[tuple[ParcelChange, Parcel, Locker | None], ...]
    depot: tuple[float, float] | None

    def ground(self, depot: str) -> str:
        """Return the map on which a place is tapped: the depot and the lockers around."""
        points = [maps.point("dot", (one.lon, one.lat), one.name, colour=1) for one in self.places]
        points += [maps.point("dot", self.depot, depot, colour=0)] if self.depot else []
        return maps.drawing(points)

    def drawing(self, depot: str) -> str:
        """Return the offers on a map and the depot, so named: a district before the yes, the door after it."""
        points = [
            maps.point("stop", view.spot, self.near[view.offer.id], text=str(number), state="next")
            for number, view in enumerate(self.asked, start=1)
        ]
        points += [maps.point("stop", view.spot, view.errand.address, text="✓", state="done") for view in self.accepted]
        start = self.depot
        points += [maps.point("dot", start, depot, colour=0)] if start else []
        ways = [maps.line([start, view.spot]) for view in (*self.asked, *self.accepted)] if start else []
        return maps.drawing(points, ways)


def trips_view(uow: UnitOfWork, act: Act, today: tuple[str, datetime]) -> TripsView:
    """Read what a crowd courier (who asks) has announced and was offered; ``today`` is its date and beginning."""
    courier = uow.need(Courier, act.actor.name)
    day, begins = today
    trips = uow.find(CrowdTrip, order="leaves_at id", courier_id=courier.id, arrives_by=From(begins), withdrawn_at=None)
    days = dict.fromkeys([day, *(one.day for one in trips)])
    views = [view for one in days for view in offers_of(uow, act, courier.id, one)]
    lockers = tuple(uow.find(Locker, order="name id", limit=PLACES_MAX, status=LockerStatus.ACTIVE))
    now_earned, to_come = earned(views)
    depot = uow.first(Shift, order="-starts_at")
    return TripsView(
        courier=courier,
        trips=tuple(_line(uow, trip, views, lockers) for trip in trips),
        asked=tuple(one for one in views if one.offer.state is OfferState.OFFERED),
        accepted=tuple(one for one in views if one.is_known),
        over=tuple(one for one in views if one.offer.state in OVER),
        earned_cents=now_earned,
        to_come_cents=to_come,
        near={view.offer.id: near(view.area, lockers) for view in views},
        places=lockers,
        changes=waiting_changes(uow, courier.id),
        depot=(depot.start_lon, depot.start_lat) if depot else None,
    )


def _line(uow: UnitOfWork, trip: CrowdTrip, views: Sequence[OfferView], lockers: Sequence[Locker]) -> TripLine:
    stops = sum(1 for one in views if one.offer.source_id == trip.id and one.is_known)
    route = uow.first(Route, shift_id=trip.id)
    there = near((trip.end_lon, trip.end_lat), lockers) if trip.end_lon is not None and trip.end_lat is not None else ""
    return TripLine(trip, stops, route is not None and route.started_at is not None, trip.end_address or there)


def near(there: tuple[float, float], lockers: Sequence[Locker]) -> str:
    """Name a district by the locker nearest to it: people know their stations better than coordinates."""
    lon, lat = there
    nearest = min(lockers, key=lambda one: distance_m(lon, lat, one.lon, one.lat), default=None)
    return nearest.name if nearest else f"{lat:.2f}, {lon:.2f}"
