"""What the page's two general buttons mean: "All right" under a sentence, and "More time"."""

import pytest

from edge.locker_controller.inputs import Answer
from edge.locker_controller.screens import CloseDoor, ConfirmDropOff, NotOpened, Refused, TakeParcel, Why
from tests.unit.edge.locker_controller.builders import A02, Scene, drop_off, pick_up, releases


@pytest.fixture
def scene() -> Scene:
    """Return a locker with the parcel ``P`` inside, behind A02."""
    scene = Scene()
    scene.puts_in("P")
    return scene


def test_all_right_under_a_refusal_claims_nothing_of_the_door_behind_it(scene: Scene) -> None:
    scene.types("P")
    scene.lock_answers()
    scene.door_opens(A02)
    scene.types("Q")
    assert scene.screen() == Refused(Why.CLOSE_DOOR)
    scene.taps(Answer.DONE)
    assert scene.screen() == TakeParcel(A02, "pick_up")


def test_the_next_all_right_is_about_the_door_again(scene: Scene) -> None:
    scene.types("P")
    scene.lock_answers()
    scene.door_opens(A02)
    scene.types("Q")
    scene.taps(Answer.DONE)
    scene.taps(Answer.DONE)
    assert scene.screen() == CloseDoor(A02, 0)


def test_more_time_at_a_door_that_did_not_open_begins_the_minute_anew(scene: Scene) -> None:
    scene.types("P")
    scene.stays_shut()
    scene.ticks(after_s=50)
    scene.taps(Answer.MORE_TIME)
    scene.ticks(after_s=50)
    assert scene.screen() == NotOpened(A02, "pick_up", again=True, seconds=10)


def test_more_time_to_say_whether_the_parcel_is_inside() -> None:
    scene = Scene()
    scene.signs_in(drop_off("P"), pick_up("P"))
    (label,) = releases(scene.scans("P"))
    scene.swings(label)
    scene.ticks(after_s=20)
    assert scene.screen() == ConfirmDropOff(label, 10)
    scene.taps(Answer.MORE_TIME)
    assert scene.screen() == ConfirmDropOff(label, 30)
