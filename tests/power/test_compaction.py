"""Old entries leave the card in the transaction that notes an acknowledgement; the power goes at each of its moments.

A card keeps ten thousand entries before the first goes. Here it keeps twenty, so that some go with every
acknowledgement; nothing else is different.
"""

from collections import Counter
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import pytest

from cloud.services.records_ops import Alarm
from edge.store import statements
from edge.store.ports import Statement
from tests.power.explaining import explained
from tests.power.forks import run, single_cuts, stage
from tests.power.rig import Rig, Scenario
from tests.power.scenarios import FIRST_DAY, a_parcel_inside, fetched, in_hand
from tests.simulation.mutants import planted
from tests.simulation.planted import Bug, Patch
from tests.survives import survived

ROW = "Power cut while old journal entries are dropped"
SHOWN_BY = "tests/power/test_compaction.py"
KEPT, SLACK = 20, 3


def compacted(rig: Rig) -> str:
    """See that entries have gone, that the rest hangs together, and that the cloud has all of them."""
    ended = in_hand(rig)
    boot = rig.site.boot
    assert boot is not None
    store: Any = boot.agent.store
    gone, through = store._base.sequence, store.acknowledged.sequence
    assert through - KEPT - SLACK <= gone <= through - KEPT, (gone, through)
    assert store.damages == ()
    assert len(rig.office.entries(rig.site.id, 1, 1 << 40)) >= through
    assert rig.count(Alarm, locker_id=rig.site.id, kind="journal_damaged") == 0
    return ended


COMPACTION = Scenario("compaction", a_parcel_inside, fetched, compacted)


def _keeps_twenty() -> Sequence[Patch]:
    store: Any = import_module("edge.store.store")
    return [(store, "AUDIT_ENTRIES_KEPT", KEPT), (store, "PRUNE_SLACK", SLACK)]


def _drops_ahead() -> Sequence[Patch]:
    store: Any = import_module("edge.store.store")

    def prune(base: Any) -> list[Statement]:
        return [] if base is None else [statements.forget_through(base.sequence + KEPT + SLACK)]

    return [*_keeps_twenty(), (store, "_prune", prune)]


SMALL = Bug("a card that keeps twenty entries", _keeps_twenty)
AHEAD = Bug("entries are dropped that the cloud does not have", _drops_ahead)


@pytest.mark.long
@pytest.mark.timeout(300)
def test_nothing_is_lost_while_old_entries_are_dropped() -> None:
    with planted(SMALL), stage(COMPACTION, FIRST_DAY) as rig:
        calm = run(rig, COMPACTION, ())
        assert (calm.violations, calm.moments) == ((), ())
        spots = Counter[str]()
        for tried, outcome in single_cuts(rig, COMPACTION):
            assert outcome.violations == (), explained(COMPACTION, (tried,), outcome)
            spots.update(outcome.moments)
    assert {"before the commit", "after the commit", "before a publish", "after a publish"} <= set(spots)
    survived(ROW, "compaction", tried=spots.total(), broken=0, shown_by=SHOWN_BY)


@pytest.mark.long
@pytest.mark.timeout(300)
def test_a_card_that_drops_too_much_is_found() -> None:
    with planted(AHEAD), stage(COMPACTION, FIRST_DAY) as rig:
        assert any(outcome.violations for _, outcome in single_cuts(rig, COMPACTION))
