"""What a partner fleet would ask for a stop, and whether it may have it: doors inside its area and its promise."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import ceil

from cloud.domain.places import distance_m
from cloud.routing.problem import NOTHING, Place, Stop, StopKind, Tariff, TariffId, TimeWindow

METRES_PER_KM = 1_000


@dataclass(frozen=True, slots=True)
class Quote:
    """One partner's price for everything at one stop, and when it would be there."""

    by: TariffId
    price_cents: int
    promise: TimeWindow


def quotes(stop: Stop, tariffs: Iterable[Tariff]) -> Iterator[Quote]:
    """Yield what each partner who may have the stop asks, in the order of the tariffs."""
    if stop.kind is not StopKind.HOME or stop.skills or stop.collections != NOTHING or not stop.deliveries.parcels:
        return
    for tariff in tariffs:
        if stop.deliveries.weight_g <= tariff.weight_g_max and _keeps(tariff.promise, stop.windows):
            price = price_cents(tariff, stop.place)
            if price is not None and stop.deliveries.parcels <= tariff.parcels_max:
                yield Quote(tariff.id, price * stop.deliveries.parcels, tariff.promise)


def price_cents(tariff: Tariff, place: Place) -> int | None:
    """Return what one parcel costs there, rounded up; None outside the partner's area."""
    away_m = distance_m(*tariff.centre, *place)
    if away_m > tariff.radius_m:
        return None
    return tariff.base_cents + ceil(tariff.per_km_cents * away_m / METRES_PER_KM)


def _keeps(promise: TimeWindow, windows: tuple[TimeWindow, ...]) -> bool:
    """Whether a delivery at any moment of the promise is inside a window."""
    return not windows or any(one.start_s <= promise.start_s and promise.end_s <= one.end_s for one in windows)
