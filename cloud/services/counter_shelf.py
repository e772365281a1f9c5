"""A counter's shelf: as many places of each size as its business sets, each with a label so that it is found again.

A place is a compartment to everybody else, so promises, capacity, deadlines and planning count it like any door.
"""

from collections import Counter
from collections.abc import Mapping

import msgspec

from cloud.domain.actors import Role
from cloud.domain.capacity import Reservation, ReservationState
from cloud.domain.errors import ConflictError, InvalidError
from cloud.domain.locker import Compartment, CompartmentStatus, Contents, is_free
from cloud.services import audit
from cloud.services.counter_staff import check_works_there
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records_ops import Model
from contract.ids import CompartmentLabel
from contract.layout import COMPARTMENTS_MAX, Layout
from contract.sizes import SizeClass
from contract.state import DoorLevel

SHELF_MODEL = "SHELF"


def places(act: Act, counter_id: str, shelf: Mapping[SizeClass, int]) -> list[Compartment]:
    """Return a new shelf's places, labelled ``M1``, ``M2`` ... by size."""
    return [_place(act, counter_id, size, number) for size in SizeClass for number in range(1, shelf.get(size, 0) + 1)]


def ensure_model(uow: UnitOfWork, act: Act) -> None:
    """Make sure that there is the model all counters have: one without a layout, since every shelf is its own."""
    if uow.get(Model, SHELF_MODEL) is None:
        text = msgspec.json.encode(Layout(SHELF_MODEL, ())).decode()
        uow.add(Model(name=SHELF_MODEL, layout=text, created_at=act.now))


def set_shelf(uow: UnitOfWork, act: Act, counter_id: str, shelf: Mapping[SizeClass, int]) -> None:
    """Give the shelf these many places of each size; raises ``ConflictError`` below what lies there or is promised."""
    check_works_there(uow, act, counter_id, Role.OPERATOR)
    check_size(shelf)
    kept = uow.find(Reservation, locker_id=counter_id, state=ReservationState.ACTIVE)
    promised = Counter(one.size for one in kept)
    known = uow.find(Compartment, order="label", locker_id=counter_id)
    for size in SizeClass:
        _resize(uow, act, counter_id, (size, shelf.get(size, 0), promised[size]), known)
    said = " ".join(f"{size}:{shelf[size]}" for size in SizeClass if shelf.get(size))
    audit.note(uow, act, "set_shelf", counter_id, detail=said)


def check_size(shelf: Mapping[SizeClass, int]) -> None:
    """Raise ``InvalidError`` for a shelf that holds nothing, less than nothing, or more than a building."""
    if min(shelf.values(), default=0) < 0 or not 0 < sum(shelf.values()) <= COMPARTMENTS_MAX:
        raise InvalidError("shelf", f"between 1 and {COMPARTMENTS_MAX} places")


def place_for(uow: UnitOfWork, counter_id: str, size: SizeClass) -> str | None:
    """Return the free place to put a parcel: of its own size, or a larger one that is promised to nobody."""
    free = [one for one in uow.find(Compartment, locker_id=counter_id) if is_free(one) and one.size.at_least(size)]
    reserved = uow.reads.reserved_by_size((counter_id,)).get(counter_id, {})
    for wider in SizeClass:
        there = sorted((_number(one.label), one.label) for one in free if one.size is wider)
        if there and (wider is size or len(there) > reserved.get(wider, 0)):
            return there[0][1]
    return None


def _resize(
    uow: UnitOfWork, act: Act, counter_id: str, wish: tuple[SizeClass, int, int], known: list[Compartment]
) -> None:
    size, wanted, promised = wish
    there = [one for one in known if one.size is size]
    empty = sorted((one for one in there if one.contents is Contents.EMPTY), key=lambda one: -_number(one.label))
    occupied = len(there) - len(empty)
    if wanted < occupied + promised:
        raise ConflictError(f"{occupied} parcels of size {size} lie there and {promised} are promised; not fewer")
    if wanted < len(there):
        labels = tuple(one.label for one in empty[: len(there) - wanted])
        uow.remove(Compartment, locker_id=counter_id, label=labels)
        return
    taken = {one.label for one in there}
    numbers = (number for number in range(1, COMPARTMENTS_MAX + 1) if f"{size}{number}" not in taken)
    uow.add(*(_place(act, counter_id, size, next(numbers)) for _ in range(wanted - len(there))))


def _place(act: Act, counter_id: str, size: SizeClass, number: int) -> Compartment:
    return Compartment(
        locker_id=counter_id,
        label=CompartmentLabel(f"{size}{number}"),
        size=size,
        low=True,  # staff hand it over the counter: nobody has to reach for it
        door=DoorLevel.UNKNOWN,
        contents=Contents.EMPTY,
        parcel_id=None,
        status=CompartmentStatus.IN_SERVICE,
        fault=None,
        updated_at=act.now,
    )


def _number(label: str) -> int:
    return int("".join(character for character in label if character.isdigit()))
