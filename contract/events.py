"""Events: what happened at a locker, in the past tense, journalled there before anybody is told.

Each journal entry is kept as its exact MessagePack bytes. ``hash_n = SHA-256(hash_(n-1) | entry_n)``, starting from a
hash of the locker's name, so a lost, altered or reordered entry is found by whoever holds a later head.
Reasons are plain strings here: a value that this version does not know passes through.
"""

import hashlib
from collections.abc import Iterable
from enum import StrEnum

import msgspec

from contract.ids import BootId, CompartmentLabel, CourierRef, GrantId, GroupId, LockerId, MessageId, ParcelRef

ENTRIES_PER_BATCH_MAX = 200  # about 60 kB; a locker's busiest half hour in one message
HASH_BYTES = 32


class _Event(msgspec.Struct, frozen=True, tag_field="kind", tag=True):
    pass


class Purpose(StrEnum):
    """Why a lock is released."""

    DROP_OFF = "drop_off"
    PICK_UP = "pick_up"
    COLLECTION = "collection"
    REMOTE = "remote"


class AgentStarted(_Event, frozen=True):
    boot: BootId
    agent_version: str


class GrantsAccepted(_Event, frozen=True):
    """Grants were verified and stored; ``carrier`` is ``wire`` or ``phone``."""

    message: MessageId
    grants: tuple[GrantId, ...]
    carrier: str


class MessageRefused(_Event, frozen=True):
    """A signed message, or something that claimed to be one, was not obeyed."""

    message: MessageId | None
    reason: str


class CommandAccepted(_Event, frozen=True):
    command: MessageId


class CommandRefused(_Event, frozen=True):
    command: MessageId
    reason: str


class CommandDone(_Event, frozen=True):
    """A command that moves no lock took effect (revoked, deadline set, service changed)."""

    command: MessageId


class CourierSignedIn(_Event, frozen=True):
    courier: CourierRef
    message: MessageId


class CourierSignedOut(_Event, frozen=True):
    courier: CourierRef


class CodeRefused(_Event, frozen=True):
    """A well-formed code matched nothing; counted and stored before the answer was shown."""

    misses: int
    locked_s: int


class ReleaseIntended(_Event, frozen=True):
    """The decision to release a lock, committed before any current flows."""

    intent: MessageId
    compartment: CompartmentLabel
    purpose: str
    parcel: ParcelRef | None = None
    grant: GrantId | None = None


class LockReleased(_Event, frozen=True):
    intent: MessageId
    compartment: CompartmentLabel


class ReleaseFailed(_Event, frozen=True):
    """The driver refused or could not pulse; nothing is known to have moved."""

    intent: MessageId
    compartment: CompartmentLabel
    reason: str


class OpenNotDetected(_Event, frozen=True):
    """The lock was pulsed and the door stayed closed, also after the one re-pulse."""

    intent: MessageId
    compartment: CompartmentLabel


class ReleaseIndeterminate(_Event, frozen=True):
    """The agent stopped between intent and knowledge; the lock may or may not have been pulsed."""

    intent: MessageId
    compartment: CompartmentLabel
    caused_by: bytes | None = None


class DoorOpened(_Event, frozen=True):
    """A door left ``closed``; ``intent`` is ``None`` when nothing here asked for it."""

    compartment: CompartmentLabel
    intent: MessageId | None = None
    caused_by: bytes | None = None


class DoorForced(_Event, frozen=True):
    compartment: CompartmentLabel


class DoorClosed(_Event, frozen=True):
    compartment: CompartmentLabel


class DoorLeftOpen(_Event, frozen=True):
    """A door stands open too long; ``parcel`` is the one its recipient came for, so that they can be told."""

    compartment: CompartmentLabel
    open_s: int
    parcel: ParcelRef | None = None


class SensorSuspected(_Event, frozen=True):
    """A door sensor says what cannot be; the parcel behind it is still handed out, no new one goes in."""

    compartment: CompartmentLabel
    level: str


class CodeBurnt(_Event, frozen=True):
    """The door opened for a pick-up: the group is spent, its code and capability open nothing again."""

    group: GroupId
    compartment: CompartmentLabel


class ParcelDroppedOff(_Event, frozen=True):
    parcel: ParcelRef
    compartment: CompartmentLabel
    grant: GrantId
    courier: CourierRef


class DropOffAbandoned(_Event, frozen=True):
    """The parcel did not stay in this compartment: too big, occupied, broken, cancelled ..."""

    parcel: ParcelRef
    compartment: CompartmentLabel
    reason: str


class DropOffRefused(_Event, frozen=True):
    """No compartment of this locker could take the parcel."""

    parcel: ParcelRef
    reason: str


class ParcelPickedUp(_Event, frozen=True):
    """``method`` is ``code`` or ``capability``; ``late`` says that the deadline had passed and was honoured."""

    parcel: ParcelRef
    compartment: CompartmentLabel
    group: GroupId
    method: str
    late: bool = False


class ParcelCollected(_Event, frozen=True):
    parcel: ParcelRef
    compartment: CompartmentLabel
    grant: GrantId
    courier: CourierRef


class ParcelNotFound(_Event, frozen=True):
    """A courier came to take the parcel out and says that it was not there; the locker does not expect it any more."""

    parcel: ParcelRef
    compartment: CompartmentLabel
    grant: GrantId
    courier: CourierRef


class CollectionAbandoned(_Event, frozen=True):
    """The door stood open for a courier and nobody has said whether the parcel is out; it counts as still inside."""

    parcel: ParcelRef
    compartment: CompartmentLabel
    reason: str


class ProblemReported(_Event, frozen=True):
    """A person at the machine says that something is wrong; bound to the door that was theirs."""

    problem: str
    compartment: CompartmentLabel | None = None
    parcel: ParcelRef | None = None


class CompartmentWithdrawn(_Event, frozen=True):
    compartment: CompartmentLabel
    reason: str


class CompartmentRestored(_Event, frozen=True):
    """A compartment is back in service. ``parcel``: what staff have seen in it, which now lies there again."""

    compartment: CompartmentLabel
    parcel: ParcelRef | None = None


class ConfigurationApplied(_Event, frozen=True):
    configuration_version: int


class TechnicianSignedIn(_Event, frozen=True):
    """Somebody of the operator's showed a pass at the machine; ``person`` is opaque."""

    person: bytes
    message: MessageId


class TechnicianSignedOut(_Event, frozen=True):
    person: bytes


class MaintenanceStarted(_Event, frozen=True):
    """Maintenance mode was switched on at the site: nobody is served, and many doors may be opened by order."""

    person: bytes


class MaintenanceEnded(_Event, frozen=True):
    """``reason`` is ``switched_off``, ``signed_out`` or ``time``; a restart of the agent ends it without this word."""

    person: bytes
    reason: str


class OperatorsPinned(_Event, frozen=True):
    """The locker has taken a newer list of the operators who may open in bulk."""

    number: int


class BulkEnded(_Event, frozen=True):
    """An order to open many doors is over: ``begun`` of them were released, ``left`` were not and will not be.

    ``reason`` is ``done``, ``maintenance_ended`` or ``restarted``.
    """

    command: MessageId
    begun: int
    left: tuple[CompartmentLabel, ...]
    reason: str


MEMORY_LOST = frozenset({"journal_ahead", "journal_forked", "journal_lost"})
"""Alarms by which a locker says that its card is new, damaged or of before: it needs to be told again what holds."""


class AlarmRaised(_Event, frozen=True):
    """Something an operator should see at once: guessing, forged messages, a store that fails ..."""

    alarm: str
    detail: str = ""


Event = (
    AgentStarted
    | GrantsAccepted
    | MessageRefused
    | CommandAccepted
    | CommandRefused
    | CommandDone
    | CourierSignedIn
    | CourierSignedOut
    | CodeRefused
    | ReleaseIntended
    | LockReleased
    | ReleaseFailed
    | OpenNotDetected
    | ReleaseIndeterminate
    | DoorOpened
    | DoorForced
    | DoorClosed
    | DoorLeftOpen
    | SensorSuspected
    | CodeBurnt
    | ParcelDroppedOff
    | DropOffAbandoned
    | DropOffRefused
    | ParcelPickedUp
    | ParcelCollected
    | ParcelNotFound
    | CollectionAbandoned
    | ProblemReported
    | CompartmentWithdrawn
    | CompartmentRestored
    | ConfigurationApplied
    | TechnicianSignedIn
    | TechnicianSignedOut
    | MaintenanceStarted
    | MaintenanceEnded
    | OperatorsPinned
    | BulkEnded
    | AlarmRaised
)


class UnknownEvent(msgspec.Struct, frozen=True):
    """An event of a later version: journalled and skipped, never refused."""

    kind: str


class Entry(msgspec.Struct, frozen=True):
    """One line of the journal. ``at_ms`` is Unix time in ms as the locker knew it, ``quality`` how well it knew."""

    sequence: int
    at_ms: int
    quality: str
    boot: BootId
    event: Event
    cause: bytes | None = None


class EventBatch(msgspec.Struct, frozen=True, array_like=True, tag="events"):
    """Consecutive journal entries as their exact bytes; ``previous_hash`` is the head before the first."""

    locker: LockerId
    first_sequence: int
    previous_hash: bytes
    entries: tuple[bytes, ...]
    version: int = 1


def genesis_hash(locker: LockerId) -> bytes:
    """Return the head of an empty journal."""
    return hashlib.sha256(b"latchmile/journal/v1|" + locker.encode()).digest()


def chain(head: bytes, entries: Iterable[bytes]) -> bytes:
    """Return the head after appending ``entries`` to a journal whose head is ``head``."""
    for entry in entries:
        head = hashlib.sha256(head + entry).digest()
    return head
