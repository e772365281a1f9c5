"""Deliveries by others: people on their way (crowd couriers) and partner fleets, and what one offer to them can become.

::

    offered -> accepted -> handed over -> delivered
       |           |             | failed
       |           | given up    `----------> failed
       | declined, timed out, withdrawn
       `--> the next candidate, at last our own courier
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cloud.domain.errors import OfferEndedError
from cloud.domain.places import distance_m

CROWD_ANSWER = timedelta(minutes=5)  # somebody on a bus looks at the phone within minutes, or is not on the way
EARLY = timedelta(hours=3)  # before a trip leaves; whoever is asked earlier may be asleep, and has time
EARLY_ANSWER_MAX = timedelta(hours=2, minutes=30)  # from the night's plan (half past four) until people are up
PARTNER_ANSWER = timedelta(minutes=10)  # a program answers in seconds; a dispatcher between two calls needs this


def crowd_answer_by(now: datetime, leaves_at: datetime) -> datetime:
    """Return until when a person may answer: soon before the trip, with more time the earlier they are asked."""
    early = min(leaves_at - EARLY - now, EARLY_ANSWER_MAX)
    return min(now + max(CROWD_ANSWER, early), leaves_at)


class OfferKind(StrEnum):
    CROWD = "crowd"
    PARTNER = "partner"


class OfferState(StrEnum):
    """``waiting``: a candidate who is asked when those before have said no."""

    WAITING = "waiting"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    HANDED_OVER = "handed_over"
    DELIVERED = "delivered"
    FAILED = "failed"
    GIVEN_UP = "given_up"
    DECLINED = "declined"
    TIMED_OUT = "timed_out"
    WITHDRAWN = "withdrawn"


class OfferStep(StrEnum):
    """What can happen to an offer, as a participle: the refusal's sentence ends with it."""

    ASK = "made"
    ACCEPT = "accepted"
    DECLINE = "declined"
    TIME_OUT = "timed out"
    WITHDRAW = "withdrawn"
    HAND_OVER = "handed over"
    DELIVER = "delivered"
    FAIL = "failed"
    GIVE_UP = "given up"


_S = OfferState
_ALLOWED: dict[OfferStep, dict[OfferState, OfferState]] = {
    OfferStep.ASK: {_S.WAITING: _S.OFFERED},
    OfferStep.ACCEPT: {_S.OFFERED: _S.ACCEPTED},
    OfferStep.DECLINE: {_S.OFFERED: _S.DECLINED},
    OfferStep.TIME_OUT: {_S.OFFERED: _S.TIMED_OUT},
    OfferStep.WITHDRAW: dict.fromkeys((_S.WAITING, _S.OFFERED, _S.ACCEPTED), _S.WITHDRAWN),
    OfferStep.HAND_OVER: {_S.ACCEPTED: _S.HANDED_OVER},
    OfferStep.DELIVER: {_S.HANDED_OVER: _S.DELIVERED},
    OfferStep.FAIL: {_S.HANDED_OVER: _S.FAILED},
    OfferStep.GIVE_UP: {_S.ACCEPTED: _S.GIVEN_UP},
}
LIVE = frozenset({_S.OFFERED, _S.ACCEPTED})
"""The parcels still lie at the depot and are somebody else's to bring, or may become it."""

TAKEN = frozenset({_S.ACCEPTED, _S.HANDED_OVER, _S.DELIVERED, _S.FAILED})
"""Said yes to: counted against what a trip or a tariff can take."""

COMING = (_S.ACCEPTED, _S.HANDED_OVER)
"""Said yes to and not ended: somebody brings the parcels, or will."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrowdTrip:
    """A person who drives from the depot to somewhere anyway and takes parcels along for a price each.

    The trip begins at the depot (``start``) no earlier than ``leaves_at`` and ends by ``arrives_by`` at ``end``, or
    wherever the last parcel goes when there is no ``end``. ``detour_m_max`` is what may be driven more than straight
    from start to end (than nothing, without an end). Places in degrees, money in cents, volume in litres. ``direct_m``
    is how long the straight way was, kept when the place of the end is not.
    """

    id: str
    courier_id: str
    leaves_at: datetime
    arrives_by: datetime
    start_lon: float
    start_lat: float
    end_lon: float | None
    end_lat: float | None
    detour_m_max: int
    parcels_max: int
    weight_g_max: int
    volume_l_max: int
    per_parcel_cents: int
    end_address: str = ""
    day: str = ""
    withdrawn_at: datetime | None = None
    direct_m: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerTariff:
    """What a partner fleet asks for a parcel within its area, and by when it promises to be there.

    The price of one parcel is ``base_cents`` plus ``per_km_cents`` for the great circle from the area's centre, rounded
    up. ``promise_from`` and ``promise_to`` are when on the day it is delivered; ``parcels_max`` counts the day's.
    """

    id: str
    partner_id: str
    day: str
    centre_lon: float
    centre_lat: float
    radius_m: int
    base_cents: int
    per_km_cents: int
    promise_from: datetime
    promise_to: datetime
    parcels_max: int
    weight_g_max: int
    withdrawn_at: datetime | None = None


def step(state: OfferState, what: OfferStep) -> OfferState:
    """Return the state after ``what``; raises ``OfferEndedError`` where it makes no sense any more."""
    after = _ALLOWED[what].get(state)
    if after is None:
        raise OfferEndedError(state, what)
    return after


def away_m(tariff: PartnerTariff, lon: float, lat: float) -> float:
    """Return the great circle from the centre of a tariff's area."""
    return distance_m(tariff.centre_lon, tariff.centre_lat, lon, lat)


def covers(tariff: PartnerTariff, lon: float, lat: float) -> bool:
    return away_m(tariff, lon, lat) <= tariff.radius_m


def tariff_cents(tariff: PartnerTariff, lon: float, lat: float) -> int:
    """Return what the tariff asks for one parcel there, rounded up to a cent."""
    return tariff.base_cents + math.ceil(tariff.per_km_cents * away_m(tariff, lon, lat) / 1_000)
