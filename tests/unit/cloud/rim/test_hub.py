import asyncio
import threading

import pytest

from cloud.hub import WATCHERS_MAX, Hub, HubFullError


async def test_a_watcher_hears_what_was_committed_in_another_thread() -> None:
    hub = Hub(asyncio.get_running_loop())
    with hub.watching() as watcher:
        thread = threading.Thread(target=hub.tell, args=(frozenset({"Parcel"}),))
        thread.start()
        thread.join()
        assert await anext(watcher.changes(60)) == {"Parcel"}


async def test_a_slow_watcher_hears_many_commits_at_once() -> None:
    hub = Hub(asyncio.get_running_loop())
    with hub.watching() as watcher:
        for kind in ("Parcel", "Alarm", "Parcel"):
            hub.tell(frozenset({kind}))
        await asyncio.sleep(0)
        assert await anext(watcher.changes(60)) == {"Parcel", "Alarm"}


async def test_silence_is_told_too_so_that_connections_live() -> None:
    with Hub(asyncio.get_running_loop()).watching() as watcher:
        assert await anext(watcher.changes(0.001)) == frozenset()


async def test_whoever_left_hears_nothing_and_makes_room() -> None:
    hub = Hub(asyncio.get_running_loop())
    for _ in range(WATCHERS_MAX + 1):
        with hub.watching():
            pass
    with hub.watching() as watcher:
        hub.tell(frozenset({"Parcel"}))
        await asyncio.sleep(0)
        assert await anext(watcher.changes(60)) == {"Parcel"}


async def test_a_full_house_is_said_to_be_full() -> None:
    hub = Hub(asyncio.get_running_loop())
    held = [hub.watching() for _ in range(WATCHERS_MAX)]
    for one in held:
        one.__enter__()
    with pytest.raises(HubFullError), hub.watching():
        pass
    for one in held:
        one.__exit__(None, None, None)


async def test_a_closing_hub_sends_everybody_home() -> None:
    hub = Hub(asyncio.get_running_loop())
    with hub.watching() as watcher:
        hub.close()
        assert [kinds async for kinds in watcher.changes(60)] == []
