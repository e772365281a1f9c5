"""May this parcel go to this locker? All reasons against it are named at once, not one by one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from cloud.domain.fit import SIZES_KEPT, Box, is_liftable, size_for
from cloud.domain.locker import Locker, takes_parcels
from cloud.domain.parcel import Parcel
from contract.sizes import SizeClass


class Obstacle(StrEnum):
    """Why not; the words are stable for machines and for translation."""

    NOT_ALLOWED = "locker_not_allowed"
    NO_CONSENT = "no_consent"
    OTHER_LOCKER_CONSENTED = "other_locker_consented"
    TOO_FAR = "too_far"
    PERISHABLE = "perishable"
    TEMPERATURE = "temperature_controlled"
    TOO_LARGE = "too_large"
    TOO_HEAVY = "too_heavy"
    LOCKER_CLOSED = "locker_takes_no_parcels"
    NO_CONTACT = "no_way_to_tell_the_recipient"


class Scope(StrEnum):
    """What a recipient agreed to."""

    THIS_LOCKER = "this_locker"
    ANY_NEARBY = "any_nearby"
    IF_ABSENT = "if_absent"


@dataclass(frozen=True, slots=True)
class Agreement:
    """A consent as a record: who gave it, when, how far it goes. ``by_carrier`` is the announcement's own flag."""

    given_by: str
    given_at: datetime
    scope: Scope
    locker_id: str | None
    walk_m_max: int
    withdrawn: bool = False


def wanted_size(parcel: Parcel) -> SizeClass | None:
    return _size_of(parcel.length_mm, parcel.width_mm, parcel.height_mm)


@lru_cache(SIZES_KEPT)
def _size_of(length_mm: int, width_mm: int, height_mm: int) -> SizeClass | None:
    return size_for(Box(length_mm, width_mm, height_mm))


def obstacles(
    parcel: Parcel, locker: Locker, agreements: Iterable[Agreement], distance_m: float
) -> tuple[Obstacle, ...]:
    """Return everything that forbids this parcel at this locker; empty when it may go."""
    return (
        *_content(parcel),
        *(() if takes_parcels(locker) else (Obstacle.LOCKER_CLOSED,)),
        *_consent(locker, tuple(one for one in agreements if not one.withdrawn), distance_m),
    )


def _content(parcel: Parcel) -> tuple[Obstacle, ...]:
    checks = (
        (Obstacle.NOT_ALLOWED, not parcel.locker_allowed),
        (Obstacle.PERISHABLE, parcel.perishable),
        (Obstacle.TEMPERATURE, parcel.temperature_controlled),
        (Obstacle.TOO_LARGE, wanted_size(parcel) is None),
        (Obstacle.TOO_HEAVY, not is_liftable(parcel.weight_g)),
        (Obstacle.NO_CONTACT, not (parcel.recipient_email or parcel.recipient_phone)),
    )
    return tuple(obstacle for obstacle, stands in checks if stands)


def _consent(locker: Locker, agreements: tuple[Agreement, ...], distance_m: float) -> tuple[Obstacle, ...]:
    if not agreements:
        return (Obstacle.NO_CONSENT,)
    if any(one.locker_id == locker.id for one in agreements):
        return ()
    anywhere = [one for one in agreements if one.locker_id is None]
    if not anywhere:
        return (Obstacle.OTHER_LOCKER_CONSENTED,)
    return () if any(distance_m <= one.walk_m_max for one in anywhere) else (Obstacle.TOO_FAR,)
