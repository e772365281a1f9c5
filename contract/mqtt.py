"""MQTT 5 over paho on the asyncio loop: the only door to paho, and the place where its traps are disarmed.

paho keeps much state over a reconnect: half packets, unacknowledged messages, a keep-alive the server once asked for.
So every connection gets a paho client of its own, and nothing of an earlier one can leak into a later one. The traps
are listed in ARCHITECTURE.md; ``tests/integration/mqtt`` holds each of them against a real broker.
"""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable
from functools import partial, wraps
from typing import Any, ParamSpec

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from contract.link import (
    PAYLOAD_BYTES_MAX,
    RECEIVE_MAXIMUM,
    Incoming,
    LinkDownError,
    LinkError,
    LinkStatus,
    LinkTakenOverError,
    Outgoing,
    PayloadTooLargeError,
)
from contract.link_settings import TakeoverGuard
from contract.mqtt_settings import MqttSettings
from contract.mqtt_wire import Wire, open_wire

PACKET_BYTES_MAX = PAYLOAD_BYTES_MAX + 4096  # room for the topic and the properties; the broker drops what is larger
PUBACK_S_MAX = 30.0  # the broker answers in milliseconds; a silence this long means that it lost the message
BIRTH_S_MAX = 30.0  # the birth publishes one small message or two
READS_PER_TURN = 64  # packets handled before other tasks get their turn
LOSSY_BACKLOG_MAX = 1000  # QoS 0 is not held back by the receive maximum; beyond this the newest are dropped
WATCHDOG_KEEPALIVES = 3  # paho itself gives up after two; a third means that paho is what has died

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

    def _create_socket(self) -> paho.SocketLike:
        return self._wire


class _Connection:
    """One connection from CONNECT to its end."""

    def __init__(self, wire: Wire, settings: MqttSettings, deliver: Callable[[paho.MQTTMessage], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._wire = wire
        self._settings = settings
        self._deliver = deliver
        self._window = asyncio.Semaphore(RECEIVE_MAXIMUM)
        self._pending: dict[int, asyncio.Future[None]] = {}
        self._unacknowledged: set[int] = set()
        self._writing = False
        self._processed_at_s = self._loop.time()
        self._answer: asyncio.Future[None] = self._loop.create_future()
        self._timer: asyncio.TimerHandle | None = None
        self.established = False
        self.taken_over = False
        self.ended: asyncio.Future[str] = self._loop.create_future()
        self._client = self._new_client()

    def _new_client(self) -> _Client:
        client = _Client(self._settings.client_id, self._wire)
        client.on_connect = self._fenced(self._on_connect)
        client.on_subscribe = self._fenced(self._on_subscribe)
        client.on_publish = self._fenced(self._on_publish)
        client.on_message = self._fenced(self._on_message)
        client.on_disconnect = self._fenced(self._on_disconnect)
        client.on_socket_register_write = self._fenced(self._on_write_wanted)
        if self._settings.will:
            will = self._settings.will()
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
        if self._settings.subscriptions:
            self._answer = self._loop.create_future()
            self._client.subscribe(list(self._settings.subscriptions))
            await self._answer
        self.established = True

    async def publish(self, message: Outgoing) -> None:
        """Return once the broker has taken ``message`` (QoS 1) or the socket has (QoS 0)."""
        await self._window.acquire()
        if self.ended.done():
            self._window.release()  # wakes the next who waits, who finds the same
            raise LinkDownError(self.ended.result())
        properties = _expiry(PacketTypes.PUBLISH, message)
        info = self._client.publish(message.topic, message.payload, message.qos, message.retain, properties)
        if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            self._window.release()
            raise LinkDownError(paho.error_string(info.rc))
        taken = self._pending[info.mid] = self._loop.create_future()
        taken.add_done_callback(self._free_place)
        try:
            async with asyncio.timeout(PUBACK_S_MAX):
                await asyncio.shield(taken)  # who stops waiting does not free the place; the broker's answer does
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
        self._loop.remove_reader(self._wire.fileno())
        self._loop.remove_writer(self._wire.fileno())
        self._wire.close()
        for waiting in (self._answer, *self._pending.values()):
            if not waiting.done():
                waiting.set_exception(LinkDownError(why))
                waiting.exception()  # whoever waited may have gone; that is no news
        self._pending.clear()

    def _free_place(self, taken: asyncio.Future[None]) -> None:
        if not taken.cancelled():
            taken.exception()
        self._window.release()

    def _settle(self, waiting: asyncio.Future[None] | None, what: str, reason: ReasonCode) -> None:
        if waiting is None or waiting.done():
            return
        if reason.value >= _FAILURE:
            waiting.set_exception(RefusedError(what, reason))
        else:
            waiting.set_result(None)

    # What the loop tells us.

    def _readable(self) -> None:
        for _ in range(READS_PER_TURN):
            if self.ended.done():
                return
            self._fenced(self._client.loop_read)()
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
        if silent_s > WATCHDOG_KEEPALIVES * self._client.keepalive:
            self._end(f"nothing processed for {silent_s:.0f} s")
            return
        self._timer = self._loop.call_later(self._client.keepalive / 4, self._tick)

    # What paho tells us.

    def _on_connect(
        self, _client: paho.Client, _data: Any, _flags: paho.ConnectFlags, reason: ReasonCode, offer: Properties | None
    ) -> None:
        server_maximum = getattr(offer, "ReceiveMaximum", RECEIVE_MAXIMUM)  # paho reads it and does nothing with it
        self._window = asyncio.Semaphore(min(server_maximum, RECEIVE_MAXIMUM))
        self._settle(self._answer, "the connection", reason)

    def _on_subscribe(self, _client: paho.Client, _data: Any, _mid: int, reasons: list[ReasonCode], _: Any) -> None:
        worst = max(reasons, key=lambda reason: int(reason.value))
        self._settle(self._answer, "a subscription", worst)

    def _on_publish(self, _client: paho.Client, _data: Any, mid: int, reason: ReasonCode, _: Any) -> None:
        self._settle(self._pending.pop(mid, None), "a message", reason)

    def _on_message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        if message.qos:
            self._unacknowledged.add(message.mid)
        try:
            self._deliver(message)
        except UnicodeDecodeError:  # a topic that is no text would come again for ever; nobody can have meant it for us
            _log.warning("link_poison_dropped", extra={"client_id": self._settings.client_id})
            self.acknowledge(message.mid)

    def _on_disconnect(self, _client: paho.Client, _data: Any, flags: Any, reason: ReasonCode, _: Any) -> None:
        self.taken_over = flags.is_disconnect_packet_from_server and reason.value == _TAKEN_OVER
        self._end(str(reason))

    def _on_write_wanted(self, _client: paho.Client, _data: Any, _socket: Any) -> None:
        # One pass after everything that is queued in this turn: most bursts then need no writer in the selector.
        self._loop.call_soon(self._writable)


class MqttLink:
    """``contract.link.Link`` over a broker. One consumer reads ``messages``; any number of tasks publish."""

    def __init__(self, settings: MqttSettings, chance: random.Random) -> None:
        """Draw reconnect delays from ``chance``; nothing happens before ``run``."""
        self._settings = settings
        self._chance = chance
        self._inbox: asyncio.Queue[Incoming] = asyncio.Queue()
        self._connection: _Connection | None = None
        self._generation = 0
        self._status = LinkStatus.CONNECTING
        self._observers: list[Callable[[LinkStatus], None]] = []
        self.last_failure = ""

    @property
    def status(self) -> LinkStatus:
        return self._status

    @property
    def has_no_delay(self) -> bool:
        """Whether the live connection goes without Nagle's algorithm."""
        return self._connection is not None and self._connection.has_no_delay

    def on_status(self, observer: Callable[[LinkStatus], None]) -> None:
        self._observers.append(observer)

    async def run(self) -> None:
        """Keep the link up until cancelled; raises ``LinkTakenOverError`` when it gave up."""
        loop, takeovers, failures = asyncio.get_running_loop(), TakeoverGuard(), 0
        while True:
            began_s = loop.time()
            if await self._live_once() and takeovers.saw_one(loop.time()):
                self._become(LinkStatus.TAKEN_OVER)
                raise LinkTakenOverError(f"another client keeps connecting as {self._settings.client_id!r}")
            failures = 1 if loop.time() - began_s >= self._settings.reconnect.stable_s else failures + 1
            await asyncio.sleep(self._settings.reconnect.delay_s(failures, self._chance.random))

    async def publish(self, message: Outgoing) -> None:
        if len(message.payload) > PAYLOAD_BYTES_MAX:
            raise PayloadTooLargeError(f"{len(message.payload)} bytes; at most {PAYLOAD_BYTES_MAX}")
        if self._connection is None or not self._connection.established:
            raise LinkDownError(self.last_failure or "not connected yet")
        await self._connection.publish(message)

    async def messages(self) -> AsyncIterator[Incoming]:
        while True:
            yield await self._inbox.get()

    def acknowledge(self, message: Incoming) -> None:
        """Let the broker forget ``message``; does nothing if it came over an earlier connection and will come again."""
        generation, mid = divmod(message.token, 1 << 16)
        if self._connection is not None and generation == self._generation:
            self._connection.acknowledge(mid)

    async def _live_once(self) -> bool:
        """Live through one connection. Return whether another client took it over."""
        connection: _Connection | None = None
        try:
            async with asyncio.timeout(self._settings.connect_s_max):
                wire = await open_wire(self._settings.host, self._settings.port, self._settings.tls)
                self._generation += 1
                connection = _Connection(wire, self._settings, partial(self._deliver, self._generation))
                self._connection = connection
                await connection.establish()
            await self._be_born()
            self._become(LinkStatus.CONNECTED)
            self._lose(await asyncio.shield(connection.ended))
        except asyncio.CancelledError:
            self._lose("stopped")
            raise
        except (OSError, LinkError) as error:  # TimeoutError is an OSError
            self._lose(f"{type(error).__name__}: {error}")
        except Exception:  # noqa: BLE001 - the edge of the link's loop: a broken birth or will must not end it
            _log.exception("link_attempt_failed", extra={"client_id": self._settings.client_id})
            self._lose("a hook failed")
        finally:
            self._connection = None
            if connection is not None:
                connection.close()
        return connection is not None and connection.taken_over

    async def _be_born(self) -> None:
        if self._settings.birth:
            async with asyncio.timeout(BIRTH_S_MAX):
                await self._settings.birth(self)

    def _lose(self, why: str) -> None:
        if self._status is LinkStatus.CONNECTED or not self.last_failure:
            _log.warning("link_lost", extra={"client_id": self._settings.client_id, "why": why})
        self.last_failure = why
        while not self._inbox.empty():
            self._inbox.get_nowait()  # unacknowledged, so the broker sends them again; twice in the queue helps nobody
        if self._status is LinkStatus.CONNECTED:
            self._become(LinkStatus.LOST)

    def _become(self, status: LinkStatus) -> None:
        if status is self._status:
            return
        self._status = status
        if status is LinkStatus.CONNECTED:
            _log.info("link_up", extra={"client_id": self._settings.client_id})
        for observer in self._observers:
            try:
                observer(status)
            except Exception:  # noqa: BLE001 - an observer's fault is not the link's
                _log.exception("link_observer_failed", extra={"client_id": self._settings.client_id})

    def _deliver(self, generation: int, message: paho.MQTTMessage) -> None:
        if not message.qos and self._inbox.qsize() >= LOSSY_BACKLOG_MAX:
            return
        token = (generation << 16) + message.mid if message.qos else 0
        self._inbox.put_nowait(Incoming(message.topic, bytes(message.payload), message.retain, token))


def _expiry(packet: int, message: Outgoing) -> Properties | None:
    if message.expiry_s is None:
        return None
    properties = _properties(packet)
    properties.MessageExpiryInterval = message.expiry_s
    return properties


def _properties(packet: int) -> Properties:
    return Properties(packet)  # type: ignore[no-untyped-call] # paho's constructor carries no annotations
