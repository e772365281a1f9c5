"""The wire of a world: the broker in memory, with latency, and as bad as the faults of the hour make it.

A hostile broker keeps what it has seen and sends it again, altered, to the wrong locker or much too late.
"""

import asyncio
import random
from collections import deque
from dataclasses import dataclass, replace

import msgspec

from contract.envelope import Envelope, Signer
from contract.link import Incoming, Outgoing
from contract.link_settings import LinkSettings
from contract.memory_link import MemoryBroker, MemoryLink
from firmware_sim.world.chronicle import Chronicle
from firmware_sim.world.plug import Plug

LATENCY_S = 0.03
OVERTAKEN_S_MAX = 20.0  # a message that nothing overtakes goes on by itself
DELAY_S_MAX = 90.0  # longer than a remote open lives
CAPTURED_MAX = 40  # messages a hostile broker keeps for later


@dataclass(slots=True)
class Weather:
    """How bad the wire is now, as chances per message."""

    loss: float = 0.0
    doubling: float = 0.0
    delay: float = 0.0
    reordering: float = 0.0


class WorldBroker(MemoryBroker):
    """Delivers after a moment; loses, doubles, delays and reorders as the weather is."""

    def __init__(self, chance: random.Random, chronicle: Chronicle) -> None:
        """Begin with fair weather."""
        super().__init__()
        self.weather = Weather()
        self.captured: deque[Outgoing] = deque(maxlen=CAPTURED_MAX)
        self.held_s = 0.0
        self._overtaken: dict[str, Outgoing] = {}
        self._chance, self._chronicle = chance, chronicle
        self._era = 0

    def go_down(self, *, forgetting: bool = False) -> None:
        super().go_down(forgetting=forgetting)
        self._era += 1  # what was under way dies with the process
        self._overtaken.clear()

    def route(self, message: Outgoing) -> None:
        if "/down/" in message.topic and not message.topic.endswith("ack"):
            self.captured.append(message)
        if self.held_s and message.topic.endswith("command"):
            held_s, self.held_s = self.held_s, 0.0
            asyncio.get_running_loop().call_later(held_s, self._arrive, replace(message, expiry_s=None), self._era)
            return
        weather = self.weather
        if self._falls(weather.loss, "message lost"):
            return
        of = message.topic.split("/")[2]
        if of not in self._overtaken and self._falls(weather.reordering, "message reordered"):
            self._overtaken[of] = message
            asyncio.get_running_loop().call_later(OVERTAKEN_S_MAX, self._go_on, of, message)
            return
        copies = 2 if self._falls(weather.doubling, "message doubled") else 1
        for _ in range(copies):
            late_s = LATENCY_S
            if self._falls(weather.delay, "message delayed"):
                late_s += self._chance.uniform(0.2, DELAY_S_MAX)
            asyncio.get_running_loop().call_later(late_s, self._arrive, message, self._era)
        if of in self._overtaken:
            self._go_on(of, self._overtaken[of])

    def _go_on(self, of: str, message: Outgoing) -> None:
        """Let a message go on that the next one of the same locker has overtaken."""
        if self._overtaken.get(of) is message:
            del self._overtaken[of]
            asyncio.get_running_loop().call_later(LATENCY_S, self._arrive, message, self._era)

    def inject(self, message: Outgoing) -> None:
        """Say something nobody published."""
        asyncio.get_running_loop().call_later(LATENCY_S, self._arrive, message, self._era)

    def _falls(self, likelihood: float, kind: str) -> bool:
        if likelihood and self._chance.random() < likelihood:
            self._chronicle.faults[kind] += 1
            self._chronicle.step(kind, "broker")
            return True
        return False

    def _arrive(self, message: Outgoing, era: int) -> None:
        if self.is_up and era == self._era:
            super().route(message)


class WorldLink(MemoryLink):
    """A link that goes silent with its plug, before or after any publish and acknowledgement."""

    def __init__(self, broker: WorldBroker, settings: LinkSettings, chance: random.Random, plug: Plug) -> None:
        """Speak only while ``plug`` has power."""
        super().__init__(broker, settings, chance)
        self._plug = plug

    async def publish(self, message: Outgoing) -> None:
        await self._plug.moment("before a publish")
        await super().publish(message)
        await self._plug.moment("after a publish")

    def acknowledge(self, message: Incoming) -> None:
        if self._plug.passes("before an acknowledgement"):
            super().acknowledge(message)
            self._plug.passes("after an acknowledgement")


@dataclass(slots=True)
class Adversary:
    """Whoever owns the broker today."""

    broker: WorldBroker
    chance: random.Random
    forger: Signer
    lockers: tuple[str, ...]

    def strike(self) -> str | None:
        """Do one hostile thing; return its name, or nothing when there is nothing to work with."""
        if not self.broker.captured:
            return None
        message = self.chance.choice(tuple(self.broker.captured))
        deeds = (self._replayed, self._retargeted, self._altered, self._forged, self._garbage)
        deed = self.chance.choice(deeds)
        self.broker.inject(deed(message))
        return deed.__name__.lstrip("_")

    def _replayed(self, message: Outgoing) -> Outgoing:
        return replace(message, expiry_s=None)

    def _retargeted(self, message: Outgoing) -> Outgoing:
        parts = message.topic.split("/")
        parts[2] = self.chance.choice(self.lockers)
        return replace(message, topic="/".join(parts), expiry_s=None)

    def _altered(self, message: Outgoing) -> Outgoing:
        place = self.chance.randrange(len(message.payload))
        payload = bytearray(message.payload)
        payload[place] ^= 1 << self.chance.randrange(8)
        return replace(message, payload=bytes(payload), expiry_s=None)

    def _forged(self, message: Outgoing) -> Outgoing:
        """Sign the same words with another key under the same name."""
        return replace(message, payload=self.forger.sign(_body(message.payload)), expiry_s=None)

    def _garbage(self, message: Outgoing) -> Outgoing:
        return replace(message, payload=self.chance.randbytes(self.chance.randrange(1, 400)))


def _body(payload: bytes) -> bytes:
    """Return the signed bytes inside an envelope."""
    return msgspec.msgpack.decode(payload, type=Envelope).body
