"""Events about parcels: custody moves, promises end, people are told. Physical facts win, surprises become cases."""

from dataclasses import replace

from cloud.domain.assignment import wanted_size
from cloud.domain.capacity import ReservationState
from cloud.domain.closings import last_chance
from cloud.domain.custody import Custodian, CustodianKind
from cloud.domain.dwell import dwell_of
from cloud.domain.ids import parcel_id
from cloud.domain.locker import Contents
from cloud.domain.parcel import Fact, Parcel, ParcelState, observe
from cloud.services.notices import notice
from cloud.services.projection import READY, Projection, Seen
from cloud.services.records import ABOARD, Task, TaskState
from contract.events import (
    CollectionAbandoned,
    DropOffAbandoned,
    DropOffRefused,
    ParcelCollected,
    ParcelDroppedOff,
    ParcelNotFound,
    ParcelPickedUp,
    ProblemReported,
)

MAYBE_INSIDE = frozenset({"unclear", "left_open"})  # reasons of a locker that gave a drop-off up without an answer


def dropped_off(changes: Projection, seen: Seen, event: ParcelDroppedOff) -> None:
    ref = parcel_id(event.parcel)
    changes.contents[seen.locker_id, event.compartment] = (Contents.OCCUPIED, ref)
    changes.spend_drop_off(ref)
    parcel = changes.parcels.get(ref)
    if parcel is None:
        changes.case(seen, "unknown_parcel", ref, event.compartment, "a parcel nobody announced was dropped off")
        return
    observed = observe(parcel.state, Fact.DROPPED_OFF)
    elsewhere = parcel.locker_id is not None and parcel.locker_id != seen.locker_id
    surprise = f"dropped off here, promised to {parcel.locker_id}" if elsewhere else observed.surprise
    if observed.state is ParcelState.READY_FOR_PICKUP and (ref, seen.locker_id) not in changes.live:
        observed = replace(observed, state=ParcelState.EXPIRED)  # a courier fetches it: no code opens it any more
        surprise = surprise or "dropped off after its promise had ended"
    changes.end_reservation(seen, ref, ReservationState.USED, anywhere=False)
    if elsewhere:
        changes.end_reservation(seen, ref, ReservationState.RELEASED, anywhere=True)
        changes.spend_at(ref, str(parcel.locker_id))
    changes.end_assignment(ref, "dropped_off")
    for task in (Task.DROP_OFF, *ABOARD):  # it was aboard, whoever forgot to say so
        changes.end_task(ref, task, TaskState.DONE)
    moved = replace(_placed(changes, seen, parcel, event), state=observed.state)
    changes.change_parcel(seen, moved, "dropped_off", f"courier:{event.courier.hex()}")
    if surprise:
        changes.case(seen, "surprising_drop_off", ref, event.compartment, surprise)
    if observed.state is ParcelState.READY_FOR_PICKUP:
        changes.tell(notice(changes.act, moved, READY, f"{seen.locker_id}:{seen.sequence}"))


def picked_up(changes: Projection, seen: Seen, event: ParcelPickedUp) -> None:
    ref = parcel_id(event.parcel)
    changes.contents[seen.locker_id, event.compartment] = (Contents.EMPTY, None)
    changes.spend_parcel(ref)
    changes.nothing_to_fetch(ref)
    changes.end_task(ref, Task.COLLECT, TaskState.CANCELLED)
    parcel = changes.parcels.get(ref)
    if parcel is None:
        changes.case(seen, "unknown_parcel", ref, event.compartment, "a parcel nobody announced was picked up")
        return
    observed = observe(parcel.state, Fact.PICKED_UP)
    surprise = "picked up after it was revoked" if ref in changes.revoked else observed.surprise
    moved = replace(parcel, state=observed.state, custodian=str(Custodian(CustodianKind.RECIPIENT)), compartment=None)
    late = " after the deadline" if _is_late(parcel, seen, event) else ""
    changes.change_parcel(seen, moved, "picked_up", "recipient", f"by {event.method} from {event.compartment}{late}")
    if surprise:
        changes.case(seen, "surprising_pick_up", ref, event.compartment, surprise)
    changes.tell(notice(changes.act, moved, "picked_up", f"{seen.locker_id}:{seen.sequence}"))


def collected(changes: Projection, seen: Seen, event: ParcelCollected) -> None:
    ref = parcel_id(event.parcel)
    changes.contents[seen.locker_id, event.compartment] = (Contents.EMPTY, None)
    changes.spend_parcel(ref)
    changes.nothing_to_fetch(ref)
    changes.end_task(ref, Task.COLLECT, TaskState.DONE)
    parcel = changes.parcels.get(ref)
    if parcel is None:
        changes.case(seen, "unknown_parcel", ref, event.compartment, "a parcel nobody announced was collected")
        return
    observed = observe(parcel.state, Fact.COLLECTED)
    courier = str(Custodian(CustodianKind.COURIER, event.courier.hex()))
    moved = replace(parcel, state=observed.state, custodian=courier, compartment=None, deadline=None)
    changes.change_parcel(seen, moved, "collected", courier, f"from {event.compartment}")
    if observed.surprise:
        changes.case(seen, "surprising_collection", ref, event.compartment, observed.surprise)


def not_found(changes: Projection, seen: Seen, event: ParcelNotFound) -> None:
    """Take a courier's word that the parcel is not in its compartment: nobody is sent there for it again.

    Who has it is for a person to find out; until then the locker answers for it, and its recipient is told.
    """
    ref = parcel_id(event.parcel)
    changes.contents[seen.locker_id, event.compartment] = (Contents.EMPTY, None)
    changes.spend_parcel(ref)
    changes.nothing_to_fetch(ref)
    changes.end_task(ref, Task.COLLECT, TaskState.FAILED)
    courier = str(Custodian(CustodianKind.COURIER, event.courier.hex()))
    changes.case(seen, "parcel_missing", ref, event.compartment, f"{courier} came for it and found nothing")
    parcel = changes.parcels.get(ref)
    if parcel is None:
        return
    moved = replace(parcel, state=observe(parcel.state, Fact.NOT_FOUND).state)
    if moved.state is ParcelState.MISSING:
        moved = replace(moved, compartment=None, deadline=None)
        changes.tell(notice(changes.act, moved, "missing", f"{seen.locker_id}:{seen.sequence}"))
    changes.change_parcel(seen, moved, "not_found", courier, f"not in {event.compartment}")


def collection_abandoned(changes: Projection, seen: Seen, event: CollectionAbandoned) -> None:
    """Keep it in the history; nobody knows whether the parcel still lies inside, so somebody has to look."""
    ref = parcel_id(event.parcel)
    parcel = changes.parcels.get(ref)
    if parcel is not None:
        detail = f"{event.compartment}: {event.reason}"
        changes.change_parcel(seen, parcel, "collection_abandoned", "courier", detail)
    changes.case(seen, "collection_unclear", ref, event.compartment, "nobody said whether the courier has the parcel")


def drop_off_abandoned(changes: Projection, seen: Seen, event: DropOffAbandoned) -> None:
    """Keep it in the history; when nobody knows whether the parcel lies inside, somebody has to look."""
    ref = parcel_id(event.parcel)
    parcel = changes.parcels.get(ref)
    if parcel is not None:
        changes.change_parcel(seen, parcel, "drop_off_abandoned", "courier", f"{event.compartment}: {event.reason}")
    if event.reason in MAYBE_INSIDE:
        changes.case(seen, "drop_off_unclear", ref, event.compartment, "nobody confirmed that the parcel is inside")


def drop_off_refused(changes: Projection, seen: Seen, event: DropOffRefused) -> None:
    """Give the capacity back: the promise could not be kept and the parcel needs another way."""
    ref = parcel_id(event.parcel)
    parcel = changes.parcels.get(ref)
    if parcel is None or parcel.locker_id != seen.locker_id or parcel.state is not ParcelState.ASSIGNED_TO_LOCKER:
        return
    changes.end_reservation(seen, ref, ReservationState.RELEASED, anywhere=False)
    changes.end_assignment(ref, f"refused: {event.reason}")
    changes.end_task(ref, Task.DROP_OFF, TaskState.FAILED)
    moved = replace(parcel, state=ParcelState.DELIVERY_FAILED, locker_id=None, deadline=None)
    changes.change_parcel(seen, moved, "drop_off_refused", f"locker:{seen.locker_id}", event.reason)
    changes.case(seen, "drop_off_refused", ref, None, f"no compartment could take it: {event.reason}")


def problem_reported(changes: Projection, seen: Seen, event: ProblemReported) -> None:
    ref = None if event.parcel is None else str(parcel_id(event.parcel))
    changes.case(seen, "problem_reported", ref, event.compartment, event.problem)


def _is_late(parcel: Parcel, seen: Seen, event: ParcelPickedUp) -> bool:
    """Judge by the deadline people were told, which the locker may not know: it moves, and begins with the drop-off."""
    return event.late if parcel.deadline is None else seen.at > parcel.deadline


def _placed(changes: Projection, seen: Seen, parcel: Parcel, event: ParcelDroppedOff) -> Parcel:
    """Return the parcel in its compartment. Its dwell begins when the recipient can be told, which is now at best."""
    policy = changes.act.rules.dwell.policy_for(parcel.carrier, wanted_size(parcel))
    deadline = changes.act.now + dwell_of(policy, parcel.dwell_h_max)
    if seen.locker_id in changes.hours:
        deadline = last_chance(*changes.hours[seen.locker_id], deadline)
    return replace(
        parcel,
        custodian=str(Custodian(CustodianKind.LOCKER, seen.locker_id)),
        locker_id=seen.locker_id,
        compartment=event.compartment,
        dropped_off_at=seen.at,
        deadline=deadline,
    )
