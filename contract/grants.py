"""Grants: who may open what, at which locker, until when and how often. The cloud signs, the locker checks.

Three carriers, and what each may do:

* ``GrantBundle`` travels over the broker. Whoever reads it there can open nothing with it.
* ``CourierPass`` is the QR on a courier's phone: the short-lived sign-in, with the grants of that courier's stop.
* ``Capability`` is the QR in the recipient's message; it never passes the broker, because it opens by itself.

Records are MessagePack arrays (fields are only ever added at the end, with defaults): a drop-off takes 84 bytes, its
dormant pick-up 95, a collection 70, a revocation about 75; a courier's name on one takes 17 more, so a pass leaves it
out. Six pairs make a QR code of version 25; more become a series (docs/adr/0015).
"""

import msgspec

from contract.commands import Revoke, SetDeadline
from contract.ids import CompartmentLabel, CourierRef, GrantId, GroupId, LabelDigest, LockerId, MessageId, ParcelRef
from contract.sizes import SizeClass

GRANTS_PER_MESSAGE_MAX = 200  # half an hour of a courier's work at 7 s a door, and far below the payload limit


class DropOffGrant(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """A courier may put this parcel into one compartment of at least this size, once.

    ``courier`` says who by a pass that does not name this grant; none: whoever is signed in.
    """

    id: GrantId
    group: GroupId
    parcel: ParcelRef
    label: LabelDigest
    size: SizeClass
    expires_at: int
    low_door: bool = False
    heavy: bool = False
    courier: CourierRef | None = None


class PickUpGrant(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """Whoever types the code behind ``verifier`` may take the parcel out; dormant until it has been dropped off.

    ``expires_at`` is the deadline; it is honoured for the recipient until the parcel has actually been collected.
    """

    id: GrantId
    group: GroupId
    parcel: ParcelRef
    verifier: bytes
    expires_at: int


class CollectGrant(msgspec.Struct, frozen=True, array_like=True, tag=3):
    """A courier may take this parcel out again, once: it expired, was returned or was recalled.

    ``courier`` says who by a pass that does not name this grant; none: nobody but by a pass that does.
    """

    id: GrantId
    group: GroupId
    parcel: ParcelRef
    expires_at: int
    reason: str = "expired"
    courier: CourierRef | None = None


Grant = DropOffGrant | PickUpGrant | CollectGrant


class GrantBundle(msgspec.Struct, frozen=True, array_like=True, tag="grants"):
    """Grants on their way over the broker.

    ``again``: sent to a locker that has lost its memory, as they stood. Unlike a grant issued anew they do not say that
    anybody knows what lies in a compartment.
    """

    aud: LockerId
    id: MessageId
    issued_at: int
    expires_at: int
    grants: tuple[Grant, ...]
    version: int = 1
    again: bool = False


class CourierPass(msgspec.Struct, frozen=True, array_like=True, tag="pass"):
    """A courier's sign-in at one locker, with the grants of this stop; never sent over the broker.

    When one QR cannot hold all grants, ``part`` of ``parts`` counts a short series, each a pass of its own; its parts
    share ``issued_at``. ``commands`` are those the wire could not bring: the very same records, obeyed once by
    whichever way they come first. What moves a door is not among them. With ``named_only`` the courier may use what the
    pass names and nothing else that the locker may hold for couriers.
    """

    aud: LockerId
    id: MessageId
    issued_at: int
    expires_at: int
    courier: CourierRef
    grants: tuple[Grant, ...] = ()
    part: int = 1
    parts: int = 1
    version: int = 1
    commands: tuple[Revoke | SetDeadline, ...] = ()
    named_only: bool = False


class Capability(msgspec.Struct, frozen=True, array_like=True, tag="open"):
    """The QR form of one pick-up: 128 random bits of id and the cloud's signature instead of a code.

    It belongs to the ``group`` of the pick-up grant: spent, revoked and re-issued together with the code.
    """

    aud: LockerId
    id: MessageId
    issued_at: int
    expires_at: int
    group: GroupId
    parcel: ParcelRef
    version: int = 1


class Presence(msgspec.Struct, frozen=True, array_like=True, tag="operator"):
    """An installer's or operator's sign-in at the machine, to see the service screen; it opens no door by itself."""

    aud: LockerId
    id: MessageId
    issued_at: int
    expires_at: int
    person: bytes
    compartments: tuple[CompartmentLabel, ...] = ()
    version: int = 1
