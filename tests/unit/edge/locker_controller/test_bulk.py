"""Many doors by one order: what two operators and somebody at the site can open, and everything that cannot."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from contract.bulk import BULK_DOORS_MAX, BULK_LIFE_S, MAINTENANCE_S, OpenMany
from contract.commands import RefusalReason
from contract.events import (
    BulkEnded,
    CommandAccepted,
    CommandRefused,
    DoorOpened,
    MessageRefused,
    ReleaseIntended,
)
from contract.ids import LockerId
from edge.locker_controller.effects import PublishState
from edge.locker_controller.inputs import Answer
from edge.locker_controller.limits import BULK_AHEAD_S_MAX, BULK_ORDERS_PER_DAY_MAX
from edge.locker_controller.screens import RemoteOpening, ServiceHome
from tests.unit.edge.locker_controller.builders import (
    A01,
    A02,
    A03,
    A04,
    DAY,
    NOON_S,
    OPEN,
    boot_id,
    name,
    only,
    parcel,
    releases,
    remote_open,
)
from tests.unit.edge.locker_controller.bulk_scene import ANNA, BEN, CARO, MALLORY, Site, open_many, order

GAP_S = 5


def maintained() -> Site:
    return Site().is_maintained()


def refusal(site: Site, command: OpenMany) -> str:
    """Return why a command was refused, having checked that no lock moved."""
    decision = site.hears(command)
    assert releases(decision) == []
    (event,) = decision.events
    assert isinstance(event, CommandRefused | MessageRefused)
    assert releases(site.ticks(after_s=60)) == []
    return event.reason


def test_the_doors_of_an_order_open_one_after_the_other_each_once_the_one_before_is_shut() -> None:
    site = Site()
    site.puts_in("P")
    site.is_maintained()
    site.journal.clear()
    decision = site.hears(open_many(order(labels=(A02, A03)), ANNA, BEN))
    assert decision.events == (
        CommandAccepted(name("order 1")),
        ReleaseIntended(site.intent, A02, "remote", parcel("P")),
    )
    assert decision.cause == name("order 1")
    assert site.screen() == RemoteOpening(A02, door_open=False, left=1)
    site.lock_answers()
    assert site.door_opens(A02).events == (DoorOpened(A02, site.intent, name("order 1")),)
    assert releases(site.ticks(after_s=GAP_S)) == []  # the door before is still open
    site.door_closes(A02)
    (released,) = releases(site.ticks())
    assert released == A03
    site.swings(A03)
    ended = only(site.ticks(after_s=GAP_S), BulkEnded)
    assert ended == BulkEnded(name("order 1"), 2, (), "done")
    assert site.inside() == {A02: parcel("P")}


def test_there_is_a_moment_between_two_doors_however_quickly_they_are_shut() -> None:
    site = maintained()
    site.hears(open_many(order(), ANNA, BEN))
    site.swings(A01)
    assert releases(site.ticks(after_s=GAP_S - 1)) == []
    assert site.screen() == ServiceHome(maintenance=True, seconds_left=MAINTENANCE_S - GAP_S + 1, online=False, left=2)
    assert releases(site.ticks(after_s=1)) == [A02]


def test_a_door_whose_lock_answers_late_is_waited_for() -> None:
    site = maintained()
    site.hears(open_many(order(), ANNA, BEN))
    site.ticks(after_s=GAP_S)
    assert site.state.pulse is not None
    assert site.state.bulk.run is not None
    assert site.state.bulk.run.left == (A02, A03)


FORGED: tuple[tuple[str, Callable[[], OpenMany], str], ...] = (
    ("one signature", lambda: open_many(order(), ANNA), RefusalReason.UNDERSIGNED),
    ("three signatures", lambda: open_many(order(), ANNA, BEN, CARO), RefusalReason.UNDERSIGNED),
    ("one key twice", lambda: open_many(order(), ANNA, ANNA), RefusalReason.SAME_OPERATOR),
    ("two keys of one operator", lambda: open_many(order(), ANNA, CARO), RefusalReason.SAME_OPERATOR),
    ("an unknown key", lambda: open_many(order(), ANNA, MALLORY), RefusalReason.UNKNOWN_OPERATOR),
    (
        "another list under the same signatures",
        lambda: replace(open_many(order(), ANNA, BEN), order=open_many(order(labels=(A04,)), ANNA, BEN).order),
        RefusalReason.BAD_SIGNATURE,
    ),
    ("no text of an order", lambda: replace(open_many(order(), ANNA, BEN), order=b"{}"), RefusalReason.MALFORMED),
    (
        "another id",
        lambda: replace(open_many(order(), ANNA, BEN), id=open_many(order(2), ANNA, BEN).id),
        RefusalReason.MALFORMED,
    ),
    (
        "an order for another locker",
        lambda: open_many(order(locker=LockerId("WAW-02")), ANNA, BEN),
        RefusalReason.WRONG_LOCKER,
    ),
    ("an order of another boot", lambda: open_many(order(boot=boot_id(0).hex()), ANNA, BEN), RefusalReason.WRONG_BOOT),
    ("an order that is over", lambda: open_many(order(expires_at=NOON_S), ANNA, BEN), RefusalReason.EXPIRED),
    (
        "an order that is over by the locker's own clock",
        lambda: open_many(order(until_uptime_ms=1), ANNA, BEN),
        RefusalReason.EXPIRED,
    ),
    (
        "an order without an end on the locker's own clock",
        lambda: open_many(order(until_uptime_ms=0), ANNA, BEN),
        RefusalReason.EXPIRED,
    ),
    (
        "an order that would be good for hours on the locker's own clock",
        lambda: open_many(order(until_uptime_ms=5_000 + (BULK_AHEAD_S_MAX + 1) * 1000), ANNA, BEN),
        RefusalReason.LIMIT_REACHED,
    ),
    ("an order of before", lambda: open_many(order(counter=0), ANNA, BEN), RefusalReason.COUNTER_TOO_LOW),
    ("an empty order", lambda: open_many(order(labels=()), ANNA, BEN), RefusalReason.LIMIT_REACHED),
    ("one door twice", lambda: open_many(order(labels=(A01, A01)), ANNA, BEN), RefusalReason.LIMIT_REACHED),
    (
        "more doors than one visit has time for",
        lambda: open_many(order(labels=[f"B{n}" for n in range(BULK_DOORS_MAX + 1)]), ANNA, BEN),
        RefusalReason.LIMIT_REACHED,
    ),
    (
        "a door that is not there",
        lambda: open_many(order(labels=("Z9",)), ANNA, BEN),
        RefusalReason.UNKNOWN_COMPARTMENT,
    ),
)


@pytest.mark.parametrize(("forged", "reason"), [one[1:] for one in FORGED], ids=[one[0] for one in FORGED])
def test_an_order_that_is_wrong_in_one_thing_opens_nothing(forged: Callable[[], OpenMany], reason: str) -> None:
    assert refusal(maintained(), forged()) == reason


def test_an_order_that_was_kept_back_ends_also_on_a_clock_that_is_a_year_late() -> None:
    site = maintained()
    site.wall_leap_s = -365 * DAY
    kept_back = open_many(order(until_uptime_ms=site.ms + BULK_LIFE_S * 1000), ANNA, BEN)
    site.ticks(after_s=BULK_LIFE_S + 1)
    assert refusal(site, kept_back) == RefusalReason.EXPIRED


def test_an_order_of_before_the_restart_is_answered_with_the_present_boot() -> None:
    site = maintained()
    decision = site.hears(open_many(order(boot=boot_id(0).hex()), ANNA, BEN))
    assert PublishState() in decision.effects


def test_without_somebody_at_the_site_two_signatures_open_nothing() -> None:
    assert refusal(Site(), open_many(order(), ANNA, BEN)) == RefusalReason.NOT_IN_MAINTENANCE


def test_an_order_is_good_once_even_if_it_was_refused() -> None:
    site = Site()
    refusal(site, open_many(order(), ANNA, BEN))
    site.is_maintained()
    assert refusal(site, open_many(order(), ANNA, BEN)) == RefusalReason.REPLAYED


def test_an_order_whose_id_was_crowded_out_of_memory_is_still_not_repeated() -> None:
    site = maintained()
    site.hears(open_many(order(labels=(A01,)), ANNA, BEN))
    site.swings(A01)
    site.ticks(after_s=GAP_S)
    site.state = replace(site.state, inbox={})
    assert refusal(site, open_many(order(labels=(A01,)), ANNA, BEN)) == RefusalReason.COUNTER_TOO_LOW


def test_while_an_order_is_carried_out_no_other_command_opens_a_door() -> None:
    site = maintained()
    site.hears(open_many(order(), ANNA, BEN))
    site.swings(A01)
    assert only(site.hears(open_many(order(2), ANNA, BEN)), CommandRefused).reason == RefusalReason.BUSY
    assert only(site.hears(remote_open(A04)), CommandRefused).reason == RefusalReason.BUSY


def test_an_open_door_is_shut_before_an_order_begins() -> None:
    site = maintained()
    site.door_opens(A04)
    assert only(site.hears(open_many(order(), ANNA, BEN)), CommandRefused).reason == RefusalReason.DOOR_OPEN


def test_orders_are_counted_for_a_day_and_a_power_cut_forgives_none() -> None:
    site = maintained()
    for number in range(1, BULK_ORDERS_PER_DAY_MAX + 1):
        site.hears(open_many(order(number, labels=(A01,)), ANNA, BEN))
        site.swings(A01)
        site.ticks(after_s=GAP_S)
    assert len(site.state.bulk.orders_ms) == BULK_ORDERS_PER_DAY_MAX
    site.restarts()
    site.is_maintained()
    later: dict[str, Any] = {"boot": boot_id(2).hex(), "labels": (A01,)}
    assert refusal(site, open_many(order(8, **later), ANNA, BEN)) == RefusalReason.TOO_MANY
    site.ticks(after_s=DAY)
    assert site.state.bulk.orders_ms == ()


@pytest.mark.parametrize("tapped", [Answer.MAINTENANCE_OFF, Answer.SIGN_OUT])
def test_whoever_stands_there_stops_the_rest_by_a_tap(tapped: Answer) -> None:
    site = maintained()
    site.hears(open_many(order(), ANNA, BEN))
    site.lock_answers()
    site.door_opens(A01)
    assert only(site.taps(tapped), BulkEnded) == BulkEnded(name("order 1"), 1, (A02, A03), "maintenance_ended")
    site.door_closes(A01)
    assert releases(site.ticks(after_s=60)) == []


def test_the_rest_is_not_opened_once_maintenance_has_run_out() -> None:
    site = maintained()
    site.hears(open_many(order(), ANNA, BEN))
    site.lock_answers()
    site.door_opens(A01)
    assert only(site.ticks(after_s=MAINTENANCE_S), BulkEnded).left == (A02, A03)
    site.door_closes(A01)
    assert releases(site.ticks(after_s=60)) == []


def test_after_a_power_cut_the_journal_says_what_was_not_opened_and_nothing_goes_on() -> None:
    site = maintained()
    site.hears(open_many(order(), ANNA, BEN))
    site.swings(A01)
    assert only(site.restarts(), BulkEnded) == BulkEnded(name("order 1"), 1, (A02, A03), "restarted")
    assert site.state.in_maintenance is False
    assert releases(site.ticks(after_s=60)) == []


def test_a_door_that_does_not_open_holds_up_none_of_the_others() -> None:
    site = maintained()
    site.hears(open_many(order(), ANNA, BEN))
    site.stays_shut()
    assert releases(site.ticks(after_s=60)) == [A02]


def test_a_sensor_that_says_open_for_ever_is_not_waited_for() -> None:
    site = maintained()
    site.hears(open_many(order(), ANNA, BEN))
    site.swings(A01)
    site.state = replace(
        site.state, compartments={**site.state.compartments, A04: replace(site.state.compartments[A04], suspect=True)}
    )
    site.senses(A04, OPEN)
    assert releases(site.ticks(after_s=GAP_S)) == [A02]


def test_the_numbers_leave_room_for_one_another() -> None:
    assert BULK_LIFE_S < MAINTENANCE_S
    assert BULK_DOORS_MAX * GAP_S < MAINTENANCE_S
