"""The loop of worlds: order, cancelling, and what becomes of an error that no task keeps."""

import asyncio
from typing import Any

import pytest

from firmware_sim.world.virtual_time import StalledError, VirtualLoop


@pytest.fixture
def loop() -> Any:
    made = VirtualLoop()
    yield made
    made.close()


def test_what_is_due_together_runs_in_the_order_in_which_it_was_made(loop: VirtualLoop) -> None:
    ran: list[object] = []
    for name in "abc":
        loop.call_at(5, ran.append, name)
    loop.call_at(1, ran.append, "first")
    loop.call_soon_threadsafe(ran.append, "at once")

    loop.run_until_complete(asyncio.sleep(5))

    assert ran == ["at once", "first", "a", "b", "c"]
    assert loop.now_ms == 5_000


def test_what_is_cancelled_does_not_run(loop: VirtualLoop) -> None:
    ran: list[object] = []
    timer, soon = loop.call_later(2, ran.append, "timer"), loop.call_soon(ran.append, "soon")
    due_s = timer.when()
    timer.cancel()
    soon.cancel()

    loop.run_until_complete(asyncio.sleep(3))

    assert ran == []
    assert timer.cancelled()
    assert due_s == 2


def test_an_error_that_no_task_keeps_comes_out_as_what_it_is(loop: VirtualLoop) -> None:
    loop.call_later(1, int, "no number")

    with pytest.raises(ValueError, match="no number"):
        loop.run_until_complete(asyncio.sleep(2))


def test_a_loop_for_which_nothing_will_ever_happen_says_so(loop: VirtualLoop) -> None:
    with pytest.raises(StalledError):
        loop.run_until_complete(loop.create_future())
