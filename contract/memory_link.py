"""A broker in memory that keeps MQTT's promises and breaks the rest on request: the wire of tests and simulated worlds.

It routes as mosquitto does (retained messages, wills, persistent and shared subscriptions, redelivery of what was not
acknowledged) and passes the same contract tests as the link over paho.
"""

import asyncio
import itertools
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache

from contract.healing_link import HealingLink
from contract.link import (
    PAYLOAD_BYTES_MAX,
    RECEIVE_MAXIMUM,
    Incoming,
    LinkDownError,
    Outgoing,
    PayloadTooLargeError,
)
from contract.link_settings import LinkSettings

QUEUED_MAX = 1_000_000  # the same limit as the one written into mosquitto's configuration

MATCHES_KEPT = 16_384  # a city's lockers times their few topics; a broker compares the same pairs again and again

_SHARE = "$share/"

Fault = Callable[[Outgoing], bool]


def _never(_message: Outgoing) -> bool:
    return False


@dataclass(slots=True)
class _Queued:
    message: Outgoing
    qos: int
    retained: bool
    expires_at_s: float | None


@dataclass(slots=True)
class _Session:
    """What the broker remembers of a client between its connections."""

    client_id: str
    subscriptions: dict[str, int] = field(default_factory=dict)
    queue: deque[_Queued] = field(default_factory=deque)
    in_flight: dict[int, _Queued] = field(default_factory=dict)
    link: "MemoryLink | None" = None


@dataclass(slots=True)
class _Ways:
    """Who is subscribed to one topic, and at which QoS: each by itself, or sharing."""

    own: list[tuple[_Session, int]] = field(default_factory=list)
    shared: dict[str, list[tuple[_Session, int]]] = field(default_factory=dict)


@lru_cache(MATCHES_KEPT)
def matches(topic_filter: str, topic: str) -> bool:
    """Whether ``topic`` falls under ``topic_filter`` (MQTT 5.0, 4.7)."""
    wanted, levels = topic_filter.split("/"), topic.split("/")
    if topic.startswith("$") and wanted[0] in {"+", "#"}:
        return False
    for position, level in enumerate(wanted):
        if level == "#":
            return True
        if position >= len(levels) or level not in ("+", levels[position]):
            return False
    return len(wanted) == len(levels)


@dataclass(slots=True)
class MemoryBroker:
    """``drop`` and ``duplicate`` are asked for every message that is routed; a dropped one was still acknowledged."""

    drop: Fault = _never
    duplicate: Fault = _never
    is_up: bool = True
    _unplugged: set[str] = field(default_factory=set)
    _sessions: dict[str, _Session] = field(default_factory=dict)
    _retained: dict[str, Outgoing] = field(default_factory=dict)
    _turns: dict[str, int] = field(default_factory=dict)
    _ways: dict[str, "_Ways"] = field(default_factory=dict)
    _tokens: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def go_down(self, *, forgetting: bool = False) -> None:
        """Die at once, publishing no will; with ``forgetting``, as a broker that is restarted empty."""
        self.is_up = False
        for session in self._sessions.values():
            self._detach(session, "the broker went down")
        if forgetting:
            self._sessions.clear()
            self._retained.clear()
            self._ways.clear()

    def come_back(self) -> None:
        self.is_up = True

    def cut(self, client_id: str) -> None:
        """Break one client's connection without a goodbye, so that its will is published."""
        session = self._sessions.get(client_id)
        if session is not None and session.link is not None:
            will = self._detach(session, "the connection was cut")
            self._publish_will(will)

    def unplug(self, client_id: str) -> None:
        """Cut one client off and keep it off, as a lost uplink does, until ``plug_in``."""
        self._unplugged.add(client_id)
        self.cut(client_id)

    def plug_in(self, client_id: str) -> None:
        self._unplugged.discard(client_id)

    def reach(self, client_id: str) -> None:
        """Raise ``LinkDownError`` where no connection can be opened now."""
        if not self.is_up or client_id in self._unplugged:
            raise LinkDownError("the broker cannot be reached")

    def attach(self, link: "MemoryLink") -> None:
        """Open a connection, taking the session over from whoever holds it; raises ``LinkDownError``."""
        self.reach(link.settings.client_id)
        session = self._sessions.setdefault(link.settings.client_id, _Session(link.settings.client_id))
        if session.link is not None:
            self._publish_will(self._detach(session, "taken over", taken_over=True))
        session.link = link
        session.queue.extendleft(reversed(session.in_flight.values()))
        session.in_flight.clear()
        for topic_filter, qos in link.settings.subscriptions:
            if session.subscriptions.get(topic_filter) != qos:
                session.subscriptions[topic_filter] = qos
                self._ways.clear()
            self._offer_retained(session, topic_filter, qos)
        self._pump(session)

    def detach(self, link: "MemoryLink") -> None:
        """End ``link``'s connection, publishing its will: whoever ends is offline."""
        session = self._sessions.get(link.settings.client_id)
        if session is not None and session.link is link:
            self._publish_will(self._detach(session, "closed by us"))

    def route(self, message: Outgoing) -> None:
        """Take a published message and hand it to everyone who subscribed."""
        if message.retain and message.payload:
            self._retained[message.topic] = message
        elif message.retain:
            self._retained.pop(message.topic, None)
        if self.drop(message):
            return
        for _ in range(2 if self.duplicate(message) else 1):
            self._fan_out(message)

    def acknowledge(self, client_id: str, token: int) -> None:
        """Forget a message; a ``token`` of an earlier connection is unknown by now, for each is used once."""
        session = self._sessions.get(client_id)
        if session is not None:
            session.in_flight.pop(token, None)
            self._pump(session)

    def _fan_out(self, message: Outgoing) -> None:
        ways = self._ways.get(message.topic)
        if ways is None:
            if len(self._ways) >= MATCHES_KEPT:
                self._ways.clear()
            ways = self._ways[message.topic] = self._ways_of(message.topic)
        for session, qos in ways.own:
            self._enqueue(session, message, qos, retained=False)
        for name, members in ways.shared.items():
            self._enqueue_shared(name, members, message)

    def _ways_of(self, topic: str) -> "_Ways":
        ways = _Ways()
        for session in self._sessions.values():
            own: list[int] = []
            for topic_filter, qos in session.subscriptions.items():
                share, plain = _split_share(topic_filter)
                if not matches(plain, topic):
                    continue
                if share:
                    ways.shared.setdefault(topic_filter, []).append((session, qos))
                else:
                    own.append(qos)
            if own:  # overlapping filters make one delivery, at the best QoS
                ways.own.append((session, max(own)))
        return ways

    def _enqueue_shared(self, name: str, members: list[tuple[_Session, int]], message: Outgoing) -> None:
        present = [member for member in members if member[0].link is not None] or members
        turn = self._turns[name] = self._turns.get(name, -1) + 1
        session, qos = present[turn % len(present)]
        self._enqueue(session, message, qos, retained=False)

    def _offer_retained(self, session: _Session, topic_filter: str, qos: int) -> None:
        if _split_share(topic_filter)[0]:
            return  # MQTT 5.0, 4.8.2: a shared subscription is sent no retained messages
        for message in list(self._retained.values()):
            if matches(topic_filter, message.topic):
                self._enqueue(session, message, qos, retained=True)

    def _enqueue(self, session: _Session, message: Outgoing, qos: int, *, retained: bool) -> None:
        qos = min(qos, message.qos)
        if (session.link is None and not qos) or len(session.queue) >= QUEUED_MAX:
            return
        expires_at_s = None if message.expiry_s is None else _now_s() + message.expiry_s
        session.queue.append(_Queued(message, qos, retained, expires_at_s))
        self._pump(session)

    def _pump(self, session: _Session) -> None:
        link = session.link
        while link is not None and session.queue and len(session.in_flight) < RECEIVE_MAXIMUM:
            queued = session.queue.popleft()
            if queued.expires_at_s is not None and _now_s() >= queued.expires_at_s:
                continue
            token = next(self._tokens) if queued.qos else 0
            if token:
                session.in_flight[token] = queued
            link.deliver(Incoming(queued.message.topic, queued.message.payload, queued.retained, token))

    def _detach(self, session: _Session, why: str, *, taken_over: bool = False) -> Outgoing | None:
        link, session.link = session.link, None
        return link.end(why, taken_over=taken_over) if link is not None else None

    def _publish_will(self, will: Outgoing | None) -> None:
        if will is not None:
            self.route(will)


class MemoryLink(HealingLink):
    """``contract.link.Link`` to a ``MemoryBroker``. It reconnects as the real one does, jitter included."""

    def __init__(self, broker: MemoryBroker, settings: LinkSettings, chance: random.Random) -> None:
        """Draw reconnect delays from ``chance``; nothing happens before ``run``."""
        super().__init__(settings, chance)
        self._broker = broker
        self._ended: asyncio.Future[str] | None = None
        self._will: Outgoing | None = None

    async def publish(self, message: Outgoing) -> None:
        if len(message.payload) > PAYLOAD_BYTES_MAX:
            raise PayloadTooLargeError(f"{len(message.payload)} bytes; at most {PAYLOAD_BYTES_MAX}")
        if self._ended is None:
            raise LinkDownError(self.last_failure or "not connected yet")
        if type(message.payload) is not bytes:  # a buffer its owner may write to again
            message = replace(message, payload=bytes(message.payload))
        self._broker.route(message)
        await asyncio.sleep(0)  # a real publish lets others run before it returns

    def acknowledge(self, message: Incoming) -> None:
        """Let the broker forget ``message``; does nothing if it came over an earlier connection and will come again."""
        self._broker.acknowledge(self.settings.client_id, message.token)

    def deliver(self, message: Incoming) -> None:
        """Take a message from the broker."""
        self._inbox.put_nowait(message)

    def end(self, why: str, *, taken_over: bool) -> Outgoing | None:
        """Learn from the broker that the connection is over. Return the will that was left with it."""
        if taken_over:
            self._takeovers.saw_one(_now_s())
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(why)
        self._ended = None
        will, self._will = self._will, None
        return will

    async def _live_once(self) -> str:
        self._broker.reach(self.settings.client_id)  # a will is for whoever answers: nobody signs one in vain
        try:
            self._will = self.settings.will() if self.settings.will else None
            ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
            self._ended = ended
            self._broker.attach(self)
            await self._be_born(self)
            return await ended
        finally:
            self._broker.detach(self)
            self._ended = None


@lru_cache(MATCHES_KEPT)
def _split_share(topic_filter: str) -> tuple[str, str]:
    if not topic_filter.startswith(_SHARE):
        return "", topic_filter
    group, _, plain = topic_filter.removeprefix(_SHARE).partition("/")
    return group, plain


def _now_s() -> float:
    return asyncio.get_running_loop().time()
