"""Whoever has a parcel aboard says whether what its recipient asked for can be done; only a yes changes anything.

A partner fleet brings a parcel to a counter itself. For a locker it brings it back to the depot, as after a failed
delivery: only couriers of ours open doors.
"""

from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import assert_never

from cloud.domain.changes import ChangeKind, ChangeState, answered
from cloud.domain.errors import ChangeAnsweredError, ConflictError
from cloud.domain.locker import Locker
from cloud.domain.outside import COMING, CrowdTrip, OfferKind
from cloud.domain.parcel import Parcel
from cloud.services import audit, opt_in, reroute
from cloud.services.cancel_parcel import cancel
from cloud.services.crowd_window import lead_to_window
from cloud.services.history import move
from cloud.services.notices import local_zone, notice
from cloud.services.offer_steps import own_offer
from cloud.services.offers_view import about
from cloud.services.outside_load import agreed_detour_m
from cloud.services.ports import Act, Keys, UnitOfWork
from cloud.services.records import Route
from cloud.services.records_outside import ErrandParcel, ErrandState, Offer, ParcelChange

SAID_MAX = 300  # characters of why not
_REFUSED = {
    ChangeKind.LOCKER: "redirect_refused",
    ChangeKind.WINDOW: "window_refused",
    ChangeKind.CANCEL: "recall_refused",
}
CHANGES_MAX = 200  # of one courier or partner that wait for an answer


@dataclass(frozen=True, slots=True)
class Answer:
    """``said`` is why not."""

    change_id: str
    accepts: bool
    said: str = ""


def answer_change(uow: UnitOfWork, act: Act, keys: Keys, answer: Answer) -> Parcel:
    """Answer once; raises ``ChangeAnsweredError`` when it is too late, and what stands against doing it."""
    change = uow.need(ParcelChange, answer.change_id)
    offer = own_offer(uow, act, change.offer_id)
    state = answered(change.state, accepts=answer.accepts)
    entrusted = uow.need(ErrandParcel, offer.errand_id, change.parcel_id)
    if offer.state not in COMING or entrusted.state not in (ErrandState.OPEN, ErrandState.ABOARD):
        raise ChangeAnsweredError(ChangeState.MOOT)
    parcel = uow.need(Parcel, change.parcel_id)
    if answer.accepts:
        _carry_out(uow, act, keys, (change, offer, parcel))
    values = {"state": state, "answered_at": act.now, "said": answer.said[:SAID_MAX] or change.said}
    uow.change(ParcelChange, {"id": change.id, "state": ChangeState.ASKED}, **values)
    audit.note(uow, act, "answer_change", f"parcel:{parcel.id}", detail=f"{change.kind} {state}", reason=answer.said)
    _tell(uow, act, uow.need(ParcelChange, change.id), answer.said)
    return move(uow, act, uow.need(Parcel, parcel.id), f"change_{state}", detail=change.kind)


def waiting_changes(uow: UnitOfWork, asked: str) -> tuple[tuple[ParcelChange, Parcel, Locker | None], ...]:
    """Return what one courier or partner is asked and has not answered, with where it should go instead."""
    offers = tuple(one.id for one in uow.find(Offer, order="id", asked=asked, state=COMING))
    if not offers:
        return ()
    mine = uow.find(ParcelChange, order="asked_at id", offer_id=offers, state=ChangeState.ASKED, limit=CHANGES_MAX)
    return tuple(
        (one, uow.need(Parcel, one.parcel_id), uow.get(Locker, one.locker_id) if one.locker_id else None)
        for one in mine
    )


def last_change(uow: UnitOfWork, parcel_id: str) -> ParcelChange | None:
    """Return what was asked last about a parcel, answered or not."""
    return uow.first(ParcelChange, order="-asked_at -id", parcel_id=parcel_id)


def _carry_out(uow: UnitOfWork, act: Act, keys: Keys, what: tuple[ParcelChange, Offer, Parcel]) -> None:
    change, offer, parcel = what
    match change.kind:
        case ChangeKind.LOCKER:
            locker = uow.need(Locker, change.locker_id or "")
            if offer.kind is OfferKind.CROWD:
                _check_detour(uow, offer, (parcel, locker))
            opt_in.send(uow, act, keys, parcel, locker)
        case ChangeKind.WINDOW:
            _promise_window(uow, act, offer, (parcel, change))
        case ChangeKind.CANCEL:
            cancel(uow, act, keys, parcel, change.said)
        case _ as never:
            assert_never(never)


def _promise_window(uow: UnitOfWork, act: Act, offer: Offer, what: tuple[Parcel, ParcelChange]) -> None:
    """Promise the window; whoever brings it has promised it, too, and a crowd courier's route keeps it."""
    parcel, change = what
    window = {"window_from": change.window_from, "window_to": change.window_to}
    after = move(uow, act, parcel, "window_chosen", detail=f"{change.window_from} to {change.window_to}", **window)
    if offer.kind is OfferKind.CROWD:
        lead_to_window(uow, uow.need(CrowdTrip, offer.source_id), after, act.now)
    uow.change(Offer, {"id": offer.id}, promise_from=change.window_from, promise_to=change.window_to)


def _tell(uow: UnitOfWork, act: Act, change: ParcelChange, why: str) -> None:
    """Write to the recipient what came of it, unless doing it has: another place and a recall tell themselves."""
    context = {"time_zone": local_zone(uow), "why": why[:SAID_MAX]}
    if change.state is ChangeState.REFUSED:
        template = _REFUSED[change.kind]
    elif change.kind is ChangeKind.WINDOW and change.window_from and change.window_to:
        template = "window_agreed"
        context |= {"begins": change.window_from.isoformat(), "ends": change.window_to.isoformat()}
    else:
        return
    note = notice(act, uow.need(Parcel, change.parcel_id), template, change.id, context)
    uow.add(*([note] if note else []))


def _check_detour(uow: UnitOfWork, offer: Offer, there: tuple[Parcel, Locker]) -> None:
    """Refuse what leads farther off the way, or later home, than the trip was announced for; by about, as the page."""
    parcel, locker = there
    trip = uow.need(CrowdTrip, offer.source_id)
    route = uow.first(Route, shift_id=trip.id)
    if route is None:
        raise ConflictError("this trip has no route")
    left = reroute.with_stops(uow, route)
    spots = [(stop.lon, stop.lat) for stop in left.stops]
    without = [
        (stop.lon, stop.lat)
        for stop in left.stops
        if not (one := reroute.pending(left, stop)) or any(task.parcel_id != parcel.id for task in one)
    ]
    begins = (trip.start_lon, trip.start_lat)
    ends = [(trip.end_lon, trip.end_lat)] if trip.end_lon is not None and trip.end_lat is not None else []
    new = (locker.lon, locker.lat)

    def way_m(middle: list[tuple[float, float]]) -> int:
        return sum(about(a, b)[0] for a, b in pairwise([begins, *middle, *ends]))

    longer_m = min(way_m([*without[:at], new, *without[at:]]) for at in range(len(without) + 1)) - way_m(spots)
    later = timedelta(seconds=max(0, longer_m) / reroute.SPEED_M_S + reroute.LOCKER_STOP_S)
    if agreed_detour_m(trip, route) + longer_m > trip.detour_m_max or route.ends_at + later > trip.arrives_by:
        raise ConflictError("with what you have accepted already, this is too far off your way or too late")
