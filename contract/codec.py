"""Bytes to records and back, for every body that is ever signed.

msgspec, because it validates while it decodes at about the speed of a bare ``json.loads``, weighs 2 MB where pydantic
weighs 10, writes MessagePack small enough for a QR code, and derives JSON Schema from the same records (ADR 0008).
"""

from dataclasses import dataclass
from typing import Any, TypeVar

import base45
import msgspec

from contract.commands import Command
from contract.events import Entry, EventBatch, UnknownEvent
from contract.grants import Capability, CourierPass, GrantBundle, Presence
from contract.state import Acknowledgement, Desired, LockerState, Snapshot, Telemetry

QR_PREFIX = "LM1:"
QR_CHARACTERS_MAX = 4296  # alphanumeric capacity of a version 40 QR code at error correction L (ISO/IEC 18004)
QR_BODY_BYTES_MAX = (QR_CHARACTERS_MAX - len(QR_PREFIX)) * 2 // 3  # base45 turns two bytes into three characters

Downward = GrantBundle | Command | Acknowledgement | Desired
Presented = CourierPass | Capability | Presence
Upward = EventBatch | LockerState | Snapshot | Telemetry


class CodecError(ValueError):
    """Bytes that are no message of ours; says where and why."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A well-formed message of a kind that this version does not know: journalled and skipped."""

    kind: str


_ENCODER = msgspec.msgpack.Encoder()
_DOWNWARD = msgspec.msgpack.Decoder(Downward)
_PRESENTED = msgspec.msgpack.Decoder(Presented)
_UPWARD = msgspec.msgpack.Decoder(Upward)
_ENTRY = msgspec.msgpack.Decoder(Entry)
_ANY = msgspec.msgpack.Decoder()

Record = TypeVar("Record")


def encode(record: msgspec.Struct) -> bytes:
    """Encode any record of the contract."""
    return _ENCODER.encode(record)


def decode_downward(body: bytes) -> Downward | Unknown:
    """Decode what the cloud sent; a later version's kind comes back as ``Unknown``."""
    return _decode(_DOWNWARD, body)


def decode_presented(body: bytes) -> Presented | Unknown:
    """Decode what a person showed to the scanner."""
    return _decode(_PRESENTED, body)


def decode_upward(body: bytes) -> Upward | Unknown:
    """Decode what a locker sent."""
    return _decode(_UPWARD, body)


def decode_entry(raw: bytes) -> Entry | UnknownEvent:
    """Decode one journal entry; raises ``CodecError`` when not even its kind can be read."""
    try:
        return _ENTRY.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        kind = _entry_kind(raw)
        if kind is None or kind in _EVENT_KINDS:
            raise CodecError(str(error)) from error
        return UnknownEvent(kind)


def to_qr(envelope: bytes) -> str:
    """Return the text of a QR code (alphanumeric mode) that carries an envelope; ``CodecError`` when too long."""
    if len(envelope) > QR_BODY_BYTES_MAX:
        raise CodecError(f"{len(envelope)} bytes do not fit one QR code ({QR_BODY_BYTES_MAX} do)")
    text: bytes = base45.b45encode(envelope)
    return QR_PREFIX + text.decode()


def from_qr(text: str) -> bytes:
    """Return the envelope in a scanned text; raises ``CodecError`` for anything else.

    A scanner's line end is passed over; a space is not, it is one of base45's digits.
    """
    if not text.startswith(QR_PREFIX) or len(text) > QR_CHARACTERS_MAX:
        raise CodecError(f"the text does not begin with {QR_PREFIX} or is longer than a QR code")
    try:
        envelope: bytes = base45.b45decode(text.removeprefix(QR_PREFIX).rstrip("\r\n\t"))
    except ValueError as error:
        raise CodecError("the text is damaged: scan again") from error
    return envelope


def _decode(decoder: "msgspec.msgpack.Decoder[Record]", body: bytes) -> Record | Unknown:
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        kind = _kind_of(body)
        if kind is None or kind in _KINDS:
            raise CodecError(str(error)) from error
        return Unknown(kind)


def _loose(raw: bytes) -> Any:
    try:
        return _ANY.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _kind_of(body: bytes) -> str | None:
    loose = _loose(body)
    return loose[0] if isinstance(loose, list) and loose and isinstance(loose[0], str) else None


def _entry_kind(raw: bytes) -> str | None:
    loose = _loose(raw)
    event = loose.get("event") if isinstance(loose, dict) else None
    kind = event.get("kind") if isinstance(event, dict) else None
    return kind if isinstance(kind, str) else None


def _tags(union: Any) -> frozenset[str]:
    return frozenset(str(one.__struct_config__.tag) for one in union.__args__)


_KINDS = _tags(Downward) | _tags(Presented) | _tags(Upward)
_EVENT_KINDS = _tags(Entry.__annotations__["event"])
