"""What the cloud says: in any order, any number of times, too late, to somebody else."""

from typing import Any

import pytest
from msgspec.structs import replace

from contract.commands import COMMAND_LIFE_S, RefusalReason
from contract.events import (
    AlarmRaised,
    CommandDone,
    CommandRefused,
    CompartmentRestored,
    CompartmentWithdrawn,
    ConfigurationApplied,
    GrantsAccepted,
    MessageRefused,
)
from contract.grants import GRANTS_PER_MESSAGE_MAX, Grant
from contract.ids import CompartmentLabel, GrantId, GroupId, LockerId, MessageId
from contract.state import Acknowledgement, Configuration, Desired
from edge.locker_controller.effects import PublishReport, PublishState
from edge.locker_controller.inputs import LinkChanged, MessageRejected
from edge.locker_controller.limits import GRANTS_KEPT_MAX, GROUPS_KEPT_MAX, INBOX_IDS_MAX, REFUSALS_PER_MINUTE_MAX
from edge.locker_controller.screens import Idle
from edge.locker_controller.state import GroupRecord
from tests.unit.edge.locker_controller.builders import (
    A01,
    A02,
    DAY,
    LOCKER,
    NOON_S,
    OPEN,
    Scene,
    bundle,
    collect,
    drop_off,
    group,
    kinds,
    name,
    only,
    pick_up,
    releases,
    revoke,
    set_deadline,
    set_service,
)


def test_grants_are_kept_and_named_in_the_receipt() -> None:
    scene = Scene()
    decision = scene.hears(bundle(drop_off("P"), pick_up("P")))
    expected = (GrantId(name("drop P")), GrantId(name("pick P")))
    assert decision.events == (GrantsAccepted(name("bundle"), expected, "wire"),)
    assert decision.cause == name("bundle")
    assert set(scene.state.grants) == set(expected)


def test_an_empty_bundle_is_a_message_like_any_other() -> None:
    assert Scene().hears(bundle()).events == (GrantsAccepted(name("bundle"), (), "wire"),)


def test_what_the_wire_doubles_counts_once() -> None:
    scene = Scene()
    scene.hears(bundle(drop_off("P")))
    assert scene.hears(bundle(drop_off("P"))).events == ()


def test_a_bundle_that_is_a_week_late_is_refused() -> None:
    scene = Scene()
    scene.ms += 8 * DAY * 1000
    assert scene.hears(bundle(drop_off("P"))).events == (MessageRefused(name("bundle"), RefusalReason.EXPIRED),)
    assert scene.state.grants == {}


def test_a_command_that_is_late_is_refused_by_its_own_name() -> None:
    scene = Scene()
    scene.ms += 2 * DAY * 1000
    assert scene.hears(revoke("P")).events == (CommandRefused(name("revoke P"), RefusalReason.EXPIRED),)


def test_a_message_to_another_locker_is_refused() -> None:
    scene = Scene()
    decision = scene.hears(bundle(drop_off("P"), aud=LockerId("WAW-02")))
    assert decision.events == (MessageRefused(name("bundle"), RefusalReason.WRONG_LOCKER),)
    assert scene.state.grants == {}


def test_a_bundle_beyond_the_limit_is_refused() -> None:
    many = tuple(drop_off(str(number)) for number in range(GRANTS_PER_MESSAGE_MAX + 1))
    assert Scene().hears(bundle(*many)).events == (MessageRefused(name("bundle"), RefusalReason.LIMIT_REACHED),)


@pytest.mark.parametrize(
    ("grant", "reason"),
    [
        (drop_off("P", until_s=NOON_S - 1), RefusalReason.EXPIRED),
        (pick_up("P", until_s=NOON_S - 7 * DAY - 1), RefusalReason.EXPIRED),
        (collect("P", until_s=NOON_S - 1), RefusalReason.EXPIRED),
    ],
)
def test_a_grant_that_is_over_is_refused(grant: Grant, reason: str) -> None:
    decision = Scene().hears(bundle(grant))
    assert decision.events == (MessageRefused(name("bundle"), reason),)


def test_an_expired_pick_up_is_taken_while_its_parcel_is_inside() -> None:
    scene = Scene()
    scene.puts_in("P")
    scene.hears(bundle(pick_up("P", "new", id=GrantId(name("late")), until_s=NOON_S - 1)))
    assert releases(scene.types("new")) == [A02]


def test_a_tombstone_wins_over_a_later_copy_of_the_grant() -> None:
    scene = Scene()
    scene.hears(revoke("P"))
    decision = scene.hears(bundle(drop_off("P"), pick_up("P")))
    assert decision.events == (MessageRefused(name("bundle"), RefusalReason.REVOKED),)
    assert scene.state.grants == {}


def test_a_bundle_is_taken_in_part_when_part_of_it_is_spent() -> None:
    scene = Scene()
    scene.puts_in("P")
    decision = scene.hears(bundle(drop_off("P"), pick_up("P")))
    assert only(decision, GrantsAccepted).grants == (GrantId(name("pick P")),)


def test_a_burnt_group_takes_no_new_code() -> None:
    scene = Scene()
    scene.puts_in("P")
    scene.types("P")
    scene.swings(A02)
    decision = scene.hears(bundle(pick_up("P", "new", id=GrantId(name("again")))))
    assert decision.events == (MessageRefused(name("bundle"), RefusalReason.SPENT),)


def test_a_revocation_is_done_once_and_for_all() -> None:
    scene = Scene()
    assert scene.hears(revoke("P")).events == (CommandDone(name("revoke P")),)
    assert scene.hears(revoke("P")).events == ()


def test_a_deadline_may_come_before_its_grant() -> None:
    scene = Scene()
    assert scene.hears(set_deadline("P", NOON_S + 9 * DAY)).events == (CommandDone(name("deadline")),)
    scene.hears(bundle(pick_up("P")))
    assert scene.state.groups[group("P")].deadline == NOON_S + 9 * DAY


def test_a_deadline_earlier_than_the_grants_own_changes_nothing() -> None:
    scene = Scene()
    scene.hears(bundle(pick_up("P")))
    scene.hears(set_deadline("P", NOON_S))
    assert scene.state.groups[group("P")].deadline == NOON_S + 2 * DAY


def test_a_compartment_is_taken_out_of_service_and_back() -> None:
    scene = Scene()
    out = scene.hears(set_service(A02, in_service=False))
    assert out.events == (CompartmentWithdrawn(A02, "service"), CommandDone(name("service")))
    assert PublishReport() in out.effects
    back = scene.hears(set_service(A02, in_service=True, named="back"))
    assert back.events == (CompartmentRestored(A02), CommandDone(name("back")))
    assert scene.withdrawn() == {}


def test_a_given_reason_is_kept_as_far_as_a_list_can_show_it() -> None:
    scene = Scene()
    scene.hears(set_service(A02, in_service=False, reason="x" * 100))
    assert scene.withdrawn() == {A02: "x" * 64}


def test_back_in_service_a_sensor_is_believed_again() -> None:
    scene = Scene()
    scene.door_opens(A02)
    scene.ticks(after_s=3600)
    scene.hears(set_service(A02, in_service=True))
    assert scene.suspects() == set()


def test_putting_into_service_what_is_in_service_is_simply_done() -> None:
    assert Scene().hears(set_service(A02, in_service=True)).events == (CommandDone(name("service")),)


def test_taking_out_what_is_out_keeps_the_first_reason() -> None:
    scene = Scene()
    scene.hears(set_service(A02, in_service=False, reason="dirty"))
    decision = scene.hears(set_service(A02, in_service=False, named="again", reason="broken"))
    assert kinds(decision) == [CommandDone]
    assert scene.withdrawn() == {A02: "dirty"}


def test_an_older_word_about_a_compartment_does_not_count() -> None:
    scene = Scene()
    scene.hears(set_service(A02, in_service=True, named="newer", issued_at=NOON_S + 2))
    decision = scene.hears(set_service(A02, in_service=False, issued_at=NOON_S + 1))
    assert decision.events == (CommandRefused(name("service"), RefusalReason.REPLAYED),)
    assert scene.withdrawn() == {}


def test_a_compartment_nobody_has_is_refused() -> None:
    decision = Scene().hears(set_service(CompartmentLabel("Z99"), in_service=False))
    assert decision.events == (CommandRefused(name("service"), RefusalReason.UNKNOWN_COMPARTMENT),)


def desired(**wanted: Any) -> Desired:
    configuration = Configuration(**wanted)
    return Desired(LOCKER, MessageId(name("desired")), NOON_S, configuration)


def test_a_newer_configuration_is_applied() -> None:
    scene = Scene()
    decision = scene.hears(desired(configuration_version=3, confirm_s=10))
    assert decision.events == (ConfigurationApplied(3),)
    assert decision.effects == (PublishReport(),)
    assert scene.state.configuration.confirm_s == 10


def test_an_older_configuration_is_passed_over() -> None:
    scene = Scene()
    scene.hears(desired(configuration_version=3))
    assert scene.hears(desired(configuration_version=2, confirm_s=10)).events == ()
    assert scene.state.configuration.configuration_version == 3


def test_the_configuration_in_force_sent_again_is_answered_by_a_picture() -> None:
    scene = Scene()
    scene.hears(desired(configuration_version=3))
    again = scene.hears(desired(configuration_version=3))
    assert (again.events, again.effects) == ((), (PublishReport(),))


@pytest.mark.parametrize(
    "harm", [{"door_left_open_s": 0}, {"confirm_s": 0}, {"open_detect_ms": 10**9}, {"courier_session_s": 0}]
)
def test_a_configuration_that_would_make_the_locker_useless_is_refused(harm: dict[str, Any]) -> None:
    scene = Scene()
    decision = scene.hears(desired(configuration_version=3, **harm))
    assert decision.events == (MessageRefused(name("desired"), RefusalReason.LIMIT_REACHED),)
    assert scene.state.configuration == Configuration()


def test_an_acknowledgement_concerns_the_outbox_alone() -> None:
    scene = Scene()
    before = scene.state
    decision = scene.hears(Acknowledgement(LOCKER, MessageId(name("ack")), NOON_S, 5, b"head"))
    assert decision.state is before
    assert decision.events == ()


def test_what_was_not_believed_is_journalled_and_changes_nothing() -> None:
    decision = Scene().give(MessageRejected("bad_signature", MessageId(name("forged"))))
    assert decision.events == (MessageRefused(name("forged"), "bad_signature"),)


def test_a_flood_of_rejected_messages_ends_in_one_alarm() -> None:
    scene = Scene()
    scene.journal.clear()
    for _ in range(1000):
        scene.give(MessageRejected("bad_signature"))
    assert len(scene.journal) == REFUSALS_PER_MINUTE_MAX + 1
    assert scene.journal[-1] == AlarmRaised("many_refusals", "MessageRefused")
    scene.ms += 60_000
    assert kinds(scene.give(MessageRejected("bad_signature"))) == [MessageRefused]


def test_the_link_is_shown_and_greeted_with_the_whole_truth() -> None:
    scene = Scene()
    up = scene.give(LinkChanged(online=True))
    assert up.effects == (PublishState(), PublishReport())
    assert scene.screen() == Idle(online=True, full=False)
    assert scene.give(LinkChanged(online=False)).effects == ()
    assert scene.screen() == Idle(online=False, full=False)


def fill_with_grants(scene: Scene, until_s: int) -> None:
    """Fill the locker's memory for grants with drop-offs that end at ``until_s``."""
    grants = {GrantId(name(f"kept {n}")): drop_off(f"{n}", until_s=until_s) for n in range(GRANTS_KEPT_MAX)}
    scene.state = replace(scene.state, grants=grants)


def test_what_does_not_fit_is_refused_with_an_alarm() -> None:
    scene = Scene()
    fill_with_grants(scene, NOON_S + DAY)
    decision = scene.hears(bundle(drop_off("P")))
    assert kinds(decision) == [MessageRefused, AlarmRaised]
    assert only(decision, MessageRefused).reason == RefusalReason.LIMIT_REACHED


def test_room_is_made_by_forgetting_what_is_over() -> None:
    scene = Scene()
    fill_with_grants(scene, NOON_S)
    assert kinds(scene.hears(bundle(drop_off("P")))) == [GrantsAccepted]
    assert len(scene.state.grants) == 1


def test_the_inbox_forgets_the_id_nearest_to_its_end() -> None:
    scene = Scene()
    ids = {MessageId(name(f"seen {n}")): NOON_S + DAY + n for n in range(INBOX_IDS_MAX)}
    scene.state = replace(scene.state, inbox=ids)
    scene.hears(bundle(drop_off("P")))
    assert len(scene.state.inbox) == INBOX_IDS_MAX
    assert MessageId(name("seen 0")) not in scene.state.inbox


def test_a_tombstone_that_may_come_for_a_year_does_not_fill_the_inbox_for_a_year() -> None:
    scene = Scene()
    tombstone = revoke("P", expires_at=NOON_S + 400 * DAY)
    scene.hears(tombstone)
    assert scene.state.inbox[tombstone.id] <= NOON_S + COMMAND_LIFE_S + 10
    scene.ms += (COMMAND_LIFE_S + DAY) * 1000
    scene.ticks()
    assert tombstone.id not in scene.state.inbox
    scene.hears(tombstone)
    assert scene.state.groups[group("P")].revoked


def test_the_tombstones_forget_the_one_nearest_to_its_end() -> None:
    scene = Scene()
    groups = {GroupId(name(f"group {n}")): GroupRecord(NOON_S + n) for n in range(GROUPS_KEPT_MAX)}
    scene.state = replace(scene.state, groups=groups)
    scene.hears(revoke("P"))
    assert len(scene.state.groups) == GROUPS_KEPT_MAX
    assert GroupId(name("group 0")) not in scene.state.groups


def test_a_configuration_can_be_changed_at_an_open_door() -> None:
    scene = Scene()
    scene.door_opens(A01)
    scene.hears(desired(configuration_version=1, door_left_open_s=10))
    assert scene.levels[A01] is OPEN
    assert [kind.__name__ for kind in kinds(scene.ticks(after_s=10))] == ["DoorLeftOpen"]
