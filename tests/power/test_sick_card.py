"""The card refuses to write: full, read-only or failing, from any commit on, and well again later.

The agent says so on its screen and in its journal, moves no lock on an intent it could not store, and carries on by
itself when the card does.
"""

import asyncio

import pytest

from edge.locker_controller.screens import OutOfOrder
from edge.store.errors import StoreFact
from tests.power.forks import alone, stage
from tests.power.rig import Rig, Scenario
from tests.power.scenarios import FIRST_DAY, SCENARIOS
from tests.survives import survived

ROW = "Disk full, read-only or failing from any commit on"
SHOWN_BY = "tests/power/test_sick_card.py"
SICK_S = 20.0
FACTS = (StoreFact.DISK_FULL, StoreFact.READ_ONLY, StoreFact.IO_FAILED)
TRIED = ("drop-off", "pick-up", "collection", "remote open", "lockout", "jam")
COMMITS_MAX = 400


class _Falling:
    """Makes a card sick at its ``number``-th commit from now, and well after ``SICK_S``."""

    def __init__(self, rig: Rig, number: int, fact: StoreFact) -> None:
        self.rig, self.left, self.fact = rig, number, fact
        self.fell = False
        self.shown: set[str] = set()

    async def watch(self) -> None:
        """Count the commits; while it is sick, see that the screen says what is wrong and no lock moves."""
        card, ledger = self.rig.site.card, self.rig.site.ledger
        seen = len(ledger.raws)
        while len(ledger.raws) < seen + self.left:  # noqa: ASYNC110 - virtual time is what is waited for
            await asyncio.sleep(0.05)
        card.sick, self.fell = self.fact, True
        for _ in range(int(SICK_S)):
            await asyncio.sleep(1)
            self.rig.site.stir()
            shown = self.rig.site.screen()
            self.shown |= {shown.reason} if isinstance(shown, OutOfOrder) else set()
        card.sick = None
        self.rig.site.stir()


async def _acted(rig: Rig, scenario: Scenario, number: int, fact: StoreFact) -> str:
    falling = _Falling(rig, number, fact)
    watch = rig.loop.create_task(falling.watch())
    await scenario.act(rig)
    if not falling.fell:
        watch.cancel()
        return "over"
    await watch
    await rig.until(lambda: not isinstance(rig.site.screen(), OutOfOrder), 30)
    await rig.agree()
    ended = scenario.goal(rig)
    rig.auditor.final()
    assert falling.shown <= {str(fact)}, falling.shown
    if falling.shown:
        assert rig.site.ledger.events["AlarmRaised"], "the screen said it and the journal does not"
    return ended


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", TRIED)
def test_a_card_that_refuses_at_any_commit_costs_no_promise(name: str) -> None:
    tried = 0
    with stage(SCENARIOS[name], FIRST_DAY) as rig:
        for number in range(COMMITS_MAX):
            fact = FACTS[number % len(FACTS)]
            outcome = alone(rig, lambda: _acted(rig, SCENARIOS[name], number, fact))  # noqa: B023 - done within the turn
            assert outcome.violations == (), f"{name}, {fact} after entry {number}: {outcome.violations}"
            if outcome.ended == "over":
                break
            tried += 1
    assert tried > 3
    survived(ROW, name, tried=tried, broken=0, shown_by=SHOWN_BY)
