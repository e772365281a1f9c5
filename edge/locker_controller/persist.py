"""What of a locker survives the power: small records by kind and key, so that a decision writes only what it changed.

Entries are compared by identity: a decision that did not touch an entry carries the very same object on. Unknown kinds
are left alone, so that an older agent can start on a newer one's card.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import compress
from operator import is_not
from typing import Any

import msgspec
from msgspec.structs import replace

from contract.grants import Grant
from contract.state import Configuration
from edge.locker_controller.state import (
    BulkHistory,
    CompartmentRecord,
    GroupRecord,
    LockerRecord,
    Lockout,
    OperatorBook,
    RemoteHistory,
    Setup,
    Task,
    new_locker,
)

_SINGLES: Mapping[str, Any] = {
    "configuration": Configuration,
    "lockout": Lockout,
    "remote": RemoteHistory,
    "pace_ms": tuple[int, ...],
    "operators": OperatorBook,
    "bulk": BulkHistory,
    "task": Task,
}
_MAPS: Mapping[str, tuple[str, Any]] = {
    "compartment": ("compartments", CompartmentRecord),
    "grant": ("grants", Grant),
    "group": ("groups", GroupRecord),
    "inbox": ("inbox", int),
}
KINDS = frozenset({*_SINGLES, *_MAPS})
_DECODERS = {
    kind: msgspec.msgpack.Decoder(of)
    for kind, of in [*_SINGLES.items(), *((kind, of) for kind, (_, of) in _MAPS.items())]
}
_ENCODER = msgspec.msgpack.Encoder()


class RecordError(ValueError):
    """A stored record that cannot be read: the card is damaged or was written by somebody else."""

    def __init__(self, kind: str, key: str | bytes, detail: str) -> None:
        """Name the record by ``kind`` and ``key``."""
        super().__init__(f"the stored {kind} {key!r} cannot be read: {detail}")
        self.kind, self.key = kind, key


@dataclass(frozen=True, slots=True)
class Change:
    """One record to keep (``value``) or to forget (``None``); ids stay bytes, labels text."""

    kind: str
    key: str | bytes
    value: bytes | None


def changes(old: LockerRecord, new: LockerRecord) -> tuple[Change, ...]:
    """Return what must be stored so that a restart finds ``new`` where it would have found ``old``."""
    return () if new is old else (*_changed_singles(old, new), *_changed_entries(old, new))


def restore(setup: Setup, records: Iterable[tuple[str, str | bytes, bytes]]) -> LockerRecord:
    """Build the state from what was stored; raises ``RecordError`` for a record that cannot be read.

    A compartment that the layout no longer has is not restored; one that is new in it begins empty.
    """
    fresh = new_locker(setup)
    entries: dict[str, dict[str | bytes, Any]] = {field: {} for field, _ in _MAPS.values()}
    singles: dict[str, Any] = {}
    for kind, key, value in records:
        if kind in _SINGLES:
            singles[kind] = _decoded(kind, key, value)
        elif kind in _MAPS:
            entries[_MAPS[kind][0]][key] = _decoded(kind, key, value)
    stored = entries.pop("compartments")
    compartments = {label: stored.get(label, record) for label, record in fresh.compartments.items()}
    return replace(fresh, compartments=compartments, **entries, **singles)


def _changed_singles(old: LockerRecord, new: LockerRecord) -> Iterator[Change]:
    for kind in _SINGLES:
        before, after = getattr(old, kind), getattr(new, kind)
        if after is not before:
            yield Change(kind, "", None if after is None else _ENCODER.encode(after))


def _changed_entries(old: LockerRecord, new: LockerRecord) -> Iterator[Change]:
    for kind, (field, _) in _MAPS.items():
        before, after = getattr(old, field), getattr(new, field)
        if after is before:
            continue
        for name in before.keys() - after.keys():
            yield Change(kind, name, None)
        # In C, because a busy locker keeps thousands of groups and looks through them at every step of a parcel.
        is_new = map(is_not, after.values(), map(before.get, after))
        for name, entry in compress(after.items(), is_new):
            yield Change(kind, name, _ENCODER.encode(entry))


def _decoded(kind: str, key: str | bytes, value: bytes) -> Any:
    try:
        return _DECODERS[kind].decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RecordError(kind, key, str(error)) from error
