"""Putting a parcel in when something is wrong: cancelled, fallen shut, left open, not for this locker."""

import pytest

from contract.events import (
    CompartmentWithdrawn,
    DoorOpened,
    DropOffAbandoned,
    ParcelDroppedOff,
    ReleaseIntended,
    SensorSuspected,
)
from contract.ids import GrantId
from contract.sizes import SizeClass
from edge.locker_controller.inputs import Answer
from edge.locker_controller.screens import (
    CloseDoor,
    ConfirmDropOff,
    ConfirmTakenOut,
    CourierHome,
    NotOpened,
    PutParcel,
    Refused,
    TakeParcel,
    Why,
)
from tests.unit.edge.locker_controller.builders import (
    A01,
    A02,
    A03,
    A04,
    HOUR,
    NOON_S,
    OPEN,
    UNKNOWN,
    Scene,
    bundle,
    drop_off,
    group,
    kinds,
    name,
    parcel,
    pick_up,
    releases,
    revoke,
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


def test_cancelling_at_the_open_door_asks_whether_the_parcel_is_out(scene: Scene) -> None:
    scanned(scene)
    scene.taps(Answer.CANCEL)
    assert scene.screen() == TakeParcel(A02, "drop_off")
    scene.door_closes(A02)
    assert scene.screen() == ConfirmTakenOut(A02, 30)
    assert scene.taps(Answer.DONE).events == (DropOffAbandoned(parcel("P"), A02, "cancelled"),)
    assert scene.withdrawn() == {}
    assert releases(scene.scans("P")) == [A02]


def test_a_courier_who_cancels_after_putting_it_in_gets_the_door_again(scene: Scene) -> None:
    scene.scans("P")
    scene.swings(A02)
    scene.taps(Answer.CANCEL)
    assert releases(scene.taps(Answer.OPEN_AGAIN)) == [A02]
    scene.lock_answers()
    scene.door_opens(A02)
    assert scene.screen() == TakeParcel(A02, "drop_off")
    scene.door_closes(A02)
    assert kinds(scene.taps(Answer.DONE)) == [DropOffAbandoned]
    assert scene.inside() == {}


def test_a_cancelled_parcel_nobody_vouches_for_quarantines_the_compartment(scene: Scene) -> None:
    scene.scans("P")
    scene.swings(A02)
    scene.taps(Answer.CANCEL)
    assert kinds(scene.ticks(after_s=30)) == [DropOffAbandoned, CompartmentWithdrawn]
    assert scene.withdrawn() == {A02: "unclear"}
    assert releases(scene.scans("P")) == [A03]


def test_a_cancelled_parcel_that_is_scanned_again_is_out(scene: Scene) -> None:
    scene.scans("P")
    scene.swings(A02)
    scene.taps(Answer.CANCEL)
    decision = scene.scans("P")
    assert kinds(decision) == [DropOffAbandoned, ReleaseIntended]
    assert scene.withdrawn() == {}


def test_the_parcel_in_hand_scanned_after_the_door_fell_shut_opens_it_again(scene: Scene) -> None:
    scene.scans("P")
    scene.swings(A02)
    assert releases(scene.scans("P")) == [A02]
    scene.swings(A02)
    assert kinds(scene.taps(Answer.DONE)) == [ParcelDroppedOff]


def test_a_door_that_falls_shut_for_ever_is_not_opened_for_ever(scene: Scene) -> None:
    scene.scans("P")
    scene.swings(A02)
    for _ in range(3):
        scene.taps(Answer.OPEN_AGAIN)
        scene.swings(A02)
    assert releases(scene.taps(Answer.OPEN_AGAIN)) == []
    assert scene.screen() == Refused(Why.ENOUGH)


def test_a_parcel_scanned_again_while_its_lock_is_still_being_pulsed_moves_no_second_lock(scene: Scene) -> None:
    scene.scans("P")
    scene.door_opens(A02)
    scene.door_closes(A02)
    assert releases(scene.scans("P")) == []
    scene.lock_answers()
    assert releases(scene.scans("P")) == [A02]


def test_a_door_that_does_not_open_again_leaves_the_compartment_unclear(scene: Scene) -> None:
    scene.scans("P")
    scene.swings(A02)
    scene.taps(Answer.OPEN_AGAIN)
    scene.stays_shut()
    assert scene.screen() == NotOpened(A02, "drop_off", again=False, seconds=60)
    assert kinds(scene.ticks(after_s=60)) == [DropOffAbandoned]
    assert scene.withdrawn() == {A02: "lock_fault"}


def test_the_parcel_scanned_at_a_door_that_did_not_open_again_goes_next_door(scene: Scene) -> None:
    scene.scans("P")
    scene.swings(A02)
    scene.taps(Answer.OPEN_AGAIN)
    scene.stays_shut()
    assert releases(scene.scans("P")) == [A03]


def test_a_door_that_opens_again_by_itself_belongs_to_the_same_drop_off(scene: Scene) -> None:
    scene.scans("P")
    scene.swings(A02)
    assert scene.door_opens(A02).events == (DoorOpened(A02, scene.intent, name("drop P")),)
    assert scene.screen() == PutParcel(A02, SizeClass.M)


def test_a_second_reading_of_the_label_at_the_open_door_means_nothing(scene: Scene) -> None:
    scanned(scene)
    assert scene.scans("P").events == ()
    assert scene.screen() == PutParcel(A02, SizeClass.M)


def test_another_parcel_at_an_open_door_must_wait(scene: Scene) -> None:
    scanned(scene)
    assert releases(scene.scans("Q")) == []
    assert scene.screen() == Refused(Why.CLOSE_DOOR)


def test_a_courier_who_leaves_the_door_open_has_not_dropped_off(scene: Scene) -> None:
    scanned(scene)
    decision = scene.ticks(after_s=300)
    assert DropOffAbandoned in kinds(decision)
    assert scene.withdrawn() == {A02: "left_open"}
    assert scene.inside() == {}


def test_a_closed_door_whose_sensor_says_open_is_taken_at_the_couriers_word(scene: Scene) -> None:
    scanned(scene)
    scene.taps(Answer.DONE)
    assert isinstance(scene.screen(), CloseDoor)
    assert kinds(scene.ticks(after_s=15)) == [SensorSuspected]
    assert kinds(scene.taps(Answer.DONE)) == [ParcelDroppedOff]
    assert scene.suspects() == {A02}


def test_a_closed_door_whose_sensor_says_nothing_is_taken_at_the_couriers_word_at_once(scene: Scene) -> None:
    scanned(scene)
    scene.senses(A02, UNKNOWN)
    scene.taps(Answer.DONE)
    assert isinstance(scene.screen(), ConfirmDropOff)


def test_an_abandoned_door_left_open_is_shown_after_the_parcel_is_in(scene: Scene) -> None:
    scanned(scene)
    scene.taps(Answer.OCCUPIED)
    scene.swings(A03)
    scene.taps(Answer.DONE)
    scene.ms += 6000
    assert scene.screen() == CloseDoor(A02, 6)


def test_a_label_of_no_grant_is_refused(scene: Scene) -> None:
    assert scene.scans("somebody").events == ()
    assert scene.screen() == Refused(Why.UNKNOWN_LABEL)


def test_a_parcel_already_inside_is_refused(scene: Scene) -> None:
    scene.scans("P")
    scene.swings(A02)
    scene.taps(Answer.DONE)
    assert releases(scene.scans("P")) == []
    assert scene.screen() == Refused(Why.ALREADY_INSIDE)


def test_a_parcel_already_inside_is_refused_under_a_new_label_too(scene: Scene) -> None:
    scene.scans("P")
    scene.swings(A02)
    scene.taps(Answer.DONE)
    scene.hears(bundle(drop_off("R", parcel=parcel("P"))))
    assert releases(scene.scans("R")) == []
    assert scene.screen() == Refused(Why.ALREADY_INSIDE)


def test_a_revoked_parcel_is_refused(scene: Scene) -> None:
    scene.hears(revoke("P"))
    assert releases(scene.scans("P")) == []
    assert scene.screen() == Refused(Why.REVOKED)


def test_an_expired_drop_off_is_refused(scene: Scene) -> None:
    scene.hears(bundle(drop_off("R", until_s=NOON_S + HOUR)))
    scene.ms += HOUR * 1000 + 1000
    assert releases(scene.scans("R")) == []
    assert scene.screen() == Refused(Why.EXPIRED)


def test_a_reissued_drop_off_is_spent_with_its_group() -> None:
    scene = Scene()
    twice = GrantId(name("drop P again"))
    scene.signs_in(drop_off("P"), pick_up("P"), drop_off("P", id=twice))
    scene.scans("P")
    scene.swings(A02)
    scene.taps(Answer.DONE)
    scene.types("P")
    scene.swings(A02)
    assert twice in scene.state.grants
    assert releases(scene.scans("P")) == []
    assert scene.screen() == Refused(Why.SPENT)
    assert scene.state.groups[group("P")].dropped_off


def test_a_scan_without_a_courier_asks_for_the_pass() -> None:
    scene = Scene()
    scene.hears(bundle(drop_off("P")))
    assert releases(scene.scans("P")) == []
    assert scene.screen() == Refused(Why.SIGN_IN)


def test_after_a_parcel_the_courier_is_home_again(scene: Scene) -> None:
    scene.scans("P")
    scene.swings(A02)
    scene.taps(Answer.DONE)
    scene.taps(Answer.DONE)
    assert scene.screen() == CourierHome(drop_offs_left=1, collections=(), seconds_left=180)


def test_an_answer_of_another_screen_changes_nothing(scene: Scene) -> None:
    scanned(scene)
    assert scene.taps(Answer.COLLECT).events == ()
    scene.door_closes(A02)
    assert scene.taps(Answer.COLLECT).events == ()
    assert scene.screen() == ConfirmDropOff(A02, 30)


def test_an_open_door_or_a_doubtful_sensor_takes_no_parcel(scene: Scene) -> None:
    scene.senses(A02, OPEN)
    scene.senses(A03, UNKNOWN)
    assert releases(scene.scans("P")) == [A04]
    assert A01 not in scene.inside()
