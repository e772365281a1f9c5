"""A parcel as its recipient sees it: one chain of steps from the announcement to the hand."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from cloud.domain.assignment import Obstacle, Scope, wanted_size
from cloud.domain.capacity import choose_size
from cloud.domain.locker import Locker
from cloud.domain.parcel import IN_LOCKER, Parcel, ParcelState
from cloud.domain.places import distance_m
from cloud.services.answer_change import last_change
from cloud.services.come_aboard import LEFT, WAITED_FOR
from cloud.services.extend_deadline import HAPPENED as EXTENDED
from cloud.services.offers_view import BroughtBy, brought_by
from cloud.services.ports import Act, UnitOfWork
from cloud.services.promise import left_at, why_not
from cloud.services.queries import Tracking, tracking
from cloud.services.records import Attempt, Consent, HistoryEntry
from cloud.services.records_outside import ParcelChange
from cloud.services.van_seen import Van, van_on, way_to
from contract.sizes import SizeClass

OFFERED_MAX = 5  # lockers to choose from; more is a list to study
WALK_DETOUR = 1.3  # footpaths over great-circle distance, as in cloud.routing.locker_choice
WALK_M_MIN = 80  # metres a person walks in a minute
ROUND_M = 50  # nobody's walk is known better


class Mark(StrEnum):
    """Where a step stands."""

    DONE = "done"
    NOW = "now"
    AHEAD = "ahead"


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    mark: Mark
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Offer:
    """A locker the recipient may choose, and how far it is on foot."""

    locker: Locker
    walk_m: int
    walk_min: int


@dataclass(frozen=True, slots=True)
class View:
    """Everything the page says; ``offers`` is empty where no locker can be chosen, ``why_not`` says why."""

    seen: Tracking
    steps: tuple[Step, ...]
    attempt: Attempt | None
    stops_before: int | None
    offers: tuple[Offer, ...]
    why_not: tuple[str, ...]
    consent: Consent | None
    consent_locker: Locker | None
    extensions_left: int
    change: ParcelChange | None = None
    change_of: BroughtBy | None = None
    van: Van | None = None

    @property
    def parcel(self) -> Parcel:
        return self.seen.parcel

    @property
    def is_not_today(self) -> bool:
        """Whether it was left behind and nobody has planned it anew since."""
        if self.parcel.state not in WAITED_FOR:
            return False
        said = [line.happened in LEFT for line in self.seen.history if line.happened in {*LEFT, *_GOES_ON}]
        return bool(said) and said[-1]

    @property
    def can_choose(self) -> bool:
        return self.parcel.state in CHOOSABLE


CHOOSABLE = (
    ParcelState.ANNOUNCED,
    ParcelState.PLANNED,
    ParcelState.OUT_FOR_DELIVERY,
    ParcelState.DELIVERY_FAILED,
)
_GOES_ON = ("planned", "loaded", "handed_over", "attempt_failed", "assigned_to_locker")  # it is on its way again
_TO_LOCKER = (ParcelState.ASSIGNED_TO_LOCKER, *IN_LOCKER, ParcelState.PICKED_UP)
_HAPPENED = {
    "announced": ("announced",),
    "on_the_way": ("loaded",),
    "attempt_failed": ("attempt_failed",),
    "not_today": LEFT,
    "to_locker": ("assigned_to_locker",),
    "ready": ("dropped_off",),
    "picked_up": ("picked_up",),
    "delivered": ("delivered_home",),
    "expired": ("expired",),
    "going_back": ("collected", "brought_back"),
    "returned": ("brought_back",),
    "missing": ("not_found",),
    "cancelled": ("cancelled",),
}
_NOW = {
    ParcelState.ANNOUNCED: "announced",
    ParcelState.PLANNED: "announced",
    ParcelState.OUT_FOR_DELIVERY: "on_the_way",
    ParcelState.DELIVERY_FAILED: "attempt_failed",
    ParcelState.ASSIGNED_TO_LOCKER: "to_locker",
    ParcelState.READY_FOR_PICKUP: "ready",
    ParcelState.EXPIRED: "expired",
    ParcelState.PICKED_UP: "picked_up",
    ParcelState.DELIVERED_HOME: "delivered",
    ParcelState.COLLECTED: "going_back",
    ParcelState.MISSING: "missing",
    ParcelState.RETURNED: "returned",
    ParcelState.CANCELLED: "cancelled",
}


def steps(state: ParcelState, history: Sequence[HistoryEntry]) -> tuple[Step, ...]:
    """Return the chain: what happened, where it stands, and what is still to come on this parcel's way."""
    names = _chain(state, {line.happened for line in history})
    now = names.index("not_today" if "not_today" in names and state is ParcelState.DELIVERY_FAILED else _NOW[state])
    return tuple(
        Step(name, Mark.DONE if place < now else Mark.NOW if place == now else Mark.AHEAD, _when(name, history))
        for place, name in enumerate(names)
    )


def _chain(state: ParcelState, happened: set[str]) -> list[str]:
    failed = ["attempt_failed"] if "attempt_failed" in happened or state is ParcelState.DELIVERY_FAILED else []
    if failed and "attempt_failed" not in happened and "left_in_van" in happened:
        failed = ["not_today"]
    reached = ["to_locker", "ready"] if happened & {"dropped_off", "expired"} else []
    start = ["announced", "on_the_way", *failed]
    match state:
        case ParcelState.CANCELLED:
            ends = ["cancelled"]
            start = [name for name in start if any(one in happened for one in _HAPPENED[name])] or ["announced"]
        case ParcelState.EXPIRED | ParcelState.COLLECTED | ParcelState.RETURNED:
            expired = ["expired"] if reached or state is ParcelState.EXPIRED else []
            back = ["going_back"] if expired or state is ParcelState.COLLECTED else []
            ends = [*reached, *expired, *back, "returned"]
        case ParcelState.MISSING:
            ends = [*reached, *(["expired"] if "expired" in happened else []), "missing"]
        case _ if state in _TO_LOCKER:
            ends = ["to_locker", "ready", "picked_up"]
            if state is ParcelState.ASSIGNED_TO_LOCKER and "loaded" not in happened:
                start = ["announced"]
        case _:
            ends = ["delivered"]
    return [*start, *ends]


def _when(name: str, history: Sequence[HistoryEntry]) -> datetime | None:
    times = [line.at for line in history if line.happened in _HAPPENED[name]]
    if name == "to_locker" and times:  # who wanted a locker from the start was promised one before the van left
        times += [line.at for line in history if line.happened in _HAPPENED["on_the_way"]]
    return max(times, default=None)


def view_of(uow: UnitOfWork, act: Act, parcel_id: str) -> View:
    """Read what the recipient of one parcel sees."""
    seen = tracking(uow, parcel_id)
    offers, why = _offers(uow, act, seen.parcel) if seen.parcel.state in CHOOSABLE else ((), ())
    own = [one for one in seen.consents if one.given_by.startswith("recipient:")]
    consent = own[-1] if own else None
    way = way_to(uow, parcel_id)
    return View(
        seen=seen,
        steps=steps(seen.parcel.state, seen.history),
        attempt=uow.first(Attempt, order="-at", parcel_id=parcel_id),
        stops_before=way.stops_before if way else None,
        offers=offers,
        why_not=why,
        consent=consent,
        consent_locker=uow.get(Locker, consent.locker_id) if consent and consent.locker_id else None,
        extensions_left=_extensions_left(uow, act, seen.parcel),
        change=last_change(uow, parcel_id),
        change_of=brought_by(uow, parcel_id),
        van=van_on(uow, act.now, seen.parcel, way),
    )


def van_moved(uow: UnitOfWork, act: Act, known: View) -> View:
    """Return what the recipient sees when only vans have moved since."""
    return replace(known, van=van_on(uow, act.now, known.parcel, way_to(uow, known.parcel.id)))


def _offers(uow: UnitOfWork, act: Act, parcel: Parcel) -> tuple[tuple[Offer, ...], tuple[str, ...]]:
    """Return the nearest lockers with room; consent is what the page asks for, so its lack is no obstacle."""
    size, near, against = wanted_size(parcel), [], set[str]()
    settled = {Obstacle.NOT_ALLOWED, Obstacle.NO_CONSENT, Obstacle.OTHER_LOCKER_CONSENTED, Obstacle.TOO_FAR}
    for locker in _nearby(uow, act, parcel):
        obstacles = set(why_not(parcel, locker, ())) - settled
        against |= {str(one) for one in obstacles}
        near += [] if obstacles else [locker]
    left = left_at(uow, tuple(one.id for one in near)) if near else {}
    free = [one for one in near if choose_size(size or SizeClass.XL, left[one.id]) is not None]
    offers = tuple(_offer(parcel, one) for one in free[:OFFERED_MAX])
    return offers, () if offers else tuple(sorted(against)) or ("none_near",)


def _nearby(uow: UnitOfWork, act: Act, parcel: Parcel) -> list[Locker]:
    known = uow.find(Locker, status="active", intake_open=True)
    reach = 2 * act.rules.walk_m_max
    far = {one.id: distance_m(parcel.lon, parcel.lat, one.lon, one.lat) for one in known}
    return sorted((one for one in known if far[one.id] <= reach), key=lambda one: (far[one.id], one.id))


def _offer(parcel: Parcel, locker: Locker) -> Offer:
    walk = distance_m(parcel.lon, parcel.lat, locker.lon, locker.lat) * WALK_DETOUR
    metres = max(ROUND_M, round(walk / ROUND_M) * ROUND_M)
    return Offer(locker, metres, max(1, round(metres / WALK_M_MIN)))


def _extensions_left(uow: UnitOfWork, act: Act, parcel: Parcel) -> int:
    if parcel.state not in IN_LOCKER or parcel.deadline is None:
        return 0
    allowed = act.rules.dwell.policy_for(parcel.carrier, None).extensions_max
    return max(0, allowed - uow.count(HistoryEntry, parcel_id=parcel.id, happened=EXTENDED))


def scope_of(text: str) -> Scope:
    return Scope.THIS_LOCKER if text == Scope.THIS_LOCKER else Scope.IF_ABSENT
