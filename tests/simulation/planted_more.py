"""More planted bugs: those that a torn commit, a card put back, a bad wire or many doors to open bring to light."""

import asyncio
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from edge.locker_controller.effects import Decision
from edge.store.store import Acknowledged
from tests.simulation.planted import BUGS, Bug, Make, Patch, controller, store

bulk: Any = import_module("edge.locker_controller.bulk")
reports: Any = import_module("edge.uplink.reports")
uplink: Any = import_module("edge.uplink.uplink")
OFTEN_H = 2.0  # locker-hours between two orders to open many doors, for bugs that only these can show


def _two_commits() -> Sequence[Patch]:
    """Store the records of a decision, and then its entries."""
    real = store.Store.save

    async def save(self: Any, changes: Any, drafts: Any, time: Any = None) -> None:
        if changes and drafts:
            await real(self, changes, [], time)
            await real(self, (), drafts, time)
        else:
            await real(self, changes, drafts, time)

    return [(store.Store, "save", save)]


def _cloud_ahead_ignored() -> Sequence[Patch]:
    """Go on with a journal that is shorter than what the cloud has of it."""
    real = store.Store.acknowledge

    async def acknowledge(self: Any, through: Any) -> Acknowledged:
        outcome: Acknowledged = await real(self, through)
        return Acknowledged.STALE if outcome in (Acknowledged.AHEAD, Acknowledged.FORKED) else outcome

    return [(store.Store, "acknowledge", acknowledge)]


def _memory_of_before_believed() -> Sequence[Patch]:
    """Go on handing out what the card of before says, as if it were so."""
    return [(controller, "alarmed", lambda state, alarm: Decision(state, (alarm,)))]


def _said_once() -> Sequence[Patch]:
    async def never(_self: Any) -> None:
        await asyncio.get_running_loop().create_future()

    again = ((reports, name, reports.HEARTBEAT_S) for name in ("AGAIN_FIRST_S", "AGAIN_MAX_S"))
    return [(uplink.Uplink, "_repeat_birth", never), *again]


def _doors_go_on() -> Sequence[Patch]:
    """After a restart, open the rest of the doors."""
    return [(bulk, "start", lambda _draft: None)]


def _but(check: str, *ignored: str) -> Make:
    """Ask everything of an order but this."""
    real = getattr(bulk, check)

    def patches() -> Sequence[Patch]:
        def objection(*what: Any) -> Any:
            found = real(*what)
            return None if found is not None and found.value in ignored else found

        return [(bulk, check, objection)]

    return patches


ALL_BUGS = (
    *BUGS,
    Bug("a decision stored in two commits", _two_commits, seed=7),
    Bug("an acknowledgement beyond the journal ignored", _cloud_ahead_ignored, seed=10),
    Bug("a card of before believed", _memory_of_before_believed, seed=10),
    Bug("birth and picture said once", _said_once, seed=62),
    Bug("doors of an order go on after a restart", _doors_go_on, seed=3, visit_h=OFTEN_H),
    Bug("one operator's two keys count for two", _but("_badly_signed", "same_operator"), visit_h=OFTEN_H),
    Bug("one signature is enough", _but("_badly_signed", "undersigned"), visit_h=OFTEN_H),
    Bug("maintenance mode not asked for", _but("_in_the_way", "not_in_maintenance"), seed=4, visit_h=OFTEN_H),
)
