"""Taking a parcel out, by code and by capability, and everything a door can do meanwhile."""

import pytest
from msgspec.structs import replace

from contract.commands import RefusalReason
from contract.events import (
    CodeBurnt,
    CodeRefused,
    CompartmentWithdrawn,
    DoorClosed,
    DoorForced,
    DoorOpened,
    LockReleased,
    MessageRefused,
    OpenNotDetected,
    ParcelPickedUp,
    ProblemReported,
    ReleaseFailed,
    ReleaseIntended,
    SensorSuspected,
)
from contract.ids import GrantId, LockerId
from contract.state import TimeQuality
from edge.locker_controller.inputs import Answer
from edge.locker_controller.screens import (
    CloseDoor,
    CodeWrong,
    NotOpened,
    Opening,
    PickedUp,
    ProblemThanks,
    Refused,
    TakeParcel,
    Why,
)
from tests.unit.edge.locker_controller.builders import (
    A02,
    A03,
    DAY,
    NOON_S,
    OPEN,
    UNKNOWN,
    Scene,
    bundle,
    capability,
    collect,
    group,
    kinds,
    name,
    only,
    parcel,
    pick_up,
    releases,
    revoke,
    set_deadline,
)


@pytest.fixture
def scene() -> Scene:
    """Return a locker with parcel ``P`` in A02, whose code is ``P``."""
    scene = Scene()
    assert scene.puts_in("P") == A02
    return scene


def test_a_code_opens_its_parcels_compartment_with_the_intent_first(scene: Scene) -> None:
    decision = scene.types("P")
    assert decision.events == (ReleaseIntended(scene.intent, A02, "pick_up", parcel("P"), GrantId(name("pick P"))),)
    assert releases(decision) == [A02]
    assert scene.screen() == Opening(A02, "pick_up")


def test_the_code_is_burnt_when_the_door_opens_and_not_before(scene: Scene) -> None:
    scene.types("P")
    assert kinds(scene.lock_answers()) == [LockReleased]
    decision = scene.door_opens(A02)
    assert decision.events == (
        DoorOpened(A02, scene.intent, name("pick P")),
        CodeBurnt(group("P"), A02),
    )
    assert scene.screen() == TakeParcel(A02, "pick_up")


def test_the_closing_door_books_the_parcel_out(scene: Scene) -> None:
    scene.types("P")
    decision = scene.swings(A02)
    assert decision.events == (DoorClosed(A02), ParcelPickedUp(parcel("P"), A02, group("P"), "code"))
    assert scene.inside() == {}
    assert scene.screen() == PickedUp(A02, more=0, again_s=60)


def test_a_door_that_opens_before_the_driver_answers_is_the_same_opening(scene: Scene) -> None:
    scene.types("P")
    assert CodeBurnt in kinds(scene.door_opens(A02))
    assert kinds(scene.lock_answers()) == [LockReleased]
    assert ParcelPickedUp in kinds(scene.door_closes(A02))


def test_a_burnt_code_opens_nothing_and_is_no_guess(scene: Scene) -> None:
    scene.types("P")
    scene.swings(A02)
    assert scene.types("P").events == ()
    assert scene.screen() == Refused(Why.SPENT)
    assert scene.shows("P").events == (MessageRefused(name("qr P"), RefusalReason.SPENT),)


def test_a_code_whose_parcel_has_not_arrived_is_no_guess() -> None:
    scene = Scene()
    scene.hears(bundle(pick_up("P")))
    assert scene.types("P").events == ()
    assert scene.screen() == Refused(Why.NOT_HERE)
    scene.shows("P")
    assert scene.screen() == Refused(Why.NOT_HERE)


def test_a_wrong_code_is_counted(scene: Scene) -> None:
    assert scene.types("Q").events == (CodeRefused(1, 0),)
    assert scene.screen() == CodeWrong(4)


def test_a_capability_opens_without_any_grant_having_arrived(scene: Scene) -> None:
    scene.state = replace(scene.state, grants={})
    decision = scene.shows("P")
    assert decision.cause == name("qr P")
    assert releases(decision) == [A02]
    closing = scene.swings(A02)
    assert only(closing, ParcelPickedUp).method == "capability"


def test_a_capability_for_another_locker_opens_nothing(scene: Scene) -> None:
    decision = scene.shows("P", aud=LockerId("WAW-02"))
    assert decision.events == (MessageRefused(name("qr P"), RefusalReason.WRONG_LOCKER),)
    assert scene.screen() == Refused(Why.WRONG_LOCKER)


def test_a_revoked_code_and_capability_open_nothing(scene: Scene) -> None:
    scene.hears(revoke("P"))
    assert releases(scene.types("P")) == []
    assert scene.screen() == Refused(Why.REVOKED)
    assert scene.shows("P").events == (MessageRefused(name("qr P"), RefusalReason.REVOKED),)


def test_a_reissued_code_opens_and_spends_the_old_one(scene: Scene) -> None:
    scene.hears(bundle(pick_up("P", "new", id=GrantId(name("pick P again")))))
    scene.types("new")
    scene.swings(A02)
    scene.puts_in("Q")
    assert releases(scene.types("P")) == []
    assert scene.screen() == Refused(Why.SPENT)


def test_the_deadline_is_honoured_until_the_parcel_is_gone_and_the_event_says_late(scene: Scene) -> None:
    scene.hears(bundle(collect("P")))
    scene.ms += 2 * DAY * 1000 + 1000
    assert releases(scene.types("P")) == [A02]
    assert only(scene.swings(A02), ParcelPickedUp).late


def test_a_late_capability_is_honoured_too(scene: Scene) -> None:
    scene.ms += 2 * DAY * 1000 + 1000
    scene.shows("P")
    assert only(scene.swings(A02), ParcelPickedUp).late


def test_an_extended_deadline_makes_nobody_late(scene: Scene) -> None:
    scene.hears(set_deadline("P", NOON_S + 5 * DAY))
    scene.ms += 4 * DAY * 1000
    scene.types("P")
    assert not only(scene.swings(A02), ParcelPickedUp).late


def test_a_deadline_is_never_shortened(scene: Scene) -> None:
    scene.hears(set_deadline("P", NOON_S + 5 * DAY))
    scene.hears(set_deadline("P", NOON_S, "shorter"))
    scene.ms += 4 * DAY * 1000
    scene.shows("P")
    assert not only(scene.swings(A02), ParcelPickedUp).late


def test_a_clock_that_is_years_ahead_makes_nobody_late(scene: Scene) -> None:
    scene.quality = TimeQuality.UNTRUSTED
    scene.wall_leap_s = 10 * 365 * DAY
    scene.types("P")
    assert not only(scene.swings(A02), ParcelPickedUp).late


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
    assert scene.screen() == NotOpened(A02, "pick_up", again=True)
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
    assert scene.screen() == NotOpened(A02, "pick_up", again=False)
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
