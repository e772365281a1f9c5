"""What the cloud is shown of a locker: the snapshot of its compartments and the presence document."""

from contract.ids import BootId
from contract.state import CompartmentState, LockerState, Snapshot, snapshot_digest
from edge.locker_controller import technician
from edge.locker_controller.state import LockerRecord
from edge.locker_controller.timekeeping import TimeReading


def snapshot(state: LockerRecord, boot: BootId, now: TimeReading, through_sequence: int) -> Snapshot:
    """Return the picture as of journal entry ``through_sequence``."""
    compartments = tuple(
        CompartmentState(
            label=plan.label,
            size=plan.size,
            door=state.doors[plan.label].level,
            parcel=state.compartments[plan.label].parcel,
            withdrawn=state.compartments[plan.label].withdrawn,
            sensor_suspect=state.compartments[plan.label].suspect,
        )
        for plan in state.setup.layout.compartments
    )
    return Snapshot(
        locker=state.setup.locker,
        boot=boot,
        at_ms=now.now_ms,
        through_sequence=through_sequence,
        configuration_version=state.configuration.configuration_version,
        compartments=compartments,
        digest=snapshot_digest(compartments),
        uptime_ms=now.monotonic_ms,
    )


def presence(state: LockerRecord, boot: BootId, now: TimeReading, agent_version: str) -> LockerState:
    """Return the presence document of this boot; the uplink fills in the session."""
    return LockerState(
        locker=state.setup.locker,
        online=True,
        boot=boot,
        session=0,
        agent_version=agent_version,
        at_ms=now.now_ms,
        quality=now.quality,
        command_counter=state.remote.counter,
        uptime_ms=now.monotonic_ms,
        maintenance_s=technician.seconds_left(state, now.monotonic_ms) if state.in_maintenance else 0,
        operators_number=state.operators.number,
    )
