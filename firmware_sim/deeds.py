"""What may be done to simulated lockers from outside, and what they look like: the words between control and fleet."""

from typing import Protocol

import msgspec

from contract.sizes import SizeClass
from edge.locker_controller.screens import Screen
from firmware_sim.network import Cut
from firmware_sim.physics import SensorFault


class _Deed(msgspec.Struct, frozen=True, tag_field="deed", tag=str.lower):
    pass


class Pull(_Deed, frozen=True):
    """Pull at a door; a locked one does not move."""

    label: str


class Close(_Deed, frozen=True):
    """Push a door shut."""

    label: str


class PutIn(_Deed, frozen=True):
    label: str
    parcel: str


class TakeOut(_Deed, frozen=True):
    label: str


class Look(_Deed, frozen=True):
    """Look at one door, and as through the wall behind it."""

    label: str


class Break(_Deed, frozen=True):
    """Break a compartment's hardware, or mend it with the defaults. ``jams`` -1 is for ever."""

    label: str
    jams: int = 0
    slow_ms: int = 0
    spring_broken: bool = False
    stuck_relay: bool = False
    sensor: SensorFault = SensorFault.NONE


class Uplink(_Deed, frozen=True):
    cut: bool
    how: Cut = Cut.RESET


class Power(_Deed, frozen=True):
    on: bool


class Restart(_Deed, frozen=True):
    """End the agent in an orderly way and start it again."""


Deed = Pull | Close | PutIn | TakeOut | Look | Break | Uplink | Power | Restart


class Outcome(msgspec.Struct, frozen=True):
    """How a door stands after a deed; ``parcel`` is what was taken out, or what is inside."""

    open: bool = False
    caught: bool = False
    parcel: str | None = None


class DoorPicture(msgspec.Struct, frozen=True):
    """One compartment from outside and, as no camera could, from inside."""

    label: str
    size: SizeClass
    low: bool
    open: bool
    parcel: str | None
    coil_on: bool
    pulses: int


class LockerPicture(msgspec.Struct, frozen=True):
    """One locker. ``acknowledged`` is the last journal entry the cloud has confirmed, ``waiting`` counts later ones.

    Without power nobody can tell: both are -1.
    """

    id: str
    model: str
    kiosk_url: str
    power: bool
    uplink_cut: bool
    online: bool
    acknowledged: int
    waiting: int
    failure: str
    screen: Screen | None
    doors: tuple[DoorPicture, ...]
    violations: tuple[str, ...]
    buzzing: bool = False


class UnknownLockerError(LookupError):
    """No locker, or no compartment of it, has this name."""


class Lockers(Protocol):
    """Some lockers, in this process or in others."""

    async def pictures(self) -> tuple[LockerPicture, ...]: ...

    async def do(self, locker: str, deed: Deed) -> Outcome:
        """Do it; raises ``UnknownLockerError``, ``CabinetError`` or ``LockerStartError``."""
