"""Putting a parcel in: the fast way, and one tap to the next door for everything that is wrong with this one."""

import pytest

from contract.events import (
    CompartmentWithdrawn,
    DoorClosed,
    DropOffAbandoned,
    DropOffRefused,
    OpenNotDetected,
    ParcelDroppedOff,
    ProblemReported,
    ReleaseIntended,
)
from contract.ids import GrantId
from contract.sizes import SizeClass
from edge.locker_controller.inputs import Answer
from edge.locker_controller.screens import (
    ConfirmDropOff,
    DroppedOff,
    NoCompartment,
    PutParcel,
    Refused,
    Why,
)
from tests.unit.edge.locker_controller.builders import (
    A02,
    A03,
    A04,
    Scene,
    drop_off,
    kinds,
    name,
    only,
    parcel,
    pick_up,
    releases,
    revoke,
    set_service,
)


@pytest.fixture
def scene() -> Scene:
    """Return a locker with a signed-in courier who has the parcels ``P`` and ``Q`` (both M) to put in."""
    scene = Scene()
    scene.signs_in(drop_off("P"), pick_up("P"), drop_off("Q"), pick_up("Q"))
    scene.journal.clear()
    return scene


def scanned(scene: Scene, of: str = "P") -> None:
    """Bring a parcel to its open door."""
    (label,) = releases(scene.scans(of))
    scene.lock_answers()
    scene.door_opens(label)


def test_a_scan_opens_the_smallest_compartment_that_fits_with_the_intent_first(scene: Scene) -> None:
    decision = scene.scans("P")
    assert decision.events == (ReleaseIntended(scene.intent, A02, "drop_off", parcel("P"), GrantId(name("drop P"))),)
    assert releases(decision) == [A02]


def test_the_screen_follows_the_door(scene: Scene) -> None:
    scanned(scene)
    assert scene.screen() == PutParcel(A02, SizeClass.M)
    assert scene.door_closes(A02).events == (DoorClosed(A02),)
    assert scene.screen() == ConfirmDropOff(A02, 30)


def test_a_confirmed_parcel_is_booked_in_and_its_grant_spent(scene: Scene) -> None:
    scene.scans("P")
    scene.swings(A02)
    decision = scene.taps(Answer.DONE)
    assert decision.events == (ParcelDroppedOff(parcel("P"), A02, GrantId(name("drop P")), name("Ola")),)
    assert scene.inside() == {A02: parcel("P")}
    assert GrantId(name("drop P")) not in scene.state.grants
    assert scene.screen() == DroppedOff(A02)


def test_a_courier_who_leaves_without_a_word_has_dropped_off(scene: Scene) -> None:
    scene.scans("P")
    scene.swings(A02)
    assert scene.ticks(after_s=29).events == ()
    assert kinds(scene.ticks(after_s=1)) == [ParcelDroppedOff]


def test_the_next_scan_confirms_the_parcel_before(scene: Scene) -> None:
    scene.scans("P")
    scene.swings(A02)
    decision = scene.scans("Q")
    assert kinds(decision) == [ParcelDroppedOff, ReleaseIntended]
    assert releases(decision) == [A03]


def test_a_recipients_code_confirms_the_parcel_before_too(scene: Scene) -> None:
    scene.scans("P")
    scene.swings(A02)
    decision = scene.types("P")
    assert kinds(decision) == [ParcelDroppedOff, ReleaseIntended]
    assert releases(decision) == [A02]


def test_signing_out_confirms_the_parcel_before(scene: Scene) -> None:
    scene.scans("P")
    scene.swings(A02)
    decision = scene.taps(Answer.SIGN_OUT)
    assert [kind.__name__ for kind in kinds(decision)] == ["ParcelDroppedOff", "CourierSignedOut"]


def test_too_big_opens_a_larger_compartment_at_once(scene: Scene) -> None:
    scanned(scene)
    decision = scene.taps(Answer.TOO_BIG)
    assert kinds(decision) == [DropOffAbandoned, ReleaseIntended]
    assert only(decision, DropOffAbandoned) == DropOffAbandoned(parcel("P"), A02, "too_big")
    assert releases(decision) == [A04]
    assert scene.withdrawn() == {}


def test_too_big_for_the_largest_is_said(scene: Scene) -> None:
    scanned(scene)
    scene.taps(Answer.TOO_BIG)
    scene.door_closes(A02)
    scene.swings(A04)
    decision = scene.taps(Answer.TOO_BIG)
    assert kinds(decision) == [DropOffAbandoned, DropOffRefused]
    assert only(decision, DropOffRefused).reason == "no_larger"
    assert scene.screen() == NoCompartment(Why.NO_LARGER)


@pytest.mark.parametrize("answer", [Answer.OCCUPIED, Answer.DIRTY, Answer.BROKEN])
def test_an_unfit_compartment_is_withdrawn_and_the_next_one_opens(scene: Scene, answer: Answer) -> None:
    scanned(scene)
    decision = scene.taps(answer)
    assert kinds(decision) == [CompartmentWithdrawn, DropOffAbandoned, ReleaseIntended]
    assert scene.withdrawn() == {A02: answer.value}
    assert releases(decision) == [A03]


def test_an_unfit_compartment_may_be_found_after_closing_it(scene: Scene) -> None:
    scene.scans("P")
    scene.swings(A02)
    assert releases(scene.taps(Answer.OCCUPIED)) == [A03]


def test_a_problem_is_reported_and_the_next_one_opens(scene: Scene) -> None:
    scanned(scene)
    decision = scene.taps(Answer.PROBLEM)
    assert only(decision, ProblemReported) == ProblemReported("reported", A02, parcel("P"))
    assert releases(decision) == [A03]


def test_a_full_locker_refuses_and_says_so(scene: Scene) -> None:
    scene.scans("P")
    for number, label in enumerate((A02, A03, A04)):
        scene.hears(set_service(label, in_service=False, named=f"out {number}"))
    scene.swings(A02)
    scene.taps(Answer.DONE)
    decision = scene.scans("Q")
    assert decision.events == (DropOffRefused(parcel("Q"), "full"),)
    assert scene.screen() == NoCompartment(Why.FULL)


def test_a_lock_that_does_not_open_is_withdrawn_and_the_next_one_opens(scene: Scene) -> None:
    scene.scans("P")
    decision = scene.stays_shut()
    assert kinds(decision) == [OpenNotDetected, CompartmentWithdrawn, DropOffAbandoned, ReleaseIntended]
    assert scene.withdrawn() == {A02: "lock_fault"}
    assert releases(decision) == [A03]


def test_a_grant_revoked_meanwhile_opens_no_further_door(scene: Scene) -> None:
    scanned(scene)
    scene.hears(revoke("P"))
    assert releases(scene.taps(Answer.OCCUPIED)) == []
    assert scene.screen() == Refused(Why.REVOKED)
