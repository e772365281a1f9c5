"""State: the retained truth about one locker, the picture of its compartments, and what the cloud says back."""

import hashlib
from collections.abc import Iterable
from enum import StrEnum

import msgspec

from contract.ids import BootId, CompartmentLabel, LockerId, MessageId, ParcelRef
from contract.sizes import SizeClass


class DoorLevel(StrEnum):
    """What a door sensor says."""

    OPEN = "open"
    CLOSED = "closed"
    UNKNOWN = "unknown"


class TimeQuality(StrEnum):
    """How well a locker knows the time."""

    SYNCED = "synced"
    HOLDOVER = "holdover"
    UNTRUSTED = "untrusted"


class LockerState(msgspec.Struct, frozen=True, array_like=True, tag="state"):
    """The retained presence document, also the will (with ``online`` false).

    ``boot`` is the boot nonce that remote opens must carry. ``session`` counts connections within a boot, so that a
    will that arrives late cannot overrule a newer birth. ``uptime_ms`` is the device's monotonic clock, which nobody
    can set; 0 where it was not said. ``maintenance_s`` is how long maintenance mode still lasts (0: it is off), and
    ``operators_number`` is the number of the list of operators that the locker has pinned.
    """

    locker: LockerId
    online: bool
    boot: BootId
    session: int
    agent_version: str
    at_ms: int
    quality: str
    command_counter: int = 0
    version: int = 1
    uptime_ms: int = 0
    maintenance_s: int = 0
    operators_number: int = 0


class CompartmentState(msgspec.Struct, frozen=True):
    """One compartment as the locker knows it. ``withdrawn`` is the reason it takes no parcels, or empty."""

    label: CompartmentLabel
    size: SizeClass
    door: str
    parcel: ParcelRef | None = None
    withdrawn: str = ""
    sensor_suspect: bool = False


class Snapshot(msgspec.Struct, frozen=True, array_like=True, tag="snapshot"):
    """The picture of all compartments as of journal entry ``through_sequence``; ``uptime_ms`` as in ``LockerState``."""

    locker: LockerId
    boot: BootId
    at_ms: int
    through_sequence: int
    configuration_version: int
    compartments: tuple[CompartmentState, ...]
    digest: bytes
    version: int = 1
    uptime_ms: int = 0


class Telemetry(msgspec.Struct, frozen=True, array_like=True, tag="telemetry"):
    """Metrics by name; lossy by contract and never a base for decisions."""

    locker: LockerId
    at_ms: int
    metrics: dict[str, float]
    version: int = 1


class Acknowledgement(msgspec.Struct, frozen=True, array_like=True, tag="ack"):
    """The cloud has *committed* every entry up to ``through_sequence``, whose chain head is ``head``.

    It also answers a birth, whose ``boot`` and ``session`` it then names: the cloud knows that the locker is there. And
    it answers a snapshot, whose digest is then ``picture``: the cloud's picture is that one.
    """

    aud: LockerId
    id: MessageId
    issued_at: int
    through_sequence: int
    head: bytes
    version: int = 1
    boot: BootId | None = None
    session: int = 0
    picture: bytes | None = None


class Configuration(msgspec.Struct, frozen=True):
    """What may be changed at a locker from afar; every field has a default that serves without a cloud.

    In the quiet hours no reminder sounds for a door left open: minutes after midnight at the locker, from the first to
    before the second, over midnight if the second is smaller; none when they are equal. A forced door sounds always.
    """

    configuration_version: int = 0
    door_left_open_s: int = 60
    confirm_s: int = 30
    open_detect_ms: int = 3000
    courier_session_s: int = 180
    support_phone: str = ""
    name: str = ""
    languages: tuple[str, ...] = ("en", "pl", "de")
    quiet_from_min: int = 0
    quiet_to_min: int = 0


class Desired(msgspec.Struct, frozen=True, array_like=True, tag="desired"):
    """The configuration the cloud wants this locker to have; applied when its version is newer."""

    aud: LockerId
    id: MessageId
    issued_at: int
    configuration: Configuration
    version: int = 1


def snapshot_digest(compartments: Iterable[CompartmentState]) -> bytes:
    """Digest (SHA-256) of a picture, so that two ends can tell by 32 bytes whether they see the same."""
    return hashlib.sha256(msgspec.msgpack.encode(tuple(sorted(compartments, key=lambda one: one.label)))).digest()
