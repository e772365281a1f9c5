"""What of a day fits one plan: beyond that the least urgent wait for another day, and a plan there is."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from cloud.domain.parcel import Parcel, ParcelState
from cloud.routing.matrices import PLACES_MAX
from cloud.routing.plan import Unplanned, UnplannedReason
from cloud.routing.problem import Place

SENTENCE = f"the day has more than {PLACES_MAX:,} places, which is what one plan can hold; it waits for the next"
_NEVER = datetime.max.replace(tzinfo=UTC)


def fitting(
    due: Sequence[Parcel], fixed: Collection[Place], places_max: int = PLACES_MAX
) -> tuple[list[Parcel], tuple[Unplanned, ...]]:
    """Return the parcels of the day's plan in their order, and those left out of it.

    ``fixed`` are the places that count anyway: lockers, counters, where shifts begin and end. A locker's parcels add
    none. Then come those who waited in vain once, then the windows that end first, then who has waited longest.
    """
    places, kept = set(fixed), set[str]()
    for parcel in sorted(due, key=_urgency):
        place = Place(parcel.lon, parcel.lat)
        if parcel.state is ParcelState.ASSIGNED_TO_LOCKER or place in places:
            kept.add(parcel.id)
        elif len(places) < places_max:
            kept.add(parcel.id)
            places.add(place)
    left = (one.id for one in due if one.id not in kept)
    return [one for one in due if one.id in kept], tuple(
        Unplanned(None, (one,), UnplannedReason.CROWDED_OUT, SENTENCE) for one in left
    )


def _urgency(parcel: Parcel) -> tuple[bool, datetime, datetime, str]:
    again = parcel.state is ParcelState.DELIVERY_FAILED
    return (not again, parcel.window_to or _NEVER, parcel.created_at, parcel.id)
