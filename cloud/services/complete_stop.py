"""What a courier gets done without a locker's word: handed over, brought back, or put into one that cannot speak."""

from cloud.domain.actors import Role, require
from cloud.domain.custody import Custodian, CustodianKind
from cloud.domain.errors import ConflictError, ForbiddenError, InvalidError
from cloud.domain.parcel import Parcel, ParcelState, Wish, advance
from cloud.services import reroute
from cloud.services.history import move
from cloud.services.notices import notice
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records import HistoryEntry, TaskState
from cloud.services.withdrawal import live_pick_up

SAID_INSIDE = "said_inside"
_AS_IT_IS = (
    ParcelState.RETURNED,
    ParcelState.CANCELLED,
    ParcelState.DELIVERY_FAILED,
    ParcelState.ASSIGNED_TO_LOCKER,
)


def deliver_home(uow: UnitOfWork, act: Act, parcel_id: str, proof: str) -> Parcel:
    """Record a hand-over; ``proof`` says what shows it (signature, photo, who took it)."""
    parcel = _carried(uow, act, parcel_id)
    if not proof.strip():
        raise InvalidError("proof", "say what shows that it was handed over")
    state = advance(parcel.state, Wish.DELIVER_HOME)
    reroute.end_tasks(uow, act, parcel.id, TaskState.DONE)
    recipient = str(Custodian(CustodianKind.RECIPIENT))
    return move(uow, act, parcel, "delivered_home", state=state, custodian=recipient, detail=proof)


def bring_back(uow: UnitOfWork, act: Act, parcel_id: str) -> Parcel:
    """Give a parcel back to its carrier: a collected one is returned, a failed one waits for another day's plan."""
    parcel = _carried(uow, act, parcel_id)
    carrier = str(Custodian(CustodianKind.CARRIER, parcel.carrier))
    state = advance(parcel.state, Wish.RETURN) if parcel.state is ParcelState.COLLECTED else parcel.state
    if state not in _AS_IT_IS:
        state = advance(state, Wish.FAIL_ATTEMPT)
    reroute.end_tasks(uow, act, parcel.id, TaskState.FAILED)
    return move(uow, act, parcel, "brought_back", state=state, custodian=carrier)


def say_inside(uow: UnitOfWork, act: Act, parcel_id: str) -> Parcel:
    """Tell the recipient the code on a courier's word, because the locker that knows better is cut off.

    Nothing but the message follows from it: custody, capacity and the dwell wait for the locker's own journal.
    """
    parcel = _carried(uow, act, parcel_id)
    if parcel.state is not ParcelState.ASSIGNED_TO_LOCKER:
        raise ConflictError(f"the parcel is {parcel.state} and promised to no locker")
    pick_up = live_pick_up(uow, parcel.id)
    if pick_up is None or uow.count(
        HistoryEntry, parcel_id=parcel.id, happened=SAID_INSIDE, locker_id=parcel.locker_id
    ):
        return parcel
    moved = move(uow, act, parcel, SAID_INSIDE)
    note = notice(act, moved, SAID_INSIDE, pick_up.group_id)
    uow.add(*([note] if note else []))
    return moved


def _carried(uow: UnitOfWork, act: Act, parcel_id: str) -> Parcel:
    require(act.actor, Role.COURIER, Role.OPERATOR)
    parcel = uow.need(Parcel, parcel_id)
    is_operator = act.actor.may_be(Role.OPERATOR, Role.SYSTEM)
    if not is_operator and parcel.custodian != str(Custodian(CustodianKind.COURIER, act.actor.name)):
        raise ForbiddenError(f"parcel {parcel_id} is not in this courier's van")
    return parcel
