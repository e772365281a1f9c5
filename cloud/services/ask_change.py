"""A recipient wants something else: what others have not fetched yet is taken back from them, else they are asked.

Until they say yes the parcel's promises stay as they were, so that no two people ever bring it.
"""

from dataclasses import dataclass
from datetime import datetime

from cloud.domain.actors import Role, require
from cloud.domain.changes import ChangeKind, ChangeState
from cloud.domain.custody import CustodianKind
from cloud.domain.errors import ConflictError, InvalidError
from cloud.domain.outside import COMING, OfferKind, OfferState
from cloud.domain.parcel import Parcel
from cloud.domain.windows import promised
from cloud.services import audit
from cloud.services.follow_offers import aboard
from cloud.services.history import move
from cloud.services.offer_steps import take_back
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records_outside import ErrandParcel, ErrandState, Offer, ParcelChange
from cloud.services.webhooks import tell

REQUESTED = "parcel.change_requested"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: another place, another window, or not at all; ``said`` is why."""

    parcel_id: str
    kind: ChangeKind
    locker_id: str | None = None
    window: tuple[datetime, datetime] | None = None
    said: str = ""


def free_or_ask(uow: UnitOfWork, act: Act, wanted: Wanted) -> ParcelChange | None:
    """Return what others are asked now, None when nobody need be: the parcel is ours, or ours again."""
    entrusted = uow.first(ErrandParcel, parcel_id=wanted.parcel_id, state=(ErrandState.OPEN, ErrandState.ABOARD))
    if entrusted is None:
        return None
    parcel = uow.need(Parcel, wanted.parcel_id)
    at_depot = parcel.custodian.startswith(CustodianKind.CARRIER)
    if at_depot and wanted.kind is not ChangeKind.WINDOW:
        take_back(uow, act, entrusted.errand_id, "the recipient wants something else")
        return None
    offer = uow.first(Offer, errand_id=entrusted.errand_id, state=COMING)
    if offer is None:
        return None
    if offer.state is OfferState.ACCEPTED and not at_depot:
        aboard(uow, act, offer)  # the courier has set out, and the job that follows offers has not looked yet
    return _ask(uow, act, (parcel, offer), wanted)


def ask_window(uow: UnitOfWork, act: Act, parcel_id: str, window: tuple[datetime, datetime]) -> ParcelChange:
    """Ask whoever of the others has said yes to a parcel for another window; raises ``ConflictError`` for nobody.

    Nothing is taken back for that: whoever brings it is asked before they set out, too.
    """
    require(act.actor, Role.RECIPIENT, Role.OPERATOR, Role.SUPPORT)
    promised(*window)
    if window[0] <= act.now:
        raise InvalidError("window", "has begun already; choose a later one")
    asked = free_or_ask(uow, act, Wanted(parcel_id, ChangeKind.WINDOW, window=window))
    if asked is None:
        raise ConflictError("nobody else has this parcel; choose one of the windows that are offered")
    return asked


def _ask(uow: UnitOfWork, act: Act, what: tuple[Parcel, Offer], wanted: Wanted) -> ParcelChange:
    parcel, offer = what
    before = {"parcel_id": parcel.id, "state": ChangeState.ASKED}
    uow.change(ParcelChange, before, state=ChangeState.MOOT, answered_at=act.now)  # the last word counts
    begins, ends = wanted.window or (None, None)
    change = ParcelChange(
        id=act.ids.new(),
        parcel_id=parcel.id,
        offer_id=offer.id,
        kind=wanted.kind,
        locker_id=wanted.locker_id,
        window_from=begins,
        window_to=ends,
        asked_by=str(act.actor),
        asked_at=act.now,
        state=ChangeState.ASKED,
        answered_at=None,
        said=wanted.said,
    )
    uow.add(change)
    move(uow, act, parcel, "change_asked", detail=wanted.kind)
    audit.note(uow, act, "ask_change", f"parcel:{parcel.id}", detail=f"{wanted.kind} of offer {offer.id}")
    if offer.kind is OfferKind.PARTNER:
        data: dict[str, object] = {"change_id": change.id, "offer_id": offer.id, "parcel_id": parcel.id}
        data |= {"kind": str(wanted.kind), "locker_id": wanted.locker_id, "window_from": begins, "window_to": ends}
        tell(uow, act, f"partner:{offer.asked}", REQUESTED, data)
    return change
