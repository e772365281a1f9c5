"""A counter's journal: kept by the cloud in its staff's stead, and recorded by the very path a locker's takes.

So a parcel at a counter goes through the same states by the same rules, and what was done there stands in a chained
record that nobody rewrites.
"""

from typing import Any

from cloud.services.ports import Act, UnitOfWork
from cloud.services.record_events import record_events
from contract.codec import encode
from contract.events import Entry, EventBatch, genesis_hash
from contract.ids import BootId, LockerId
from contract.state import TimeQuality

NO_BOOT = BootId(bytes(16))  # nothing was started: people work there


def journal(uow: UnitOfWork, act: Act, counter_id: str, *happened: Any) -> None:
    """Write down what happened at a counter just now, with everything that follows from it."""
    name = LockerId(counter_id)
    through, head = uow.log.heads((name,)).get(name) or (0, genesis_hash(name))
    at_ms = int(act.now.timestamp() * 1000)
    entries = tuple(
        encode(Entry(through + number, at_ms, TimeQuality.SYNCED, NO_BOOT, event))
        for number, event in enumerate(happened, start=1)
    )
    (recorded,) = record_events(uow, act, [EventBatch(name, through + 1, head, entries)])
    assert recorded.added == len(entries)  # noqa: S101 - nobody else writes this journal, and writers take turns
