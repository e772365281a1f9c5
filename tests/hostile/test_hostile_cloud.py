"""Whoever holds the cloud's signing key: no sequence of validly signed messages opens more than the limits allow.

In 2020 one attack opened 2,732 parcel lockers of one network at once (trust.md). The search below plays an attacker
who signs everything, pulls the plug and turns the clock, and always does what the locker allows as soon as it can.
"""

import random
from collections import deque

import pytest

from contract.commands import REMOTE_OPEN_GAP_S, REMOTE_OPENS_PER_HOUR_MAX, RemoteOpen
from contract.events import CommandAccepted, CommandRefused, ReleaseIntended
from contract.ids import LockerId
from contract.state import Configuration, Desired
from edge.locker_controller.limits import PICK_UPS_PER_MINUTE_MAX
from tests.hostile.messages import (
    EVERY_KIND,
    capability,
    courier_pass,
    desired,
    grants,
    now_s,
    put_in,
    set_deadline,
    set_service,
)
from tests.hostile.victim import DOORS, LOCKER, Victim, play
from tests.survives import survived

ROW = "A cloud in the wrong hands"
SHOWN_BY = "tests/hostile/test_hostile_cloud.py"
HOUR_S, DAY_S = 3_600, 86_400
FAR_S = 3_650 * DAY_S


def any_open(victim: Victim, chance: random.Random, issued_at: int) -> RemoteOpen:
    """Sign an opening that is right in everything the cloud can know."""
    counter = victim.next_counter()
    return RemoteOpen(
        LockerId(LOCKER), victim.fresh_id(), issued_at, issued_at + FAR_S, counter, victim.boot, chance.choice(DOORS)
    )


class Attacker:
    """Has the key, the plug and the clock, and notes when each door really opened."""

    def __init__(self, victim: Victim, seed: int) -> None:
        self.victim, self.chance = victim, random.Random(seed)
        self.opened_s: list[float] = []
        self.off_s = 0.0
        self.tried = 0

    async def opens(self) -> None:
        issued_at = now_s(self.victim) + self.chance.choice((0, 0, 5, HOUR_S, DAY_S, FAR_S // 2))
        before = len(self.victim.board.released)
        standing_open = "open" in self.victim.board.levels().values()
        await self.victim.obeys(any_open(self.victim, self.chance, issued_at))
        self.tried += 1
        fresh = len(self.victim.board.released) - before
        assert fresh <= 1
        assert not (fresh and standing_open), "one door at a time"
        self.opened_s += [self.victim.loop.time()] * fresh

    async def moves(self) -> None:
        """Do one thing that might wear a limit down."""
        victim, chance = self.victim, self.chance
        deed = chance.choice(("open", "open", "open", "other", "time", "reboot", "wait", "shut", "configure"))
        if deed == "open":
            await self.opens()
        elif deed == "other":
            await victim.obeys(chance.choice((grants, set_deadline, set_service, desired))(victim))
        elif deed == "time":
            victim.clock.wrong_ms = chance.choice((0, HOUR_S, DAY_S, FAR_S, -HOUR_S, -FAR_S)) * 1000
            victim.clock.synced = chance.random() < 0.7
            await victim.pass_time(chance.choice((0, 11)))
        elif deed == "reboot":
            await victim.reboot(for_s=chance.choice((0, 1, HOUR_S)))
        elif deed == "configure":
            wanted = Configuration(configuration_version=victim.next_counter(), door_left_open_s=10, confirm_s=5)
            await victim.obeys(Desired(LOCKER, victim.fresh_id(), now_s(victim), wanted))
        elif deed == "wait":
            await victim.pass_time(chance.choice((1, REMOTE_OPEN_GAP_S, 60, HOUR_S // 12)))
        if chance.random() < 0.8:
            await victim.shut()


def busiest(times_s: list[float], window_s: float) -> int:
    """Return the most that ever fell into a window of this length."""
    recent: deque[float] = deque()
    most = 0
    for at_s in times_s:
        recent.append(at_s)
        while at_s - recent[0] >= window_s:
            recent.popleft()
        most = max(most, len(recent))
    return most


@pytest.mark.parametrize("seed", range(12))
def test_no_sequence_of_signed_messages_reboots_and_wrong_clocks_opens_more_than_the_limits(seed: int) -> None:
    async def scenario(victim: Victim) -> None:
        await put_in(victim, *range(1, 4))
        attacker = Attacker(victim, seed)
        for _ in range(150):
            await attacker.moves()
        assert attacker.opened_s, "an attack that opens nothing shows nothing"
        assert busiest(attacker.opened_s, REMOTE_OPEN_GAP_S) == 1
        assert busiest(attacker.opened_s, HOUR_S) <= REMOTE_OPENS_PER_HOUR_MAX
        accounted = len(victim.told(CommandAccepted)) + len(victim.told(CommandRefused))
        assert accounted > 0
        survived(ROW, f"search {seed}", tried=attacker.tried, broken=0, shown_by=SHOWN_BY)

    play(scenario)


@pytest.mark.long
def test_a_whole_fleet_s_attack_opens_ten_doors_an_hour_here_whatever_it_signs() -> None:
    async def scenario(victim: Victim) -> None:
        for _ in range(2 * HOUR_S // 6):
            issued_at = now_s(victim)
            await victim.obeys(any_open(victim, victim.chance, issued_at + victim.counter * HOUR_S))
            await victim.shut()
        assert 2 * REMOTE_OPENS_PER_HOUR_MAX <= len(victim.board.released) <= 2 * REMOTE_OPENS_PER_HOUR_MAX + 1
        refused = [event.reason for event in victim.told(CommandRefused)]
        assert set(refused) <= {"too_many", "too_soon", "busy", "door_open"}

    play(scenario)
    survived(ROW, "fleet", tried=1_200, broken=0, shown_by=SHOWN_BY)


@pytest.mark.parametrize("kind", sorted(set(EVERY_KIND) - {"remote_open"}))
def test_nothing_else_the_cloud_can_sign_moves_a_lock(kind: str) -> None:
    async def scenario(victim: Victim) -> None:
        await put_in(victim, 1, 2)
        released = len(victim.board.released)
        for _ in range(50):
            await victim.obeys(EVERY_KIND[kind](victim))
        assert len(victim.board.released) == released
        assert all(event.purpose == "drop_off" for event in victim.told(ReleaseIntended))

    play(scenario)
    survived(ROW, kind, tried=50, broken=0, shown_by=SHOWN_BY)


def test_a_crew_with_a_stack_of_stolen_qr_codes_opens_no_more_a_minute_than_hands_could_empty() -> None:
    """Also across a pulled plug: what was opened in the last boot counts as opened now."""

    async def scenario(victim: Victim) -> None:
        numbers = range(1, 19)
        await put_in(victim, *numbers)
        await victim.pass_time(60)
        opened_s: list[float] = []
        for number in (*numbers, *numbers):
            before = len(victim.board.released)
            await victim.shown(capability(victim, number))
            opened_s += [victim.loop.time()] * (len(victim.board.released) - before)
            await victim.shut()
            if number == PICK_UPS_PER_MINUTE_MAX // 2:
                await victim.reboot()
        assert len(opened_s) > PICK_UPS_PER_MINUTE_MAX
        assert busiest(opened_s, 60) <= PICK_UPS_PER_MINUTE_MAX

    play(scenario)
    survived(ROW, "stack of codes", tried=36, broken=0, shown_by=SHOWN_BY)


def test_an_honest_rush_never_meets_that_limit() -> None:
    """Nobody fetches a parcel in less than ten seconds: show the code, wait, take it out, shut the door."""

    async def scenario(victim: Victim) -> None:
        numbers = range(1, 19)
        await put_in(victim, *numbers)
        await victim.pass_time(60)
        before = len(victim.board.released)
        for number in numbers:
            await victim.shown(capability(victim, number))
            await victim.pass_time(6)
            await victim.shut()
        assert len(victim.board.released) - before == len(numbers)

    play(scenario)


def test_a_courier_s_pass_signed_by_thieves_opens_one_door_at_a_time_and_only_with_the_parcel_s_label() -> None:
    async def scenario(victim: Victim) -> None:
        released = len(victim.board.released)
        await victim.shown(courier_pass(victim, *range(30, 44)))
        assert len(victim.board.released) == released

    play(scenario)
