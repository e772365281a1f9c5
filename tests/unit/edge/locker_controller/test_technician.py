"""Somebody of the operator's at the machine: signing in, maintenance mode, and the keys of operators that count."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from contract.bulk import MAINTENANCE_S, OPERATORS_MAX
from contract.commands import RefusalReason
from contract.events import (
    CommandDone,
    CommandRefused,
    CourierSignedIn,
    CourierSignedOut,
    MaintenanceEnded,
    MaintenanceStarted,
    MessageRefused,
    OperatorsPinned,
    TechnicianSignedIn,
    TechnicianSignedOut,
)
from contract.ids import BootId, LockerId
from edge.locker_controller.decide import Decision
from edge.locker_controller.effects import PublishState
from edge.locker_controller.inputs import Answer
from edge.locker_controller.limits import NOTICE_MS, TECHNICIAN_S
from edge.locker_controller.picture import presence as presence_document
from edge.locker_controller.screens import CourierHome, Idle, Refused, ServiceHome, TakeParcel, Why
from tests.unit.edge.locker_controller.builders import A01, A02, NOON_S, Scene, kinds, name, only, pick_up, releases
from tests.unit.edge.locker_controller.bulk_scene import (
    ANNA,
    BEN,
    MALLORY,
    ROOT,
    Site,
    listed,
    open_many,
    order,
    pin,
)


def told(site: Site) -> tuple[int, int]:
    """Return what the presence document says of maintenance and of the list of operators."""
    document = presence_document(site.state, BootId(b""), site.now(), "1.0")
    return document.maintenance_s, document.operators_number


def test_a_technician_signs_in_switches_maintenance_on_and_signs_out() -> None:
    site = Site()
    assert kinds(site.shows_pass()) == [TechnicianSignedIn]
    assert site.screen() == ServiceHome(maintenance=False, seconds_left=TECHNICIAN_S, online=False)
    assert told(site) == (0, 1)
    decision = site.taps(Answer.MAINTENANCE_ON)
    assert decision.events == (MaintenanceStarted(name("Tom")),)
    assert PublishState() in decision.effects
    assert site.screen() == ServiceHome(maintenance=True, seconds_left=MAINTENANCE_S, online=False)
    assert told(site) == (MAINTENANCE_S, 1)
    decision = site.taps(Answer.SIGN_OUT)
    assert decision.events == (MaintenanceEnded(name("Tom"), "signed_out"), TechnicianSignedOut(name("Tom")))
    assert PublishState() in decision.effects
    assert told(site) == (0, 1)
    assert isinstance(site.screen(), Idle)


def test_maintenance_switched_off_leaves_the_technician_signed_in() -> None:
    site = Site().is_maintained()
    assert site.taps(Answer.MAINTENANCE_OFF).events == (MaintenanceEnded(name("Tom"), "switched_off"),)
    assert site.screen() == ServiceHome(maintenance=False, seconds_left=TECHNICIAN_S, online=False)
    assert site.taps(Answer.MAINTENANCE_OFF).events == ()


def test_maintenance_switched_on_twice_does_not_last_longer() -> None:
    site = Site().is_maintained()
    site.ticks(after_s=60)
    assert site.taps(Answer.MAINTENANCE_ON).events == ()
    assert site.screen() == ServiceHome(maintenance=True, seconds_left=MAINTENANCE_S - 60, online=False)


def test_maintenance_ends_by_itself_and_a_pass_shown_again_gives_the_time_anew() -> None:
    site = Site().is_maintained()
    site.ticks(after_s=MAINTENANCE_S - 1)
    decision = site.shows_pass()
    assert decision.events == ()
    assert PublishState() in decision.effects
    site.ticks(after_s=MAINTENANCE_S - 1)
    assert site.state.in_maintenance
    assert kinds(site.ticks(after_s=1)) == [MaintenanceEnded, TechnicianSignedOut]


def test_whoever_still_stands_there_taps_for_more_time() -> None:
    site = Site().is_maintained()
    site.ticks(after_s=MAINTENANCE_S - 1)
    assert PublishState() in site.taps(Answer.MORE_TIME).effects
    assert site.screen() == ServiceHome(maintenance=True, seconds_left=MAINTENANCE_S, online=False)


def test_more_time_at_a_door_is_about_the_door() -> None:
    site = Site().is_maintained()
    site.hears(open_many(order(), ANNA, BEN))
    site.stays_shut()
    site.ticks(after_s=50)
    left = site.state.technician
    site.taps(Answer.MORE_TIME)
    assert site.state.technician == left
    assert releases(site.ticks(after_s=50)) == []


def test_a_technician_who_does_nothing_is_signed_out() -> None:
    site = Site()
    site.shows_pass()
    assert kinds(site.ticks(after_s=TECHNICIAN_S)) == [TechnicianSignedOut]


def test_maintenance_does_not_outlive_the_power() -> None:
    site = Site().is_maintained()
    site.restarts()
    assert not site.state.in_maintenance
    assert isinstance(site.screen(), Idle)


def test_another_technician_takes_over_and_begins_without_maintenance() -> None:
    site = Site().is_maintained()
    assert kinds(site.shows_pass("Ula")) == [MaintenanceEnded, TechnicianSignedOut, TechnicianSignedIn]
    assert not site.state.in_maintenance


def test_a_courier_who_forgot_to_sign_out_is_signed_out_by_a_technician() -> None:
    site = Site()
    site.signs_in()
    assert kinds(site.shows_pass()) == [CourierSignedOut, TechnicianSignedIn]


def test_a_courier_after_a_technician_is_served_at_once() -> None:
    site = Site()
    site.shows_pass()
    assert kinds(site.signs_in()) == [TechnicianSignedOut, CourierSignedIn]
    assert isinstance(site.screen(), CourierHome)


def test_a_pass_for_another_locker_or_of_yesterday_lets_nobody_in() -> None:
    site = Site()
    assert only(site.shows_pass(aud=LockerId("WAW-02")), MessageRefused).reason == RefusalReason.WRONG_LOCKER
    assert site.screen() == Refused(Why.WRONG_LOCKER)
    assert only(site.shows_pass(until_s=NOON_S), MessageRefused).reason == RefusalReason.EXPIRED
    assert site.screen() == Refused(Why.EXPIRED)
    assert site.state.technician is None


def test_nobody_else_is_served_during_maintenance_and_no_code_is_counted() -> None:
    site = Site()
    label = site.puts_in("P")
    site.is_maintained()
    acts: tuple[Callable[[], Decision], ...] = (
        lambda: site.types("P"),
        lambda: site.types("wrong"),
        lambda: site.shows("P"),
        lambda: site.scans("P"),
        site.signs_in,
    )
    for act in acts:
        assert kinds(act()) == []
        assert site.screen() == Refused(Why.MAINTENANCE)
    site.ticks(after_s=NOTICE_MS / 1000)
    site.taps(Answer.SIGN_OUT)
    assert releases(site.types("P")) == [label]


def test_a_technician_waits_for_whoever_stands_at_a_door() -> None:
    site = Site()
    label = site.puts_in("P")
    site.types("P")
    site.lock_answers()
    site.door_opens(label)
    assert kinds(site.shows_pass()) == []
    assert site.screen() == Refused(Why.CLOSE_DOOR)
    site.ticks(after_s=NOTICE_MS / 1000)
    assert isinstance(site.screen(), TakeParcel)


def test_a_tap_that_is_not_the_technicians_means_what_it_always_does() -> None:
    site = Site()
    site.shows_pass()
    assert kinds(site.taps(Answer.PROBLEM)) != []
    scene = Scene()
    assert scene.taps(Answer.MAINTENANCE_ON).events == ()
    assert not scene.state.in_maintenance


# ------------------------------------------------------------------ whose signatures count


def pinned(decision: Decision) -> list[int]:
    assert (PublishState() in decision.effects) is any(isinstance(one, OperatorsPinned) for one in decision.events)
    return [one.number for one in decision.events if isinstance(one, OperatorsPinned)]


def test_a_newer_list_of_the_root_replaces_the_one_before() -> None:
    site = Site()
    assert told(site) == (0, 1)
    decision = site.hears(pin(listed(ANNA, MALLORY, number=2), "newer"))
    assert kinds(decision) == [OperatorsPinned, CommandDone]
    assert pinned(decision) == [2]
    site.is_maintained()
    assert releases(site.hears(open_many(order(), ANNA, MALLORY))) == [A01]


def test_an_operator_who_is_no_longer_on_the_list_signs_in_vain() -> None:
    site = Site()
    site.hears(pin(listed(ANNA, number=2), "newer"))
    site.is_maintained()
    refused = only(site.hears(open_many(order(), ANNA, BEN)), CommandRefused)
    assert refused.reason == RefusalReason.UNKNOWN_OPERATOR


def test_an_older_list_played_back_changes_nothing() -> None:
    site = Site()
    site.hears(pin(listed(ANNA, number=2), "newer"))
    assert kinds(site.hears(pin(listed(ANNA, BEN, number=1), "older"))) == [CommandDone]
    assert told(site) == (0, 2)


def test_a_list_that_has_run_out_lists_nobody() -> None:
    site = Site()
    site.hears(pin(listed(ANNA, BEN, number=2, until_s=NOON_S), "short"))
    site.is_maintained()
    refused = only(site.hears(open_many(order(), ANNA, BEN)), CommandRefused)
    assert refused.reason == RefusalReason.UNKNOWN_OPERATOR


@pytest.mark.parametrize(
    "forged",
    [
        listed(MALLORY, BEN, number=9, by=MALLORY),
        replace(listed(ANNA, BEN, number=9), body=listed(MALLORY, number=9).body),
        replace(listed(ANNA, BEN, number=9), key_id="cloud-1"),
        listed(*[ANNA] * (OPERATORS_MAX + 1), number=9),
    ],
)
def test_a_list_by_anybody_but_the_root_is_refused(forged: object) -> None:
    site = Site()
    refused = only(site.hears(pin(forged, "forged")), CommandRefused)  # type: ignore[arg-type] # an envelope of each sort
    assert refused.reason == RefusalReason.NOT_BY_ROOT
    assert told(site) == (0, 1)


def test_a_locker_without_a_root_believes_no_list() -> None:
    scene = Scene()
    assert only(scene.hears(pin(listed(ANNA, BEN))), CommandRefused).reason == RefusalReason.NOT_BY_ROOT


def test_the_list_of_the_bundle_counts_until_a_newer_one_has_come() -> None:
    site = Scene()
    site.setup = site.setup.__class__(
        site.setup.locker,
        site.setup.layout,
        site.setup.key_locker,
        ROOT.public_key().public_bytes_raw(),
        listed(ANNA, BEN, number=5),
    )
    site.state = replace(site.state, setup=site.setup)
    assert only(site.restarts(), OperatorsPinned).number == 5
    site.hears(pin(listed(ANNA, number=6), "newer"))
    assert [one for one in site.restarts().events if isinstance(one, OperatorsPinned)] == []
    assert site.state.operators.number == 6


def test_parcels_stay_where_they_are_through_maintenance() -> None:
    site = Site()
    site.puts_in("P")
    before = site.inside()
    site.is_maintained()
    site.hears(open_many(order(labels=(A02,)), ANNA, BEN))
    site.swings(A02)
    site.taps(Answer.SIGN_OUT)
    assert site.inside() == before
    assert pick_up("P").id in site.state.grants
