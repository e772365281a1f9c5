"""A locker's memory has an end for everything in it."""

from contract.events import GrantsAccepted
from edge.locker_controller.limits import GROUP_KEEP_S, REVOKED_KEEP_S
from edge.locker_controller.screens import Refused, Why
from tests.unit.edge.locker_controller.builders import (
    A02,
    DAY,
    HOUR,
    NOON_S,
    Scene,
    bundle,
    collect,
    drop_off,
    group,
    kinds,
    pick_up,
    releases,
    revoke,
)


def later(scene: Scene, days: float) -> None:
    scene.ticks(after_s=days * DAY)


def test_expired_drop_offs_and_collections_are_forgotten() -> None:
    scene = Scene()
    scene.hears(bundle(drop_off("P"), collect("P")))
    later(scene, 3.1)
    assert scene.state.grants == {}


def test_a_pick_up_is_kept_as_long_as_its_parcel_is_inside() -> None:
    scene = Scene()
    scene.puts_in("P")
    later(scene, 60)
    assert releases(scene.types("P")) == [A02]


def test_a_dormant_pick_up_whose_parcel_never_came_is_forgotten_after_a_week_of_grace() -> None:
    scene = Scene()
    scene.hears(bundle(pick_up("P")))
    later(scene, 8.9)
    assert len(scene.state.grants) == 1
    later(scene, 0.2)
    assert scene.state.grants == {}


def test_a_spent_code_gets_a_true_answer_until_its_deadline() -> None:
    scene = Scene()
    scene.puts_in("P")
    scene.types("P")
    scene.swings(A02)
    later(scene, 1.9)
    scene.types("P")
    assert scene.screen() == Refused(Why.SPENT)
    later(scene, 0.2)
    assert scene.state.grants == {}


def test_ids_are_forgotten_when_their_message_would_be_too_old_anyway() -> None:
    scene = Scene()
    scene.hears(bundle(drop_off("P"), until_s=NOON_S + HOUR))
    later(scene, 0.01)
    assert len(scene.state.inbox) == 1
    later(scene, 0.1)
    assert scene.state.inbox == {}


def test_a_spent_group_is_forgotten_after_a_month_and_a_revoked_one_after_a_year() -> None:
    scene = Scene()
    scene.puts_in("P")
    scene.types("P")
    scene.swings(A02)
    scene.hears(revoke("Q"))
    later(scene, GROUP_KEEP_S / DAY + 1)
    assert set(scene.state.groups) == {group("Q")}
    later(scene, REVOKED_KEEP_S / DAY)
    assert scene.state.groups == {}


def test_a_revoked_parcel_that_is_forgotten_inside_does_not_open_again_by_itself() -> None:
    scene = Scene()
    scene.puts_in("P")
    scene.hears(revoke("P"))
    later(scene, 365)
    assert releases(scene.shows("P")) == []


def test_tidying_waits_an_hour_between_two_times() -> None:
    scene = Scene()
    scene.ticks()
    scene.hears(bundle(drop_off("P", until_s=NOON_S + 60)))
    scene.ticks(after_s=120)
    assert len(scene.state.grants) == 1
    scene.ticks(after_s=HOUR)
    assert scene.state.grants == {}


def test_a_clock_put_back_does_not_stop_the_tidying() -> None:
    scene = Scene()
    scene.ticks(after_s=10 * DAY)
    scene.ms -= 9 * DAY * 1000
    assert kinds(scene.hears(bundle(drop_off("P", until_s=NOON_S + 2 * DAY)))) == [GrantsAccepted]
    scene.ticks()
    tidied_at_s = scene.state.tidied_at_s
    assert tidied_at_s == scene.now().now_s
