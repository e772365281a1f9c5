"""Commands: what the cloud asks of a locker now. Imperative, signed, short-lived; the locker may always refuse.

A command that moves something (``RemoteOpen``, and ``OpenMany`` of ``contract.bulk``) also carries a counter and the
locker's boot nonce, so that a replay is caught in the same boot, after a reboot and on a restored disk image, without
trusting any clock.
"""

from enum import StrEnum

import msgspec

from contract.bulk import OpenMany, PinOperators
from contract.ids import BootId, CompartmentLabel, GroupId, LabelDigest, LockerId, MessageId, ParcelRef

REMOTE_OPEN_LIFE_S = 60  # an operator waits a minute; a door that opens later opens for a stranger
REMOTE_OPEN_GAP_S = 5  # one door at a time, and time to call it off (in 2020 one attack opened 2,732 lockers at once)
REMOTE_OPENS_PER_HOUR_MAX = 10  # support needs a few; an attacker wants all
COMMAND_LIFE_S = 28 * 24 * 3600  # what moves nothing may arrive weeks late and still be true; see GROUP_KEEP_S
TOMBSTONE_LIFE_S = 400 * 24 * 3600  # a revocation stays true for ever; a locker keeps it that long (REVOKED_KEEP_S)


class RefusalReason(StrEnum):
    """Why a locker did not do what a command or a person asked."""

    EXPIRED = "expired"
    WRONG_LOCKER = "wrong_locker"
    WRONG_BOOT = "wrong_boot"
    REPLAYED = "replayed"
    COUNTER_TOO_LOW = "counter_too_low"
    TOO_SOON = "too_soon"
    TOO_MANY = "too_many"
    DOOR_OPEN = "door_open"
    BUSY = "busy"
    UNKNOWN_COMPARTMENT = "unknown_compartment"
    UNKNOWN_KIND = "unknown_kind"
    UNKNOWN_GROUP = "unknown_group"
    REVOKED = "revoked"
    SPENT = "spent"
    STORE_FAILED = "store_failed"
    LIMIT_REACHED = "limit_reached"
    MALFORMED = "malformed"
    NOT_IN_MAINTENANCE = "not_in_maintenance"
    UNDERSIGNED = "undersigned"
    SAME_OPERATOR = "same_operator"
    UNKNOWN_OPERATOR = "unknown_operator"
    BAD_SIGNATURE = "bad_signature"
    NOT_BY_ROOT = "not_by_root"
    KNOWN_BETTER = "known_better"


class RemoteOpen(msgspec.Struct, frozen=True, array_like=True, tag="remote_open"):
    """Open one compartment now, because a person with a name gave a reason (both are kept in the cloud).

    ``until_uptime_ms`` is the end of its life on the device's own monotonic clock, for a locker that knows no time of
    day and a wire that holds everything back; 0: not said.
    """

    aud: LockerId
    id: MessageId
    issued_at: int
    expires_at: int
    counter: int
    boot_nonce: BootId
    compartment: CompartmentLabel
    version: int = 1
    until_uptime_ms: int = 0


class Revoke(msgspec.Struct, frozen=True, array_like=True, tag="revoke"):
    """Spend a group without using it: a tombstone, monotone, that wins over any later copy of its grants."""

    aud: LockerId
    id: MessageId
    issued_at: int
    expires_at: int
    group: GroupId
    reason: str = ""
    version: int = 1


class SetDeadline(msgspec.Struct, frozen=True, array_like=True, tag="set_deadline"):
    """Move a pick-up's deadline; counts once the locker has it, and a later one always wins over an earlier one."""

    aud: LockerId
    id: MessageId
    issued_at: int
    expires_at: int
    group: GroupId
    deadline: int
    version: int = 1


class SetService(msgspec.Struct, frozen=True, array_like=True, tag="set_service"):
    """Take a compartment out of service, or back in; what is inside can still be picked up.

    ``parcel``, whose label is ``label``, is what staff have seen there with their own eyes, at a locker that has lost
    its memory; it counts where the locker does not know better.
    """

    aud: LockerId
    id: MessageId
    issued_at: int
    expires_at: int
    compartment: CompartmentLabel
    in_service: bool
    reason: str = ""
    version: int = 1
    parcel: ParcelRef | None = None
    label: LabelDigest | None = None


Command = RemoteOpen | Revoke | SetDeadline | SetService | OpenMany | PinOperators
