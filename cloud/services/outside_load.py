"""What is spoken for of a trip or a tariff: everything said yes to, and everything asked and not answered yet."""

from collections.abc import Sequence
from dataclasses import dataclass

from cloud.domain.outside import LIVE, TAKEN, CrowdTrip
from cloud.domain.parcel import Parcel
from cloud.domain.places import distance_m
from cloud.services.many import by_id
from cloud.services.ports import UnitOfWork
from cloud.services.records import Route
from cloud.services.records_outside import ErrandParcel, Offer
from cloud.services.reroute import DETOUR

MM3_PER_L = 1_000_000


@dataclass(frozen=True, slots=True)
class Load:
    parcels: int = 0
    weight_g: int = 0
    volume_mm3: int = 0

    def with_more(self, other: "Load") -> "Load":
        return Load(self.parcels + other.parcels, self.weight_g + other.weight_g, self.volume_mm3 + other.volume_mm3)

    def fits(self, trip: CrowdTrip) -> bool:
        return (
            self.parcels <= trip.parcels_max
            and self.weight_g <= trip.weight_g_max
            and self.volume_mm3 <= trip.volume_l_max * MM3_PER_L
        )


def load_of(uow: UnitOfWork, source_id: str, *, but: str = "") -> Load:
    """Return what is accepted by or on offer to a trip or a tariff, without the offer ``but``."""
    states = tuple(TAKEN | LIVE)
    return load(uow, [one.errand_id for one in uow.find(Offer, source_id=source_id, state=states) if one.id != but])


def load(uow: UnitOfWork, errands: Sequence[str]) -> Load:
    """Return how much the parcels of errands come to."""
    if not errands:
        return Load()
    names = [one.parcel_id for one in uow.find(ErrandParcel, errand_id=tuple(errands))]
    parcels = by_id(uow, Parcel, names).values()
    volume = sum(one.length_mm * one.width_mm * one.height_mm for one in parcels)
    return Load(len(parcels), sum(one.weight_g for one in parcels), volume)


def direct_m(trip: CrowdTrip) -> int:
    """Return about how long the way is that is driven anyway; nothing when the trip may end anywhere."""
    if trip.direct_m is not None:
        return trip.direct_m
    if trip.end_lon is None or trip.end_lat is None:
        return 0
    return round(distance_m(trip.start_lon, trip.start_lat, trip.end_lon, trip.end_lat) * DETOUR)


def agreed_detour_m(trip: CrowdTrip, route: Route | None) -> int:
    """Return about how much longer the way has become by what was accepted so far."""
    return max(0, route.distance_m - direct_m(trip)) if route else 0
