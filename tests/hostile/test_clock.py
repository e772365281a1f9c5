"""A clock that is wrong, jumps, or knows nothing: recipients are served, and no late command is obeyed.

Each scenario is a whole boot of the real agent in virtual time; only the Pi's own clock lies.
"""

from collections.abc import Awaitable, Callable

import pytest

from contract.commands import REMOTE_OPEN_LIFE_S
from contract.events import CommandRefused, ParcelDroppedOff, ParcelPickedUp
from contract.state import TimeQuality
from tests.hostile.messages import acknowledgement, capability, code_of, put_in, remote_open, set_deadline
from tests.hostile.victim import START_S, Victim, play
from tests.survives import survived

ROW, SHOWN_BY = "Clock a day or ten years wrong", "tests/hostile/test_clock*.py"
DAY_S, TEN_YEARS_S = 86_400, 3_652 * 86_400
IN_1970_S = 5 - START_S
JUMPS = {
    "a day ahead": DAY_S,
    "a day back": -DAY_S,
    "ten years ahead": TEN_YEARS_S,
    "ten years back": -TEN_YEARS_S,
    "in 1970": IN_1970_S,
}
jumps = pytest.mark.parametrize("jump_s", JUMPS.values(), ids=JUMPS.keys())
synced = pytest.mark.parametrize("source", [True, False], ids=["a source that lies", "no source"])


async def everybody_is_served(victim: Victim, first: int) -> None:
    """Let a courier with a phone put two parcels in, and two recipients fetch them by code and by QR."""
    dropped, picked = len(victim.told(ParcelDroppedOff)), len(victim.told(ParcelPickedUp))
    await put_in(victim, first, first + 1)
    assert len(victim.told(ParcelDroppedOff)) == dropped + 2
    await recipients_are_served(victim, first)
    assert len(victim.told(ParcelPickedUp)) == picked + 2


async def recipients_are_served(victim: Victim, first: int) -> None:
    picked = len(victim.told(ParcelPickedUp))
    assert await victim.controller.enter_code(code_of(first)) == "accepted"
    await victim.pass_time(2)
    await victim.shut()
    await victim.shown(capability(victim, first + 1))
    await victim.shut()
    await victim.pass_time(2)
    assert len(victim.told(ParcelPickedUp)) == picked + 2


async def support_is_obeyed_in_time_and_never_late(victim: Victim) -> None:
    """See that support opens one door; with a source that lies ahead, not even that: what looks late stays shut."""
    await victim.pass_time(10)
    lies_ahead = victim.clock.synced and victim.clock.wrong_ms > 0
    released = len(victim.board.released)
    await victim.obeys(remote_open(victim))
    assert len(victim.board.released) == released + (not lies_ahead), "a true command in time"
    await victim.shut()
    released = len(victim.board.released) - 1
    held_back = remote_open(victim)
    await victim.obeys(set_deadline(victim))  # something of the cloud arrives; the opening is kept for later
    await victim.pass_time(REMOTE_OPEN_LIFE_S + 5)
    await victim.obeys(held_back)
    assert len(victim.board.released) == released + 1, "a command that was held back"
    assert victim.told(CommandRefused)[-1].reason == "expired"


def named(piece: str, scenario: Callable[[Victim], Awaitable[None]]) -> None:
    play(scenario)
    survived(ROW, piece, tried=1, broken=0, shown_by=SHOWN_BY)


@jumps
@synced
def test_the_clock_jumps_while_people_are_served(jump_s: int, source: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    async def scenario(victim: Victim) -> None:
        await victim.obeys(acknowledgement(victim))
        await put_in(victim, 1, 2)
        victim.clock.synced, victim.clock.wrong_ms = source, jump_s * 1000
        await victim.pass_time(30)
        await recipients_are_served(victim, 1)
        await support_is_obeyed_in_time_and_never_late(victim)
        if not source:
            await everybody_is_served(victim, 3)
        victim.clock.wrong_ms = 0
        await victim.pass_time(30)
        await everybody_is_served(victim, 5)
        await support_is_obeyed_in_time_and_never_late(victim)

    named(f"jump {jump_s} {source}", scenario)


@jumps
@synced
def test_the_power_comes_back_with_a_wrong_clock(jump_s: int, source: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    async def scenario(victim: Victim) -> None:
        await put_in(victim, 1, 2)
        await victim.power_off(for_s=3_600)
        victim.clock.synced, victim.clock.wrong_ms = source, jump_s * 1000
        await victim.power_on()
        await recipients_are_served(victim, 1)
        await victim.obeys(acknowledgement(victim))
        await support_is_obeyed_in_time_and_never_late(victim)

    named(f"boot {jump_s} {source}", scenario)


@jumps
def test_the_clock_is_wrong_and_what_was_known_of_the_time_is_lost(jump_s: int) -> None:
    async def scenario(victim: Victim) -> None:
        await put_in(victim, 1, 2)
        await victim.power_off()
        victim.disk.connection.execute("DELETE FROM meta WHERE name = 'time'")
        victim.clock.synced, victim.clock.wrong_ms = False, jump_s * 1000
        await victim.power_on()
        assert victim.presence().quality == TimeQuality.UNTRUSTED
        await recipients_are_served(victim, 1)
        await victim.obeys(acknowledgement(victim))
        await support_is_obeyed_in_time_and_never_late(victim)
        await everybody_is_served(victim, 3)

    named(f"floor lost {jump_s}", scenario)


@pytest.mark.long
def test_a_week_without_a_time_source_and_then_another_day() -> None:
    async def scenario(victim: Victim) -> None:
        victim.clock.synced = False
        for day in range(8):
            await everybody_is_served(victim, 10 * day + 1)
            await support_is_obeyed_in_time_and_never_late(victim)
            assert victim.presence().quality == (TimeQuality.HOLDOVER if day < 7 else TimeQuality.UNTRUSTED)
            await victim.pass_days(1)
            await victim.reboot_link()

    named("a week", scenario)


def test_a_locker_that_never_heard_a_clock_serves_from_its_first_boot() -> None:
    """Fresh from the factory, in 1970, no network time: a courier's phone is what tells the locker the time."""

    async def scenario(victim: Victim) -> None:
        await victim.power_off()
        victim.disk.connection.execute("DELETE FROM meta WHERE name = 'time'")
        victim.clock.synced, victim.clock.wrong_ms = False, IN_1970_S * 1000
        await victim.power_on()
        await everybody_is_served(victim, 1)
        await victim.reboot()
        await everybody_is_served(victim, 3)

    named("first boot", scenario)


@jumps
def test_a_broker_that_holds_everything_back_from_the_start_opens_nothing_late(jump_s: int) -> None:
    """No time source, no word of the cloud in this boot: only the time the machine has been running can tell."""

    async def scenario(victim: Victim) -> None:
        await victim.power_off(for_s=3_600)
        victim.clock.synced, victim.clock.wrong_ms = False, jump_s * 1000
        await victim.power_on()
        held_back = remote_open(victim)
        await victim.pass_time(REMOTE_OPEN_LIFE_S + 5)
        await victim.obeys(held_back)
        assert victim.board.released == []
        assert victim.told(CommandRefused)[-1].reason == "expired"
        await victim.obeys(remote_open(victim))
        assert len(victim.board.released) == 1

    named(f"held back from the start {jump_s}", scenario)
