"""What a person in front of the locker can be shown: labels, counts, seconds and reasons; never a code or a name."""

from enum import StrEnum

import msgspec

from contract.ids import CompartmentLabel
from contract.sizes import SizeClass


def _tag(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


class _Screen(msgspec.Struct, frozen=True, tag_field="kind", tag=_tag):
    pass


class Why(StrEnum):
    """Why somebody was not served; each has a sentence in every language of the kiosk."""

    BUSY = "busy"
    EXPIRED = "expired"
    WRONG_LOCKER = "wrong_locker"
    SPENT = "spent"
    REVOKED = "revoked"
    COLLECTED = "collected"
    NOT_HERE = "not_here"
    STAFF = "staff"
    SIGN_IN = "sign_in"
    UNKNOWN_LABEL = "unknown_label"
    PART_MISSING = "part_missing"
    NOT_YOURS = "not_yours"
    ALREADY_INSIDE = "already_inside"
    CLOSE_DOOR = "close_door"
    ENOUGH = "enough"
    FULL = "full"
    NO_LARGER = "no_larger"
    DAMAGED = "damaged"
    STARTING = "starting"
    SET_UP = "set_up"
    MAINTENANCE = "maintenance"


class Idle(_Screen, frozen=True):
    """Nobody is being served. ``full``: no compartment takes a parcel now. ``opened``: doors stand open unasked.

    ``anew``: the locker has lost its memory and is being set up again.
    """

    online: bool
    full: bool
    opened: bool = False
    anew: bool = False


class Opening(_Screen, frozen=True):
    """A lock has been released and the door has not moved yet."""

    label: CompartmentLabel
    purpose: str


class TakeParcel(_Screen, frozen=True):
    """The door is open: take the parcel out. ``purpose`` is ``pick_up``, ``collection`` or ``drop_off`` (take back)."""

    label: CompartmentLabel
    purpose: str


class PutParcel(_Screen, frozen=True):
    """The door is open for a courier."""

    label: CompartmentLabel
    size: SizeClass


class ConfirmDropOff(_Screen, frozen=True):
    """The door is closed: is the parcel inside? After ``seconds`` it counts as such, unless power was ``lost``."""

    label: CompartmentLabel
    seconds: int
    lost: bool = False


class ConfirmTakenOut(_Screen, frozen=True):
    """The door is closed: is the parcel really out? ``open_again`` when it is not.

    Asked of a courier who cancelled a drop-off and, when power was ``lost``, of one who was collecting: without an
    answer it then counts as still inside.
    """

    label: CompartmentLabel
    seconds: int
    lost: bool = False


class CloseDoor(_Screen, frozen=True):
    label: CompartmentLabel
    waited_s: int


class NotOpened(_Screen, frozen=True):
    """Pulsed twice and the sensor says closed. ``again``: one more try is left. After ``seconds`` nobody is asked."""

    label: CompartmentLabel
    purpose: str
    again: bool
    seconds: int


class PickedUp(_Screen, frozen=True):
    """``more`` parcels here answer to the same code; the door may be opened again for ``again_s`` (0: not)."""

    label: CompartmentLabel
    more: int
    again_s: int


class DroppedOff(_Screen, frozen=True):
    label: CompartmentLabel


class Collected(_Screen, frozen=True):
    label: CompartmentLabel


class CodeWrong(_Screen, frozen=True):
    free_left: int


class LockedOut(_Screen, frozen=True):
    seconds: int


class Refused(_Screen, frozen=True):
    """``reason`` is a ``Why``, or a word this page does not know yet."""

    reason: str


class CourierHome(_Screen, frozen=True):
    """A courier is signed in: scan a parcel, or touch one of the compartments to be emptied.

    ``missing`` lists which of the ``parts`` of the courier's pass have not been scanned yet.
    """

    drop_offs_left: int
    collections: tuple[CompartmentLabel, ...]
    seconds_left: int
    parts: int = 1
    missing: tuple[int, ...] = ()


class NoCompartment(_Screen, frozen=True):
    reason: str


class ProblemThanks(_Screen, frozen=True):
    label: CompartmentLabel | None


class OutOfOrder(_Screen, frozen=True):
    reason: str


class RemoteOpening(_Screen, frozen=True):
    """Support is opening a door; ``door_open`` once it is. In a bulk opening ``left`` doors are still to come."""

    label: CompartmentLabel
    door_open: bool
    left: int | None = None


class ServiceHome(_Screen, frozen=True):
    """A technician is signed in. In ``maintenance`` nobody else is served; ``left`` doors of an order are to come."""

    maintenance: bool
    seconds_left: int
    online: bool
    left: int | None = None


Screen = (
    Idle
    | Opening
    | TakeParcel
    | PutParcel
    | ConfirmDropOff
    | ConfirmTakenOut
    | CloseDoor
    | NotOpened
    | PickedUp
    | DroppedOff
    | Collected
    | CodeWrong
    | LockedOut
    | Refused
    | CourierHome
    | NoCompartment
    | ProblemThanks
    | OutOfOrder
    | RemoteOpening
    | ServiceHome
)
