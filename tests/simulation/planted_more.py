"""More planted bugs: those that a torn commit, a card put back, a bad wire or many doors to open bring to light."""

import asyncio
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import msgspec

from edge.locker_controller.effects import Decision
from edge.locker_controller.state import Technician
from edge.store.store import Acknowledged
from tests.simulation.planted import BUGS, Bug, Make, Patch, _forgets, controller, reconcile, store

bulk, operators, persist, technician = (
    import_module(f"edge.locker_controller.{name}") for name in ("bulk", "operators", "persist", "technician")
)
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


def _maintenance_kept() -> Sequence[Patch]:
    """Keep who is signed in over a restart, as sessions elsewhere are."""
    real = reconcile.start

    def start(draft: Any, given: Any) -> None:
        here = draft.state.technician
        real(draft, given)
        draft.put(technician=here)

    kept = {**persist._SINGLES, "technician": Technician}
    decoder = msgspec.msgpack.Decoder(Technician)
    return [
        (reconcile, "start", start),
        (persist, "_SINGLES", kept),
        (persist, "_DECODERS", {**persist._DECODERS, "technician": decoder}),
    ]


def _maintenance_without_end() -> Sequence[Patch]:
    return [(technician, "expire", lambda _draft: None)]


def _a_door_too_many() -> Sequence[Patch]:
    """Open the door after the last of the order's, too."""
    real = bulk.read_order

    def read_order(raw: bytes) -> Any:
        order = real(raw)
        beside = f"{order.compartments[-1][:-1]}{int(order.compartments[-1][-1]) % 4 + 1}"
        return msgspec.structs.replace(order, compartments=tuple(dict.fromkeys((*order.compartments, beside))))

    return [(bulk, "read_order", read_order)]


def _lists_add_up() -> Sequence[Patch]:
    """Believe every key that was ever listed."""
    real = operators._pin

    def pin(draft: Any, statement: Any) -> bool:
        before = draft.state.operators.keys
        is_list: bool = real(draft, statement)
        book = draft.state.operators
        draft.put(operators=msgspec.structs.replace(book, keys=tuple(dict.fromkeys((*before, *book.keys)))))
        return is_list

    return [(operators, "_pin", pin)]


def _first_list_for_ever() -> Sequence[Patch]:
    real = operators._pin

    def pin(draft: Any, statement: Any) -> bool:
        return bool(draft.state.operators.number or real(draft, statement))

    return [(operators, "_pin", pin)]


ALL_BUGS = (
    *BUGS,
    Bug("a decision stored in two commits", _two_commits, seed=7),
    Bug("an acknowledgement beyond the journal ignored", _cloud_ahead_ignored, seed=10),
    Bug("a card of before believed", _memory_of_before_believed, seed=10),
    Bug("birth and picture said once", _said_once, seed=87),
    Bug("doors of an order go on after a restart", _doors_go_on, seed=5, visit_h=OFTEN_H),
    Bug("one operator's two keys count for two", _but("_badly_signed", "same_operator"), seed=8, visit_h=OFTEN_H),
    Bug("one signature is enough", _but("_badly_signed", "undersigned"), seed=20, visit_h=OFTEN_H),
    Bug("maintenance mode not asked for", _but("_in_the_way", "not_in_maintenance"), seed=6, visit_h=OFTEN_H),
    Bug("maintenance mode kept over a restart", _maintenance_kept, seed=6, visit_h=OFTEN_H),
    Bug("maintenance mode without an end", _maintenance_without_end, seed=4, visit_h=OFTEN_H),
    Bug("a door more than the order names", _a_door_too_many, seed=4, visit_h=OFTEN_H),
    Bug("the signatures of an order not looked at", _but("_badly_signed", "bad_signature"), seed=4, visit_h=OFTEN_H),
    Bug("a revoked operator's key still counts", _lists_add_up, seed=18, visit_h=OFTEN_H),
    Bug("a newer list of operators ignored", _first_list_for_ever, seed=6, visit_h=OFTEN_H),
    Bug("the end of an order ignored", _but("_forged", "expired"), seed=4, visit_h=OFTEN_H),
    Bug("orders kept in memory", _forgets("bulk"), seed=11, visit_h=OFTEN_H),
)
