"""Signing in at the kiosk with a pass that works without any network."""

import pytest

from contract.commands import RefusalReason
from contract.events import CommandDone, CourierSignedIn, CourierSignedOut, GrantsAccepted, MessageRefused
from contract.ids import GrantId, LockerId, MessageId
from contract.state import TimeQuality
from edge.locker_controller.inputs import Answer, PassShown, PresentationRefused
from edge.locker_controller.limits import PASS_PARTS_MAX
from edge.locker_controller.screens import CourierHome, Idle, Refused, Why
from tests.unit.edge.locker_controller.builders import (
    A02,
    DAY,
    HOUR,
    NOON_S,
    Scene,
    bundle,
    collect,
    courier_pass,
    drop_off,
    kinds,
    name,
    only,
    pick_up,
    releases,
    revoke,
    set_deadline,
)


def test_a_pass_signs_in_and_brings_its_grants() -> None:
    scene = Scene()
    decision = scene.signs_in(drop_off("P"), pick_up("P"))
    assert decision.events == (
        CourierSignedIn(name("Ola"), name("pass Ola")),
        GrantsAccepted(name("pass Ola"), (GrantId(name("drop P")), GrantId(name("pick P"))), "phone"),
    )
    assert decision.cause == name("pass Ola")
    assert scene.screen() == CourierHome(drop_offs_left=1, collections=(), seconds_left=180)


def test_a_pass_without_grants_signs_in_for_what_came_by_wire() -> None:
    scene = Scene()
    scene.hears(bundle(drop_off("P"), drop_off("Q")))
    assert kinds(scene.signs_in()) == [CourierSignedIn]
    assert scene.screen() == CourierHome(drop_offs_left=2, collections=(), seconds_left=180)


def part(number: int, of: int = 3, issued_at: int = NOON_S) -> PassShown:
    """Return one code of a series; each brings the parcel named after its number."""
    one = MessageId(name(f"part {number} {issued_at}"))
    return PassShown(courier_pass(drop_off(f"P{number}"), id=one, part=number, parts=of, issued_at=issued_at))


def home(scene: Scene) -> CourierHome:
    shown = scene.screen()
    assert isinstance(shown, CourierHome)
    return shown


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2), (2, 2, 3, 2, 1)])
def test_the_parts_of_a_series_add_up_in_any_order_and_twice(order: tuple[int, ...]) -> None:
    scene = Scene()
    for place, number in enumerate(order, start=1):
        scene.give(part(number))
        left = tuple(sorted({1, 2, 3} - set(order[:place])))
        assert (home(scene).parts, home(scene).missing) == (3, left)

    assert home(scene).drop_offs_left == 3


def test_a_parcel_that_may_be_in_a_missing_part_says_so() -> None:
    scene = Scene()
    scene.give(part(1))
    assert releases(scene.scans("P2")) == []
    assert scene.screen() == Refused(Why.PART_MISSING)
    scene.give(part(2))
    scene.give(part(3))
    scene.scans("somebody else's")
    assert scene.screen() == Refused(Why.UNKNOWN_LABEL)
    assert releases(scene.scans("P2")) != []


def test_a_page_loaded_anew_begins_a_new_series_and_an_old_page_changes_nothing_of_it() -> None:
    scene = Scene()
    scene.give(part(2))
    scene.give(part(1, of=2, issued_at=NOON_S + 60))
    assert (home(scene).parts, home(scene).missing) == (2, (2,))
    scene.give(part(3))
    assert (home(scene).parts, home(scene).missing) == (2, (2,))
    assert home(scene).drop_offs_left == 3


def test_a_pass_that_claims_a_thousand_parts_is_not_counted_that_far() -> None:
    scene = Scene()
    scene.give(part(1, of=10**9))
    assert home(scene).parts == PASS_PARTS_MAX


def test_a_further_part_may_be_shown_at_an_open_door() -> None:
    scene = Scene()
    scene.signs_in(drop_off("P"))
    scene.scans("P")
    scene.lock_answers()
    scene.door_opens(A02)
    assert kinds(scene.signs_in(drop_off("Q"))) == [GrantsAccepted]
    assert scene.state.task is not None


def test_a_pass_shown_again_is_no_new_sign_in() -> None:
    scene = Scene()
    scene.signs_in(drop_off("P"))
    assert scene.signs_in(drop_off("P")).events == ()


def test_a_pass_shown_again_after_the_drop_off_opens_nothing() -> None:
    scene = Scene()
    scene.puts_in("P")
    scene.types("P")
    scene.swings(A02)
    assert kinds(scene.signs_in(drop_off("P"), pick_up("P"))) == [CourierSignedIn]
    assert releases(scene.scans("P")) == []
    assert releases(scene.types("P")) == []


def test_grants_by_phone_and_by_wire_are_the_same_grants() -> None:
    scene = Scene()
    scene.signs_in(drop_off("P"), pick_up("P"))
    receipt = only(scene.hears(bundle(drop_off("P"), pick_up("P"))), GrantsAccepted)
    assert receipt == GrantsAccepted(name("bundle"), (GrantId(name("drop P")), GrantId(name("pick P"))), "wire")
    assert len(scene.state.grants) == 2


def test_a_grant_of_a_revoked_group_is_not_taken_from_a_phone_either() -> None:
    scene = Scene()
    scene.hears(revoke("P"))
    assert kinds(scene.signs_in(drop_off("P"))) == [CourierSignedIn]
    assert releases(scene.scans("P")) == []


def test_a_revocation_the_wire_could_not_bring_comes_with_the_courier_and_counts_once() -> None:
    scene = Scene()
    scene.puts_in("P")
    tombstone = revoke("P")
    decision = scene.give(PassShown(courier_pass(drop_off("Q"), commands=(tombstone,))))

    assert kinds(decision) == [CourierSignedIn, CommandDone, GrantsAccepted]
    assert decision.cause == name("pass Ola")
    scene.taps(Answer.SIGN_OUT)
    assert releases(scene.types("P")) == []
    assert scene.screen() == Refused(Why.REVOKED)
    assert scene.hears(tombstone).events == ()


def test_a_pass_that_revokes_what_it_carries_lets_nothing_in() -> None:
    scene = Scene()
    scene.give(PassShown(courier_pass(drop_off("P"), pick_up("P"), commands=(revoke("P"),))))
    assert releases(scene.scans("P")) == []
    assert scene.screen() == Refused(Why.UNKNOWN_LABEL)


def test_a_longer_deadline_comes_with_the_courier() -> None:
    scene = Scene()
    scene.puts_in("P")
    scene.give(PassShown(courier_pass(commands=(set_deadline("P", NOON_S + 9 * DAY),))))
    assert scene.state.groups[name("group P")].deadline == NOON_S + 9 * DAY


def test_a_command_for_another_locker_is_refused_on_a_phone_too() -> None:
    scene = Scene()
    astray = revoke("P", aud=LockerId("WAW-02"))
    decision = scene.give(PassShown(courier_pass(commands=(astray,))))
    assert MessageRefused(astray.id, RefusalReason.WRONG_LOCKER) in decision.events
    assert scene.state.groups == {}


def test_an_expired_pass_signs_nobody_in() -> None:
    scene = Scene()
    scene.ms += HOUR * 1000 + 1000
    decision = scene.signs_in(drop_off("P"))
    assert decision.events == (MessageRefused(name("pass Ola"), RefusalReason.EXPIRED),)
    assert scene.state.session is None
    assert scene.screen() == Refused(Why.EXPIRED)


def test_a_pass_is_not_expired_by_a_clock_that_is_years_ahead() -> None:
    scene = Scene(quality=TimeQuality.UNTRUSTED)
    scene.wall_leap_s = 365 * DAY
    assert CourierSignedIn in kinds(scene.signs_in())


def test_a_pass_for_another_locker_signs_nobody_in() -> None:
    scene = Scene()
    decision = scene.give(PassShown(courier_pass(drop_off("P"), aud=LockerId("WAW-02"))))
    assert decision.events == (MessageRefused(name("pass Ola"), RefusalReason.WRONG_LOCKER),)
    assert scene.state.grants == {}
    assert scene.screen() == Refused(Why.WRONG_LOCKER)


def test_the_next_courier_signs_the_one_before_out() -> None:
    scene = Scene()
    scene.signs_in()
    assert kinds(scene.signs_in(courier="Jan")) == [CourierSignedOut, CourierSignedIn]


def test_another_couriers_pass_waits_for_the_open_door() -> None:
    scene = Scene()
    scene.signs_in(drop_off("P"))
    scene.scans("P")
    scene.lock_answers()
    scene.door_opens(A02)
    assert scene.signs_in(courier="Jan").events == ()
    assert scene.screen() == Refused(Why.CLOSE_DOOR)


def test_a_courier_who_does_nothing_is_signed_out() -> None:
    scene = Scene()
    scene.signs_in()
    assert scene.ticks(after_s=179).events == ()
    assert scene.ticks(after_s=1).events == (CourierSignedOut(name("Ola")),)
    assert isinstance(scene.screen(), Idle)


def test_a_courier_at_a_door_is_not_signed_out() -> None:
    scene = Scene()
    scene.signs_in(drop_off("P"))
    scene.scans("P")
    scene.lock_answers()
    scene.door_opens(A02)
    assert CourierSignedOut not in kinds(scene.ticks(after_s=200))


def test_more_time_is_given_on_request() -> None:
    scene = Scene()
    scene.signs_in()
    scene.ms += 100_000
    scene.taps(Answer.MORE_TIME)
    assert scene.screen() == CourierHome(drop_offs_left=0, collections=(), seconds_left=180)


def test_no_session_outlasts_the_longest_stop() -> None:
    scene = Scene()
    scene.signs_in()
    scene.ms += 4 * HOUR * 1000 - 60_000
    scene.taps(Answer.MORE_TIME)
    assert kinds(scene.ticks(after_s=60)) == [CourierSignedOut]


def test_signing_out_is_journalled() -> None:
    scene = Scene()
    scene.signs_in()
    assert scene.taps(Answer.SIGN_OUT).events == (CourierSignedOut(name("Ola")),)


def test_a_recipient_is_served_between_two_parcels_of_a_courier() -> None:
    scene = Scene()
    scene.puts_in("P")
    scene.signs_in(drop_off("Q"))
    assert releases(scene.types("P")) == [A02]
    scene.swings(A02)
    assert releases(scene.scans("Q")) == [A02]


def test_a_forged_qr_is_journalled_and_said() -> None:
    scene = Scene()
    assert scene.give(PresentationRefused("bad_signature")).events == (MessageRefused(None, "bad_signature"),)
    assert scene.screen() == Refused("bad_signature")


def test_the_courier_is_shown_other_drop_offs_when_the_own_ones_are_done() -> None:
    scene = Scene()
    scene.hears(bundle(drop_off("Q")))
    scene.signs_in(drop_off("P"))
    scene.scans("P")
    scene.swings(A02)
    scene.taps(Answer.DONE)
    scene.taps(Answer.DONE)
    assert scene.screen() == CourierHome(drop_offs_left=1, collections=(), seconds_left=180)


def test_a_parcel_promised_by_one_courier_is_not_another_s_to_put_in() -> None:
    scene = Scene()
    scene.hears(bundle(drop_off("P", courier=name("Ola"))))
    scene.signs_in(courier="Jan")
    assert releases(scene.scans("P")) == []
    assert scene.screen() == Refused(Why.NOT_YOURS)
    assert CourierHome(drop_offs_left=0, collections=(), seconds_left=180) == after_the_notice(scene)
    scene.signs_in(courier="Ola")
    assert releases(scene.scans("P")) == [A02]


def test_whoever_takes_the_round_over_shows_a_pass_that_names_the_parcel() -> None:
    scene = Scene()
    scene.hears(bundle(drop_off("P", courier=name("Ola"))))
    scene.signs_in(drop_off("P"), courier="Jan")
    assert releases(scene.scans("P")) == [A02]


def test_a_parcel_that_came_on_one_courier_s_phone_is_not_another_s_either() -> None:
    scene = Scene()
    scene.signs_in(drop_off("P"))
    scene.signs_in(courier="Jan")
    assert releases(scene.scans("P")) == []


def test_a_grant_that_names_nobody_is_anybody_s() -> None:
    scene = Scene()
    scene.hears(bundle(drop_off("P")))
    scene.signs_in(courier="Jan")
    assert releases(scene.scans("P")) == [A02]


def test_a_collection_is_anybody_s_unless_it_names_somebody() -> None:
    scene = Scene()
    scene.puts_in("P")
    scene.hears(bundle(collect("P", courier=name("Ola"))))
    scene.signs_in(courier="Jan")
    assert releases(scene.taps(Answer.COLLECT, A02)) == []
    scene.signs_in(courier="Ola")
    assert releases(scene.taps(Answer.COLLECT, A02)) == [A02]


def test_a_guest_may_use_what_the_pass_names_and_nothing_else() -> None:
    scene = Scene()
    scene.puts_in("P")
    scene.hears(bundle(collect("P"), drop_off("Q"), drop_off("R")))
    scene.give(PassShown(courier_pass(drop_off("Q"), courier="Eva", named_only=True)))
    assert scene.screen() == CourierHome(drop_offs_left=1, collections=(), seconds_left=180)
    assert releases(scene.taps(Answer.COLLECT, A02)) == []
    assert releases(scene.scans("R")) == []
    assert len(releases(scene.scans("Q"))) == 1


def after_the_notice(scene: Scene) -> object:
    scene.taps(Answer.DONE)
    return scene.screen()
