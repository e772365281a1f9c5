"""What the rim must do after a decision has been committed, and only then."""

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from contract.events import Event
from contract.ids import CompartmentLabel, MessageId
from edge.locker_controller.state import LockerRecord


class Pattern(StrEnum):
    """What the buzzer says."""

    LEFT_OPEN = "left_open"
    ALARM = "alarm"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class ReleaseLock:
    """Pulse this compartment's lock once and answer with ``LockPulsed(intent)``.

    A second effect with the same intent is the one re-pulse of a door that did not move.
    """

    intent: MessageId
    label: CompartmentLabel


@dataclass(frozen=True, slots=True)
class Buzz:
    """Sound ``pattern`` for a door (``None``: for the whole locker) until the next ``Buzz`` for it."""

    label: CompartmentLabel | None
    pattern: Pattern


@dataclass(frozen=True, slots=True)
class PublishState:
    """The presence document has changed (boot, command counter) or the link is new."""


@dataclass(frozen=True, slots=True)
class PublishReport:
    """The snapshot has changed or the link is new; the rim may gather several into one."""


Effect = ReleaseLock | Buzz | PublishState | PublishReport


class Decision(msgspec.Struct, frozen=True):
    """The whole answer to one input. ``cause`` is the id of the message or document that led to it, for the journal."""

    state: LockerRecord
    events: tuple[Event, ...] = ()
    effects: tuple[Effect, ...] = ()
    cause: bytes | None = None
