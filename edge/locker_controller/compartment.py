"""Questions about compartments: what is inside where and which may take a parcel."""

from contract.ids import CompartmentLabel, ParcelRef
from contract.state import DoorLevel
from edge.locker_controller.state import LockerRecord, Withdrawal


def holding(state: LockerRecord, parcel: ParcelRef) -> CompartmentLabel | None:
    """Return the compartment that holds ``parcel``, if any."""
    return next((label for label, record in state.compartments.items() if record.parcel == parcel), None)


def takes_parcels(state: LockerRecord, label: CompartmentLabel) -> bool:
    """Whether a parcel may go in: empty, in service, and its door is seen to be closed by a sensor that is believed."""
    record = state.compartments[label]
    return (
        record.parcel is None
        and not record.withdrawn
        and not record.suspect
        and state.doors[label].level is DoorLevel.CLOSED
    )


def is_full(state: LockerRecord) -> bool:
    """Whether no compartment at all may take a parcel."""
    return not any(takes_parcels(state, label) for label in state.compartments)


def forgot_all(state: LockerRecord) -> bool:
    """Whether this locker has lost its memory: its card was, and until staff have looked no compartment is known."""
    records = state.compartments.values()
    return all(record.parcel is None and record.withdrawn == Withdrawal.UNCLEAR for record in records)


def forced(state: LockerRecord) -> list[CompartmentLabel]:
    """Return the doors that stand open, as sensors that are believed say, though nobody here asked for it."""
    return [
        label
        for label, door in state.doors.items()
        if door.is_open and not door.asked and not state.compartments[label].suspect
    ]
