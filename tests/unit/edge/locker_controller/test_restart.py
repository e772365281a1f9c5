"""The power goes at any moment: afterwards the locker looks at the door and says what it knows."""

import pytest

from contract.events import (
    AgentStarted,
    CodeBurnt,
    CompartmentWithdrawn,
    CourierSignedOut,
    DoorClosed,
    DoorOpened,
    DropOffAbandoned,
    ParcelDroppedOff,
    ParcelPickedUp,
    ProblemReported,
    ReleaseIndeterminate,
    ReleaseIntended,
)
from contract.ids import GrantId
from contract.state import TimeQuality
from edge.locker_controller.effects import PublishReport, PublishState
from edge.locker_controller.inputs import Answer, ScreenBack
from edge.locker_controller.screens import ConfirmDropOff, Idle, OutOfOrder, Refused, TakeParcel, Why
from edge.locker_controller.state import new_locker
from tests.unit.edge.locker_controller.builders import (
    A01,
    A02,
    A03,
    CLOSED,
    OPEN,
    UNKNOWN,
    Scene,
    boot_id,
    bundle,
    collect,
    drop_off,
    kinds,
    name,
    only,
    parcel,
    pick_up,
    releases,
    remote_open,
)


@pytest.fixture
def scene() -> Scene:
    """Return a locker with parcel ``P`` in A02."""
    scene = Scene()
    assert scene.puts_in("P") == A02
    return scene


def test_a_start_is_journalled_and_published() -> None:
    scene = Scene()
    decision = scene.restarts()
    assert decision.events == (AgentStarted(boot_id(2), "1.0"),)
    assert decision.effects == (PublishState(), PublishReport())


def test_before_the_first_start_the_screen_says_one_moment() -> None:
    scene = Scene()
    scene.state = new_locker(scene.setup)
    assert scene.screen() == OutOfOrder(Why.STARTING)


def test_a_start_never_pulses_whatever_was_under_way(scene: Scene) -> None:
    scene.types("P")
    assert releases(scene.restarts()) == []
    assert all(releases(scene.ticks(after_s=1)) == [] for _ in range(20))


def test_power_lost_mid_pulse_behind_a_closed_door_is_said_to_be_unknown(scene: Scene) -> None:
    scene.types("P")
    intent = scene.intent
    assert scene.restarts().events == (AgentStarted(boot_id(2), "1.0"), ReleaseIndeterminate(intent, A02))
    assert isinstance(scene.screen(), Idle)


def test_then_the_same_code_works_once_more_within_three_minutes(scene: Scene) -> None:
    scene.types("P")
    scene.restarts(after_s=170)
    assert releases(scene.types("P")) == [A02]
    assert ParcelPickedUp in kinds(scene.swings(A02))


def test_but_not_after_three_minutes(scene: Scene) -> None:
    scene.types("P")
    scene.restarts(after_s=181)
    assert scene.types("P").events == (ProblemReported("staff_needed", A02, parcel("P")),)
    assert scene.screen() == Refused(Why.STAFF)


def test_and_not_twice(scene: Scene) -> None:
    scene.types("P")
    scene.restarts()
    scene.types("P")
    scene.restarts()
    assert releases(scene.types("P")) == []


def test_and_not_after_a_second_door_that_would_not_open(scene: Scene) -> None:
    scene.types("P")
    scene.restarts()
    scene.types("P")
    scene.stays_shut()
    assert releases(scene.taps(Answer.OPEN_AGAIN)) == []
    assert scene.screen() == Refused(Why.STAFF)


def test_and_not_when_the_door_has_moved_since(scene: Scene) -> None:
    scene.types("P")
    scene.restarts()
    scene.door_opens(A02)
    assert releases(scene.types("P")) == []
    scene.door_closes(A02)
    scene.door_opens(A02)
    assert releases(scene.types("P")) == []


def test_and_not_behind_a_sensor_that_shows_nothing(scene: Scene) -> None:
    scene.senses(A02, UNKNOWN)
    scene.types("P")
    scene.restarts()
    assert releases(scene.types("P")) == []


def test_nor_when_the_cut_sensor_says_open_after_the_start(scene: Scene) -> None:
    scene.door_opens(A02)
    scene.types("P")
    assert ReleaseIndeterminate in kinds(scene.restarts())
    assert releases(scene.types("P")) == []


def test_a_capability_is_under_the_same_rule(scene: Scene) -> None:
    scene.types("P")
    scene.restarts(after_s=181)
    assert releases(scene.shows("P")) == []


def test_a_clock_nobody_vouches_for_serves_the_recipient_by_its_floor(scene: Scene) -> None:
    scene.types("P")
    scene.quality, scene.wall_leap_s = TimeQuality.UNTRUSTED, 10**8
    scene.restarts()
    assert releases(scene.types("P")) == [A02]


def test_a_reissued_pick_up_settles_the_doubt(scene: Scene) -> None:
    scene.types("P")
    scene.restarts(after_s=600)
    scene.hears(bundle(pick_up("P", "new", id=GrantId(name("pick P again")))))
    assert releases(scene.types("new")) == [A02]


def test_an_opening_seen_settles_the_doubt(scene: Scene) -> None:
    scene.types("P")
    scene.restarts()
    scene.types("P")
    scene.lock_answers()
    scene.door_opens(A02)
    assert scene.state.compartments[A02].doubt_until_s is None


def test_a_door_found_open_did_open_and_the_pick_up_goes_on(scene: Scene) -> None:
    scene.types("P")
    scene.levels[A02] = OPEN
    decision = scene.restarts()
    assert kinds(decision) == [AgentStarted, DoorOpened, CodeBurnt]
    assert scene.screen() == TakeParcel(A02, "pick_up")
    assert kinds(scene.door_closes(A02)) == [DoorClosed, ParcelPickedUp]


def test_a_door_closed_while_nobody_looked_has_been_closed(scene: Scene) -> None:
    scene.types("P")
    scene.lock_answers()
    scene.door_opens(A02)
    scene.levels[A02] = CLOSED
    assert kinds(scene.restarts()) == [AgentStarted, DoorClosed, ParcelPickedUp]


def test_a_door_still_open_goes_on_and_is_not_burnt_twice(scene: Scene) -> None:
    scene.types("P")
    scene.lock_answers()
    scene.door_opens(A02)
    assert kinds(scene.restarts()) == [AgentStarted]
    assert kinds(scene.door_closes(A02)) == [DoorClosed, ParcelPickedUp]


def test_a_burnt_code_is_burnt_after_a_restart(scene: Scene) -> None:
    scene.types("P")
    scene.swings(A02)
    scene.restarts()
    assert releases(scene.types("P")) == []
    assert scene.screen() == Refused(Why.SPENT)


def test_a_door_known_not_to_have_opened_leaves_no_doubt(scene: Scene) -> None:
    scene.types("P")
    scene.stays_shut()
    assert kinds(scene.restarts(after_s=600)) == [AgentStarted]
    assert releases(scene.types("P")) == [A02]


def test_power_lost_while_opening_again_leaves_no_doubt(scene: Scene) -> None:
    scene.types("P")
    scene.swings(A02)
    scene.taps(Answer.OPEN_AGAIN)
    assert ReleaseIndeterminate in kinds(scene.restarts())
    assert scene.state.compartments[A02].doubt_until_s is None


def test_the_right_to_open_again_ends_with_the_power(scene: Scene) -> None:
    scene.types("P")
    scene.swings(A02)
    scene.restarts(after_s=1)
    assert releases(scene.taps(Answer.OPEN_AGAIN)) == []


def test_a_drop_off_interrupted_mid_pulse_leaves_the_compartment_unclear() -> None:
    scene = Scene()
    scene.signs_in(drop_off("P"))
    scene.scans("P")
    decision = scene.restarts()
    assert kinds(decision) == [AgentStarted, ReleaseIndeterminate, DropOffAbandoned, CompartmentWithdrawn]
    scene.signs_in()
    assert releases(scene.scans("P")) == [A03]


def test_a_drop_off_whose_door_was_closed_meanwhile_is_asked_about() -> None:
    scene = Scene()
    scene.signs_in(drop_off("P"))
    scene.scans("P")
    scene.lock_answers()
    scene.door_opens(A02)
    scene.levels[A02] = CLOSED
    scene.restarts()
    assert scene.screen() == ConfirmDropOff(A02, 30, lost=True)
    assert only(scene.taps(Answer.DONE), ParcelDroppedOff).courier == name("Ola")


@pytest.fixture
def asked() -> Scene:
    """Return a locker that asks Ola, after a power cut, whether ``P`` is in A02; ``Q`` is still in hand."""
    scene = Scene()
    scene.signs_in(drop_off("P"), drop_off("Q"))
    scene.scans("P")
    scene.swings(A02)
    scene.restarts()
    assert scene.screen() == ConfirmDropOff(A02, 30, lost=True)
    return scene


def test_silence_after_a_power_cut_never_means_inside(asked: Scene) -> None:
    assert kinds(asked.ticks(after_s=30)) == [DropOffAbandoned, CompartmentWithdrawn]
    assert (asked.inside(), asked.withdrawn()) == ({}, {A02: "unclear"})


def test_nor_when_the_door_was_still_open_and_closes_later() -> None:
    scene = Scene()
    scene.signs_in(drop_off("P"))
    scene.scans("P")
    scene.lock_answers()
    scene.door_opens(A02)
    scene.restarts()
    scene.door_closes(A02)
    assert kinds(scene.ticks(after_s=30)) == [DropOffAbandoned, CompartmentWithdrawn]


def test_somebody_elses_code_or_pass_is_no_word_of_the_courier(asked: Scene) -> None:
    assert kinds(asked.signs_in(courier="Jan"))[:2] == [DropOffAbandoned, CompartmentWithdrawn]


def test_a_recipients_code_is_none_either(asked: Scene) -> None:
    assert kinds(asked.types("nothing"))[:2] == [DropOffAbandoned, CompartmentWithdrawn]


def test_signing_in_again_leaves_the_question_open(asked: Scene) -> None:
    asked.signs_in()
    assert asked.screen() == ConfirmDropOff(A02, 30, lost=True)
    assert only(asked.taps(Answer.DONE), ParcelDroppedOff).parcel == parcel("P")


def test_the_next_scan_of_the_same_courier_is_a_word(asked: Scene) -> None:
    asked.signs_in()
    decision = asked.scans("Q")
    assert kinds(decision) == [ParcelDroppedOff, ReleaseIntended]
    assert releases(decision) == [A03]


def test_the_next_scan_of_somebody_who_is_not_signed_in_is_none(asked: Scene) -> None:
    assert asked.scans("Q").events == ()
    assert asked.screen() == Refused(Why.SIGN_IN)
    assert kinds(asked.ticks(after_s=30)) == [DropOffAbandoned, CompartmentWithdrawn]


def test_signing_out_after_a_power_cut_is_no_word_about_the_parcel(asked: Scene) -> None:
    asked.signs_in()
    assert kinds(asked.taps(Answer.SIGN_OUT)) == [DropOffAbandoned, CompartmentWithdrawn, CourierSignedOut]


def test_a_door_opened_again_after_a_power_cut_is_an_ordinary_one(asked: Scene) -> None:
    asked.taps(Answer.OPEN_AGAIN)
    asked.swings(A02)
    assert asked.screen() == ConfirmDropOff(A02, 30)


def test_a_screen_that_was_out_of_order_asks_like_one_that_was_dark() -> None:
    scene = Scene()
    assert scene.give(ScreenBack()).events == ()
    scene.signs_in(drop_off("P"))
    scene.scans("P")
    scene.swings(A02)
    scene.give(ScreenBack())
    assert scene.screen() == ConfirmDropOff(A02, 30, lost=True)
    assert kinds(scene.ticks(after_s=30)) == [DropOffAbandoned, CompartmentWithdrawn]


def test_a_drop_off_that_did_not_open_again_stays_unclear() -> None:
    scene = Scene()
    scene.signs_in(drop_off("P"))
    scene.scans("P")
    scene.swings(A02)
    scene.taps(Answer.OPEN_AGAIN)
    scene.stays_shut()
    assert DropOffAbandoned in kinds(scene.restarts())


def test_a_collection_interrupted_mid_pulse_may_be_asked_for_again(scene: Scene) -> None:
    scene.signs_in(collect("P"))
    scene.taps(Answer.COLLECT, A02)
    assert ReleaseIndeterminate in kinds(scene.restarts())
    scene.signs_in(collect("P"))
    assert releases(scene.taps(Answer.COLLECT, A02)) == [A02]


def test_a_remote_opening_interrupted_mid_pulse_is_not_repeated() -> None:
    scene = Scene()
    command = remote_open(A01)
    scene.hears(command)
    decision = scene.restarts()
    assert kinds(decision) == [AgentStarted, ReleaseIndeterminate]
    assert only(decision, ReleaseIndeterminate).caused_by == command.id
    assert scene.state.task is None


def test_a_door_that_stood_open_without_a_task_is_told_but_not_called_forced() -> None:
    scene = Scene()
    scene.levels[A01] = OPEN
    assert scene.restarts().events == (AgentStarted(boot_id(2), "1.0"), DoorOpened(A01))


def test_a_door_nobody_can_read_at_start_is_told_when_it_can_be_read() -> None:
    scene = Scene()
    scene.state = new_locker(scene.setup)
    scene.starts(levels={})
    assert kinds(scene.door_opens(A01)) == [DoorOpened]
    assert kinds(scene.door_closes(A01)) == [DoorClosed]


def test_an_answer_of_the_last_boots_driver_means_nothing(scene: Scene) -> None:
    scene.types("P")
    scene.restarts()
    assert scene.lock_answers().events == ()


def test_the_intent_of_a_second_try_is_new(scene: Scene) -> None:
    scene.types("P")
    first = scene.intent
    scene.restarts()
    assert only(scene.types("P"), ReleaseIntended).intent != first
