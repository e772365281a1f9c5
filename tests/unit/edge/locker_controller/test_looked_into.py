"""Staff look into the compartments of a locker that lost its memory and say what lies where; then it opens by code."""

import pytest

from contract.commands import RefusalReason
from contract.events import (
    AlarmRaised,
    CodeRefused,
    CommandDone,
    CommandRefused,
    CompartmentRestored,
    Event,
    GrantsAccepted,
)
from contract.grants import Grant, GrantBundle
from contract.ids import CompartmentLabel, GrantId
from edge.locker_controller.inputs import Answer
from edge.locker_controller.salvage import alarmed
from edge.locker_controller.screens import Refused, Why
from edge.locker_controller.state import CompartmentRecord, Withdrawal
from tests.unit.edge.locker_controller.builders import (
    A01,
    A02,
    A03,
    DAY,
    NOON_S,
    Scene,
    bundle,
    capability,
    collect,
    drop_off,
    kinds,
    label_on,
    name,
    parcel,
    pick_up,
    releases,
    remote_open,
    revoke,
    set_service,
)

LOST = AlarmRaised("journal_ahead", "journal ended at 3, cloud at 61")


@pytest.fixture
def scene() -> Scene:
    """Return a locker with a new card that the cloud has told again what holds: P lies in A02, Q in A03, R comes."""
    scene = Scene()
    scene.state = alarmed(scene.state, LOST).state
    scene.hears(again(pick_up("P"), pick_up("Q"), drop_off("R"), pick_up("R")))
    scene.journal.clear()
    return scene


def again(*grants: Grant) -> GrantBundle:
    return bundle(*grants, named="again", again=True)


def sees(scene: Scene, door: CompartmentLabel, of: str) -> list[type[Event]]:
    """Let staff say that they have seen a parcel."""
    seen = set_service(door, in_service=True, named=f"saw {of} {door}", parcel=parcel(of), label=label_on(of))
    return kinds(scene.hears(seen))


def test_what_staff_have_seen_is_handed_out_by_the_code_it_always_had(scene: Scene) -> None:
    assert sees(scene, A02, "P") == [CompartmentRestored, CommandDone]
    assert scene.journal[0] == CompartmentRestored(A02, parcel("P"))
    assert scene.state.compartments[A02] == CompartmentRecord(parcel("P"), label_on("P"), service_at=NOON_S)
    assert releases(scene.types("P")) == [A02]


def test_and_by_its_capability_and_to_the_courier_who_collects_it(scene: Scene) -> None:
    sees(scene, A02, "P")
    scene.signs_in(collect("P"))
    assert releases(scene.taps(Answer.COLLECT, A02)) == [A02]
    scene.stays_shut()
    scene.taps(Answer.CANCEL)
    scene.taps(Answer.SIGN_OUT)
    assert releases(scene.shows("P")) == [A02]


def test_before_that_nothing_opens_and_nobody_is_told_that_a_code_is_wrong_or_early(scene: Scene) -> None:
    for _ in range(7):
        assert releases(scene.types("P")) == []
        assert scene.screen() == Refused(Why.SET_UP)
    assert releases(scene.shows("P")) == []
    assert scene.screen() == Refused(Why.SET_UP)
    assert scene.state.lockout.day_misses == 0


def test_nor_later_while_their_own_compartment_waits_to_be_looked_into(scene: Scene) -> None:
    sees(scene, A02, "P")
    assert scene.types("Q").events == ()
    assert scene.screen() == Refused(Why.SET_UP)
    assert kinds(scene.types("nobody's")) == [CodeRefused]


def test_what_was_on_its_way_goes_into_a_compartment_that_staff_found_empty(scene: Scene) -> None:
    scene.signs_in(drop_off("R"), pick_up("R"))
    assert releases(scene.scans("R")) == []
    scene.hears(set_service(A03, in_service=True))
    assert releases(scene.scans("R")) == [A03]


def test_its_label_is_known_again_too(scene: Scene) -> None:
    sees(scene, A02, "P")
    scene.signs_in(drop_off("P"))
    scene.scans("P")
    assert scene.screen() == Refused(Why.ALREADY_INSIDE)


def test_a_tombstone_sent_again_still_closes(scene: Scene) -> None:
    scene.hears(revoke("P"))
    sees(scene, A02, "P")
    assert releases(scene.types("P")) == []
    assert scene.screen() == Refused(Why.REVOKED)


def test_a_parcel_whose_deadline_has_passed_is_handed_out_until_somebody_has_fetched_it() -> None:
    scene = Scene()
    scene.state = alarmed(scene.state, LOST).state
    assert kinds(scene.hears(again(pick_up("P", until_s=NOON_S - 6 * DAY)))) == [GrantsAccepted]
    sees(scene, A02, "P")
    assert releases(scene.types("P")) == [A02]


def test_on_a_card_of_before_a_parcel_may_lie_elsewhere_than_remembered() -> None:
    scene = Scene()
    scene.puts_in("P")
    scene.state = alarmed(scene.state, LOST).state
    assert sees(scene, A03, "P") == [CompartmentRestored, CommandDone]
    assert scene.inside() == {A03: parcel("P")}
    assert scene.withdrawn() == {label: "unclear" for label in scene.state.compartments if label != A03}
    assert releases(scene.types("P")) == [A03]


def test_there_a_pick_up_that_is_sent_again_settles_nothing_and_one_issued_anew_does() -> None:
    scene = Scene()
    scene.puts_in("P")
    scene.state = alarmed(scene.state, LOST).state
    scene.hears(again(pick_up("P", "newer", id=GrantId(name("pick P again")))))
    assert releases(scene.types("newer")) == []
    assert scene.screen() == Refused(Why.STAFF)
    scene.hears(bundle(pick_up("P", "newest", id=GrantId(name("pick P once more"))), named="anew"))
    assert releases(scene.types("newest")) == [A02]


def test_staff_who_saw_it_where_it_is_remembered_end_the_doubt_after_a_power_cut() -> None:
    scene = Scene()
    scene.puts_in("P")
    for _ in range(2):
        scene.types("P")
        scene.restarts()
    scene.types("P")
    assert scene.screen() == Refused(Why.STAFF)
    sees(scene, A02, "P")
    assert releases(scene.types("P")) == [A02]


def test_a_locker_that_knows_better_believes_no_cloud_that_says_what_lies_where() -> None:
    scene = Scene()
    scene.puts_in("P")
    assert sees(scene, A02, "Q") == [CommandRefused]
    assert sees(scene, A03, "P") == [CommandRefused]
    scene.hears(set_service(A01, in_service=False))
    assert sees(scene, A01, "Q") == [CommandRefused]
    assert scene.journal[-1] == CommandRefused(name(f"saw Q {A01}"), RefusalReason.KNOWN_BETTER)
    assert scene.inside() == {A02: parcel("P")}


def test_nor_while_somebody_stands_at_a_door(scene: Scene) -> None:
    sees(scene, A02, "P")
    scene.types("P")
    assert sees(scene, A03, "Q") == [CommandRefused]
    assert scene.journal[-1] == CommandRefused(name(f"saw Q {A03}"), RefusalReason.BUSY)


def test_staff_whose_door_stands_open_before_them_may_say_so(scene: Scene) -> None:
    scene.hears(remote_open(A02))
    scene.lock_answers()
    scene.door_opens(A02)
    assert sees(scene, A02, "P") == [CompartmentRestored, CommandDone]


def test_a_door_opened_from_afar_does_not_say_by_itself_that_the_memory_of_before_is_right() -> None:
    scene = Scene()
    scene.puts_in("P")
    scene.state = alarmed(scene.state, LOST).state
    scene.hears(remote_open(A02))
    scene.swings(A02)
    assert releases(scene.types("P")) == []
    assert scene.screen() == Refused(Why.STAFF)


def test_what_is_taken_out_of_service_needs_no_look_inside(scene: Scene) -> None:
    out = set_service(A02, in_service=False, parcel=parcel("P"), label=label_on("P"))
    assert kinds(scene.hears(out)) == [CommandDone]
    assert scene.withdrawn()[A02] == Withdrawal.UNCLEAR
    assert capability("P").parcel not in scene.inside().values()
