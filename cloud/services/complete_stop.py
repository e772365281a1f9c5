"""What a courier gets done without a locker: handed over at the door, or brought back to the carrier."""

from cloud.domain.actors import Role, require
from cloud.domain.custody import Custodian, CustodianKind
from cloud.domain.errors import ForbiddenError, InvalidError
from cloud.domain.parcel import Parcel, ParcelState, Wish, advance
from cloud.services import reroute
from cloud.services.history import move
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records import TaskState


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
    if state not in (ParcelState.RETURNED, ParcelState.DELIVERY_FAILED, ParcelState.ASSIGNED_TO_LOCKER):
        state = advance(state, Wish.FAIL_ATTEMPT)
    reroute.end_tasks(uow, act, parcel.id, TaskState.FAILED)
    return move(uow, act, parcel, "brought_back", state=state, custodian=carrier)


def _carried(uow: UnitOfWork, act: Act, parcel_id: str) -> Parcel:
    require(act.actor, Role.COURIER, Role.OPERATOR)
    parcel = uow.need(Parcel, parcel_id)
    is_operator = act.actor.may_be(Role.OPERATOR, Role.SYSTEM)
    if not is_operator and parcel.custodian != str(Custodian(CustodianKind.COURIER, act.actor.name)):
        raise ForbiddenError(f"parcel {parcel_id} is not in this courier's van")
    return parcel
