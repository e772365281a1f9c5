"""MQTT 5 packets, cut out of a stream of bytes and put back into it (OASIS MQTT 5.0, chapters 1.5, 2.1 and 3.3).

Only what somebody in the middle has to understand: where a packet ends, and what a PUBLISH says. Everything else stays
the bytes it was. A ``Packet`` may hold any bytes at all, so that a hostile one can be sent as well.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Self

PACKET_BYTES_MAX = 4 * 1024 * 1024  # sixteen times our largest payload: what is longer was never a packet
LENGTH_BYTES_MAX = 4  # MQTT 5.0, 1.5.5
TOPIC_BYTES_MAX = 0xFFFF
_MORE, _LOW = 0x80, 0x7F
_DUP, _RETAIN = 0x08, 0x01
_QOS_MAX = 2


class Kind(IntEnum):
    """The upper half of a packet's first byte."""

    CONNECT = 1
    CONNACK = 2
    PUBLISH = 3
    PUBACK = 4
    PUBREC = 5
    PUBREL = 6
    PUBCOMP = 7
    SUBSCRIBE = 8
    SUBACK = 9
    UNSUBSCRIBE = 10
    UNSUBACK = 11
    PINGREQ = 12
    PINGRESP = 13
    DISCONNECT = 14
    AUTH = 15


class Way(StrEnum):
    """Where a packet goes, as the locker sees it."""

    UP = "up"
    DOWN = "down"


class FramingError(ValueError):
    """Bytes that are no MQTT 5; the message says what is wrong with them."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet as it is on the wire."""

    raw: bytes

    @property
    def kind(self) -> int:
        """One of ``Kind``, or what a stranger has put there."""
        return self.raw[0] >> 4 if self.raw else 0

    @property
    def body(self) -> bytes:
        """What follows the remaining length; raises ``FramingError``."""
        size, at = _length(self.raw, 1)
        if len(self.raw) != at + size:
            raise FramingError(f"{len(self.raw) - at} bytes of body, {size} announced")
        return self.raw[at:]


def packet_of(head: int, body: bytes) -> Packet:
    """Make a packet of its first byte and its body."""
    return Packet(bytes([head]) + encode_length(len(body)) + body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish:
    """A message. ``properties`` are kept as they are, without their length; ``packet_id`` is 0 with QoS 0."""

    topic: str
    payload: bytes
    qos: int = 1
    packet_id: int = 0
    properties: bytes = b""
    retain: bool = False
    dup: bool = False

    @classmethod
    def read(cls, packet: Packet) -> Self:
        """Take a PUBLISH apart; raises ``FramingError`` when it is none."""
        if packet.kind != Kind.PUBLISH:
            raise FramingError(f"a packet of kind {packet.kind} is no PUBLISH")
        flags, body = packet.raw[0] & 0x0F, packet.body
        qos = flags >> 1 & 0b11
        if qos > _QOS_MAX:
            raise FramingError("there is no QoS 3")
        topic, at = _text(body)
        packet_id = int.from_bytes(_taken(body, at, 2), "big") if qos else 0
        at += 2 if qos else 0
        size, at = _length(body, at)
        properties = _taken(body, at, size)
        return cls(
            topic=topic,
            payload=body[at + size :],
            qos=qos,
            packet_id=packet_id,
            properties=properties,
            retain=bool(flags & _RETAIN),
            dup=bool(flags & _DUP),
        )

    def packet(self) -> Packet:
        """Put it together again."""
        topic = self.topic.encode()
        if len(topic) > TOPIC_BYTES_MAX:
            raise FramingError(f"a topic of {len(topic)} bytes; at most {TOPIC_BYTES_MAX}")
        head = Kind.PUBLISH << 4 | (_DUP if self.dup else 0) | self.qos << 1 | (_RETAIN if self.retain else 0)
        number = self.packet_id.to_bytes(2, "big") if self.qos else b""
        properties = encode_length(len(self.properties)) + self.properties
        return packet_of(head, len(topic).to_bytes(2, "big") + topic + number + properties + self.payload)


class Cutter:
    """Takes bytes as they come and gives whole packets."""

    def __init__(self) -> None:
        self._ahead = bytearray()

    def __call__(self, data: bytes) -> list[Packet]:
        """Return the packets that are whole now; raises ``FramingError`` when this cannot be MQTT."""
        self._ahead += data
        found: list[Packet] = []
        while size := self._size():
            found.append(Packet(bytes(self._ahead[:size])))
            del self._ahead[:size]
        return found

    def _size(self) -> int:
        """Return the length of the packet at the front; 0 while it is not whole."""
        if not _has_length(self._ahead):
            return 0
        size, at = _length(self._ahead, 1)
        if at + size > PACKET_BYTES_MAX:
            raise FramingError(f"a packet of {at + size} bytes; at most {PACKET_BYTES_MAX}")
        return at + size if len(self._ahead) >= at + size else 0


def encode_length(value: int) -> bytes:
    """Write a variable byte integer (1.5.5)."""
    out = bytearray()
    while True:
        value, low = value >> 7, value & _LOW
        out.append(low | (_MORE if value else 0))
        if not value:
            break
    if len(out) > LENGTH_BYTES_MAX:
        raise FramingError(f"a length of {len(out)} bytes; at most {LENGTH_BYTES_MAX}")
    return bytes(out)


def _has_length(data: bytearray) -> bool:
    """Whether the remaining length behind the first byte is whole, or too long to become so."""
    field = data[1 : 1 + LENGTH_BYTES_MAX]
    return len(field) == LENGTH_BYTES_MAX or any(not one & _MORE for one in field)


def _length(data: bytes | bytearray, at: int) -> tuple[int, int]:
    """Read a variable byte integer at ``at``; return it and where it ends."""
    value = 0
    for nth in range(LENGTH_BYTES_MAX):
        (one,) = _taken(data, at + nth, 1)
        value |= (one & _LOW) << 7 * nth
        if not one & _MORE:
            return value, at + nth + 1
    raise FramingError(f"a length of more than {LENGTH_BYTES_MAX} bytes")


def _text(data: bytes) -> tuple[str, int]:
    size = int.from_bytes(_taken(data, 0, 2), "big")
    try:
        return _taken(data, 2, size).decode(), 2 + size
    except UnicodeDecodeError as error:
        raise FramingError("a topic that is no text") from error


def _taken(data: bytes | bytearray, at: int, size: int) -> bytes:
    part = bytes(data[at : at + size])
    if len(part) != size:
        raise FramingError(f"{size} bytes wanted at {at}, {len(part)} there")
    return part
