"""A partner fleet takes parcels over and says what became of them; the states are those of any parcel.

A parcel that could not be delivered is promised to a locker where its recipient agreed to one. The partner brings it
back to the depot, because only couriers of ours open doors, and the next plan takes it to the locker.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from cloud.domain.actors import Role, require
from cloud.domain.custody import Custodian, CustodianKind
from cloud.domain.errors import ConflictError, InvalidError, NotFoundError
from cloud.domain.outside import OfferKind
from cloud.domain.parcel import IN_LOCKER, TERMINAL, Parcel, ParcelState, Wish, advance
from cloud.services import audit
from cloud.services.find_locker import question_for, send_to_locker
from cloud.services.follow_offers import aboard, end_if_done
from cloud.services.history import move
from cloud.services.locker_question import LockerQuestion, Suggestion
from cloud.services.many import by_id
from cloud.services.offer_steps import own_offer
from cloud.services.ports import Act, Keys, UnitOfWork
from cloud.services.records import Attempt
from cloud.services.records_outside import ErrandParcel, ErrandState, Offer

PROOF_MAX = 500  # characters: who took it, or where a picture lies
WAY_M_MAX = 200_000  # for one parcel: to the edge of the largest tariff's circle and back
CO2_G_MAX = 200_000  # a lorry of its own all that way


class PartnerSays(StrEnum):
    DELIVERED = "delivered"
    FAILED = "failed"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class Status:
    """``said`` is the proof of a delivery or the reason of a failure.

    ``way_m`` and ``co2_g`` are the parcel's part of the partner's way and emissions, where it keeps account of them.
    """

    offer_id: str
    parcel_id: str
    what: PartnerSays
    said: str = ""
    way_m: int | None = None
    co2_g: int | None = None


def hand_to_partner(uow: UnitOfWork, act: Act, offer_id: str) -> Offer:
    """Hand an accepted offer's parcels over at the depot: from now on the partner answers for them."""
    require(act.actor, Role.PARTNER, Role.OPERATOR, Role.PLANNER)
    offer = own_offer(uow, act, offer_id)
    if offer.kind is not OfferKind.PARTNER:
        raise ConflictError("a crowd courier takes parcels over by setting out")
    after = aboard(uow, act, offer)
    names = [one.parcel_id for one in uow.find(ErrandParcel, order="parcel_id", errand_id=offer.errand_id)]
    for parcel in by_id(uow, Parcel, names).values():
        custodian = str(Custodian(CustodianKind.PARTNER, offer.asked))
        move(uow, act, parcel, "handed_to_partner", state=advance(parcel.state, Wish.LOAD), custodian=custodian)
    audit.note(uow, act, "hand_to_partner", f"offer:{offer_id}", detail=f"{len(names)} parcels")
    return after


def report_status(uow: UnitOfWork, act: Act, keys: Keys, status: Status) -> Parcel:
    """Record what a partner says of one parcel; saying it twice is saying it once."""
    require(act.actor, Role.PARTNER, Role.OPERATOR)
    _check(status)
    offer = own_offer(uow, act, status.offer_id)
    entrusted = uow.get(ErrandParcel, offer.errand_id, status.parcel_id)
    if entrusted is None:
        raise NotFoundError("parcel of this offer", status.parcel_id)
    parcel = uow.need(Parcel, status.parcel_id)
    if entrusted.state is _AFTER.get(status.what):
        return parcel
    if status.what is PartnerSays.DELIVERED and parcel.state in _AT_POINT:
        return _ended(uow, act, offer, (parcel, status))  # brought to a counter whose staff have scanned it
    if parcel.custodian != str(Custodian(CustodianKind.PARTNER, offer.asked)):
        raise ConflictError(f"{parcel.custodian} answers for this parcel")
    match status.what:
        case PartnerSays.DELIVERED:
            parcel = _delivered(uow, act, parcel, status)
        case PartnerSays.FAILED:
            parcel = _failed(uow, act, keys, (parcel, offer), status)
        case PartnerSays.RETURNED:
            parcel = _returned(uow, act, parcel)
        case _ as never:
            assert_never(never)
    return _ended(uow, act, offer, (parcel, status)) if entrusted.state is ErrandState.ABOARD else parcel


def _ended(uow: UnitOfWork, act: Act, offer: Offer, what: tuple[Parcel, Status]) -> Parcel:
    """Write down how the partner's part in a parcel has ended."""
    parcel, status = what
    state = ErrandState.DELIVERED if status.what is PartnerSays.DELIVERED else ErrandState.FAILED
    told = {"way_m": status.way_m, "co2_g": status.co2_g}
    mine = {"errand_id": offer.errand_id, "parcel_id": parcel.id, "state": ErrandState.ABOARD}
    if uow.change(ErrandParcel, mine, state=state, **told):
        end_if_done(uow, act, offer)
    return parcel


_AT_POINT = (*IN_LOCKER, ParcelState.PICKED_UP)
_AFTER = {PartnerSays.DELIVERED: ErrandState.DELIVERED, PartnerSays.FAILED: ErrandState.FAILED}


def _check(status: Status) -> None:
    for name, most in (("way_m", WAY_M_MAX), ("co2_g", CO2_G_MAX)):
        told = getattr(status, name)
        if told is not None and not 0 <= told <= most:
            raise InvalidError(name, f"is between 0 and {most}")


def _delivered(uow: UnitOfWork, act: Act, parcel: Parcel, status: Status) -> Parcel:
    if not status.said.strip():
        raise InvalidError("proof", "say what shows that it was handed over")
    state = advance(parcel.state, Wish.DELIVER_HOME)
    recipient = str(Custodian(CustodianKind.RECIPIENT))
    return move(uow, act, parcel, "delivered_home", state=state, custodian=recipient, detail=status.said[:PROOF_MAX])


def _failed(uow: UnitOfWork, act: Act, keys: Keys, what: tuple[Parcel, Offer], status: Status) -> Parcel:
    parcel, offer = what
    state = advance(parcel.state, Wish.FAIL_ATTEMPT)
    parcel = move(uow, act, parcel, "attempt_failed", state=state, detail=status.said[:PROOF_MAX])
    asked = question_for(uow, act, parcel, (None, None))
    assigned, why = send_to_locker(uow, act, keys, asked, (nearest_first, "attempt_failed_locker"))
    uow.add(
        Attempt(
            id=act.ids.new(),
            parcel_id=parcel.id,
            courier_id=f"{CustodianKind.PARTNER}:{offer.asked}",
            stop_id=None,
            at=act.now,
            reason=status.said[:PROOF_MAX],
            note="",
            lon=None,
            lat=None,
            outcome=f"locker:{assigned.locker_id}" if assigned else ",".join(why),
        )
    )
    return uow.need(Parcel, parcel.id)


def _returned(uow: UnitOfWork, act: Act, parcel: Parcel) -> Parcel:
    """Take a parcel back at the depot: for another day's plan, or for the locker it is promised to."""
    state = parcel.state
    if state not in (*TERMINAL, ParcelState.DELIVERY_FAILED, ParcelState.ASSIGNED_TO_LOCKER):
        state = advance(state, Wish.FAIL_ATTEMPT)
    custodian = str(Custodian(CustodianKind.CARRIER, parcel.carrier))
    return move(uow, act, parcel, "brought_back", state=state, custodian=custodian)


def nearest_first(question: LockerQuestion) -> tuple[Suggestion, ...]:
    """Choose by the recipient's walk: no route of ours is there to lengthen."""
    return tuple(Suggestion(one.id) for one in question.candidates)
