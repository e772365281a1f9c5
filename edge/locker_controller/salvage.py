"""A state from a card that is damaged: what can be read counts, what cannot is said aloud and errs on the safe side."""

from collections.abc import Sequence

from msgspec.structs import replace

from contract.ids import CompartmentLabel
from edge.locker_controller.persist import RecordError, restore
from edge.locker_controller.state import CompartmentRecord, LockerRecord, Setup, Withdrawal

Record = tuple[str, str | bytes, bytes]
RECORDS_LOST_MAX = 1_000  # past this the card holds no state any more, and nobody should be served from it


def salvage(setup: Setup, records: Sequence[Record]) -> tuple[LockerRecord, tuple[RecordError, ...]]:
    """Restore what can be restored, and return what could not be read; raises ``RecordError`` when that is too much.

    A compartment of which nothing is known takes no parcels: one may lie in it. A lost grant opens nothing.
    """
    lost: list[RecordError] = []
    left = list(records)
    while True:
        try:
            state = restore(setup, left)
        except RecordError as error:
            lost.append(error)
            if len(lost) > RECORDS_LOST_MAX:
                raise
            left = [record for record in left if (record[0], record[1]) != (error.kind, error.key)]
        else:
            return _withdrawn(state, lost), tuple(lost)


def _withdrawn(state: LockerRecord, lost: Sequence[RecordError]) -> LockerRecord:
    unclear = CompartmentRecord(withdrawn=Withdrawal.UNCLEAR)
    gone = {CompartmentLabel(str(error.key)): unclear for error in lost if error.kind == "compartment"}
    known = {label: gone.get(label, record) for label, record in state.compartments.items()}
    return replace(state, compartments=known) if gone else state
