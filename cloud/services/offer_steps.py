"""What becomes of an offer: asked, answered, timed out, taken back; and who is asked next.

When the last candidate has said no, has not answered in time or has given up, the parcels are our own couriers' again
and the errand says why.
"""

from collections import Counter
from datetime import datetime
from typing import Any

from cloud.domain.actors import Role, require
from cloud.domain.errors import ForbiddenError, OfferEndedError
from cloud.domain.outside import (
    LIVE,
    PARTNER_ANSWER,
    CrowdTrip,
    OfferKind,
    OfferState,
    OfferStep,
    PartnerTariff,
    crowd_answer_by,
    step,
)
from cloud.domain.parcel import Parcel, ParcelState, Wish, advance
from cloud.services import audit, reroute
from cloud.services.history import move
from cloud.services.many import by_id
from cloud.services.notices import local_zone, to_courier
from cloud.services.outside_load import load, load_of
from cloud.services.ports import Act, UnitOfWork, UpTo
from cloud.services.records import Courier, Route, TaskState
from cloud.services.records_outside import Errand, ErrandParcel, ErrandState, Offer, Partner
from cloud.services.webhooks import tell

BATCH = 500  # timed out in one unit of the writer
REASON_MAX = 300  # characters kept of why somebody said no
MADE, ENDED = "offer.made", "offer.ended"

_WORDS = {
    OfferState.DECLINED: "declined",
    OfferState.TIMED_OUT: "did not answer in time",
    OfferState.GIVEN_UP: "gave it up",
    OfferState.WITHDRAWN: "could not be asked any more",
}


def ask_next(uow: UnitOfWork, act: Act, errand: Errand) -> Offer | None:
    """Ask the next candidate who still can do it; None when nobody is left and the parcels are ours again."""
    for offer in uow.find(Offer, order="rank", errand_id=errand.id, state=OfferState.WAITING):
        why_not, answer_by = _can_be_asked(uow, act, offer)
        if why_not:
            take(uow, act, offer, OfferStep.WITHDRAW, ended_at=act.now, reason=why_not)
            continue
        asked = take(uow, act, offer, OfferStep.ASK, made_at=act.now, answer_by=answer_by)
        _tell(uow, act, asked, MADE)
        return asked
    _nobody(uow, act, errand)
    return None


def decline(uow: UnitOfWork, act: Act, offer_id: str, reason: str = "") -> Offer:
    """Say no; the next candidate is asked."""
    offer = answerable(uow, act, offer_id)
    return _ended(uow, act, offer, OfferStep.DECLINE, reason)


def give_up(uow: UnitOfWork, act: Act, offer_id: str, reason: str) -> Offer:
    """Take a yes back before the parcels were handed over; the next candidate is asked."""
    offer = own_offer(uow, act, offer_id)
    after = _ended(uow, act, offer, OfferStep.GIVE_UP, reason)
    audit.note(uow, act, "give_up_offer", f"offer:{offer_id}", reason=after.reason)
    return after


def time_out_offers(uow: UnitOfWork, act: Act) -> int:
    """End offers whose time to answer has passed (a job), ask the next and return how many there were."""
    late = uow.find(Offer, order="answer_by id", limit=BATCH, state=OfferState.OFFERED, answer_by=UpTo(act.now))
    for offer in late:
        _ended(uow, act, offer, OfferStep.TIME_OUT, "")
    return len(late)


def withdraw_errand(uow: UnitOfWork, act: Act, errand_id: str, reason: str) -> Errand:
    """Take an errand back from whoever was asked or has said yes, as long as the parcels lie at the depot."""
    require(act.actor, Role.OPERATOR, Role.PLANNER)
    return take_back(uow, act, errand_id, reason)


def take_back(uow: UnitOfWork, act: Act, errand_id: str, reason: str) -> Errand:
    """Take an errand back in the name of whoever asked for something else; raises ``OfferEndedError``."""
    errand = uow.need(Errand, errand_id)
    found = uow.find(Offer, order="rank", errand_id=errand_id)
    if errand.ended_at is not None or any(one.state is OfferState.HANDED_OVER for one in found):
        raise OfferEndedError(errand.outcome or str(OfferState.HANDED_OVER), OfferStep.WITHDRAW)
    for one in found:
        if one.state in LIVE or one.state is OfferState.WAITING:
            _undo(uow, act, one)
            after = take(uow, act, one, OfferStep.WITHDRAW, ended_at=act.now, reason=reason[:REASON_MAX])
            _tell(uow, act, after, ENDED)
    _end(uow, act, errand, ("withdrawn", reason))
    audit.note(uow, act, "withdraw_errand", f"errand:{errand_id}", reason=reason)
    return uow.need(Errand, errand_id)


def take(uow: UnitOfWork, act: Act, offer: Offer, what: OfferStep, **values: Any) -> Offer:
    """Move an offer on, or raise ``OfferEndedError``: of two answers at one moment only the first counts."""
    del act
    after = step(offer.state, what)
    if not uow.change(Offer, {"id": offer.id, "state": offer.state}, state=after, **values):
        raise OfferEndedError(uow.need(Offer, offer.id).state, what)
    return uow.need(Offer, offer.id)


def own_offer(uow: UnitOfWork, act: Act, offer_id: str) -> Offer:
    """Return an offer for whoever was asked, or for an operator; raises ``ForbiddenError``."""
    require(act.actor, Role.COURIER, Role.PARTNER, Role.OPERATOR, Role.PLANNER)
    offer = uow.need(Offer, offer_id)
    if act.actor.may_be(Role.OPERATOR, Role.PLANNER, Role.SYSTEM):
        return offer
    role = Role.COURIER if offer.kind is OfferKind.CROWD else Role.PARTNER
    if not act.actor.may_be(role) or act.actor.name != offer.asked or offer.made_at is None:
        raise ForbiddenError("this was offered to somebody else")
    return offer


def answerable(uow: UnitOfWork, act: Act, offer_id: str) -> Offer:
    """Return an offer that may still be answered: in time, by whoever was asked."""
    offer = own_offer(uow, act, offer_id)
    if offer.state is OfferState.OFFERED and offer.answer_by is not None and offer.answer_by <= act.now:
        raise OfferEndedError(OfferState.TIMED_OUT, "answered")
    return offer


def _can_be_asked(uow: UnitOfWork, act: Act, offer: Offer) -> tuple[str, datetime]:
    """Return why a candidate cannot be asked, empty if they can, and until when they may answer."""
    more = load_of(uow, offer.source_id, but=offer.id).with_more(load(uow, [offer.errand_id]))
    if offer.kind is OfferKind.CROWD:
        trip = uow.need(CrowdTrip, offer.source_id)
        route = uow.first(Route, shift_id=trip.id)
        by = crowd_answer_by(act.now, trip.leaves_at)
        gone = trip.withdrawn_at is not None or by <= act.now or (route is not None and route.started_at is not None)
        return "the trip has left or was withdrawn" if gone else "" if more.fits(trip) else "the trip is full", by
    tariff = uow.need(PartnerTariff, offer.source_id)
    partner = uow.need(Partner, tariff.partner_id)
    by = min(act.now + PARTNER_ANSWER, offer.promise_to)
    gone = tariff.withdrawn_at is not None or not partner.active or by <= act.now
    full = more.parcels > tariff.parcels_max
    return "the tariff has ended" if gone else "the tariff is used up" if full else "", by


def _ended(uow: UnitOfWork, act: Act, offer: Offer, what: OfferStep, reason: str) -> Offer:
    """End one candidate's turn and begin the next one's."""
    values = {} if offer.answered_at else {"answered_at": act.now}
    after = take(uow, act, offer, what, ended_at=act.now, reason=reason[:REASON_MAX], **values)
    _undo(uow, act, offer)
    _tell(uow, act, after, ENDED)
    ask_next(uow, act, uow.need(Errand, offer.errand_id))
    return after


def _undo(uow: UnitOfWork, act: Act, offer: Offer) -> None:
    """Take the stop off the route of whoever had accepted."""
    if offer.state is OfferState.ACCEPTED:
        for one in uow.find(ErrandParcel, errand_id=offer.errand_id):
            reroute.end_tasks(uow, act, one.parcel_id, TaskState.CANCELLED)


def _tell(uow: UnitOfWork, act: Act, offer: Offer, kind: str) -> None:
    """Tell a partner's program, and a crowd courier that there is something to answer.

    What they must know before they answer they read by the offer's id.
    """
    if offer.made_at is None or offer.answer_by is None:
        return
    if offer.kind is OfferKind.CROWD:
        if kind == MADE:
            _write_to(uow, act, offer, offer.answer_by)
        return
    data = {
        "offer_id": offer.id,
        "tariff_id": offer.source_id,
        "state": str(offer.state),
        "price_cents": offer.price_cents,
        "answer_by": offer.answer_by,
        "reason": offer.reason,
    }
    tell(uow, act, f"partner:{offer.asked}", kind, data)


def _write_to(uow: UnitOfWork, act: Act, offer: Offer, answer_by: datetime) -> None:
    context = {
        "ends": answer_by.isoformat(),
        "time_zone": local_zone(uow),
        "price": f"{offer.price_cents / 100:.2f}",
        "path": "/courier/trips",
    }
    note = to_courier(act, uow.need(Courier, offer.asked), "crowd_offer", offer.id, context)
    uow.add(*([note] if note else []))


def _nobody(uow: UnitOfWork, act: Act, errand: Errand) -> None:
    states = Counter(one.state for one in uow.find(Offer, errand_id=errand.id))
    told = [f"{states[state]} {words}" for state, words in _WORDS.items() if states[state]]
    _end(uow, act, errand, ("nobody", f"of {states.total()} asked " + ", ".join(told)))


def _end(uow: UnitOfWork, act: Act, errand: Errand, how: tuple[str, str]) -> None:
    """Give the parcels back to our own planning."""
    outcome, said = how
    names = [one.parcel_id for one in uow.find(ErrandParcel, errand_id=errand.id, state=ErrandState.OPEN)]
    uow.change(ErrandParcel, {"errand_id": errand.id, "state": ErrandState.OPEN}, state=ErrandState.BACK)
    uow.change(Errand, {"id": errand.id}, ended_at=act.now, outcome=outcome, said=said)
    for parcel in by_id(uow, Parcel, names).values():
        state = advance(parcel.state, Wish.UNPLAN) if parcel.state is ParcelState.PLANNED else parcel.state
        move(uow, act, parcel, "not_taken_by_others", state=state, detail=said)
