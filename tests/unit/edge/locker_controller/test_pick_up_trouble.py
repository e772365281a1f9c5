"""Taking a parcel out when something is wrong: jams, cut sensors, empty boxes, people who walk off."""

import pytest

from contract.events import (
    CodeBurnt,
    CompartmentWithdrawn,
    DoorClosed,
    DoorForced,
    DoorOpened,
    LockReleased,
    OpenNotDetected,
    ParcelPickedUp,
    ProblemReported,
    ReleaseFailed,
    ReleaseIntended,
    SensorSuspected,
)
from contract.ids import GrantId
from edge.locker_controller.inputs import Answer
from edge.locker_controller.screens import (
    CloseDoor,
    NotOpened,
    Opening,
    PickedUp,
    ProblemThanks,
    Refused,
    Why,
)
from tests.unit.edge.locker_controller.builders import (
    A02,
    A03,
    OPEN,
    UNKNOWN,
    Scene,
    bundle,
    capability,
    kinds,
    name,
    only,
    parcel,
    pick_up,
    releases,
    revoke,
)


@pytest.fixture
def scene() -> Scene:
    """Return a locker with parcel ``P`` in A02, whose code is ``P``."""
    scene = Scene()
    assert scene.puts_in("P") == A02
    return scene


def test_a_door_that_does_not_pop_is_pulsed_once_more_within_the_same_intent(scene: Scene) -> None:
    scene.types("P")
    first = scene.intent
    scene.lock_answers()
    assert scene.ticks(after_s=2.9).events == ()
    decision = scene.ticks(after_s=0.1)
    assert kinds(decision) == [ReleaseIntended]
    assert only(decision, ReleaseIntended).intent == first
    assert releases(decision) == [A02]


def test_a_door_that_still_does_not_pop_is_a_fault_and_the_code_stays_valid(scene: Scene) -> None:
    scene.types("P")
    decision = scene.stays_shut()
    assert decision.events == (OpenNotDetected(scene.intent, A02), CompartmentWithdrawn(A02, "lock_fault"))
    assert scene.screen() == NotOpened(A02, "pick_up", again=True, seconds=60)
    scene.ticks(after_s=59)
    assert scene.state.task is not None
    scene.ticks(after_s=1)
    assert scene.state.task is None
    assert releases(scene.types("P")) == [A02]
    assert ParcelPickedUp in kinds(scene.swings(A02))


def test_a_driver_that_fails_is_tried_once_more_and_then_the_code_stays_valid(scene: Scene) -> None:
    scene.types("P")
    assert scene.lock_answers("board lost").events == (ReleaseFailed(scene.intent, A02, "board lost"),)
    assert releases(scene.ticks(after_s=3)) == [A02]
    scene.lock_answers("board lost")
    assert OpenNotDetected in kinds(scene.ticks(after_s=3))
    assert releases(scene.types("P")) == [A02]


def test_a_driver_that_never_answers_is_given_up_and_the_next_person_served(scene: Scene) -> None:
    scene.types("P")
    assert scene.ticks(after_s=9.9).events == ()
    decision = scene.ticks(after_s=0.1)
    assert [type(event).__name__ for event in decision.events] == ["ReleaseFailed", "AlarmRaised"]
    assert scene.lock_answers().events == ()


def test_a_person_may_try_a_stuck_door_once_more_and_then_not_again(scene: Scene) -> None:
    scene.types("P")
    scene.stays_shut()
    assert releases(scene.taps(Answer.OPEN_AGAIN)) == [A02]
    scene.stays_shut()
    assert scene.screen() == NotOpened(A02, "pick_up", again=False, seconds=60)
    assert releases(scene.taps(Answer.OPEN_AGAIN)) == []
    assert scene.screen() == Refused(Why.ENOUGH)


def test_a_slow_door_still_counts_as_this_pick_up(scene: Scene) -> None:
    scene.types("P")
    scene.stays_shut()
    decision = scene.door_opens(A02)
    assert kinds(decision) == [DoorOpened, CodeBurnt]
    assert kinds(scene.door_closes(A02)) == [DoorClosed, ParcelPickedUp]


def test_a_sensor_stuck_at_closed_is_overruled_by_the_person(scene: Scene) -> None:
    scene.types("P")
    scene.stays_shut()
    decision = scene.taps(Answer.DONE)
    assert kinds(decision) == [SensorSuspected, CodeBurnt, ParcelPickedUp]
    assert only(decision, SensorSuspected).level == "closed"
    assert scene.suspects() == {A02}


def test_a_problem_at_a_stuck_door_is_reported_with_its_parcel(scene: Scene) -> None:
    scene.types("P")
    scene.stays_shut()
    assert scene.taps(Answer.PROBLEM).events == (ProblemReported("not_opened", A02, parcel("P")),)
    assert scene.screen() == ProblemThanks(A02)


def test_leaving_a_stuck_door_ends_the_task(scene: Scene) -> None:
    scene.types("P")
    scene.stays_shut()
    scene.taps(Answer.CANCEL)
    assert scene.state.task is None


def test_a_cut_sensor_does_not_trap_the_parcel(scene: Scene) -> None:
    scene.door_opens(A02)
    decision = scene.types("P")
    assert kinds(decision) == [SensorSuspected, ReleaseIntended]
    assert kinds(scene.lock_answers()) == [LockReleased, CodeBurnt]
    assert kinds(scene.taps(Answer.DONE)) == [ParcelPickedUp]
    scene.puts_in("Q")
    assert A02 not in scene.inside()


def test_behind_a_cut_sensor_a_parcel_counts_as_taken_after_a_while(scene: Scene) -> None:
    scene.door_opens(A02)
    scene.types("P")
    scene.lock_answers()
    assert kinds(scene.ticks(after_s=30)) == [ParcelPickedUp]


def test_a_sensor_that_cannot_be_read_does_not_trap_the_parcel_either(scene: Scene) -> None:
    scene.senses(A02, UNKNOWN)
    scene.types("P")
    assert CodeBurnt in kinds(scene.lock_answers())


def test_a_sensor_that_comes_back_during_the_pulse_is_believed_again(scene: Scene) -> None:
    scene.senses(A02, UNKNOWN)
    scene.types("P")
    assert kinds(scene.door_opens(A02)) == [DoorOpened, CodeBurnt]
    scene.lock_answers()
    assert scene.ticks(after_s=31).events == ()
    assert ParcelPickedUp in kinds(scene.door_closes(A02))


def test_a_sensor_that_shows_the_opening_late_keeps_the_pick_up_going(scene: Scene) -> None:
    scene.senses(A02, UNKNOWN)
    scene.types("P")
    scene.lock_answers()
    assert kinds(scene.door_opens(A02)) == [DoorOpened]
    assert kinds(scene.door_closes(A02)) == [DoorClosed, ParcelPickedUp]


def test_a_door_said_to_be_closed_is_believed_after_a_while_and_its_sensor_is_not(scene: Scene) -> None:
    scene.types("P")
    scene.lock_answers()
    scene.door_opens(A02)
    assert scene.taps(Answer.DONE).events == ()
    assert scene.screen() == CloseDoor(A02, 0)
    assert scene.ticks(after_s=14).events == ()
    assert kinds(scene.ticks(after_s=1)) == [SensorSuspected, ParcelPickedUp]


def test_an_empty_compartment_is_reported_and_quarantined_with_the_parcel_on_the_books(scene: Scene) -> None:
    scene.types("P")
    scene.lock_answers()
    scene.door_opens(A02)
    decision = scene.taps(Answer.EMPTY)
    assert decision.events == (
        ProblemReported("empty", A02, parcel("P")),
        CompartmentWithdrawn(A02, "empty"),
    )
    assert kinds(scene.door_closes(A02)) == [DoorClosed]
    assert scene.inside() == {A02: parcel("P")}
    assert scene.screen() == ProblemThanks(A02)


def test_somebody_elses_parcel_is_reported_after_the_door_was_closed_too(scene: Scene) -> None:
    scene.types("P")
    scene.swings(A02)
    assert kinds(scene.taps(Answer.NOT_MINE)) == [ProblemReported, CompartmentWithdrawn]
    assert scene.withdrawn() == {A02: "not_mine"}


def test_a_problem_at_the_open_door_quarantines_but_the_parcel_is_taken(scene: Scene) -> None:
    scene.types("P")
    scene.lock_answers()
    scene.door_opens(A02)
    scene.taps(Answer.PROBLEM)
    assert scene.withdrawn() == {A02: "reported"}
    assert ParcelPickedUp in kinds(scene.door_closes(A02))


def test_a_problem_after_the_visit_is_bound_to_its_door(scene: Scene) -> None:
    scene.types("P")
    scene.swings(A02)
    assert only(scene.taps(Answer.PROBLEM), ProblemReported) == ProblemReported("reported", A02, parcel("P"))


def test_the_door_may_be_opened_once_more_within_a_minute(scene: Scene) -> None:
    scene.types("P")
    scene.swings(A02)
    scene.ticks(after_s=60)
    decision = scene.taps(Answer.OPEN_AGAIN)
    assert only(decision, ReleaseIntended).purpose == "pick_up"
    assert kinds(scene.lock_answers()) == [LockReleased]
    assert kinds(scene.door_opens(A02)) == [DoorOpened]
    assert kinds(scene.door_closes(A02)) == [DoorClosed]
    assert scene.screen() == PickedUp(A02, more=0, again_s=0)
    assert releases(scene.taps(Answer.OPEN_AGAIN)) == []
    assert scene.screen() == Refused(Why.ENOUGH)


def test_after_a_minute_the_door_stays_shut(scene: Scene) -> None:
    scene.types("P")
    scene.swings(A02)
    scene.ticks(after_s=61)
    assert releases(scene.taps(Answer.OPEN_AGAIN)) == []


def test_a_tap_of_done_takes_the_thanks_off_the_screen(scene: Scene) -> None:
    scene.types("P")
    scene.swings(A02)
    scene.taps(Answer.DONE)
    assert scene.screen().__class__.__name__ == "Idle"


def test_a_door_that_did_not_catch_is_no_break_in(scene: Scene) -> None:
    scene.types("P")
    scene.swings(A02)
    decision = scene.door_opens(A02)
    assert decision.events == (DoorOpened(A02, scene.intent),)
    assert DoorForced not in kinds(decision)


def test_a_recipient_who_walks_off_is_given_up_and_the_next_one_served(scene: Scene) -> None:
    scene.puts_in("Q")
    scene.types("P")
    scene.lock_answers()
    scene.door_opens(A02)
    assert releases(scene.types("Q")) == []
    assert scene.screen() == Refused(Why.CLOSE_DOOR)
    assert ParcelPickedUp in kinds(scene.ticks(after_s=300))
    assert releases(scene.types("Q")) == [A03]


def test_nobody_is_served_while_a_lock_is_being_pulsed(scene: Scene) -> None:
    scene.puts_in("Q")
    scene.types("P")
    assert releases(scene.types("Q")) == []
    assert scene.screen() == Refused(Why.BUSY)
    assert scene.taps(Answer.PROBLEM).events == ()


def test_taps_while_the_door_should_move_are_passed_over(scene: Scene) -> None:
    scene.types("P")
    scene.lock_answers()
    assert scene.taps(Answer.DONE).events == ()
    assert scene.screen() == Opening(A02, "pick_up")


def test_an_answer_of_another_screen_is_passed_over_at_the_open_door(scene: Scene) -> None:
    scene.types("P")
    scene.lock_answers()
    scene.door_opens(A02)
    assert scene.taps(Answer.TOO_BIG).events == ()


def test_one_code_for_two_parcels_says_that_there_is_more(scene: Scene) -> None:
    scene.puts_in("Q")
    scene.hears(bundle(pick_up("Q", "P", id=GrantId(name("pick Q by P")))))
    assert releases(scene.types("P")) == [A02]
    scene.swings(A02)
    assert scene.screen() == PickedUp(A02, more=1, again_s=60)
    assert releases(scene.types("P")) == [A03]


def test_a_visible_countdown_for_opening_again(scene: Scene) -> None:
    scene.types("P")
    scene.swings(A02)
    scene.ticks(after_s=15)
    assert scene.screen() == PickedUp(A02, more=0, again_s=45)


def test_a_pulse_answered_for_an_unknown_intent_changes_nothing(scene: Scene) -> None:
    before = scene.state
    scene.intent = capability("P").id
    assert scene.lock_answers().state == before


def test_the_door_level_does_not_matter_for_a_revoked_group_at_an_open_door(scene: Scene) -> None:
    scene.types("P")
    scene.lock_answers()
    scene.door_opens(A02)
    scene.hears(revoke("P"))
    assert scene.levels[A02] is OPEN
    assert ParcelPickedUp in kinds(scene.door_closes(A02))


def test_a_cut_sensor_is_suspected_once(scene: Scene) -> None:
    scene.door_opens(A02)
    scene.ticks(after_s=3600)
    assert kinds(scene.types("P")) == [ReleaseIntended]
