"""The storm's reckoning is worth something only if it finds what is wrong: each kind of wrong, planted once."""

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from contract.codec import encode
from contract.events import (
    AgentStarted,
    CodeBurnt,
    DoorOpened,
    Entry,
    Event,
    LockReleased,
    ParcelDroppedOff,
    ReleaseFailed,
    ReleaseIntended,
    chain,
    genesis_hash,
)
from contract.ids import BootId, CompartmentLabel, CourierRef, GrantId, GroupId, LockerId, MessageId, ParcelRef
from firmware_sim.physics import Violation, ViolationKind
from firmware_sim.truth import CabinetTruth, CompartmentTruth
from tests.process.ledger import Journal
from tests.process.torture.goods import Goods, Parcel
from tests.process.torture.killer import MIX, victims
from tests.process.torture.reckoning import (
    Findings,
    Known,
    compare_doors,
    compare_journals,
    compare_parcels,
    cut_short,
)

LOCKER, A01 = LockerId("STORM-00"), CompartmentLabel("A01")
BOOT, INTENT, GROUP = BootId(bytes(16)), MessageId(b"i" * 16), GroupId(b"g" * 16)
IN = ParcelDroppedOff(ParcelRef(b"p" * 16), A01, GrantId(b"d" * 16), CourierRef(b"c" * 16))
STORY: tuple[Event, ...] = (
    AgentStarted(BOOT, "1"),
    ReleaseIntended(INTENT, A01, "drop_off"),
    DoorOpened(A01, INTENT),
    IN,
)


def journal(*events: Event) -> Journal:
    raw = [encode(Entry(number, 1_000, "synced", BOOT, event)) for number, event in enumerate(events, 1)]
    return Journal(tuple(enumerate(raw, 1)), chain(genesis_hash(LOCKER), raw), len(raw))


def journals_found(edge: Journal, cloud: Journal) -> list[str]:
    found = Findings()
    compare_journals(LOCKER, edge, cloud, found)
    return found.all()


def test_a_release_that_no_word_ends_was_cut_short() -> None:
    other = MessageId(b"j" * 16)
    assert cut_short([*STORY, AgentStarted(BOOT, "1"), ReleaseIntended(other, A01, "drop_off")]) == 2
    assert cut_short([*STORY, LockReleased(INTENT, A01)]) == 0
    assert cut_short([ReleaseIntended(other, A01, "drop_off"), ReleaseFailed(other, A01, "too_soon")]) == 0


def test_journals_that_agree_are_let_through_pruned_or_not() -> None:
    whole = journal(*STORY)
    assert journals_found(whole, whole) == []
    assert journals_found(replace(whole, rows=whole.rows[2:]), whole) == []


@pytest.mark.parametrize(
    ("cloud", "kind"),
    [
        (journal(*STORY[:-1]), "lost"),
        (journal(*STORY, IN), "doubled"),
        (journal(*STORY[:-1], CodeBurnt(GROUP, A01)), "lost"),
        (replace(journal(*STORY), rows=journal(*STORY).rows[1:]), "lost"),
        (replace(journal(*STORY), head=bytes(32)), "lost"),
        (replace(journal(*STORY), acknowledged=1), "lost"),
    ],
    ids=["an entry less", "an entry more", "another entry", "a gap", "another chain", "not acknowledged"],
)
def test_a_cloud_that_has_something_else_is_found(cloud: Journal, kind: str) -> None:
    assert any(one.startswith(kind) for one in journals_found(journal(*STORY), cloud))


def doors_found(events: tuple[Event, ...], *compartments: CompartmentTruth, broken: bool = False) -> list[str]:
    found = Findings()
    laws = (Violation(1, ViolationKind.TOO_LONG, (A01,), commanded=True),) if broken else ()
    compare_doors(LOCKER, list(events), CabinetTruth(compartments, laws), found)
    return found.all()


def test_a_kill_between_intent_and_pulse_is_no_fault() -> None:
    assert doors_found(STORY, CompartmentTruth("A01", pulses=1)) == []
    assert doors_found(STORY, CompartmentTruth("A01", pulses=0)) == []


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        (doors_found(STORY, CompartmentTruth("A01", pulses=2)), "forbidden"),
        (doors_found(STORY, CompartmentTruth("A02", pulses=1)), "forbidden"),
        (doors_found(STORY, CompartmentTruth("A01", coil_on=True)), "forbidden"),
        (doors_found(STORY, broken=True), "forbidden"),
        (doors_found((*STORY, DoorOpened(A01, INTENT))), "doubled"),
        (doors_found((*STORY, IN)), "doubled"),
        (doors_found((CodeBurnt(GROUP, A01), CodeBurnt(GROUP, A01))), "doubled"),
    ],
    ids=["pulsed again", "pulsed unasked", "left on", "a broken law", "opened twice", "in twice", "burnt twice"],
)
def test_a_cabinet_that_did_something_else_is_found(found: list[str], kind: str) -> None:
    assert [one.partition(":")[0] for one in found] == [kind]


def told() -> Parcel:
    return Parcel("LM-1", LOCKER, (21.0, 52.2), promised=True, in_van=False, told_in="A01")


INSIDE = Known("p", "ready_for_pickup", LOCKER, "A01", 1, 0)
FETCHED = Known("p", "picked_up", LOCKER, "", 1, 1)


def parcels_found(parcel: Parcel, known: Known | None, *contents: tuple[str, str]) -> list[str]:
    found = Findings()
    cabinet = CabinetTruth(tuple(CompartmentTruth(label, contents=what) for label, what in contents))
    facts = {parcel.barcode: known} if known else {}
    compare_parcels(Goods({parcel.barcode: parcel}), facts, {LOCKER: cabinet}, found)
    return found.all()


def fetched() -> Parcel:
    parcel = told()
    parcel.fetched = parcel.told_out = True
    return parcel


def test_parcels_where_everybody_says_they_are_are_let_through() -> None:
    assert parcels_found(told(), INSIDE, ("A01", "LM-1")) == []
    assert parcels_found(fetched(), FETCHED) == []


@pytest.mark.parametrize(
    ("parcel", "known", "contents", "kind"),
    [
        (told, None, [("A01", "LM-1")], "lost"),
        (told, replace(INSIDE, state="assigned_to_locker", drops=0), [("A01", "LM-1")], "lost"),
        (fetched, INSIDE, [], "lost"),
        (told, replace(INSIDE, drops=2), [("A01", "LM-1")], "doubled"),
        (told, INSIDE, [], "misplaced"),
        (told, INSIDE, [("A02", "LM-1")], "misplaced"),
        (told, INSIDE, [("A01", "LM-1"), ("A02", "LM-1")], "misplaced"),
        (fetched, FETCHED, [("A01", "LM-1")], "misplaced"),
    ],
    ids=["unheard of", "not in", "not out", "twice in", "gone", "elsewhere", "in two places", "out and in"],
)
def test_a_parcel_that_is_not_where_it_should_be_is_found(
    parcel: Callable[[], Parcel], known: Known | None, contents: list[tuple[str, str]], kind: str
) -> None:
    assert any(one.startswith(kind) for one in parcels_found(parcel(), known, *contents))


def test_victims_come_in_turn_and_from_the_seed() -> None:
    drawn = [victims(50, random.Random(3)) for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert {kind: drawn[0].count(kind) for kind in MIX} == {kind: 2 * count for kind, count in MIX.items()}
