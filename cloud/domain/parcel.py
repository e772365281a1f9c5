"""One parcel's life: the states it can be in and what moves it between them.

Two kinds of happening. A *wish* (plan, assign, cancel ...) is asked of the cloud and may be refused. A *fact* (dropped
off, picked up, collected) was seen by a locker's sensors; it is never refused and never rewritten, it only may surprise
us, and then a person looks at it.

::

    announced -> planned -> out_for_delivery -> delivered_home
        |           |              | attempt failed
        |           |       delivery_failed -> returned
        | opted in  |              | assigned
        `-----------`----> assigned_to_locker -> ready_for_pickup -> picked_up
                                                     | dwell ended
                                                  expired -> collected -> returned
                                                     | a courier did not find it
                                                  missing (until somebody has)
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from cloud.domain.errors import TransitionRefusedError


class ParcelState(StrEnum):
    ANNOUNCED = "announced"
    PLANNED = "planned"
    OUT_FOR_DELIVERY = "out_for_delivery"
    DELIVERY_FAILED = "delivery_failed"
    ASSIGNED_TO_LOCKER = "assigned_to_locker"
    READY_FOR_PICKUP = "ready_for_pickup"
    EXPIRED = "expired"
    PICKED_UP = "picked_up"
    COLLECTED = "collected"
    MISSING = "missing"
    RETURNED = "returned"
    DELIVERED_HOME = "delivered_home"
    CANCELLED = "cancelled"


class Wish(StrEnum):
    """What people and jobs ask for; refused where it makes no sense."""

    PLAN = "planned"
    UNPLAN = "taken out of the plan"
    LOAD = "loaded"
    FAIL_ATTEMPT = "not delivered"
    ASSIGN = "assigned to a locker"
    UNASSIGN = "taken back from a locker"
    UNASSIGN_AT_DEPOT = "kept from a locker"
    END_DWELL = "expired"
    EXTEND = "extended"
    RETURN = "returned"
    DELIVER_HOME = "delivered at home"
    CANCEL = "cancelled"


class Fact(StrEnum):
    """What a locker saw; total: every state has an answer."""

    DROPPED_OFF = "dropped_off"
    PICKED_UP = "picked_up"
    COLLECTED = "collected"
    NOT_FOUND = "not_found"
    DROP_OFF_ABANDONED = "drop_off_abandoned"


TERMINAL = frozenset({ParcelState.PICKED_UP, ParcelState.RETURNED, ParcelState.DELIVERED_HOME, ParcelState.CANCELLED})
IN_LOCKER = frozenset({ParcelState.READY_FOR_PICKUP, ParcelState.EXPIRED})

_S = ParcelState
_ALLOWED: dict[Wish, dict[ParcelState, ParcelState]] = {
    Wish.PLAN: {_S.ANNOUNCED: _S.PLANNED, _S.PLANNED: _S.PLANNED, _S.DELIVERY_FAILED: _S.PLANNED},
    Wish.UNPLAN: {_S.PLANNED: _S.ANNOUNCED},
    Wish.LOAD: {_S.PLANNED: _S.OUT_FOR_DELIVERY},
    Wish.FAIL_ATTEMPT: {_S.OUT_FOR_DELIVERY: _S.DELIVERY_FAILED, _S.PLANNED: _S.DELIVERY_FAILED},
    Wish.ASSIGN: {
        _S.ANNOUNCED: _S.ASSIGNED_TO_LOCKER,
        _S.PLANNED: _S.ASSIGNED_TO_LOCKER,
        _S.OUT_FOR_DELIVERY: _S.ASSIGNED_TO_LOCKER,
        _S.DELIVERY_FAILED: _S.ASSIGNED_TO_LOCKER,
    },
    Wish.UNASSIGN: {_S.ASSIGNED_TO_LOCKER: _S.DELIVERY_FAILED},
    Wish.UNASSIGN_AT_DEPOT: {_S.ASSIGNED_TO_LOCKER: _S.ANNOUNCED},
    Wish.END_DWELL: {_S.READY_FOR_PICKUP: _S.EXPIRED},
    Wish.EXTEND: {_S.READY_FOR_PICKUP: _S.READY_FOR_PICKUP, _S.EXPIRED: _S.READY_FOR_PICKUP},
    Wish.RETURN: {_S.COLLECTED: _S.RETURNED, _S.DELIVERY_FAILED: _S.RETURNED, _S.MISSING: _S.RETURNED},
    Wish.DELIVER_HOME: {_S.OUT_FOR_DELIVERY: _S.DELIVERED_HOME, _S.PLANNED: _S.DELIVERED_HOME},
    Wish.CANCEL: {
        _S.ANNOUNCED: _S.CANCELLED,
        _S.PLANNED: _S.CANCELLED,
        _S.OUT_FOR_DELIVERY: _S.CANCELLED,
        _S.DELIVERY_FAILED: _S.CANCELLED,
        _S.ASSIGNED_TO_LOCKER: _S.CANCELLED,
        _S.MISSING: _S.CANCELLED,
    },
}


@dataclass(frozen=True, slots=True)
class Observed:
    """The state after a fact, and whether the fact came as a surprise a person should look at."""

    state: ParcelState
    surprise: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One item with one barcode. Lengths in mm, weight in g, place as longitude and latitude in degrees.

    Behind ``soft_to``, within the window, each minute has a price. ``skills`` are words with spaces between them: what
    its courier has to be able to do.
    """

    id: str
    carrier: str
    barcode: str
    label_digest: str
    recipient_name: str
    recipient_email: str | None
    recipient_phone: str | None
    language: str
    address: str
    lon: float
    lat: float
    length_mm: int
    width_mm: int
    height_mm: int
    weight_g: int
    window_from: datetime | None
    window_to: datetime | None
    locker_allowed: bool
    preferred_locker: str | None
    low_door: bool
    perishable: bool
    temperature_controlled: bool
    dwell_h_max: int | None
    state: ParcelState
    custodian: str
    locker_id: str | None
    compartment: str | None
    dropped_off_at: datetime | None
    deadline: datetime | None
    import_id: str | None
    created_at: datetime
    updated_at: datetime
    soft_to: datetime | None = None
    late_cents_per_min: int = 0
    skills: str = ""


def advance(state: ParcelState, wish: Wish) -> ParcelState:
    """Return the state after ``wish``; raises ``TransitionRefusedError`` where it makes no sense."""
    after = _ALLOWED[wish].get(state)
    if after is None:
        raise TransitionRefusedError(state, wish)
    return after


def observe(state: ParcelState, fact: Fact) -> Observed:
    """Return the state after a locker saw ``fact``. Never refuses: physical facts win (trust.md, rule 1)."""
    match fact:
        case Fact.DROPPED_OFF:
            return _dropped_off(state)
        case Fact.PICKED_UP:
            return _picked_up(state)
        case Fact.COLLECTED:
            return _collected(state)
        case Fact.NOT_FOUND:
            return _not_found(state)
        case Fact.DROP_OFF_ABANDONED:
            return Observed(state)
        case _ as never:
            assert_never(never)


def _dropped_off(state: ParcelState) -> Observed:
    if state in (ParcelState.ASSIGNED_TO_LOCKER, ParcelState.READY_FOR_PICKUP):
        return Observed(ParcelState.READY_FOR_PICKUP)
    if state is ParcelState.EXPIRED:
        return Observed(ParcelState.EXPIRED)
    if state is ParcelState.CANCELLED:
        return Observed(ParcelState.EXPIRED, "dropped off after it was cancelled")
    return Observed(ParcelState.READY_FOR_PICKUP, f"dropped off while {state}")


def _picked_up(state: ParcelState) -> Observed:
    if state in IN_LOCKER or state is ParcelState.PICKED_UP:
        return Observed(ParcelState.PICKED_UP)
    return Observed(ParcelState.PICKED_UP, f"picked up while {state}")


def _collected(state: ParcelState) -> Observed:
    if state in (ParcelState.EXPIRED, ParcelState.COLLECTED):
        return Observed(ParcelState.COLLECTED)
    return Observed(ParcelState.COLLECTED, f"collected while {state}")


def _not_found(state: ParcelState) -> Observed:
    """Missing is what lay in a locker; of anything else a courier's word that it is not there says nothing new."""
    return Observed(ParcelState.MISSING if state in IN_LOCKER else state)
