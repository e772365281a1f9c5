"""No order of what couriers, recipients and staff do at a counter overfills its shelf or loses a parcel on it."""

from collections import Counter
from contextlib import suppress

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from cloud.domain.capacity import Reservation, ReservationState
from cloud.domain.errors import ConflictError, InvalidError
from cloud.domain.locker import Compartment, Contents, Locker
from cloud.domain.parcel import IN_LOCKER, Parcel, ParcelState
from cloud.services.cancel_parcel import cancel_parcel
from cloud.services.counter_codes import Outcome, check_code, hand_over
from cloud.services.counter_desk import Arrival, give_back
from cloud.services.counter_hours import close_on, open_on, set_intake
from cloud.services.counter_shelf import set_shelf
from cloud.services.courier_pass import courier_pass
from cloud.services.expire_parcels import expire_parcels
from cloud.services.promise import promise
from cloud.services.records import GrantState, IssuedGrant
from cloud.services.records_ops import OutboxMessage
from cloud.services.release_reservation import expire_reservations
from contract.sizes import SizeClass
from tests.unit.cloud.services.capacity_street import BOX_MM
from tests.unit.cloud.services.counters import SHOP, scanned, shop, stretched
from tests.unit.cloud.small_cloud import COURIER, OPERATOR, SmallCloud

S = ParcelState
sizes, numbers = st.sampled_from(sorted(BOX_MM)), st.integers(0, 99)


class Shelf(RuleBasedStateMachine):
    """One shop with a small shelf. ``lying`` is the oracle: which parcel lies where, by its own bookkeeping."""

    def __init__(self) -> None:
        """Open the shop."""
        super().__init__()
        self.cloud = SmallCloud(quick=True)
        self.cloud.courier()
        self.staff = shop(self.cloud)
        self.codes: dict[str, int] = {}
        self.lying: dict[str, str] = {}
        self.gone: dict[str, ParcelState] = {}

    def some(self, number: int, *states: ParcelState) -> Parcel | None:
        found = self.cloud.of(Parcel, order="id", state=states)
        return found[number % len(found)] if found else None

    @initialize(first=st.lists(sizes, min_size=1, max_size=5))
    def a_morning(self, first: list[SizeClass]) -> None:
        for wanted in first:
            self.promise(wanted)

    @rule(wanted=sizes)
    def promise(self, wanted: SizeClass) -> None:
        """Ask for a place: refused when every fitting one is taken or promised, or when the shop is full."""
        number = len(self.codes) + 1
        length, width, height = BOX_MM[wanted]
        parcel = self.cloud.parcel(
            f"P{number}",
            state=S.OUT_FOR_DELIVERY,
            custodian=f"courier:{COURIER}",
            length_mm=length,
            width_mm=width,
            height_mm=height,
        )
        self.codes[parcel.id] = number
        place, room = self.cloud.the(Locker), self.room()
        fits = place.intake_open and any(left for size, left in room.items() if size.at_least(wanted))
        if fits:
            self.cloud.codes(SHOP, number)  # the only one in the pool, so it is this parcel's
        try:
            self.cloud.do(lambda uow: promise(uow, self.cloud.act(), self.cloud.keys, parcel, place))
        except ConflictError:
            assert not fits
        else:
            assert fits

    @rule(number=numbers)
    def take_in(self, number: int) -> None:
        parcel = self.some(number, S.ASSIGNED_TO_LOCKER, S.READY_FOR_PICKUP, S.PICKED_UP, S.OUT_FOR_DELIVERY)
        if parcel is None:
            return
        taken = scanned(self.cloud, self.staff, parcel.barcode)
        if parcel.state is S.ASSIGNED_TO_LOCKER:
            assert taken.arrival is Arrival.TAKEN_IN  # what was promised always has a place
            assert taken.place not in self.lying.values()
            self.lying[parcel.id] = str(taken.place)
        elif parcel.state is S.READY_FOR_PICKUP:
            assert (taken.arrival, taken.place) == (Arrival.HERE_ALREADY, self.lying[parcel.id])
        else:
            assert taken.arrival is Arrival.NOT_EXPECTED

    @rule(number=numbers)
    def hand_over(self, number: int) -> None:
        """Type anybody's code: it finds exactly what lies here and may still be picked up."""
        if not self.codes:
            return
        parcel = sorted(self.codes)[number % len(self.codes)]
        act, keys, digits = self.cloud.act(self.staff), self.cloud.keys, stretched(self.codes[parcel])
        answer = self.cloud.do(lambda uow: check_code(uow, act, keys, SHOP, digits))
        rights = self.cloud.of(IssuedGrant, parcel_id=parcel, kind="pick_up", state=GrantState.ISSUED)
        if answer.outcome is Outcome.PAUSED:
            return
        assert (answer.outcome is Outcome.FOUND) == (parcel in self.lying and bool(rights))
        if answer.outcome is Outcome.FOUND:
            assert self.cloud.do(lambda uow: hand_over(uow, act, keys, SHOP, answer.proof)).id == parcel
            del self.lying[parcel]
            self.gone[parcel] = S.PICKED_UP

    @rule(number=numbers)
    def give_back(self, number: int) -> None:
        parcel = self.some(number, S.EXPIRED)
        if parcel is None:
            return
        act, keys = self.cloud.act(self.staff), self.cloud.keys
        (shown,) = self.cloud.do(lambda uow: courier_pass(uow, self.cloud.act(), keys, COURIER, SHOP))
        try:
            self.cloud.do(lambda uow: give_back(uow, act, keys, (SHOP, parcel.id), shown))
        except ConflictError:
            live = self.cloud.of(IssuedGrant, parcel_id=parcel.id, kind="collect", state=GrantState.ISSUED)
            assert all(one.expires_at < self.cloud.now for one in live)  # the job has not renewed the right yet
            return
        del self.lying[parcel.id]
        self.gone[parcel.id] = S.COLLECTED

    @rule(number=numbers)
    def cancel(self, number: int) -> None:
        parcel = self.some(number, S.ASSIGNED_TO_LOCKER, S.READY_FOR_PICKUP)
        if parcel:
            act = self.cloud.act(OPERATOR)
            self.cloud.do(lambda uow: cancel_parcel(uow, act, self.cloud.keys, parcel.id, "recalled"))

    @rule(hours=st.sampled_from([1, 25, 49, 24 * 8]))
    def time_passes(self, hours: int) -> None:
        self.cloud.later(hours=hours)
        self.cloud.do(lambda uow: expire_reservations(uow, self.cloud.act(), self.cloud.keys))
        self.cloud.do(lambda uow: expire_parcels(uow, self.cloud.act(), self.cloud.keys))

    @rule(places=st.fixed_dictionaries({size: st.integers(0, 3) for size in sorted(BOX_MM)}))
    def another_shelf(self, places: dict[SizeClass, int]) -> None:
        wish = {**places, SizeClass.S: 1}
        held = Counter(one.size for one in self.places() if one.contents is Contents.OCCUPIED) + self.promised()
        fits = all(wish.get(size, 0) >= held[size] for size in SizeClass)
        try:
            self.cloud.do(lambda uow: set_shelf(uow, self.cloud.act(self.staff), SHOP, wish))
        except (ConflictError, InvalidError):
            assert not fits
        else:
            assert fits

    @rule(is_open=st.booleans())
    def intake(self, is_open: bool) -> None:  # noqa: FBT001 - Hypothesis draws and names it
        self.cloud.do(lambda uow: set_intake(uow, self.cloud.act(self.staff), SHOP, is_open=is_open))

    @rule(days=st.integers(0, 3), shut=st.booleans())
    def closing(self, days: int, shut: bool) -> None:  # noqa: FBT001 - Hypothesis draws and names it
        day = self.cloud.now.date().replace(day=min(28, self.cloud.now.day + days))
        verb = close_on if shut else open_on
        with suppress(InvalidError):  # a day that has passed, or more closings than opening hours can hold
            self.cloud.do(lambda uow: verb(uow, self.cloud.act(self.staff), SHOP, day))

    def places(self) -> list[Compartment]:
        return self.cloud.of(Compartment, locker_id=SHOP)

    def promised(self) -> Counter[SizeClass]:
        return Counter(one.size for one in self.cloud.of(Reservation, state=ReservationState.ACTIVE))

    def room(self) -> dict[SizeClass, int]:
        """Return how many places of each size are neither taken nor promised; never less than none."""
        empty = Counter(one.size for one in self.places() if one.contents is Contents.EMPTY)
        return {size: empty[size] - self.promised()[size] for size in SizeClass}

    @invariant()
    def the_shelf_holds_what_it_should_and_never_more(self) -> None:
        assert min(self.room().values()) >= 0
        seen = {str(one.parcel_id): one.label for one in self.places() if one.contents is Contents.OCCUPIED}
        assert seen == self.lying
        for parcel in self.cloud.of(Parcel):
            here = parcel.state in IN_LOCKER
            assert here == (parcel.id in self.lying)
            if here:
                assert (parcel.custodian, parcel.compartment) == (f"locker:{SHOP}", self.lying[parcel.id])
            assert self.gone.get(parcel.id, parcel.state) is parcel.state
        assert self.cloud.of(OutboxMessage) == []


def test_no_order_of_anything_overfills_a_shelf() -> None:
    run_state_machine_as_test(
        Shelf,
        settings=settings(
            max_examples=15,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
