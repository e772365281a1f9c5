"""The power goes while a courier takes a parcel out: silence afterwards never means that it is out."""

import pytest

from contract.events import (
    AgentStarted,
    CollectionAbandoned,
    CompartmentWithdrawn,
    CourierSignedOut,
    DoorClosed,
    ParcelCollected,
    ParcelNotFound,
    ProblemReported,
)
from edge.locker_controller.inputs import Answer
from edge.locker_controller.screens import ConfirmTakenOut, Refused, Why
from tests.unit.edge.locker_controller.builders import (
    A02,
    CLOSED,
    Scene,
    collect,
    drop_off,
    kinds,
    name,
    only,
    parcel,
    releases,
)


@pytest.fixture
def collecting() -> Scene:
    """Return a locker at which the power is about to go while Ola has A02 open to collect ``P``."""
    scene = Scene()
    assert scene.puts_in("P") == A02
    scene.signs_in(collect("P"))
    scene.taps(Answer.COLLECT, A02)
    scene.lock_answers()
    scene.door_opens(A02)
    scene.journal.clear()
    return scene


@pytest.fixture
def left_dark(collecting: Scene) -> Scene:
    """Return that locker after the door was shut in the dark: it asks whether the parcel is out."""
    collecting.levels[A02] = CLOSED
    assert kinds(collecting.restarts()) == [AgentStarted, DoorClosed]
    assert collecting.screen() == ConfirmTakenOut(A02, 30, lost=True)
    return collecting


def test_a_collection_whose_door_was_closed_in_the_dark_is_asked_about(left_dark: Scene) -> None:
    assert only(left_dark.taps(Answer.DONE), ParcelCollected).courier == name("Ola")
    assert left_dark.inside() == {}


def test_silence_after_a_power_cut_never_means_collected(left_dark: Scene) -> None:
    decision = left_dark.ticks(after_s=30)
    assert decision.events == (
        CollectionAbandoned(parcel("P"), A02, "unclear"),
        CompartmentWithdrawn(A02, "unclear"),
    )
    assert (left_dark.inside(), left_dark.withdrawn()) == ({A02: parcel("P")}, {A02: "unclear"})


def test_the_recipient_of_a_collection_left_unclear_is_still_served(left_dark: Scene) -> None:
    left_dark.ticks(after_s=30)
    assert releases(left_dark.types("P")) == [A02]


def test_a_courier_who_comes_back_may_collect_what_was_left_unclear(left_dark: Scene) -> None:
    left_dark.ticks(after_s=30)
    left_dark.signs_in(collect("P"))
    assert releases(left_dark.taps(Answer.COLLECT, A02)) == [A02]


def test_nor_when_the_collections_door_was_still_open_and_closes_later(collecting: Scene) -> None:
    collecting.restarts()
    assert kinds(collecting.door_closes(A02)) == [DoorClosed]
    assert kinds(collecting.ticks(after_s=30)) == [CollectionAbandoned, CompartmentWithdrawn]


def test_a_door_that_stays_open_after_a_power_cut_is_not_collected_either(collecting: Scene) -> None:
    collecting.restarts()
    assert only(collecting.ticks(after_s=300), CollectionAbandoned).reason == "left_open"
    assert collecting.inside() == {A02: parcel("P")}


def test_the_word_of_before_the_power_cut_counts(collecting: Scene) -> None:
    collecting.taps(Answer.EMPTY)
    collecting.restarts()
    assert kinds(collecting.door_closes(A02)) == [DoorClosed, ParcelNotFound]


def test_a_word_of_before_counts_behind_a_door_left_open_too(collecting: Scene) -> None:
    collecting.taps(Answer.EMPTY)
    collecting.restarts()
    assert ParcelNotFound in kinds(collecting.ticks(after_s=300))


def test_the_courier_may_say_that_it_was_not_there(left_dark: Scene) -> None:
    assert kinds(left_dark.taps(Answer.EMPTY)) == [CompartmentWithdrawn, ParcelNotFound]


def test_the_courier_may_leave_it_inside(left_dark: Scene) -> None:
    assert left_dark.taps(Answer.SKIP).events == ()
    assert (left_dark.inside(), left_dark.state.task) == ({A02: parcel("P")}, None)


def test_a_collection_opened_again_after_a_power_cut_is_an_ordinary_one(left_dark: Scene) -> None:
    assert releases(left_dark.taps(Answer.OPEN_AGAIN)) == [A02]
    assert ParcelCollected in kinds(left_dark.swings(A02))


def test_but_only_a_few_times(collecting: Scene) -> None:
    for _ in range(3):
        collecting.restarts()
        collecting.door_closes(A02)
        collecting.taps(Answer.OPEN_AGAIN)
        collecting.lock_answers()
        collecting.door_opens(A02)
    collecting.restarts()
    collecting.door_closes(A02)
    assert releases(collecting.taps(Answer.OPEN_AGAIN)) == []
    assert collecting.screen() == Refused(Why.ENOUGH)


def test_signing_out_after_a_power_cut_is_no_word_about_the_collection(left_dark: Scene) -> None:
    left_dark.signs_in()
    assert left_dark.screen() == ConfirmTakenOut(A02, 30, lost=True)
    assert kinds(left_dark.taps(Answer.SIGN_OUT)) == [CollectionAbandoned, CompartmentWithdrawn, CourierSignedOut]


def test_an_answer_of_another_screen_says_nothing_about_the_collection(left_dark: Scene) -> None:
    assert left_dark.taps(Answer.TOO_BIG).events == ()
    assert left_dark.screen() == ConfirmTakenOut(A02, 30, lost=True)


def test_nor_does_a_problem_at_the_door_or_the_next_scan(left_dark: Scene) -> None:
    assert kinds(left_dark.taps(Answer.PROBLEM)) == [ProblemReported, CompartmentWithdrawn]
    left_dark.signs_in(drop_off("Q"))
    assert CollectionAbandoned in kinds(left_dark.scans("Q"))
    assert left_dark.inside() == {A02: parcel("P")}
