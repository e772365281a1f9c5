"""Who else may bring what is due on a day, as routing's own records: trips of crowd couriers and partners' tariffs."""

from dataclasses import dataclass
from datetime import datetime

from cloud.domain.outside import CrowdTrip, PartnerTariff
from cloud.domain.windows import Window
from cloud.routing.problem import (
    TARIFFS_MAX,
    Amounts,
    Costs,
    Courier,
    Place,
    RouteCourierId,
    Tariff,
    TariffId,
    TimeWindow,
)
from cloud.services.crowd import open_trips
from cloud.services.partners import tariffs
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records_outside import Errand, ErrandParcel, ErrandState

OURS = frozenset({"our own courier"})
"""What a stop needs that is not for others: collections, and what everybody asked has refused."""

TRIPS_MAX = 200  # put to the planner for one day; each is a van more, and 200 vans is the largest fleet we plan for
CM3_PER_L = 1_000


@dataclass(frozen=True, slots=True)
class Others:
    """Trips and tariffs that still can take something."""

    trips: tuple[CrowdTrip, ...] = ()
    tariffs: tuple[PartnerTariff, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.trips or self.tariffs)


def others_of(uow: UnitOfWork, act: Act, day: str) -> Others:
    """Return who may still be asked today: nobody who has left, no promise that has begun."""
    trips = tuple(one for one in open_trips(uow, day) if one.leaves_at > act.now)
    offered = tuple(one for one in tariffs(uow, day) if one.promise_from > act.now)
    return Others(trips[:TRIPS_MAX], offered[:TARIFFS_MAX])


def refused(uow: UnitOfWork, day: str) -> set[str]:
    """Return the parcels everybody asked today has refused: our own couriers bring them."""
    errands = tuple(one.id for one in uow.find(Errand, day=day, outcome="nobody"))
    if not errands:
        return set()
    return {one.parcel_id for one in uow.find(ErrandParcel, errand_id=errands, state=ErrandState.BACK)}


def as_courier(trip: CrowdTrip, begins: datetime) -> Courier:
    """Return the trip as somebody who drives it for the price of a parcel."""
    end = None if trip.end_lon is None or trip.end_lat is None else Place(trip.end_lon, trip.end_lat)
    return Courier(
        RouteCourierId(trip.id),
        Place(trip.start_lon, trip.start_lat),
        end,
        _seconds(Window(trip.leaves_at, trip.arrives_by), begins),
        Amounts(trip.parcels_max, trip.weight_g_max, trip.volume_l_max * CM3_PER_L),
        costs=Costs(per_parcel_cents=trip.per_parcel_cents),
        detour_m_max=trip.detour_m_max,
    )


def as_tariff(one: PartnerTariff, begins: datetime) -> Tariff:
    """Return a partner's tariff in the plan's own time."""
    return Tariff(
        TariffId(one.id),
        Place(one.centre_lon, one.centre_lat),
        one.radius_m,
        one.base_cents,
        one.per_km_cents,
        _seconds(Window(one.promise_from, one.promise_to), begins),
        one.parcels_max,
        one.weight_g_max,
    )


def _seconds(window: Window, begins: datetime) -> TimeWindow:
    return TimeWindow(*(max(0, int((at - begins).total_seconds())) for at in (window.begins, window.ends)))
