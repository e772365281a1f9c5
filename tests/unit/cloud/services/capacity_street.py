"""Lockers, parcels and a cloud that promises capacity; beside it a plain oracle of dicts that says what must be so.

The lockers' journals reach the cloud when a test says so, and so do their pictures, late and out of order. The oracle
knows two truths: what lies where, and what the cloud can know of it.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cloud.domain.capacity import Reservation, ReservationState
from cloud.domain.errors import DomainError, LimitReachedError, NoCapacityError
from cloud.domain.locker import Compartment, CompartmentStatus, Contents, Locker
from cloud.domain.parcel import IN_LOCKER, Parcel, ParcelState
from cloud.services.cancel_parcel import cancel_parcel
from cloud.services.expire_parcels import expire_parcels
from cloud.services.extend_deadline import extend_deadline
from cloud.services.models import layout_of
from cloud.services.ports import Keys
from cloud.services.promise import left_at, promise
from cloud.services.record_report import record_report
from cloud.services.records import GrantState, IssuedGrant
from cloud.services.reissue_code import reissue_code
from cloud.services.release_reservation import expire_reservations, release
from cloud.services.set_service import ServiceWish, set_service
from contract.envelope import Signer
from contract.events import (
    CodeBurnt,
    CompartmentRestored,
    CompartmentWithdrawn,
    ParcelCollected,
    ParcelDroppedOff,
    ParcelPickedUp,
)
from contract.ids import BootId, CompartmentLabel, GrantId, GroupId, KeyId, LockerId, ParcelRef
from contract.sizes import SizeClass
from contract.state import CompartmentState, Snapshot, snapshot_digest
from firmware_sim.world.signing import CHEAP
from tests.unit.cloud.small_cloud import COURIER, OPERATOR, REF, SmallCloud

LOCKERS = ("WAW-01", "WAW-02")
BOX_MM = {SizeClass.XS: (180, 150, 60), SizeClass.M: (300, 350, 180), SizeClass.L: (400, 370, 350)}
CODES_KEPT = 8
S = ParcelState


@dataclass(slots=True)
class Door:
    """One compartment: what is really in it, what the cloud knows of that, and whether either takes parcels."""

    size: SizeClass
    holds: str | None = None
    known: str | None = None
    serves: bool = True
    offered: bool = True


@dataclass(slots=True)
class Case:
    """One parcel as the oracle expects the cloud to have it; ``promise`` is the locker, the size and the end."""

    wanted: SizeClass
    state: ParcelState = S.OUT_FOR_DELIVERY
    promise: tuple[str, SizeClass, datetime] | None = None
    right_at: str | None = None
    deadline: datetime | None = None
    gone: bool = False


@dataclass
class Street:
    """Every verb does it to the cloud, does it to the oracle, and compares what was answered."""

    cloud: SmallCloud = field(default_factory=lambda: SmallCloud(quick=True))
    doors: dict[str, dict[str, Door]] = field(default_factory=dict)
    cases: dict[str, Case] = field(default_factory=dict)
    waiting: dict[str, list[tuple[Any, str, str]]] = field(default_factory=dict)
    ended: dict[str, tuple[str, datetime | None]] = field(default_factory=dict)
    pictures: list[Snapshot] = field(default_factory=list)
    codes: int = 0

    def __post_init__(self) -> None:
        self.keys = Keys(Signer(KeyId("cloud-1"), CHEAP.private(b"s" * 32)), self.cloud.box)
        self.cloud.courier()
        for name in LOCKERS:
            self.cloud.locker(name)
            layout = self.cloud.do(lambda uow: layout_of(uow, "S12"))
            self.doors[name] = {plan.label: Door(plan.size) for plan in layout.compartments}
            self.waiting[name] = []

    # ------------------------------------------------------------------ the oracle's arithmetic

    def left(self, locker: str) -> dict[SizeClass, int]:
        """Return what may still be promised, counted by hand."""
        free = Counter(door.size for door in self.doors[locker].values() if door.offered and door.known is None)
        kept = Counter(one.promise[1] for one in self.cases.values() if one.promise and one.promise[0] == locker)
        return {size: max(0, free[size] - kept[size]) for size in SizeClass}

    def where(self, parcel: str) -> tuple[str, str] | None:
        """Return where a parcel really lies."""
        for locker, doors in self.doors.items():
            for label, door in doors.items():
                if door.holds == parcel:
                    return locker, label
        return None

    # ------------------------------------------------------------------ promises

    def assign(self, locker: str, wanted: SizeClass) -> str:
        """Announce a parcel that needs this size and ask for a compartment; return its id."""
        length, width, height = BOX_MM[wanted]
        parcel = self.cloud.parcel(
            f"P{len(self.cases)}",
            custodian=f"courier:{COURIER}",
            state=S.OUT_FOR_DELIVERY,
            length_mm=length,
            width_mm=width,
            height_mm=height,
        )
        self.cases[parcel.id] = Case(wanted)
        self.promise_again(parcel.id, locker)
        return parcel.id

    def promise_again(self, parcel: str, locker: str) -> None:
        """Ask for a compartment at ``locker``: the smallest fitting size with something left, or nothing at all."""
        case, left = self.cases[parcel], self.left(locker)
        expected = next((size for size in SizeClass if size.at_least(case.wanted) and left[size]), None)
        self._stock(locker)
        record = self.cloud.the(Parcel, id=parcel)
        home = self.cloud.the(Locker, id=locker)
        try:
            made = self.cloud.do(lambda uow: promise(uow, self.cloud.act(), self.keys, record, home))
        except NoCapacityError:
            assert expected is None, f"refused although {expected} is left at {locker}"
            return
        assert made.size is expected, f"{made.size} was promised, {expected} is what is left"
        case.promise, case.right_at = (locker, made.size, made.until), locker
        case.state = S.ASSIGNED_TO_LOCKER

    def _stock(self, locker: str) -> None:
        self.codes += 1
        self.cloud.codes(locker, self.codes)

    def release(self, parcel: str) -> None:
        """Take a promise back on purpose."""
        self.cloud.do(lambda uow: release(uow, self.cloud.act(OPERATOR), self.keys, parcel, "released"))
        self._unpromise(parcel, S.DELIVERY_FAILED)

    def _unpromise(self, parcel: str, state: ParcelState) -> None:
        case = self.cases[parcel]
        case.promise = case.right_at = case.deadline = None
        case.state = state

    def cancel(self, parcel: str) -> None:
        """Call a parcel back, wherever it is."""
        case = self.cases[parcel]
        self.cloud.do(lambda uow: cancel_parcel(uow, self.cloud.act(OPERATOR), self.keys, parcel, "recalled"))
        self._unpromise(parcel, S.EXPIRED if case.state in IN_LOCKER else S.CANCELLED)

    def reissue(self, parcel: str) -> bool:
        """Ask for another code; return whether there was one to replace."""
        case = self.cases[parcel]
        if case.right_at:
            self._stock(case.right_at)
        return self._asked(
            case.right_at is not None and case.state in IN_LOCKER,
            lambda uow: reissue_code(uow, self.cloud.act(OPERATOR), self.keys, parcel),
        )

    def extend(self, parcel: str) -> bool:
        """Ask for a day more; return whether the parcel waits for anybody."""
        case = self.cases[parcel]
        may = case.right_at is not None and case.state in IN_LOCKER
        if self._asked(may, lambda uow: extend_deadline(uow, self.cloud.act(OPERATOR), self.keys, parcel)):
            assert case.deadline is not None
            case.deadline = max(case.deadline, self.cloud.now) + timedelta(days=1)
            case.state = S.READY_FOR_PICKUP
        return may

    def _asked(self, may: bool, verb: Any) -> bool:  # noqa: FBT001 - what is expected
        try:
            self.cloud.do(verb)
        except LimitReachedError:
            return False  # ten messages a day are enough for anybody
        except DomainError:
            assert not may, "refused without a reason"
            return False
        assert may, "granted without a reason"
        return True

    # ------------------------------------------------------------------ time

    def later(self, hours: float) -> None:
        """Let time pass and the jobs run: what is over ends, once."""
        self.cloud.later(hours=hours)
        ends = [one for one, case in self.cases.items() if case.promise and case.promise[2] <= self.cloud.now]
        over = [case for case in self.cases.values() if case.state is S.READY_FOR_PICKUP and case.deadline]
        self.cloud.do(lambda uow: expire_reservations(uow, self.cloud.act(), self.keys))
        self.cloud.do(lambda uow: expire_parcels(uow, self.cloud.act(), self.keys))
        for parcel in ends:
            self._unpromise(parcel, S.DELIVERY_FAILED)
        for case in over:
            if case.deadline and case.deadline <= self.cloud.now:
                case.state = S.EXPIRED

    # ------------------------------------------------------------------ at the locker

    def drop_off(self, parcel: str, locker: str) -> bool:
        """Put a parcel into the smallest door that fits and is really free; the cloud does not know yet."""
        case = self.cases[parcel]
        least = case.promise[1] if case.promise and case.promise[0] == locker else case.wanted
        free = [
            (door.size.rank, label)
            for label, door in self.doors[locker].items()
            if door.serves and door.holds is None and door.size.at_least(least)
        ]
        if not free or self.where(parcel) or case.gone:
            return False
        label = min(free)[1]
        self.doors[locker][label].holds = parcel
        grant = self.cloud.do(lambda uow: uow.first(IssuedGrant, parcel_id=parcel, locker_id=locker, kind="drop_off"))
        name = GrantId(bytes.fromhex(grant.id)) if grant else GrantId(bytes(16))
        self._says(locker, ParcelDroppedOff(_ref(parcel), CompartmentLabel(label), name, REF), parcel, label)
        return True

    def pick_up(self, parcel: str) -> bool:
        """Let the recipient take it out, whatever the cloud has meanwhile decided."""
        there = self.where(parcel)
        if there is None:
            return False
        locker, label = there
        newest = self.cloud.do(lambda uow: uow.first(IssuedGrant, order="-issued_at", parcel_id=parcel, kind="pick_up"))
        group = GroupId(bytes.fromhex(newest.group_id)) if newest else GroupId(bytes(16))
        self._takes(parcel, locker, label)
        self._says(locker, CodeBurnt(group, CompartmentLabel(label)), parcel, label)
        self._says(locker, ParcelPickedUp(_ref(parcel), CompartmentLabel(label), group, "code"), parcel, label)
        return True

    def collect(self, parcel: str) -> bool:
        """Let a courier take out what the cloud has given up."""
        there = self.where(parcel)
        if there is None or self.cases[parcel].state is not S.EXPIRED:
            return False
        locker, label = there
        self._takes(parcel, locker, label)
        self._says(
            locker, ParcelCollected(_ref(parcel), CompartmentLabel(label), GrantId(bytes(16)), REF), parcel, label
        )
        return True

    def _takes(self, parcel: str, locker: str, label: str) -> None:
        self.doors[locker][label].holds = None
        self.cases[parcel].gone = True

    def service(self, locker: str, label: str, *, in_service: bool) -> None:
        """Take a door out (which counts in the cloud at once) or back in (which counts when the locker says so)."""
        wish = ServiceWish(locker, label, in_service, "service")
        self.cloud.do(lambda uow: set_service(uow, self.cloud.act(OPERATOR), self.keys, wish))
        door = self.doors[locker][label]
        door.serves = in_service
        door.offered = door.offered and in_service
        said = CompartmentRestored if in_service else CompartmentWithdrawn
        more = () if in_service else ("service",)
        self._says(locker, said(CompartmentLabel(label), *more), "", label)

    def _says(self, locker: str, event: Any, parcel: str, label: str) -> None:
        self.waiting[locker].append((event, parcel, label))

    # ------------------------------------------------------------------ what reaches the cloud

    def deliver(self, locker: str) -> None:
        """Carry a locker's journal to the cloud."""
        told, self.waiting[locker] = self.waiting[locker], []
        if told:
            self.cloud.journals[locker].say(*(event for event, _, _ in told))
        for event, parcel, label in told:
            self._learns(locker, event, parcel, label)

    def _learns(self, locker: str, event: Any, parcel: str, label: str) -> None:
        door = self.doors[locker][label]
        match event:
            case ParcelDroppedOff():
                door.known = parcel
                self._arrived(locker, self.cases[parcel])
            case ParcelPickedUp():
                door.known = None
                self._unpromise(parcel, S.PICKED_UP)
            case ParcelCollected():
                door.known = None
                self._unpromise(parcel, S.COLLECTED)
            case CompartmentWithdrawn():
                door.offered = False
            case CompartmentRestored():
                door.offered = True
            case _:
                pass

    def _arrived(self, locker: str, case: Case) -> None:
        """Have a parcel with a right to be picked up here wait for its recipient, any other for a courier."""
        here = case.right_at == locker
        case.promise = None
        case.right_at = locker if here else None
        case.deadline = self.cloud.now + timedelta(hours=48)
        case.state = S.READY_FOR_PICKUP if here and case.state is not S.CANCELLED else S.EXPIRED

    def take_picture(self, locker: str) -> None:
        """Let a locker photograph itself; the picture may arrive much later, or never."""
        seen = tuple(
            CompartmentState(
                label=CompartmentLabel(label),
                size=door.size,
                door="closed",
                parcel=_ref(door.holds) if door.holds else None,
                withdrawn="" if door.serves else "service",
            )
            for label, door in self.doors[locker].items()
        )
        through = self.cloud.journals[locker].sequence + len(self.waiting[locker])
        at_ms = int(self.cloud.now.timestamp() * 1000)
        boot = BootId(b"boot of a locker")
        self.pictures.append(Snapshot(LockerId(locker), boot, at_ms, through, 0, seen, snapshot_digest(seen)))

    def show_picture(self, number: int) -> None:
        """Deliver one of the pictures taken so far, in any order, any number of times."""
        picture = self.pictures[number % len(self.pictures)]
        self.cloud.do(lambda uow: record_report(uow, self.cloud.act(), picture))
        current = picture.through_sequence == self.cloud.journals[picture.locker].sequence
        for one in picture.compartments if current else ():
            door = self.doors[picture.locker][one.label]
            door.known = one.parcel.hex() if one.parcel else None
            door.offered = not one.withdrawn

    # ------------------------------------------------------------------ what must always be so

    def check(self) -> None:
        """Compare the cloud's tables with the oracle, and both with the promises of the product."""
        self.check_capacity()
        self._check_doors()
        self._check_rights()
        self._check_ends()
        for parcel in self.cloud.of(Parcel):
            assert parcel.state is self.cases[parcel.id].state, (parcel.barcode, parcel.state, self.cases[parcel.id])

    def check_capacity(self, lockers: tuple[str, ...] = LOCKERS) -> None:
        """Capacity is what the oracle counts; a promise is only ever made of what is left (see ``promise_again``)."""
        found = self.cloud.do(lambda uow: left_at(uow, lockers))
        assert found == {locker: self.left(locker) for locker in lockers}

    def _check_doors(self) -> None:
        for one in self.cloud.of(Compartment):
            door = self.doors[one.locker_id][one.label]
            assert (one.parcel_id, one.contents is Contents.OCCUPIED) == (door.known, door.known is not None)
            assert (one.status is CompartmentStatus.IN_SERVICE) == door.offered

    def _check_rights(self) -> None:
        """No live grant without a promise or a parcel, and one right to pick up at most."""
        live = self.cloud.of(IssuedGrant, state=GrantState.ISSUED)
        pick_ups = Counter(one.parcel_id for one in live if one.kind == "pick_up")
        assert set(pick_ups.values()) <= {1}, pick_ups
        assert {one: count for one, count in pick_ups.items() if not self.cases[one].right_at} == {}
        for one in live:
            case = self.cases[one.parcel_id]
            if one.kind == "drop_off":
                assert case.promise is not None
                assert case.promise[0] == one.locker_id
            if one.kind == "collect":
                assert case.state is S.EXPIRED

    def _check_ends(self) -> None:
        """Every reservation ends once, and a parcel has one at most."""
        kept = self.cloud.of(Reservation)
        active = Counter(one.parcel_id for one in kept if one.state is ReservationState.ACTIVE)
        assert set(active.values()) <= {1}
        assert set(active) == {one for one, case in self.cases.items() if case.promise}
        for one in kept:
            assert (one.state is ReservationState.ACTIVE) == (one.ended_at is None)
            if one.ended_at is not None:
                assert self.ended.setdefault(one.id, (one.state, one.ended_at)) == (one.state, one.ended_at)


def _ref(parcel: str) -> ParcelRef:
    return ParcelRef(bytes.fromhex(parcel))
