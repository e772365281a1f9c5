"""Everything that can happen to a locker, as values: what is not in this closed set cannot make it do anything."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from contract.codec import Downward
from contract.codes import StretchedCode
from contract.grants import Capability, CourierPass, Presence
from contract.ids import BootId, CompartmentLabel, LabelDigest, MessageId
from contract.state import DoorLevel
from edge.locker_controller.timekeeping import TimeReading

Levels = Mapping[CompartmentLabel, DoorLevel]


class Moment(msgspec.Struct, frozen=True):
    """When something is decided, and ``fresh``: 16 random bytes that name the one release a decision may begin."""

    now: TimeReading
    fresh: MessageId


class Answer(StrEnum):
    """What a person can tap on a screen."""

    DONE = "done"
    TOO_BIG = "too_big"
    OCCUPIED = "occupied"
    DIRTY = "dirty"
    BROKEN = "broken"
    CANCEL = "cancel"
    OPEN_AGAIN = "open_again"
    NOT_MINE = "not_mine"
    EMPTY = "empty"
    PROBLEM = "problem"
    COLLECT = "collect"
    SKIP = "skip"
    SIGN_OUT = "sign_out"
    MORE_TIME = "more_time"
    MAINTENANCE_ON = "maintenance_on"
    MAINTENANCE_OFF = "maintenance_off"


@dataclass(frozen=True, slots=True)
class Started:
    """The agent came up; the first input of every boot."""

    boot: BootId
    agent_version: str
    levels: Levels


class Tick(msgspec.Struct, frozen=True):
    """Time passed; all doors were read as levels, so that no edge ever has to be seen."""

    levels: Levels


@dataclass(frozen=True, slots=True)
class DoorSensed:
    label: CompartmentLabel
    level: DoorLevel


@dataclass(frozen=True, slots=True)
class CodeEntered:
    """A well-formed pick-up code, already stretched; typing slips end at the rim and cost nobody an attempt."""

    stretched: StretchedCode


@dataclass(frozen=True, slots=True)
class CapabilityShown:
    """A recipient's QR whose signature held."""

    capability: Capability


@dataclass(frozen=True, slots=True)
class PassShown:
    """A courier's QR whose signature held."""

    courier_pass: CourierPass


@dataclass(frozen=True, slots=True)
class OperatorShown:
    """The pass of a technician or operator at the machine, whose signature held."""

    presence: Presence


@dataclass(frozen=True, slots=True)
class PresentationRefused:
    """A QR of ours that was not believed (forged, damaged, unknown kind ...)."""

    reason: str


@dataclass(frozen=True, slots=True)
class BarcodeScanned:
    """A label on a parcel, digested at the rim."""

    digest: LabelDigest


@dataclass(frozen=True, slots=True)
class Answered:
    answer: Answer
    label: CompartmentLabel | None = None


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """A message of the cloud whose signature held. Acknowledgements concern the outbox and change nothing here."""

    message: Downward


@dataclass(frozen=True, slots=True)
class MessageRejected:
    """Something on the wire that was not believed, with its id where one could be read."""

    reason: str
    id: MessageId | None = None


@dataclass(frozen=True, slots=True)
class LockPulsed:
    """The driver's answer to one ``ReleaseLock``: the coil was driven, or why not."""

    intent: MessageId
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class ScreenBack:
    """The screen was out of order, because the store failed, and serves again."""


@dataclass(frozen=True, slots=True)
class LinkChanged:
    online: bool


Input = (
    Started
    | ScreenBack
    | Tick
    | DoorSensed
    | CodeEntered
    | CapabilityShown
    | PassShown
    | OperatorShown
    | PresentationRefused
    | BarcodeScanned
    | Answered
    | MessageReceived
    | MessageRejected
    | LockPulsed
    | LinkChanged
)
