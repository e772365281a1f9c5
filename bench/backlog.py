"""How fast a broker takes messages for somebody who is away: saved once a second, or rewritten at every change.

A cloud that is down for a quarter of an hour meets this: every locker's events pile up for its session.
"""

import asyncio
import random
import time

from bench.places import Place, broker
from contract.link import LinkStatus, Outgoing
from contract.mqtt import MqttLink
from contract.mqtt_settings import MqttSettings

MESSAGES = 3_000
PAYLOAD = bytes(300)  # a batch of one event with its signature
TOPIC = "bench/up"
SECONDS_MAX = 20.0  # the slower one would take a minute

_SAVING = {
    False: ("autosave_interval 1", "autosave_on_changes false"),
    True: ("autosave_interval 1", "autosave_on_changes true"),
}


async def compare() -> list[dict[str, object]]:
    """Return the rate with both settings, and how many times faster saving by the second is."""
    every_change = await _rate(saves_every_change=True)
    every_second = await _rate(saves_every_change=False)
    ratio = round(every_second / every_change, 1)
    return [{"every_second": round(every_second), "every_change": round(every_change), "ratio": ratio}]


async def _rate(*, saves_every_change: bool) -> float:
    async with broker(saving=_SAVING[saves_every_change]) as place:
        await _be_known(place)
        return await _fill(place)


async def _be_known(place: Place) -> None:
    """Leave a session behind that the broker has to keep messages for."""
    _, running = await _connected(place, "away", ((TOPIC, 1),))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def _fill(place: Place) -> float:
    link, running = await _connected(place, "sender", ())
    began, taken = time.perf_counter(), 0

    async def send() -> None:
        nonlocal taken
        while taken < MESSAGES and time.perf_counter() - began < SECONDS_MAX:
            taken += 1
            await link.publish(Outgoing(TOPIC, PAYLOAD))

    await asyncio.gather(*(send() for _ in range(20)))
    took = time.perf_counter() - began
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return taken / took


async def _connected(
    place: Place, name: str, subscriptions: tuple[tuple[str, int], ...]
) -> tuple[MqttLink, "asyncio.Task[None]"]:
    settings = MqttSettings(client_id=name, host="127.0.0.1", port=place.port, subscriptions=subscriptions)
    link, up = MqttLink(settings, random.Random(name)), asyncio.Event()
    link.on_status(lambda status: up.set() if status is LinkStatus.CONNECTED else None)
    running = asyncio.create_task(link.run())
    await up.wait()
    return link, running
