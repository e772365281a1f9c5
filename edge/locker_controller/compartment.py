"""Questions about compartments: what is inside where and which may take a parcel."""

from contract.ids import CompartmentLabel, ParcelRef
from contract.state import DoorLevel
from edge.locker_controller.state import CompartmentRecord, LockerRecord, Withdrawal


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


def is_new(state: LockerRecord) -> bool:
    """Whether this locker knows nobody and nothing, and no word of the cloud was ever obeyed here: a card that is new.

    It may have been put in for one that was lost. Either way there is no code here that anybody could guess.
    """
    records = state.compartments.values()
    is_blank = not (state.grants or state.groups or state.inbox or state.configuration.configuration_version)
    return is_blank and all(record.parcel is None and not record.withdrawn for record in records)


def is_of_before(record: CompartmentRecord) -> bool:
    """Whether this is on the memory of a card of before alone (``salvage.alarmed``): staff have not looked yet."""
    return record.withdrawn == Withdrawal.UNCLEAR and record.doubt_until_s == 0


def is_being_set_up(state: LockerRecord) -> bool:
    """Whether a parcel that is not known here may lie here all the same: its owner has not come too early."""
    return is_new(state) or any(is_of_before(record) for record in state.compartments.values())


def forced(state: LockerRecord) -> list[CompartmentLabel]:
    """Return the doors that stand open, as sensors that are believed say, though nobody here asked for it."""
    return [
        label
        for label, door in state.doors.items()
        if door.is_open and not door.asked and not state.compartments[label].suspect
    ]
