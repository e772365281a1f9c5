"""No order of verbs, facts and late news makes the cloud promise what is not there, or forget what it promised."""

import random
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from cloud.domain.parcel import IN_LOCKER, ParcelState
from contract.sizes import SizeClass
from tests.survives import survived
from tests.unit.cloud.services.capacity_street import BOX_MM, LOCKERS, Street

S = ParcelState
ROUNDS, PIECES, PER_CLOUD = 10_000, 4, 25
ROW = "Random interleavings of assign, drop-off, pick-up, expire and cancel at lockers that fill up"
SHOWN_BY = "tests/unit/cloud/services/test_capacity_machine.py"
OPEN = (S.OUT_FOR_DELIVERY, S.DELIVERY_FAILED)
lockers, sizes, numbers = st.sampled_from(LOCKERS), st.sampled_from(sorted(BOX_MM)), st.integers(0, 99)


class Promises(RuleBasedStateMachine):
    """Two lockers of twelve doors, and whoever comes along."""

    def __init__(self) -> None:
        """Begin with an empty street."""
        super().__init__()
        self.street = Street()

    def some(self, number: int, *states: ParcelState) -> str | None:
        """Return one of the parcels the cloud has in one of ``states``."""
        found = [one for one, case in self.street.cases.items() if case.state in states]
        return found[number % len(found)] if found else None

    @initialize(first=st.lists(st.tuples(lockers, sizes), min_size=4, max_size=14), there=st.integers(0, 8))
    def a_morning(self, first: list[tuple[str, SizeClass]], there: int) -> None:
        """Promise some parcels, and have some of them put in already."""
        for locker, wanted in first:
            self.street.assign(locker, wanted)
        for parcel in list(self.street.cases)[:there]:
            promise = self.street.cases[parcel].promise
            if promise:
                self.street.drop_off(parcel, promise[0])
        for locker in LOCKERS:
            self.street.deliver(locker)

    @rule(locker=lockers, wanted=sizes, times=st.integers(1, 4))
    def assign(self, locker: str, wanted: SizeClass, times: int) -> None:
        for _ in range(times):
            self.street.assign(locker, wanted)

    @rule(number=numbers, locker=lockers)
    def assign_again(self, number: int, locker: str) -> None:
        parcel = self.some(number, *OPEN)
        if parcel:
            self.street.promise_again(parcel, locker)

    @rule(number=numbers)
    def release(self, number: int) -> None:
        parcel = self.some(number, S.ASSIGNED_TO_LOCKER)
        if parcel:
            self.street.release(parcel)

    @rule(number=numbers)
    def cancel(self, number: int) -> None:
        parcel = self.some(number, *OPEN, S.ASSIGNED_TO_LOCKER, *IN_LOCKER)
        if parcel:
            self.street.cancel(parcel)

    @rule(number=numbers)
    def reissue(self, number: int) -> None:
        parcel = self.some(number, *IN_LOCKER, S.ASSIGNED_TO_LOCKER)
        if parcel:
            self.street.reissue(parcel)

    @rule(number=numbers)
    def extend(self, number: int) -> None:
        parcel = self.some(number, *IN_LOCKER, S.PICKED_UP)
        if parcel:
            self.street.extend(parcel)

    @rule(hours=st.sampled_from([0.1, 5, 25, 49]))
    def time_passes(self, hours: float) -> None:
        self.street.later(hours)

    @rule(number=numbers, elsewhere=st.booleans(), known=st.booleans())
    def drop_off(self, number: int, elsewhere: bool, known: bool) -> None:  # noqa: FBT001 - Hypothesis draws and names it
        parcel = self.some(number, S.ASSIGNED_TO_LOCKER, *(OPEN if elsewhere else ()))
        if parcel:
            promise = self.street.cases[parcel].promise
            there = promise[0] if promise and not elsewhere else LOCKERS[number % len(LOCKERS)]
            self.street.drop_off(parcel, there)
            if known:
                self.street.deliver(there)

    @rule(number=numbers, known=st.booleans())
    def pick_up(self, number: int, known: bool) -> None:  # noqa: FBT001 - Hypothesis draws and names it
        inside = [one for one in self.street.cases if self.street.where(one)]
        if inside:
            there, _ = self.street.where(inside[number % len(inside)]) or ("", "")
            self.street.pick_up(inside[number % len(inside)])
            if known:
                self.street.deliver(there)

    @rule(number=numbers)
    def collect(self, number: int) -> None:
        parcel = self.some(number, S.EXPIRED)
        if parcel:
            self.street.collect(parcel)

    @rule(locker=lockers, number=numbers, in_service=st.booleans())
    def service(self, locker: str, number: int, in_service: bool) -> None:  # noqa: FBT001 - Hypothesis draws and names it
        labels = sorted(self.street.doors[locker])
        self.street.service(locker, labels[number % len(labels)], in_service=in_service)

    @rule(locker=lockers)
    def the_journal_arrives(self, locker: str) -> None:
        self.street.deliver(locker)

    @rule(locker=lockers)
    def a_picture_is_taken(self, locker: str) -> None:
        self.street.take_picture(locker)

    @precondition(lambda self: self.street.pictures)
    @rule(number=numbers)
    def a_picture_arrives(self, number: int) -> None:
        self.street.show_picture(number)

    @invariant()
    def everything_is_as_the_oracle_says(self) -> None:
        self.street.check()


def played(streets: int) -> settings:
    return settings(
        max_examples=streets,
        stateful_step_count=40,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def test_no_order_of_anything_breaks_a_promise() -> None:
    run_state_machine_as_test(Promises, settings=played(streets=20))


@pytest.mark.long
def test_no_order_of_anything_breaks_a_promise_in_a_long_day() -> None:
    run_state_machine_as_test(Promises, settings=played(streets=60))


def interleaved(street: Street, chance: random.Random) -> None:
    """Let three parcels' ways through one locker be taken in a random order, step by step."""
    ways = [_way(street, chance) for _ in range(3)]
    order = [number for number, way in enumerate(ways) for _ in way]
    chance.shuffle(order)
    for number in order:
        ways[number].pop(0)()
        street.check_capacity(LOCKERS[:1])


def _way(street: Street, chance: random.Random) -> list[Callable[[], object]]:
    """Return one parcel's way: promised, perhaps put in, and out of the world in one of four ways."""
    own: list[str] = []
    wanted = chance.choice(sorted(BOX_MM))

    def brought(verb: Callable[[str], object]) -> None:
        if own and street.cases[own[0]].promise:
            verb(own[0])
            street.deliver(LOCKERS[0])

    def ended(verb: Callable[[str], object]) -> None:
        if own and street.cases[own[0]].state in (S.ASSIGNED_TO_LOCKER, *IN_LOCKER):
            verb(own[0])
            street.deliver(LOCKERS[0])

    drop_off = partial(brought, lambda parcel: street.drop_off(parcel, LOCKERS[0]))
    end = chance.choice((street.pick_up, street.cancel, lambda _: street.later(25), street.pick_up))
    return [
        lambda: own.append(street.assign(LOCKERS[0], wanted)),
        *chance.choice(([drop_off], [])),
        partial(ended, end),
    ]


@pytest.mark.long
@pytest.mark.parametrize("piece", range(PIECES))
def test_ten_thousand_interleavings_never_promise_more_than_there_is(piece: int) -> None:
    chance = random.Random(piece)
    for _ in range(ROUNDS // PIECES // PER_CLOUD):
        street = Street()
        for _ in range(PER_CLOUD):
            interleaved(street, chance)
        street.check()
    survived(ROW, f"piece {piece}", tried=ROUNDS // PIECES, broken=0, shown_by=SHOWN_BY)
