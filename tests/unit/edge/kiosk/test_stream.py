import asyncio
from collections.abc import AsyncIterator

import pytest

from contract.ids import CompartmentLabel
from edge.kiosk.fake import FakeLocker
from edge.kiosk.stream import PING, as_events
from edge.locker_controller.screens import DroppedOff, Idle, Screen

A07 = CompartmentLabel("A07")
NEVER_S = 3600.0


async def test_the_first_event_is_the_screen_of_now() -> None:
    locker, end = FakeLocker(), asyncio.Event()
    events = as_events(locker.watch(), [end.wait()], NEVER_S)

    said = b'{"kind":"idle","online":true,"full":false,"opened":false,"anew":false}'
    assert await anext(events) == b"event: screen\ndata: " + said + b"\n\n"
    await events.aclose()


async def test_a_page_that_reads_slowly_gets_the_newest_screen_only() -> None:
    locker, end = FakeLocker(), asyncio.Event()
    events = as_events(locker.watch(), [end.wait()], NEVER_S)
    await anext(events)

    for screen in (Idle(online=False, full=False), Idle(online=False, full=True), DroppedOff(A07)):
        await locker.show(screen)
        await asyncio.sleep(0)

    assert b'"dropped_off"' in await anext(events)
    await events.aclose()


async def test_silence_is_filled_with_pings() -> None:
    locker, end = FakeLocker(), asyncio.Event()
    events = as_events(locker.watch(), [end.wait()], 0.0)
    seen = [await anext(events) for _ in range(3)]

    assert PING in seen
    await events.aclose()


async def test_the_stream_ends_when_the_page_has_gone() -> None:
    locker, end = FakeLocker(), asyncio.Event()
    events = as_events(locker.watch(), [end.wait()], NEVER_S)
    await anext(events)
    end.set()

    assert [event async for event in events] == []


async def test_a_controller_that_fails_is_not_hushed_up() -> None:
    async def failing() -> AsyncIterator[Screen]:
        yield Idle(online=True, full=False)
        raise OSError("the card is gone")

    events = as_events(failing(), [], NEVER_S)

    with pytest.raises(OSError, match="the card is gone"):
        [event async for event in events]
