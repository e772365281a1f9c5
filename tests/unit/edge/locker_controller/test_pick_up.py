"""Taking a parcel out, by code and by capability, and everything a door can do meanwhile."""

import pytest
from msgspec.structs import replace

from contract.commands import RefusalReason
from contract.events import (
    CodeBurnt,
    CodeRefused,
    DoorClosed,
    DoorOpened,
    LockReleased,
    MessageRefused,
    ParcelPickedUp,
    ReleaseIntended,
)
from contract.ids import GrantId, LockerId
from contract.state import TimeQuality
from edge.locker_controller.screens import (
    CodeWrong,
    Opening,
    PickedUp,
    Refused,
    TakeParcel,
    Why,
)
from tests.unit.edge.locker_controller.builders import (
    A02,
    DAY,
    NOON_S,
    Scene,
    bundle,
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
