"""What staff at a counter do with parcels: take one in from a courier, give one back, say that something went wrong.

Facts are never undone here. A mistake is a case for support, like a surprise at a locker.
"""

from dataclasses import dataclass
from enum import StrEnum

from cloud.domain.assignment import wanted_size
from cloud.domain.capacity import Reservation, ReservationState
from cloud.domain.custody import CustodianKind, parse_custodian
from cloud.domain.errors import ConflictError, InvalidError
from cloud.domain.ids import grant_id, parcel_ref
from cloud.domain.parcel import IN_LOCKER, Parcel, ParcelState
from cloud.services import audit
from cloud.services.counter_journal import journal
from cloud.services.counter_shelf import place_for
from cloud.services.counter_staff import check_works_there
from cloud.services.ports import Act, From, Keys, UnitOfWork
from cloud.services.presented import presented
from cloud.services.records import GrantState, IssuedGrant, Route, Stop, StopTask, Task, TaskState
from contract.events import ParcelCollected, ParcelDroppedOff, ProblemReported
from contract.grants import CourierPass
from contract.ids import CompartmentLabel, CourierRef, label_digest
from contract.sizes import SizeClass

BARCODE_MAX = 80  # characters a scanner may type; the longest label in the field (GS1) has 48
MISTAKE_MAX = 300
NOBODY = CourierRef(bytes(16))


class Arrival(StrEnum):
    """What to do with a parcel a courier puts on the counter."""

    TAKEN_IN = "taken_in"
    HERE_ALREADY = "here_already"
    NOT_EXPECTED = "not_expected"
    NO_PLACE = "no_place"


@dataclass(frozen=True, slots=True)
class TakenIn:
    """``place`` is where it goes on the shelf, or where it lies already."""

    arrival: Arrival
    parcel_id: str | None = None
    place: str | None = None


def take_in(uow: UnitOfWork, act: Act, counter_id: str, barcode: str) -> TakenIn:
    """Take a scanned parcel in when it was promised a place here; anything else stays with the courier."""
    check_works_there(uow, act, counter_id)
    if not 0 < len(barcode.strip()) <= BARCODE_MAX:
        raise InvalidError("barcode", f"scan 1 to {BARCODE_MAX} characters")
    digest = label_digest(barcode).hex()
    found = uow.find(Parcel, order="id", label_digest=digest, locker_id=counter_id)
    here = next((one for one in found if one.state in IN_LOCKER), None)
    if here is not None:
        return TakenIn(Arrival.HERE_ALREADY, here.id, here.compartment)
    expected = next((one for one in found if one.state is ParcelState.ASSIGNED_TO_LOCKER), None)
    if expected is None:
        return TakenIn(Arrival.NOT_EXPECTED)
    kept = uow.first(Reservation, parcel_id=expected.id, locker_id=counter_id, state=ReservationState.ACTIVE)
    place = place_for(uow, counter_id, kept.size if kept else wanted_size(expected) or SizeClass.XL)
    if place is None:
        return TakenIn(Arrival.NO_PLACE, expected.id)
    grant = uow.first(IssuedGrant, parcel_id=expected.id, locker_id=counter_id, kind="drop_off")
    label = CompartmentLabel(place)
    name = grant_id(grant.id if grant else "00" * 16)
    journal(uow, act, counter_id, ParcelDroppedOff(parcel_ref(expected.id), label, name, _bringer(expected)))
    audit.note(uow, act, "take_in", f"parcel:{expected.id}", detail=f"{counter_id}/{place}")
    return TakenIn(Arrival.TAKEN_IN, expected.id, place)


def give_back(uow: UnitOfWork, act: Act, keys: Keys, what: tuple[str, str], shown: str | None = None) -> Parcel:
    """Give a parcel (counter and parcel are ``what``) whose time is over to the courier who came for it.

    ``shown`` is the text of the courier's pass. Without it the parcel goes to whoever has the collection on their
    route; when nobody has, the courier has to show who they are.
    """
    counter_id, parcel_id = what
    check_works_there(uow, act, counter_id)
    parcel = uow.need(Parcel, parcel_id)
    if parcel.locker_id != counter_id or parcel.state is not ParcelState.EXPIRED or parcel.compartment is None:
        raise ConflictError("this parcel is not waiting for a courier here")
    grant = uow.first(
        IssuedGrant, parcel_id=parcel.id, kind="collect", state=GrantState.ISSUED, expires_at=From(act.now)
    )
    if grant is None:
        raise ConflictError("no courier may take this parcel yet; try again in a few minutes")
    courier = _shown(act, keys, counter_id, shown) if shown else _collector(uow, parcel.id)
    label = CompartmentLabel(parcel.compartment)
    journal(uow, act, counter_id, ParcelCollected(parcel_ref(parcel.id), label, grant_id(grant.id), courier))
    audit.note(uow, act, "give_back", f"parcel:{parcel.id}", detail=f"courier:{courier.hex()}")
    return uow.need(Parcel, parcel.id)


def report_mistake(uow: UnitOfWork, act: Act, counter_id: str, parcel_id: str | None, words: str) -> None:
    """Open a case: facts cannot be taken back, but a person can look at them."""
    check_works_there(uow, act, counter_id)
    said = " ".join(words.split())
    if not 0 < len(said) <= MISTAKE_MAX:
        raise InvalidError("words", f"say in 1 to {MISTAKE_MAX} characters what went wrong")
    parcel = uow.need(Parcel, parcel_id) if parcel_id else None
    if parcel is not None and parcel.locker_id != counter_id:
        raise ConflictError("this parcel was never here")
    place = CompartmentLabel(parcel.compartment) if parcel and parcel.compartment else None
    journal(uow, act, counter_id, ProblemReported(said, place, parcel_ref(parcel.id) if parcel else None))
    audit.note(uow, act, "report_mistake", counter_id, reason=said, detail=parcel_id or "")


def _bringer(parcel: Parcel) -> CourierRef:
    """Return who brings it: whoever answers for it now, nobody known when that is no courier."""
    custodian = parse_custodian(parcel.custodian)
    return CourierRef(bytes.fromhex(custodian.name)) if custodian.kind is CustodianKind.COURIER else NOBODY


def _shown(act: Act, keys: Keys, counter_id: str, text: str) -> CourierRef:
    record = presented(act, keys, counter_id, text)
    if not isinstance(record, CourierPass):
        raise InvalidError("pass", "this is no courier's pass")
    return record.courier


def _collector(uow: UnitOfWork, parcel_id: str) -> CourierRef:
    task = uow.first(StopTask, parcel_id=parcel_id, task=Task.COLLECT, state=TaskState.PENDING)
    if task is None:
        raise ConflictError("no courier has this parcel on today's route; scan the pass the courier shows")
    route = uow.need(Route, uow.need(Stop, task.stop_id).route_id)
    return CourierRef(bytes.fromhex(route.courier_id))
