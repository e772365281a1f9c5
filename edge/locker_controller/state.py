"""What a locker knows, as frozen records: the durable part survives the power, the rest is true for one boot only.

Maps are never changed in place: whoever changes an entry copies the one map it stands in, so that an old state stays
true, two states can be compared entry by entry by identity, and nothing is ever copied deeply.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import ClassVar

import msgspec

from contract.bulk import OperatorKey
from contract.envelope import Envelope
from contract.events import Purpose
from contract.grants import DropOffGrant, Grant
from contract.ids import (
    BootId,
    CompartmentLabel,
    CourierRef,
    GrantId,
    GroupId,
    LabelDigest,
    LockerId,
    MessageId,
    ParcelRef,
)
from contract.layout import CompartmentPlan, Layout
from contract.state import Configuration, DoorLevel
from edge.locker_controller.screens import Screen


@dataclass(frozen=True)
class Setup:
    """What a locker was given at enrolment; it comes from the bundle at every start and is never stored here.

    ``root_of_trust`` is the offline root's public key, and ``operators`` its list of who may open in bulk as of
    enrolment. Without a root no list is believed, and nothing opens in bulk.
    """

    locker: LockerId
    layout: Layout
    key_locker: bytes
    root_of_trust: bytes = b""
    operators: Envelope | None = None

    @cached_property
    def plans(self) -> Mapping[CompartmentLabel, CompartmentPlan]:
        """The compartments of the layout by label."""
        return {plan.label: plan for plan in self.layout.compartments}


class Withdrawal(StrEnum):
    """Why a compartment takes no parcels."""

    OCCUPIED = "occupied"
    DIRTY = "dirty"
    BROKEN = "broken"
    REPORTED = "reported"
    EMPTY = "empty"
    NOT_MINE = "not_mine"
    NOT_THERE = "not_there"
    LOCK_FAULT = "lock_fault"
    LEFT_OPEN = "left_open"
    UNCLEAR = "unclear"
    SERVICE = "service"


class CompartmentRecord(msgspec.Struct, frozen=True):
    """One compartment, durably.

    ``digest`` is the label of the parcel inside. ``withdrawn`` says why it takes no parcels (empty: it does).
    ``uses`` counts drop-offs, to spread the wear. ``service_at`` is the age of the last word from the cloud about it.
    ``doubt_until_s``: nobody knows whether the last pick-up's pulse came before the power went; until then the same
    code opens once more, afterwards staff must look.
    """

    parcel: ParcelRef | None = None
    digest: LabelDigest | None = None
    withdrawn: str = ""
    suspect: bool = False
    uses: int = 0
    service_at: int = 0
    doubt_until_s: int | None = None


class DoorRecord(msgspec.Struct, frozen=True):
    """One door in this boot.

    ``is_open`` is the last thing the sensor said that meant something (``None``: nothing yet), since ``since_ms``
    (monotonic). ``excuse`` is the intent that explains an opening until ``excuse_until_ms``. ``asked`` says that
    somebody was let in, as opposed to a door that was forced. ``warnings`` counts how often it was found left open.
    """

    level: DoorLevel = DoorLevel.UNKNOWN
    level_since_ms: int = 0
    is_open: bool | None = None
    since_ms: int = 0
    warnings: int = 0
    asked: bool = False
    excuse: MessageId | None = None
    excuse_until_ms: int = 0


class GroupRecord(msgspec.Struct, frozen=True):
    """What became of a group of grants; a tombstone once something is true. Kept until ``keep_until_s``."""

    keep_until_s: int
    dropped_off: bool = False
    picked_up: bool = False
    collected: bool = False
    revoked: bool = False
    deadline: int | None = None


class Lockout(msgspec.Struct, frozen=True):
    """Codes that matched nothing: in a row, and within a day of the first; how much of that day and of the pause in
    which nobody is listened to was left at ``at_ms`` (monotonic, so that no clock can shorten either).
    """  # noqa: D205 - one thought

    misses: int = 0
    day_misses: int = 0
    day_ms: int = 0
    pause_ms: int = 0
    at_ms: int = 0


class RemoteHistory(msgspec.Struct, frozen=True):
    """The highest counter obeyed, and when doors were opened from afar within the last hour (monotonic)."""

    counter: int = 0
    opens_ms: tuple[int, ...] = ()


class OperatorBook(msgspec.Struct, frozen=True):
    """The newest list of operators that the offline root has signed; 0: none yet, so nothing opens in bulk."""

    number: int = 0
    expires_at: int = 0
    keys: tuple[OperatorKey, ...] = ()


class BulkRun(msgspec.Struct, frozen=True):
    """An order to open many doors that is being carried out: ``left`` are still to come, the next from ``next_ms``."""

    command: MessageId
    left: tuple[CompartmentLabel, ...]
    begun: int = 0
    next_ms: int = 0


class BulkHistory(msgspec.Struct, frozen=True):
    """The highest counter of an order obeyed, when orders were obeyed within the last day, and the one under way."""

    counter: int = 0
    orders_ms: tuple[int, ...] = ()
    run: BulkRun | None = None


class Phase(StrEnum):
    """How far a door has come.

    ``releasing``: the lock is being pulsed. ``waiting``: pulsed, the door should move. ``not_opened``: pulsed twice in
    vain. ``open``: the door is open. ``closed``: it is closed again and the person is asked.
    """

    RELEASING = "releasing"
    WAITING = "waiting"
    NOT_OPENED = "not_opened"
    OPEN = "open"
    CLOSED = "closed"


class PickUpAim(msgspec.Struct, frozen=True, tag=Purpose.PICK_UP.value):
    """A recipient takes a parcel. ``burnt``: the group is spent. ``booked``: the parcel counts as picked up.

    ``more`` parcels here answer to the same code. ``said`` is what the recipient found, if not simply the parcel.
    """

    purpose: ClassVar[Purpose] = Purpose.PICK_UP

    parcel: ParcelRef
    group: GroupId
    method: str
    grant: GrantId | None = None
    late: bool = False
    burnt: bool = False
    booked: bool = False
    more: int = 0
    again: int = 0
    said: str = ""


class DropOffAim(msgspec.Struct, frozen=True, tag=Purpose.DROP_OFF.value):
    """A courier puts a parcel in. ``tried`` lists doors given up for it, ``rank_min`` the smallest size that can do."""

    purpose: ClassVar[Purpose] = Purpose.DROP_OFF

    grant: DropOffGrant
    courier: CourierRef
    rank_min: int
    tried: tuple[CompartmentLabel, ...] = ()
    cancelled: bool = False
    again: int = 0


class CollectionAim(msgspec.Struct, frozen=True, tag=Purpose.COLLECTION.value):
    """A courier takes a parcel out. ``said`` is what the courier found, if not simply the parcel."""

    purpose: ClassVar[Purpose] = Purpose.COLLECTION

    parcel: ParcelRef
    grant: GrantId
    group: GroupId
    courier: CourierRef
    again: int = 0
    said: str = ""


class RemoteAim(msgspec.Struct, frozen=True, tag=Purpose.REMOTE.value):
    """Support opens a door by a command; ``bulk``: it is one of many that an order of two operators opens."""

    purpose: ClassVar[Purpose] = Purpose.REMOTE

    command: MessageId
    again: int = 0
    bulk: bool = False


Aim = PickUpAim | DropOffAim | CollectionAim | RemoteAim


class Task(msgspec.Struct, frozen=True):
    """What the machine is doing with one person at one door. There is never more than one.

    ``since_ms`` is the monotonic beginning of the phase. ``blind``: the sensor could not show whether the door moves.
    ``claimed_ms``: when the person said that the door is closed although its sensor says open. ``interrupted``: the
    power went meanwhile, so that nobody can say whether the person is still there.
    """

    intent: MessageId
    label: CompartmentLabel
    aim: Aim
    phase: Phase
    since_ms: int
    intended_at_s: int
    pulses: int = 1
    blind: bool = False
    claimed_ms: int | None = None
    interrupted: bool = False


class Pulse(msgspec.Struct, frozen=True):
    """A lock that is being pulsed right now; no other may be."""

    intent: MessageId
    label: CompartmentLabel
    since_ms: int


class Session(msgspec.Struct, frozen=True):
    """A courier who is signed in. Grants of the passes shown, and collections put off, belong to it.

    ``named_only``: what the passes do not name is not for this courier.

    ``series`` is the newest pass's ``issued_at`` and number of parts, ``shown`` which of them have been scanned.
    """

    courier: CourierRef
    started_ms: int
    until_ms: int
    grants: frozenset[GrantId] = frozenset()
    skipped: frozenset[CompartmentLabel] = frozenset()
    series: tuple[int, int] = (0, 1)
    shown: frozenset[int] = frozenset({1})
    named_only: bool = False

    @property
    def missing(self) -> tuple[int, ...]:
        """The parts of the pass that have not been scanned yet."""
        return tuple(part for part in range(1, self.series[1] + 1) if part not in self.shown)


class Technician(msgspec.Struct, frozen=True):
    """Somebody of the operator's who is signed in at the machine; not stored, so a restart ends it and maintenance."""

    person: bytes
    until_ms: int
    maintenance: bool = False


class Visit(msgspec.Struct, frozen=True):
    """A pick-up that is over, whose person may still stand there and say so."""

    label: CompartmentLabel
    aim: PickUpAim
    closed_ms: int


class Notice(msgspec.Struct, frozen=True):
    """A sentence on the screen that goes away by itself."""

    screen: Screen
    until_ms: int


class Refusals(msgspec.Struct, frozen=True):
    """Refusals journalled in the minute that began at ``since_ms`` (monotonic)."""

    since_ms: int = 0
    count: int = 0


class LockerRecord(msgspec.Struct, frozen=True):
    """The whole locker. The first block is durable (see ``persist``), the second lasts as long as the process."""

    setup: Setup
    configuration: Configuration
    compartments: Mapping[CompartmentLabel, CompartmentRecord]
    grants: Mapping[GrantId, Grant]
    groups: Mapping[GroupId, GroupRecord]
    inbox: Mapping[MessageId, int]
    lockout: Lockout = Lockout()
    remote: RemoteHistory = RemoteHistory()
    pace_ms: tuple[int, ...] = ()
    operators: OperatorBook = OperatorBook()
    bulk: BulkHistory = BulkHistory()
    task: Task | None = None

    boot: BootId | None = None
    online: bool = False
    doors: Mapping[CompartmentLabel, DoorRecord] = msgspec.field(default_factory=dict)
    pulse: Pulse | None = None
    session: Session | None = None
    technician: Technician | None = None
    visit: Visit | None = None
    notice: Notice | None = None
    refusals: Refusals = Refusals()
    problem_at_ms: int | None = None
    tidied_at_s: int = 0

    @property
    def in_maintenance(self) -> bool:
        """Whether maintenance mode is on: nobody is served, and an order of two operators may open many doors."""
        return self.technician is not None and self.technician.maintenance


def new_locker(setup: Setup) -> LockerRecord:
    """Return a locker that has just been enrolled: every compartment empty and in service."""
    return LockerRecord(
        setup=setup,
        configuration=Configuration(),
        compartments={plan.label: CompartmentRecord() for plan in setup.layout.compartments},
        grants={},
        groups={},
        inbox={},
        doors={plan.label: DoorRecord() for plan in setup.layout.compartments},
    )
