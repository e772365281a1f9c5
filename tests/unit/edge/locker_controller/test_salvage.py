"""A damaged card: what can be read still counts, and what cannot never gives anything away."""

import pytest

from contract.codec import Downward
from contract.events import AlarmRaised, CodeRefused
from contract.ids import CompartmentLabel, GrantId, MessageId
from contract.state import Configuration, Desired
from edge.locker_controller.effects import Decision, PublishReport
from edge.locker_controller.inputs import Answer
from edge.locker_controller.persist import RecordError, changes, restore
from edge.locker_controller.salvage import RECORDS_LOST_MAX, Record, alarmed, salvage
from edge.locker_controller.screens import CourierHome, Idle, LockedOut, Refused, Why
from edge.locker_controller.state import CompartmentRecord, Lockout, Withdrawal, new_locker
from tests.unit.edge.locker_controller.builders import (
    A02,
    A04,
    LOCKER,
    NOON_S,
    Scene,
    bundle,
    collect,
    drop_off,
    kinds,
    name,
    parcel,
    pick_up,
    releases,
    revoke,
    set_service,
)

TORN = b"\x00"


def card_of(scene: Scene) -> list[Record]:
    """Return all that a scene's locker has stored."""
    everything = changes(new_locker(scene.setup), scene.state)
    return [(change.kind, change.key, change.value) for change in everything if change.value is not None]


def damaged(card: list[Record], *torn: tuple[str, str | bytes]) -> list[Record]:
    """Tear some records of a card, which need not be on it."""
    return [record for record in card if record[:2] not in torn] + [(*place, TORN) for place in torn]


def places(lost: tuple[RecordError, ...]) -> set[tuple[str, str | bytes]]:
    return {(error.kind, error.key) for error in lost}


def full() -> Scene:
    """Return a locker with a parcel in A02 and a grant for another."""
    scene = Scene()
    scene.puts_in("P")
    scene.signs_in(drop_off("Q"))
    return scene


def test_a_sound_card_loses_nothing() -> None:
    scene = full()
    assert salvage(scene.setup, card_of(scene)) == (restore(scene.setup, card_of(scene)), ())


def test_a_compartment_that_cannot_be_read_takes_no_more_parcels() -> None:
    scene = full()
    state, lost = salvage(scene.setup, damaged(card_of(scene), ("compartment", A04)))
    assert state.compartments[A04] == CompartmentRecord(withdrawn=Withdrawal.UNCLEAR, doubt_until_s=0)
    assert places(lost) == {("compartment", A04)}


def test_the_parcels_in_the_other_compartments_are_still_known() -> None:
    scene = full()
    state, _ = salvage(scene.setup, damaged(card_of(scene), ("compartment", A04)))
    assert state.compartments[A02].parcel == parcel("P")


def test_a_grant_that_cannot_be_read_opens_nothing() -> None:
    scene = full()
    state, lost = salvage(scene.setup, damaged(card_of(scene), ("grant", name("drop Q"))))
    assert name("drop Q") in scene.state.grants
    assert name("drop Q") not in state.grants
    assert places(lost) == {("grant", name("drop Q"))}


def test_a_lost_grant_withdraws_no_compartment() -> None:
    scene = full()
    state, _ = salvage(scene.setup, damaged(card_of(scene), ("grant", name("drop Q"))))
    assert state.compartments == scene.state.compartments


def test_everything_that_is_torn_is_named() -> None:
    scene = full()
    torn = {("compartment", A02), ("compartment", A04), ("lockout", ""), ("grant", name("drop Q"))}
    _, lost = salvage(scene.setup, damaged(card_of(scene), *torn))
    assert places(lost) == torn


def test_a_torn_compartment_that_the_layout_no_longer_has_is_only_named() -> None:
    scene = full()
    gone = ("compartment", CompartmentLabel("Z99"))
    state, lost = salvage(scene.setup, damaged(card_of(scene), gone))
    assert state.compartments == scene.state.compartments
    assert places(lost) == {gone}


def test_a_compartment_whose_seal_is_broken_takes_no_more_parcels() -> None:
    scene = full()
    whole = [record for record in card_of(scene) if (record[0], record[1]) != ("compartment", A02)]
    state, lost = salvage(scene.setup, whole, [("compartment", A02)])
    assert state.compartments[A02] == CompartmentRecord(withdrawn=Withdrawal.UNCLEAR, doubt_until_s=0)
    assert state.compartments[A04] == scene.state.compartments[A04]
    assert places(lost) == {("compartment", A02)}


@pytest.mark.parametrize("name_now", [("compartment", "A0r"), ("c\ufffdmpartment", A02)])
def test_a_record_whose_name_is_lost_too_may_be_that_of_any_compartment(name_now: tuple[str, str]) -> None:
    scene = full()
    whole = [record for record in card_of(scene) if (record[0], record[1]) != ("compartment", A02)]
    known = {key for kind, key, _ in whole if kind == "compartment"}
    state, _ = salvage(scene.setup, whole, [name_now])
    assert {label for label, one in state.compartments.items() if one.withdrawn == Withdrawal.UNCLEAR} == (
        set(scene.state.compartments) - known
    )


def test_another_record_whose_seal_is_broken_is_lost_and_withdraws_nothing() -> None:
    scene = full()
    state, lost = salvage(scene.setup, card_of(scene), [("lockout", "")])
    assert state.compartments == scene.state.compartments
    assert places(lost) == {("lockout", "")}


def test_an_alarm_of_the_rim_is_journalled_and_changes_nothing() -> None:
    scene = full()
    alarm = AlarmRaised("mains_lost", "")
    assert alarmed(scene.state, alarm) == Decision(scene.state, (alarm,))


@pytest.mark.parametrize("name_of_it", ["journal_ahead", "journal_forked", "journal_lost"])
def test_a_card_of_before_hands_nothing_out_and_takes_nothing_in_on_its_own_memory(name_of_it: str) -> None:
    scene = full()
    decision = alarmed(scene.state, AlarmRaised(name_of_it, "journal ended at 41, cloud at 61"))
    scene.state = decision.state
    assert decision.effects == (PublishReport(),)
    assert set(scene.withdrawn()) == set(scene.state.compartments)
    assert releases(scene.types("P")) == []
    assert scene.screen() == Refused(Why.STAFF)
    assert releases(scene.scans("Q")) == []


def test_a_code_issued_anew_opens_behind_such_a_memory_too() -> None:
    scene = full()
    scene.state = alarmed(scene.state, AlarmRaised("journal_ahead", "")).state
    scene.hears(bundle(pick_up("P", "new", id=GrantId(name("pick P again")))))
    assert releases(scene.types("new")) == [A02]


def test_on_such_a_memory_no_courier_is_sent_to_a_box_until_staff_have_looked_into_it() -> None:
    scene = full()
    scene.signs_in(collect("P"))
    scene.state = alarmed(scene.state, AlarmRaised("journal_ahead", "")).state
    assert _offered(scene) == ()
    scene.hears(set_service(A02, in_service=True))
    assert _offered(scene) == (A02,)


def _offered(scene: Scene) -> tuple[CompartmentLabel, ...]:
    shown = scene.screen()
    assert isinstance(shown, CourierHome)
    return shown.collections


@pytest.fixture
def forgetful() -> Scene:
    """Return a locker with a new card, at which a recipient was refused before it learnt what it has lost."""
    scene = Scene()
    scene.signs_in(pick_up("somebody's"))
    scene.taps(Answer.SIGN_OUT)
    for _ in range(6):
        scene.types("valid, before")
    assert isinstance(scene.screen(), LockedOut)
    scene.state = alarmed(scene.state, AlarmRaised("journal_ahead", "journal ended at 3, cloud at 61")).state
    scene.ticks(after_s=7)
    return scene


def test_a_locker_that_lost_its_memory_says_so_and_forgives_the_codes_it_could_not_know(forgetful: Scene) -> None:
    assert forgetful.screen() == Idle(online=False, full=True, anew=True)
    assert forgetful.state.lockout == Lockout()


def test_there_no_code_is_a_miss_and_no_qr_is_early(forgetful: Scene) -> None:
    assert forgetful.types("valid, before").events == ()
    assert forgetful.screen() == Refused(Why.SET_UP)
    assert releases(forgetful.shows("P")) == []
    assert forgetful.screen() == Refused(Why.SET_UP)


def test_on_an_empty_card_before_the_first_word_of_the_cloud_no_code_is_a_miss_either() -> None:
    scene = Scene()
    for _ in range(7):
        assert scene.types("valid, before").events == ()
        assert scene.screen() == Refused(Why.SET_UP)
    assert scene.state.lockout == Lockout()
    assert releases(scene.shows("P")) == []
    assert scene.screen() == Refused(Why.SET_UP)


def test_there_a_capability_opens_once_its_parcel_is_inside_and_guesses_count_again() -> None:
    scene = Scene()
    scene.puts_in("P")
    assert kinds(scene.types("wrong")) == [CodeRefused]
    assert releases(scene.shows("P")) == [A02]


@pytest.mark.parametrize(
    "word",
    [
        bundle(drop_off("P")),
        revoke("P"),
        set_service(A02, in_service=False),
        Desired(LOCKER, MessageId(name("d")), NOON_S, Configuration(1)),
    ],
)
def test_a_card_that_has_heard_the_cloud_is_not_new(word: Downward) -> None:
    scene = Scene()
    scene.hears(word)
    assert kinds(scene.types("wrong")) == [CodeRefused]


def test_codes_count_again_once_staff_have_looked_into_a_compartment(forgetful: Scene) -> None:
    forgetful.hears(set_service(A02, in_service=True))
    assert kinds(forgetful.types("wrong")) == [CodeRefused]


def test_a_restored_card_that_remembers_parcels_forgives_nothing() -> None:
    scene = full()
    scene.types("wrong")
    misses = scene.state.lockout
    assert alarmed(scene.state, AlarmRaised("journal_ahead", "")).state.lockout == misses


def unreadable(records: int) -> list[Record]:
    return [("group", b"%016d" % number, TORN) for number in range(records)]


def test_a_card_may_lose_many_records() -> None:
    scene = Scene()
    assert salvage(scene.setup, unreadable(RECORDS_LOST_MAX))[0] == new_locker(scene.setup)


def test_a_card_that_holds_no_state_any_more_serves_nobody() -> None:
    with pytest.raises(RecordError):
        salvage(Scene().setup, unreadable(RECORDS_LOST_MAX + 1))
