"""MQTT 5 over paho on the asyncio loop: the only door to paho, and the place where its traps are disarmed.

paho keeps much state over a reconnect: half packets, unacknowledged messages, a keep-alive the server once asked for.
So every connection gets a paho client of its own, and nothing of an earlier one can leak into a later one. The traps
are listed in ARCHITECTURE.md; ``tests/integration/mqtt`` holds each of them against a real broker.
"""

import asyncio
import logging
import random
from collections.abc import Callable
from functools import partial, wraps
from typing import Any, ParamSpec

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from contract.healing_link import HealingLink
from contract.link import (
    PAYLOAD_BYTES_MAX,
    RECEIVE_MAXIMUM,
    Incoming,
    LinkDownError,
    LinkError,
    Outgoing,
    PayloadTooLargeError,
)
from contract.link_settings import IdentityWatch
from contract.mqtt_settings import MqttSettings
from contract.mqtt_window import SendWindow
from contract.mqtt_wire import Wire, open_wire

PACKET_BYTES_MAX = PAYLOAD_BYTES_MAX + 4096  # room for the topic and the properties; the broker drops what is larger
PUBACK_S_MAX = 30.0  # the broker answers in milliseconds; a silence this long means that it lost the message
READS_PER_TURN = 64  # packets handled before other tasks get their turn
LOSSY_BACKLOG_MAX = 1000  # QoS 0 is not held back by the receive maximum; beyond this the newest are dropped
BACKLOG_BYTES_MAX = 2 * RECEIVE_MAXIMUM * PAYLOAD_BYTES_MAX  # 10 MiB; an honest broker never has half of it with us
WATCHDOG_KEEPALIVES = 3  # paho itself gives up after two; a third means that paho is what has died

TOO_MUCH = "the broker sends more than it was told we take"
_FAILURE = 0x80  # MQTT 5.0, 2.4: reason codes from here on are failures
_TAKEN_OVER = 0x8E
_DISCONNECT_WITH_WILL = 0x04

_log = logging.getLogger(__name__)
_P = ParamSpec("_P")


class RefusedError(LinkError):
    """The broker answered no; ``code`` is its MQTT 5 reason code."""

    def __init__(self, what: str, reason: ReasonCode) -> None:
        """Say ``what`` was asked for and give the broker's ``reason``."""
        super().__init__(f"the broker refused {what}: {reason}")
        self.what, self.code = what, int(reason.value)


class _Client(paho.Client):
    """paho over a socket that was opened for it, so that ``connect`` has nothing left to wait for."""

    def __init__(self, client_id: str, wire: Wire) -> None:
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id,
            protocol=paho.MQTTv5,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        self._wire = wire

    @property
    def holds_too_much(self) -> bool:
        """Whether the broker makes us keep more than it was told at CONNECT: paho takes whatever comes.

        A packet longer than allowed is kept until its end, and a QoS 2 message, of which there are none here, until it
        is released.
        """
        return self._in_packet["remaining_length"] > PACKET_BYTES_MAX or len(self._in_messages) > 0

    def _create_socket(self) -> "paho.SocketLike":  # a type that paho defines for checkers only
        return self._wire


class _Connection:
    """One connection from CONNECT to its end."""

    def __init__(
        self, wire: Wire, settings: MqttSettings, will: Outgoing | None, deliver: Callable[[paho.MQTTMessage], bool]
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._wire = wire
        self._settings = settings
        self._deliver = deliver
        self._window = SendWindow(RECEIVE_MAXIMUM)
        self._unacknowledged: set[int] = set()
        self._writing = False
        self._processed_at_s = self._loop.time()
        self._answer: asyncio.Future[None] = self._loop.create_future()
        self._timer: asyncio.TimerHandle | None = None
        self.established = False
        self.taken_over = False
        self.ended: asyncio.Future[str] = self._loop.create_future()
        self._client = self._new_client(will)

    def _new_client(self, will: Outgoing | None) -> _Client:
        client = _Client(self._settings.client_id, self._wire)
        client.on_connect = self._fenced(self._on_connect)
        client.on_subscribe = self._fenced(self._on_subscribe)
        client.on_publish = self._fenced(self._on_publish)
        client.on_message = self._fenced(self._on_message)
        client.on_disconnect = self._fenced(self._on_disconnect)
        client.on_socket_close = self._fenced(self._on_socket_close)
        client.on_socket_register_write = self._fenced(self._on_write_wanted)
        if will is not None:
            properties = _expiry(PacketTypes.WILLMESSAGE, will)
            client.will_set(will.topic, will.payload, will.qos, will.retain, properties)
        return client

    async def establish(self) -> None:
        """CONNECT and SUBSCRIBE; raises ``LinkError``."""
        properties = _properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = self._settings.session_expiry_s
        properties.ReceiveMaximum = RECEIVE_MAXIMUM
        properties.MaximumPacketSize = PACKET_BYTES_MAX
        host, port, keepalive_s = self._settings.host, self._settings.port, self._settings.keepalive_s
        # Without the explicit False, paho begins with a clean start, and mosquitto never persists such a session.
        self._client.connect(host, port, keepalive_s, clean_start=False, properties=properties)
        self._loop.add_reader(self._wire.fileno(), self._readable)
        self._tick()
        await self._answer
        if filters := self._filters():
            self._answer = self._loop.create_future()
            self._client.subscribe(filters)
            await self._answer
        self.established = True

    def _filters(self) -> list[tuple[str, SubscribeOptions]]:
        filters = [(name, SubscribeOptions(qos=qos)) for name, qos in self._settings.subscriptions]
        if self._settings.identity_topic:
            filters.append((self._settings.identity_topic, SubscribeOptions(qos=1, noLocal=True)))
        return filters

    async def publish(self, message: Outgoing) -> None:
        """Return once the broker has taken ``message`` (QoS 1) or the socket has (QoS 0)."""
        await self._window.enter()
        properties = _expiry(PacketTypes.PUBLISH, message)
        info = self._client.publish(message.topic, message.payload, message.qos, message.retain, properties)
        if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            self._window.leave()
            raise LinkDownError(paho.error_string(info.rc))
        try:
            async with asyncio.timeout(PUBACK_S_MAX):
                await asyncio.shield(self._window.sent(info.mid))
        except TimeoutError as error:
            self._end(f"no acknowledgement for {PUBACK_S_MAX} s")
            raise LinkDownError(self.ended.result()) from error

    def acknowledge(self, mid: int) -> None:
        if mid in self._unacknowledged and not self.ended.done():
            self._unacknowledged.discard(mid)
            self._client.ack(mid, 1)

    def close(self) -> None:
        """Say goodbye if there is still somebody to hear it. The broker publishes our will: whoever ends is offline."""
        if not self.ended.done():
            goodbye = ReasonCode(PacketTypes.DISCONNECT, identifier=_DISCONNECT_WITH_WILL)
            self._fenced(self._client.disconnect)(goodbye)
            self._fenced(self._client.loop_write)()
        self._end("closed by us")

    @property
    def has_no_delay(self) -> bool:
        return self._wire.has_no_delay

    def _fenced(self, call: Callable[_P, object]) -> Callable[_P, None]:
        """Wrap ``call``: an exception inside paho would leave a connection that looks alive and hears nothing."""

        @wraps(call)
        def fence(*args: _P.args, **kwargs: _P.kwargs) -> None:
            try:
                call(*args, **kwargs)
            except Exception:  # noqa: BLE001 - the edge of paho's loop; logged once, and the connection ends
                _log.exception("link_callback_failed", extra={"client_id": self._settings.client_id})
                self._loop.call_soon(self._end, "a callback failed")

        return fence

    def _end(self, why: str) -> None:
        if self.ended.done():
            return
        self.ended.set_result(why)
        if self._timer:
            self._timer.cancel()
        self._let_go()
        self._wire.close()
        self._window.close(why)
        self._settle_answer(LinkDownError(why))

    def _let_go(self) -> None:
        # Before the descriptor is closed: the next socket may get the same number.
        if self._wire.fileno() >= 0:
            self._loop.remove_reader(self._wire.fileno())
            self._loop.remove_writer(self._wire.fileno())

    def _settle_answer(self, problem: LinkError | None) -> None:
        if self._answer.done():
            return
        if problem is None:
            self._answer.set_result(None)
        else:
            self._answer.set_exception(problem)
            self._answer.exception()  # whoever waited may have gone; that is no news

    # What the loop tells us.

    def _readable(self) -> None:
        for _ in range(READS_PER_TURN):
            if self.ended.done():
                return
            self._fenced(self._client.loop_read)()
            if self._client.holds_too_much:
                self._end(TOO_MUCH)
                return
            self._processed_at_s = self._loop.time()
            if not self._wire.ahead:
                return
        self._loop.call_soon(self._readable)

    def _writable(self) -> None:
        if self.ended.done():
            return
        self._fenced(self._client.loop_write)()
        if self.ended.done():
            return
        if self._client.want_write() and not self._writing:
            self._loop.add_writer(self._wire.fileno(), self._writable)
            self._writing = True
        elif self._writing and not self._client.want_write():
            self._loop.remove_writer(self._wire.fileno())
            self._writing = False

    def _tick(self) -> None:
        if self.ended.done():
            return
        self._fenced(self._client.loop_misc)()
        silent_s = self._loop.time() - self._processed_at_s
        keepalive_s = (
            self._client.keepalive or self._settings.keepalive_s
        )  # a server may ask for none: paho obeys, we don't
        if silent_s > WATCHDOG_KEEPALIVES * keepalive_s:
            self._end(f"nothing processed for {silent_s:.0f} s")
            return
        self._timer = self._loop.call_later(keepalive_s / 4, self._tick)

    # What paho tells us.

    def _on_connect(
        self, _client: paho.Client, _data: Any, _flags: paho.ConnectFlags, reason: ReasonCode, offer: Properties | None
    ) -> None:
        server_maximum = getattr(offer, "ReceiveMaximum", RECEIVE_MAXIMUM)  # paho reads it and does nothing with it
        self._window = SendWindow(min(server_maximum, RECEIVE_MAXIMUM))
        self._settle_answer(_problem("the connection", reason))

    def _on_subscribe(self, _client: paho.Client, _data: Any, _mid: int, reasons: list[ReasonCode], _: Any) -> None:
        worst = max(reasons, key=lambda reason: int(reason.value))
        self._settle_answer(_problem("a subscription", worst))

    def _on_publish(self, _client: paho.Client, _data: Any, mid: int, reason: ReasonCode, _: Any) -> None:
        self._window.settle(mid, _problem("a message", reason))

    def _on_message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        if message.qos:
            self._unacknowledged.add(message.mid)
        try:
            if not self._deliver(message):
                self._loop.call_soon(self._end, TOO_MUCH)
        except UnicodeDecodeError:  # a topic that is no text would come again for ever; nobody can have meant it for us
            _log.warning("link_poison_dropped", extra={"client_id": self._settings.client_id})
            self.acknowledge(message.mid)

    def _on_disconnect(self, _client: paho.Client, _data: Any, flags: Any, reason: ReasonCode, _: Any) -> None:
        self.taken_over = flags.is_disconnect_packet_from_server and reason.value == _TAKEN_OVER
        told = flags.is_disconnect_packet_from_server or not self._wire.problem
        self._end(str(reason) if told else self._wire.problem)

    def _on_socket_close(self, _client: paho.Client, _data: Any, _socket: Any) -> None:
        self._let_go()

    def _on_write_wanted(self, _client: paho.Client, _data: Any, _socket: Any) -> None:
        # One pass after everything that is queued in this turn: most bursts then need no writer in the selector.
        self._loop.call_soon(self._writable)


class MqttLink(HealingLink):
    """``contract.link.Link`` over a broker. One consumer reads ``messages``; any number of tasks publish."""

    def __init__(self, settings: MqttSettings, chance: random.Random) -> None:
        """Draw reconnect delays from ``chance``; nothing happens before ``run``."""
        super().__init__(settings, chance)
        self._place = settings
        self._identity = IdentityWatch(settings.identity_topic)
        self._connection: _Connection | None = None
        self._generation = 0

    @property
    def has_no_delay(self) -> bool:
        """Whether the live connection goes without Nagle's algorithm."""
        return self._connection is not None and self._connection.has_no_delay

    async def publish(self, message: Outgoing) -> None:
        if len(message.payload) > PAYLOAD_BYTES_MAX:
            raise PayloadTooLargeError(f"{len(message.payload)} bytes; at most {PAYLOAD_BYTES_MAX}")
        if self._connection is None or not self._connection.established:
            raise LinkDownError(self.last_failure or "not connected yet")
        self._identity.say(message)
        await self._connection.publish(message)
        self._identity.heard(message)

    def acknowledge(self, message: Incoming) -> None:
        """Let the broker forget ``message``; does nothing if it came over an earlier connection and will come again."""
        generation, mid = divmod(message.token, 1 << 16)
        if self._connection is not None and generation == self._generation:
            self._connection.acknowledge(mid)

    async def _live_once(self) -> str:
        connection: _Connection | None = None
        try:
            async with asyncio.timeout(self._place.connect_s_max):
                tls = self._place.tls() if callable(self._place.tls) else self._place.tls
                wire = await open_wire(self._place.host, self._place.port, tls, self._place.sure_s)
                connection = self._connection = self._new_connection(wire)
                await connection.establish()
            await self._be_born(self)
            return await asyncio.shield(connection.ended)
        finally:
            self._connection = None
            if connection is not None:
                connection.close()
                if connection.taken_over:
                    self._takeovers.saw_one(asyncio.get_running_loop().time())

    def _new_connection(self, wire: Wire) -> _Connection:
        try:
            will = self.settings.will() if self.settings.will else None
            self._identity.say(will)
            self._generation += 1
            return _Connection(wire, self._place, will, partial(self._deliver, self._generation))
        except BaseException:
            wire.close()
            raise

    def _deliver(self, generation: int, message: paho.MQTTMessage) -> bool:
        """Queue a message; false when the broker does not stop at what it was told we take: memory would grow."""
        if self._identity.is_ours(message.topic):
            self._hear_ourselves(message)
            return True
        full = self._inbox.held_bytes + len(message.payload) > BACKLOG_BYTES_MAX
        if full or self._inbox.qsize() >= LOSSY_BACKLOG_MAX:
            return not message.qos
        token = (generation << 16) + message.mid if message.qos else 0
        self._inbox.put_nowait(Incoming(message.topic, bytes(message.payload), message.retain, token))
        return True

    def _hear_ourselves(self, message: paho.MQTTMessage) -> None:
        """Look at what the broker keeps in our name; mosquitto before 2.0.15 tells of a takeover in no other way."""
        if self._connection is None:
            return
        self._connection.acknowledge(message.mid)
        if message.retain and self._identity.is_foreign(bytes(message.payload)):
            _log.warning("link_identity_used_by_another", extra={"client_id": self.settings.client_id})
            self._takeovers.saw_one(asyncio.get_running_loop().time())


def _problem(what: str, reason: ReasonCode) -> LinkError | None:
    return RefusedError(what, reason) if reason.value >= _FAILURE else None


def _expiry(packet: int, message: Outgoing) -> Properties | None:
    if message.expiry_s is None:
        return None
    properties = _properties(packet)
    properties.MessageExpiryInterval = message.expiry_s
    return properties


def _properties(packet: int) -> Properties:
    return Properties(packet)  # type: ignore[no-untyped-call] # paho's constructor carries no annotations
