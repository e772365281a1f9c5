"""Which other windows may be wished for while somebody else has the parcel: they are asked, and nothing is promised."""

from dataclasses import replace
from datetime import datetime, time, timedelta, tzinfo

from cloud.domain.outside import COMING, CrowdTrip, OfferKind
from cloud.domain.parcel import Parcel
from cloud.domain.windows import Window
from cloud.services.ask_change import ask_window
from cloud.services.choose_window import WindowGoneError
from cloud.services.crowd_window import order_with
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records import StopTask, Task, TaskState
from cloud.services.records_outside import ErrandParcel, ErrandState, Offer, ParcelChange
from cloud.services.window_board import LEAD, on_full_hours

UNTIL = time(21)  # partner fleets say no more of their evening than the promise; later nobody likes a bell


def wishes_for(uow: UnitOfWork, act: Act, parcel_id: str, zone: tzinfo) -> tuple[Window, ...]:
    """Return the windows worth asking for: of a crowd courier those the trip still bears; none for a parcel of ours."""
    offer = _offer(uow, parcel_id)
    if offer is None:
        return ()
    parcel = uow.need(Parcel, parcel_id)
    first = act.now.astimezone(zone) + LEAD
    found = on_full_hours(max(first, offer.promise_from.astimezone(zone)), _last(offer, zone))
    known = {(parcel.window_from, parcel.window_to)}
    if offer.kind is OfferKind.CROWD:
        trip = uow.need(CrowdTrip, offer.source_id)
        found = on_full_hours(first, trip.arrives_by.astimezone(zone))
        found = tuple(one for one in found if order_with(uow, trip, _in(parcel, one), act.now))
    return tuple(one for one in found if (one.begins, one.ends) not in known)


def wish(uow: UnitOfWork, act: Act, parcel_id: str, window: Window, zone: tzinfo) -> ParcelChange:
    """Ask for one of them; raises ``WindowGoneError`` for any other."""
    if window not in wishes_for(uow, act, parcel_id, zone):
        raise WindowGoneError
    return ask_window(uow, act, parcel_id, window)


def _offer(uow: UnitOfWork, parcel_id: str) -> Offer | None:
    """Return what somebody has said yes to, if it leads to the recipient's door."""
    one = uow.first(ErrandParcel, parcel_id=parcel_id, state=(ErrandState.OPEN, ErrandState.ABOARD))
    offer = uow.first(Offer, errand_id=one.errand_id, state=COMING) if one else None
    if offer is None or uow.need(Parcel, parcel_id).locker_id is not None:
        return None
    if offer.kind is OfferKind.CROWD and not uow.count(
        StopTask, parcel_id=parcel_id, state=TaskState.PENDING, task=Task.DELIVER
    ):
        return None
    return offer


def _last(offer: Offer, zone: tzinfo) -> datetime:
    day = offer.promise_from.astimezone(zone)
    evening = datetime.combine(day.date(), UNTIL, zone) - timedelta(hours=1)  # whole windows, none that begins later
    return max(evening, offer.promise_to.astimezone(zone))


def _in(parcel: Parcel, window: Window) -> Parcel:
    return replace(parcel, window_from=window.begins, window_to=window.ends)
