from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cloud.domain.closings import (
    AHEAD_MAX,
    closed_on,
    days_off,
    last_chance,
    open_again_on,
    usual,
    with_days_off,
)
from cloud.domain.errors import InvalidError
from cloud.domain.opening_hours import is_open, normal

ZONE = "Europe/Warsaw"
WARSAW = ZoneInfo(ZONE)
SHOP = "Mo-Fr 10:00-19:00; Sa 10:00-14:00"
TODAY = date(2026, 11, 23)  # a Monday


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=WARSAW).astimezone(UTC)


def test_a_closing_shuts_one_day_and_no_other() -> None:
    hours = closed_on(SHOP, date(2026, 11, 24), TODAY)

    assert hours == SHOP + "; 2026 Nov 24 off"
    assert normal(hours) == hours
    assert not is_open(hours, ZONE, at(24, 12))
    assert is_open(hours, ZONE, at(23, 12))
    assert is_open(hours, ZONE, at(25, 12))


def test_a_shop_that_never_closes_can_have_a_day_off() -> None:
    hours = closed_on("24/7", date(2026, 12, 1), TODAY)

    assert not is_open(hours, ZONE, datetime(2026, 12, 1, 12, tzinfo=WARSAW))
    assert is_open(hours, ZONE, datetime(2026, 12, 2, 12, tzinfo=WARSAW))


def test_closing_twice_is_closing_once_and_opening_again_takes_it_back() -> None:
    once = closed_on(SHOP, TODAY, TODAY)
    twice = closed_on(once, TODAY, TODAY)

    assert twice == once
    assert open_again_on(twice, TODAY, TODAY) == SHOP
    assert usual(twice) == SHOP


def test_days_that_have_passed_are_forgotten_with_the_next_change() -> None:
    old = with_days_off(SHOP, (date(2026, 11, 20), date(2026, 11, 25)))

    assert days_off(closed_on(old, date(2026, 11, 24), TODAY)) == (date(2026, 11, 24), date(2026, 11, 25))
    assert days_off(open_again_on(old, date(2026, 11, 24), TODAY)) == (date(2026, 11, 25),)


@pytest.mark.parametrize("day", [TODAY - timedelta(days=1), TODAY + AHEAD_MAX + timedelta(days=1)])
def test_a_closing_in_the_past_or_far_away_is_refused(day: date) -> None:
    with pytest.raises(InvalidError, match="next 30 days"):
        closed_on(SHOP, day, TODAY)


def test_more_closings_than_opening_hours_can_hold_are_refused() -> None:
    with pytest.raises(InvalidError, match="do not fit"):
        with_days_off(SHOP, tuple(TODAY + timedelta(days=one) for one in range(20)))


def test_a_deadline_while_it_is_open_stays() -> None:
    assert last_chance(SHOP, ZONE, at(24, 12)) == at(24, 12)
    assert last_chance("24/7", ZONE, at(22, 3)) == at(22, 3)


def test_a_deadline_at_night_moves_to_the_end_of_the_next_opening() -> None:
    assert last_chance(SHOP, ZONE, at(24, 2, 30)) == at(24, 19)
    assert last_chance(SHOP, ZONE, at(24, 19)) == at(25, 19)  # at closing time the door is shut


def test_a_deadline_on_a_closed_sunday_moves_to_the_end_of_monday() -> None:
    assert last_chance(SHOP, ZONE, at(22, 12)) == at(23, 19)


def test_a_deadline_on_a_single_day_off_moves_behind_it() -> None:
    assert last_chance(closed_on(SHOP, date(2026, 11, 24), TODAY), ZONE, at(24, 12)) == at(25, 19)


def test_a_shop_that_does_not_open_again_keeps_nobody_waiting() -> None:
    assert last_chance("2026 Nov 1-2 10:00-12:00", ZONE, at(24, 12)) == at(24, 12)
