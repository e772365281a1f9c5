"""One example of every record of the contract, with fixed bytes, for round trips and golden files."""

import msgspec

from contract import bulk, commands, events, grants, state
from contract.envelope import Envelope
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
from contract.sizes import SizeClass

LOCKER = LockerId("WAW-01")
A07 = CompartmentLabel("A07")


def sixteen(number: int) -> bytes:
    """Return sixteen equal bytes, easy to spot in a dump."""
    return bytes([number]) * 16


MESSAGE, PARCEL, GROUP = MessageId(sixteen(1)), ParcelRef(sixteen(2)), GroupId(sixteen(3))
GRANT, BOOT, COURIER = GrantId(sixteen(4)), BootId(sixteen(5)), CourierRef(sixteen(6))
INTENT, LABEL = MessageId(sixteen(7)), LabelDigest(sixteen(8))
NOW, LATER = 1_800_000_000, 1_800_172_800

DROP_OFF = grants.DropOffGrant(GRANT, GROUP, PARCEL, LABEL, SizeClass.M, LATER, low_door=True, courier=COURIER)
PICK_UP = grants.PickUpGrant(GRANT, GROUP, PARCEL, bytes(32), LATER)
COLLECT = grants.CollectGrant(GRANT, GROUP, PARCEL, LATER, "returned")
COMPARTMENT = state.CompartmentState(A07, SizeClass.M, "closed", PARCEL)
OPERATOR = bulk.operator_key_id(bytes(32))
SIGNED = bulk.OrderSignature(OPERATOR, bytes(64))
ORDER = bulk.BulkOrder(
    locker=LOCKER,
    order=MESSAGE.hex(),
    boot=BOOT.hex(),
    counter=NOW,
    issued_at=NOW,
    expires_at=NOW + bulk.BULK_LIFE_S,
    until_uptime_ms=690_000,
    compartments=(A07,),
    reason="spring cleaning",
)

MESSAGES: tuple[msgspec.Struct, ...] = (
    grants.GrantBundle(LOCKER, MESSAGE, NOW, LATER, (DROP_OFF, PICK_UP, COLLECT)),
    grants.CourierPass(LOCKER, MESSAGE, NOW, LATER, COURIER, (DROP_OFF, PICK_UP), 1, 2),
    grants.Capability(LOCKER, MESSAGE, NOW, LATER, GROUP, PARCEL),
    grants.Presence(LOCKER, MESSAGE, NOW, LATER, sixteen(9)),
    commands.RemoteOpen(LOCKER, MESSAGE, NOW, NOW + commands.REMOTE_OPEN_LIFE_S, 12, BOOT, A07, 1, 90_000),
    commands.Revoke(LOCKER, MESSAGE, NOW, LATER, GROUP, "cancelled"),
    commands.SetDeadline(LOCKER, MESSAGE, NOW, LATER, GROUP, LATER),
    commands.SetService(LOCKER, MESSAGE, NOW, LATER, A07, in_service=False, reason="dirty", parcel=PARCEL, label=LABEL),
    bulk.OpenMany(
        LOCKER, MESSAGE, NOW, LATER, bulk.write_order(ORDER), (bulk.OrderSignature(OPERATOR, bytes(64)),) * 2
    ),
    bulk.PinOperators(LOCKER, MESSAGE, NOW, LATER, Envelope(bulk.ROOT_KEY_ID, b"list", bytes(64))),
    state.Acknowledgement(LOCKER, MESSAGE, NOW, 41, bytes(32), 1, BOOT, 2, bytes(32)),
    state.Desired(LOCKER, MESSAGE, NOW, state.Configuration(3, name="Centrum")),
    state.LockerState(LOCKER, True, BOOT, 2, "0.1.0", NOW * 1000, "synced", 12, 1, 30_000, 1800, 3),  # noqa: FBT003 - a wire record
    state.Snapshot(LOCKER, BOOT, NOW * 1000, 41, 3, (COMPARTMENT,), state.snapshot_digest((COMPARTMENT,)), 1, 30_000),
    state.Telemetry(LOCKER, NOW * 1000, {"cpu_percent": 3.5}),
    events.EventBatch(LOCKER, 41, events.genesis_hash(LOCKER), (b"entry",)),
)

EVENTS: tuple[events.Event, ...] = (
    events.AgentStarted(BOOT, "0.1.0"),
    events.GrantsAccepted(MESSAGE, (GRANT,), "wire"),
    events.MessageRefused(MESSAGE, "bad_signature"),
    events.CommandAccepted(MESSAGE),
    events.CommandRefused(MESSAGE, commands.RefusalReason.EXPIRED),
    events.CommandDone(MESSAGE),
    events.CourierSignedIn(COURIER, MESSAGE),
    events.CourierSignedOut(COURIER),
    events.CodeRefused(6, 30),
    events.ReleaseIntended(INTENT, A07, events.Purpose.PICK_UP, PARCEL, GRANT),
    events.LockReleased(INTENT, A07),
    events.ReleaseFailed(INTENT, A07, "too_soon"),
    events.OpenNotDetected(INTENT, A07),
    events.ReleaseIndeterminate(INTENT, A07),
    events.DoorOpened(A07, INTENT, MESSAGE),
    events.DoorForced(A07),
    events.DoorClosed(A07),
    events.DoorLeftOpen(A07, 60, PARCEL),
    events.SensorSuspected(A07, "open"),
    events.CodeBurnt(GROUP, A07),
    events.ParcelDroppedOff(PARCEL, A07, GRANT, COURIER),
    events.DropOffAbandoned(PARCEL, A07, "too_big"),
    events.DropOffRefused(PARCEL, "full"),
    events.ParcelPickedUp(PARCEL, A07, GROUP, "code"),
    events.ParcelCollected(PARCEL, A07, GRANT, COURIER),
    events.ProblemReported("empty", A07, PARCEL),
    events.CompartmentWithdrawn(A07, "occupied"),
    events.CompartmentRestored(A07, PARCEL),
    events.ConfigurationApplied(3),
    events.AlarmRaised("guessing", "6 misses"),
    events.ParcelNotFound(PARCEL, A07, GRANT, COURIER),
    events.CollectionAbandoned(PARCEL, A07, "unclear"),
    events.TechnicianSignedIn(sixteen(9), MESSAGE),
    events.TechnicianSignedOut(sixteen(9)),
    events.MaintenanceStarted(sixteen(9)),
    events.MaintenanceEnded(sixteen(9), "time"),
    events.OperatorsPinned(3),
    events.BulkEnded(MESSAGE, 1, (A07,), "maintenance_ended"),
)

ENTRIES: tuple[events.Entry, ...] = tuple(
    events.Entry(number, NOW * 1000 + number, "synced", BOOT, event, MESSAGE)
    for number, event in enumerate(EVENTS, start=1)
)
