"""Records of deliveries by others: what was asked of whom at which price, and what partners and merchants are told."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cloud.domain.changes import ChangeKind, ChangeState
from cloud.domain.outside import OfferKind, OfferState
from cloud.services.records import MessageState


class ErrandState(StrEnum):
    """Of one parcel of an errand. ``open``: at the depot and not ours to plan. ``back``: ours again."""

    OPEN = "open"
    ABOARD = "aboard"
    DELIVERED = "delivered"
    FAILED = "failed"
    BACK = "back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """The parcels of one stop that somebody else may bring; ``own_cents`` is what our own courier would cost.

    ``outcome`` is one of ``delivered``, ``failed``, ``nobody`` and ``withdrawn``, None while it is under way; ``said``
    is a sentence about it for whoever plans.
    """

    id: str
    day: str
    locker_id: str | None
    address: str
    lon: float
    lat: float
    own_cents: int
    made_by: str
    created_at: datetime
    ended_at: datetime | None
    outcome: str | None
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrandParcel:
    """``way_m`` is how far a partner says it went for the parcel, ``co2_g`` what it emitted; None where it does not."""

    errand_id: str
    parcel_id: str
    state: ErrandState
    way_m: int | None = None
    co2_g: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One candidate of an errand, in the order of ``rank``; ``source_id`` is the crowd trip or the tariff.

    ``asked`` is the courier or the partner; ``position`` where the planner put the stop on the trip.
    """

    id: str
    errand_id: str
    rank: int
    kind: OfferKind
    source_id: str
    asked: str
    price_cents: int
    promise_from: datetime
    promise_to: datetime
    position: int
    state: OfferState
    made_at: datetime | None
    answer_by: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelChange:
    """What ``asked_by`` wants of a parcel that whoever said yes to ``offer_id`` has aboard, and the answer.

    ``locker_id`` belongs to the kind locker, the window to the kind window; ``said`` is why, or why not.
    """

    id: str
    parcel_id: str
    offer_id: str
    kind: ChangeKind
    locker_id: str | None
    window_from: datetime | None
    window_to: datetime | None
    asked_by: str
    asked_at: datetime
    state: ChangeState
    answered_at: datetime | None
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """A fleet of somebody else's; ``id`` is the name its API keys carry."""

    id: str
    name: str
    active: bool
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEndpoint:
    """Where ``owner`` (``partner:name`` or ``carrier:name``) is told what happens.

    The secret before counts until ``previous_until``, so that keys can be changed without a message lost. ``through``
    is the last line of the parcels' history that a carrier was told of.
    """

    owner: str
    url: str
    secret_sealed: bytes
    previous_sealed: bytes | None
    previous_until: datetime | None
    active: bool
    created_at: datetime
    through: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookMessage:
    """One event for one endpoint: committed with what it tells of, sent afterwards until it is taken or dead."""

    id: str
    owner: str
    kind: str
    body: str
    state: MessageState
    created_at: datetime
    not_before: datetime
    tries: int
    claimed_until: datetime | None
    sent_at: datetime | None
    error: str | None
