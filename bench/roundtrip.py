"""One message there and one back through the broker: our link against paho as tutorials wire it, in the same run.

Either side alone brings Nagle's algorithm back: the peer runs paho's own thread against a broker with its defaults.
"""

import asyncio
import queue
import random
import statistics
import time

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from bench.places import Place, broker
from contract.link import LinkStatus, Outgoing
from contract.mqtt import MqttLink
from contract.mqtt_settings import MqttSettings

ROUNDS = 200
WARM_UP = 20
ANSWER_S = 5.0


async def compare() -> list[dict[str, object]]:
    """Return the medians in milliseconds and how many times quicker ours is."""
    async with broker() as place:
        ours = statistics.median(await _ours(place))
    async with broker(no_delay=False) as place:
        peer = statistics.median(await asyncio.to_thread(_peer, place))
    return [{"ours_ms": round(ours, 2), "paho_defaults_ms": round(peer, 2), "ratio": round(ours / peer, 3)}]


async def _connected(place: Place, name: str, topic: str) -> tuple[MqttLink, "asyncio.Task[None]"]:
    settings = MqttSettings(client_id=name, host="127.0.0.1", port=place.port, subscriptions=((topic, 1),))
    link, up = MqttLink(settings, random.Random(name)), asyncio.Event()
    link.on_status(lambda status: up.set() if status is LinkStatus.CONNECTED else None)
    running = asyncio.create_task(link.run())
    await up.wait()
    return link, running


async def _ours(place: Place) -> list[float]:
    near, near_running = await _connected(place, "near", "bench/back")
    far, far_running = await _connected(place, "far", "bench/there")

    async def echo() -> None:
        async for message in far.messages():
            far.acknowledge(message)
            await far.publish(Outgoing("bench/back", message.payload))

    echoing, took, answers = asyncio.create_task(echo()), [], near.messages()
    for _ in range(ROUNDS + WARM_UP):
        began = time.perf_counter()
        await near.publish(Outgoing("bench/there", b"x" * 200))
        near.acknowledge(await anext(answers))
        took.append((time.perf_counter() - began) * 1000)
    for task in (echoing, near_running, far_running):
        task.cancel()
    await asyncio.gather(echoing, near_running, far_running, return_exceptions=True)
    return took[WARM_UP:]


def _peer(place: Place) -> list[float]:
    answers: queue.SimpleQueue[object] = queue.SimpleQueue()
    near, far = (paho.Client(CallbackAPIVersion.VERSION2, name, protocol=paho.MQTTv5) for name in ("near", "far"))
    near.on_message = lambda _client, _userdata, message: answers.put(message.payload)

    def echo(client: paho.Client, _userdata: object, message: paho.MQTTMessage) -> None:
        client.publish("bench/back", message.payload, 1)

    far.on_message = echo
    for client, topic in ((near, "bench/back"), (far, "bench/there")):
        client.connect("127.0.0.1", place.port)
        client.subscribe(topic, 1)
        client.loop_start()
    time.sleep(0.5)  # both subscribed
    took = []
    for _ in range(ROUNDS + WARM_UP):
        began = time.perf_counter()
        near.publish("bench/there", b"x" * 200, 1)
        answers.get(timeout=ANSWER_S)
        took.append((time.perf_counter() - began) * 1000)
    for client in (near, far):
        client.disconnect()
        client.loop_stop()
    return took[WARM_UP:]
