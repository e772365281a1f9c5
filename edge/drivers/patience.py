"""A release that waits for a coil's rest, so that a courier who comes back to a door at once is not turned away."""

import asyncio

from contract.ids import CompartmentLabel
from edge.drivers.errors import BoardError, PulseRefusedError
from edge.drivers.ports import LockBoard

WAIT_MS_MAX = 2_000  # a coil rests a second or two; nobody stands before a door longer than that


async def release(locks: LockBoard, label: CompartmentLabel) -> str | None:
    """Pulse one lock once; return why not.

    A refused pulse has energised nothing, so trying once more after the wait is safe. A board's error may have moved
    the hook: that is never tried again here.
    """
    try:
        wait_ms = await _refused_for_ms(locks, label)
        if wait_ms is not None:
            await asyncio.sleep(wait_ms / 1000)
            await locks.release(label)
    except PulseRefusedError as refused:
        return refused.reason
    except BoardError as error:
        return error.fact
    return None


async def _refused_for_ms(locks: LockBoard, label: CompartmentLabel) -> int | None:
    """Pulse; return the wait when only that stands between us and a pulse, ``None`` when it was given."""
    try:
        await locks.release(label)
    except PulseRefusedError as refused:
        if refused.wait_ms is None or refused.wait_ms > WAIT_MS_MAX:
            raise
        return refused.wait_ms
    return None
