"""From one prepared locker to a thousand ends: every run is a forked copy of the process, cut at another moment.

The copy begins with everything as it was, card and cloud and loop, so preparing a scenario is paid for once.
"""

import asyncio
import gc
import logging
import os
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from tests.power.rig import Rig, Scenario, acted, prepared

Play = Callable[[], Coroutine[Any, Any, str]]
MOMENTS_MAX = 1_000  # a scenario with more has no end
FIRST_DAY = 2  # parcels that came and went before: the locker is not new, and the cloud's statements are compiled


class Outcome(msgspec.Struct, frozen=True):
    """How one run went. ``moments`` names the moments at which the power was cut, in order."""

    ended: str
    moments: tuple[str, ...]
    violations: tuple[str, ...]
    story: tuple[str, ...]


@contextmanager
def stage(scenario: Scenario, first_day: Scenario) -> Iterator[Rig]:
    """Prepare a locker that has already seen ``first_day`` for a scenario."""
    logging.disable(logging.CRITICAL)
    rig = Rig()
    try:
        asyncio.set_event_loop(rig.loop)
        rig.loop.run_until_complete(rig.start())
        for _ in range(FIRST_DAY):
            rig.loop.run_until_complete(prepared(rig, first_day))
            rig.loop.run_until_complete(acted(rig, first_day, ()))
        rig.loop.run_until_complete(prepared(rig, scenario))
        yield rig
    finally:
        rig.loop.run_until_complete(_end(rig))
        asyncio.set_event_loop(None)
        rig.loop.close()
        logging.disable(logging.NOTSET)


def run(rig: Rig, scenario: Scenario, cuts: tuple[int, ...]) -> Outcome:
    """Play a scenario in a copy of this process, with the power cut at these moments."""
    return alone(rig, lambda: acted(rig, scenario, cuts))


def alone(rig: Rig, play: Play) -> Outcome:
    """Play in a copy of this process; here nothing has happened."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _in_the_copy(rig, play, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    return msgspec.msgpack.decode(told, type=Outcome)


def _in_the_copy(rig: Rig, play: Play, writing: int) -> None:
    """Play, tell and end without unwinding anything that belongs to the process that was copied."""
    gc.disable()
    try:
        outcome = _played(rig, play)
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(msgspec.msgpack.encode(outcome))
    finally:
        os._exit(0)


def _played(rig: Rig, play: Play) -> Outcome:
    try:
        ended = rig.loop.run_until_complete(play())
    except Exception as error:  # noqa: BLE001 - whatever went wrong in the copy is the run's result
        rig.chronicle.violated(0, f"{type(error).__name__}: {error}")
        ended = "failed"
    violations = tuple(f"{one.invariant}: {one.what}" for one in rig.chronicle.violations)
    return Outcome(ended, rig.moments, violations, tuple(rig.story))


def single_cuts(rig: Rig, scenario: Scenario) -> Iterator[tuple[int, Outcome]]:
    """Cut at every moment there is, the first to the last."""
    for moment in range(1, MOMENTS_MAX):
        outcome = run(rig, scenario, (moment,))
        if not outcome.moments:
            return
        yield moment, outcome


def second_cuts(rig: Rig, scenario: Scenario, first: int, every: int = 1) -> Iterator[tuple[tuple[int, int], Outcome]]:
    """Cut at ``first`` and once more at every (or every n-th) moment of the boot that follows."""
    for moment in range(1, MOMENTS_MAX, every):
        outcome = run(rig, scenario, (first, moment))
        if len(outcome.moments) < 2:
            return
        yield (first, moment), outcome


async def _end(rig: Rig) -> None:
    rig.site.power_off()
    rig.office.stop()
    rest = sorted(asyncio.all_tasks(rig.loop) - {asyncio.current_task(rig.loop)}, key=hash)
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
