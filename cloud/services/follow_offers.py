"""What became of what others said yes to: read from routes and parcels, so that the verbs of every courier stay theirs.

A job a minute apart. Custody and states are exact at once, because they are the parcel's; the offer follows them.
"""

from datetime import timedelta

from cloud.domain.changes import ChangeState
from cloud.domain.custody import CustodianKind
from cloud.domain.outside import COMING, CrowdTrip, OfferKind, OfferState, OfferStep
from cloud.domain.parcel import TERMINAL, Parcel, ParcelState
from cloud.services.many import by_id
from cloud.services.offer_steps import give_up, take, withdraw_errand
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records import Route
from cloud.services.records_outside import Errand, ErrandParcel, ErrandState, Offer, ParcelChange

NO_SHOW = timedelta(minutes=30)  # after this the parcels must leave with somebody else to arrive today
_ON_THE_ROAD = (ParcelState.OUT_FOR_DELIVERY, ParcelState.DELIVERY_FAILED, ParcelState.ASSIGNED_TO_LOCKER)


def follow_offers(uow: UnitOfWork, act: Act) -> int:
    """Move offers on to where their parcels are and return how many moved."""
    _end_moot_changes(uow, act)
    moved = _drop_moot(uow, act) + _not_fetched(uow, act)
    for offer in uow.find(Offer, order="id", kind=OfferKind.CROWD, state=COMING):
        trip = uow.need(CrowdTrip, offer.source_id)
        route = uow.first(Route, shift_id=trip.id)
        started = route is not None and route.started_at is not None
        if offer.state is OfferState.HANDED_OVER:
            moved += _brought(uow, act, offer)
        elif started:
            aboard(uow, act, offer)
            moved += 1
        elif act.now > trip.leaves_at + NO_SHOW:
            give_up(uow, act, offer.id, "did not come for the parcels")
            moved += 1
    return moved


def aboard(uow: UnitOfWork, act: Act, offer: Offer) -> Offer:
    """Say that the parcels have left the depot with whoever said yes."""
    after = take(uow, act, offer, OfferStep.HAND_OVER)
    uow.change(ErrandParcel, {"errand_id": offer.errand_id, "state": ErrandState.OPEN}, state=ErrandState.ABOARD)
    return after


def end_if_done(uow: UnitOfWork, act: Act, offer: Offer) -> bool:
    """End an errand none of whose parcels is on the way any more."""
    states = {one.state for one in uow.find(ErrandParcel, errand_id=offer.errand_id)}
    if states & {ErrandState.OPEN, ErrandState.ABOARD}:
        return False
    what = OfferStep.DELIVER if states == {ErrandState.DELIVERED} else OfferStep.FAIL
    after = take(uow, act, offer, what, ended_at=act.now)
    uow.change(Errand, {"id": offer.errand_id}, ended_at=act.now, outcome=str(after.state))
    return True


def _end_moot_changes(uow: UnitOfWork, act: Act) -> None:
    """End what was asked of somebody who does not bring the parcel any more, or has brought it."""
    for change in uow.find(ParcelChange, order="id", state=ChangeState.ASKED):
        offer = uow.need(Offer, change.offer_id)
        theirs = {"errand_id": offer.errand_id, "parcel_id": change.parcel_id}
        under_way = (ErrandState.OPEN, ErrandState.ABOARD)
        if offer.state not in COMING or not uow.count(ErrandParcel, **theirs, state=under_way):
            values = {"state": ChangeState.MOOT, "answered_at": act.now}
            uow.change(ParcelChange, {"id": change.id, "state": ChangeState.ASKED}, **values)


def _not_fetched(uow: UnitOfWork, act: Act) -> int:
    """Give up on partners who had not fetched the parcels when half of the promised time was gone.

    By then they would hardly keep their promise, and our own couriers still can.
    """
    moved = 0
    for offer in uow.find(Offer, order="id", kind=OfferKind.PARTNER, state=OfferState.ACCEPTED):
        if act.now > offer.promise_from + (offer.promise_to - offer.promise_from) / 2:
            give_up(uow, act, offer.id, "did not fetch the parcels")
            moved += 1
    return moved


def _brought(uow: UnitOfWork, act: Act, offer: Offer) -> int:
    parcels = uow.find(ErrandParcel, order="parcel_id", errand_id=offer.errand_id, state=ErrandState.ABOARD)
    known = by_id(uow, Parcel, [one.parcel_id for one in parcels])
    for one in parcels:
        parcel = known[one.parcel_id]
        if parcel.state in _ON_THE_ROAD and parcel.custodian == f"{CustodianKind.COURIER}:{offer.asked}":
            continue
        back = parcel.custodian.startswith(CustodianKind.CARRIER) or parcel.state is ParcelState.CANCELLED
        after = ErrandState.FAILED if back else ErrandState.DELIVERED
        uow.change(ErrandParcel, {"errand_id": offer.errand_id, "parcel_id": one.parcel_id}, state=after)
    return int(end_if_done(uow, act, offer))


def _drop_moot(uow: UnitOfWork, act: Act) -> int:
    """Take back what nobody need bring any more: cancelled, or sent to a locker by its recipient."""
    waiting = uow.find(ErrandParcel, order="errand_id parcel_id", state=ErrandState.OPEN)
    parcels = by_id(uow, Parcel, [one.parcel_id for one in waiting])
    moot = {one.errand_id for one in waiting if _is_moot(uow, one, parcels[one.parcel_id])}
    for errand_id in sorted(moot):
        withdraw_errand(uow, act, errand_id, "a parcel was cancelled or goes somewhere else")
    return len(moot)


def _is_moot(uow: UnitOfWork, one: ErrandParcel, parcel: Parcel) -> bool:
    if parcel.state in TERMINAL:
        return True
    if parcel.state is not ParcelState.ASSIGNED_TO_LOCKER:
        return False
    if parcel.locker_id == uow.need(Errand, one.errand_id).locker_id:
        return False
    yes = uow.first(Offer, errand_id=one.errand_id, kind=OfferKind.CROWD, state=OfferState.ACCEPTED)
    return yes is None  # a crowd courier's route was led to the locker already
