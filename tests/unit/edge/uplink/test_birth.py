"""Birth and picture are said until the cloud has heard them: a broker may swallow both. Hours pass here in no time."""

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from typing import Any

from contract.ids import BootId
from contract.link import LinkStatus, Outgoing
from contract.state import LockerState, Snapshot
from edge.uplink.inbox import Trust
from edge.uplink.uplink import Standing, Uplink
from firmware_sim.world.virtual_time import VirtualLoop
from tests.unit.edge.uplink.builders import (
    BOOT,
    CLOUD_KEYS,
    DEVICE,
    LOCKER,
    acknowledgement,
    memory_store,
    read_upward,
)
from tests.unit.edge.uplink.test_uplink import PuppetLink, RecordingLocker

MINUTE_S, HOUR_S = 60, 3_600


def lived(story: Callable[[Uplink, PuppetLink], Coroutine[Any, Any, None]]) -> list[float]:
    """Return when the locker said that it is there, in seconds after it connected, in the course of an hour."""
    said: list[float] = []

    async def life() -> None:
        loop, link = asyncio.get_running_loop(), PuppetLink()
        standing = Standing(Trust(CLOUD_KEYS, LOCKER), DEVICE, BOOT)
        uplink = Uplink(RecordingLocker(), await memory_store(), standing, lambda _presence: link, lambda: 0)
        running = asyncio.create_task(uplink.run())
        uplink.presence.will()
        link.heard = lambda message: said.append(loop.time()) if is_birth(message.payload) else None
        link.become(LinkStatus.CONNECTED)
        await story(uplink, link)
        await asyncio.sleep(HOUR_S)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    loop = VirtualLoop()
    try:
        loop.run_until_complete(life())
    finally:
        loop.close()
    return said


def is_birth(payload: bytes) -> bool:
    return isinstance(read_upward(payload), LockerState)


async def heard(uplink: Uplink, boot: BootId = BOOT, session: int = 1) -> None:
    """Let the cloud say that it heard of a session."""
    answer = acknowledgement(0, bytes(32))
    await uplink._acknowledged(type(answer)(LOCKER, answer.id, 1, 0, bytes(32), 1, boot, session))


def test_a_birth_that_nobody_answers_is_said_again_at_most_four_minutes_later() -> None:
    async def nobody_hears(_uplink: Uplink, _link: PuppetLink) -> None:
        return

    said = lived(nobody_hears)

    assert said[:3] == [MINUTE_S, 3 * MINUTE_S, 7 * MINUTE_S]
    assert {later - earlier for earlier, later in itertools.pairwise(said[2:])} == {4 * MINUTE_S}


def test_an_answered_birth_is_not_said_again() -> None:
    async def is_heard(uplink: Uplink, _link: PuppetLink) -> None:
        await heard(uplink)

    assert lived(is_heard) == []


def test_an_answer_that_comes_later_ends_it() -> None:
    async def is_heard_late(uplink: Uplink, _link: PuppetLink) -> None:
        await asyncio.sleep(90)
        await heard(uplink)

    assert lived(is_heard_late) == [MINUTE_S]


def test_an_answer_to_another_session_or_boot_counts_for_nothing() -> None:
    async def is_mistaken(uplink: Uplink, _link: PuppetLink) -> None:
        uplink.presence.will()
        await heard(uplink, session=1)
        await heard(uplink, BootId(b"o" * 16), session=2)

    assert lived(is_mistaken)[:1] == [MINUTE_S]


def test_nothing_is_said_without_a_link_and_a_new_one_begins_anew() -> None:
    async def is_cut_off(uplink: Uplink, link: PuppetLink) -> None:
        await asyncio.sleep(30)
        link.become(LinkStatus.LOST)
        await asyncio.sleep(600)
        uplink.presence.will()
        link.become(LinkStatus.CONNECTED)

    assert lived(is_cut_off)[:1] == [630 + MINUTE_S]


def test_what_is_known_of_a_journal_says_nothing_of_a_birth() -> None:
    async def answered_entries(uplink: Uplink, _link: PuppetLink) -> None:
        await uplink._acknowledged(acknowledgement(0, bytes(32)))

    assert lived(answered_entries)[:1] == [MINUTE_S]


def pictures(answers: Callable[[Uplink, float], bool]) -> list[float]:
    """Return when pictures went out in two and a half hours; the cloud answers those of which ``answers`` says so."""
    shown: list[float] = []

    async def life() -> None:
        loop, link = asyncio.get_running_loop(), PuppetLink()
        standing = Standing(Trust(CLOUD_KEYS, LOCKER), DEVICE, BOOT)
        uplink = Uplink(RecordingLocker(), await memory_store(), standing, lambda _presence: link, lambda: 0)
        answering: set[asyncio.Task[None]] = set()

        def seen(message: Outgoing) -> None:
            document = read_upward(message.payload)
            if isinstance(document, Snapshot):
                shown.append(loop.time())
                if answers(uplink, loop.time()):
                    answering.add(asyncio.create_task(heard_of(uplink, document.digest)))

        link.heard = seen
        running = asyncio.create_task(uplink.run())
        link.become(LinkStatus.CONNECTED)
        await asyncio.sleep(2.5 * HOUR_S)
        running.cancel()
        await asyncio.gather(running, *answering, return_exceptions=True)

    loop = VirtualLoop()
    try:
        loop.run_until_complete(life())
    finally:
        loop.close()
    return [round(at_s) for at_s in shown]


async def heard_of(uplink: Uplink, picture: bytes) -> None:
    answer = acknowledgement(0, bytes(32))
    await uplink._acknowledged(type(answer)(LOCKER, answer.id, 1, 0, bytes(32), picture=picture))


def test_a_picture_the_cloud_has_is_shown_again_every_hour() -> None:
    shown = pictures(lambda _uplink, _at_s: True)

    assert [round(at_s / HOUR_S) for at_s in shown] == [0, 1, 2]


def test_a_picture_nobody_answers_is_shown_again_within_five_minutes() -> None:
    shown = pictures(lambda _uplink, _at_s: False)

    assert [later - earlier for earlier, later in itertools.pairwise(shown)][:3] == [63, 123, 243]
    assert all(later - earlier < 300 for earlier, later in itertools.pairwise(shown))


def test_an_answer_that_comes_at_last_ends_the_repetition() -> None:
    shown = pictures(lambda _uplink, at_s: at_s > 100)

    assert shown[:3] == [0, 63, 186]
    assert shown[3] - shown[2] > HOUR_S
