"""A state from a card that is damaged: what can be read counts, what cannot is said aloud and errs on the safe side."""

from collections.abc import Collection, Sequence

from msgspec.structs import replace

from contract.events import MEMORY_LOST, AlarmRaised
from edge.locker_controller.compartment import forgot_all
from edge.locker_controller.effects import Decision, PublishReport
from edge.locker_controller.persist import KINDS, RecordError, restore
from edge.locker_controller.state import CompartmentRecord, LockerRecord, Lockout, Setup, Withdrawal

Record = tuple[str, str | bytes, bytes]
JOURNAL_LOST = "journal_lost"  # one of ``MEMORY_LOST``; the others come from ``uplink.outbox``
RECORDS_LOST_MAX = 1_000  # past this the card holds no state any more, and nobody should be served from it


def salvage(
    setup: Setup, records: Sequence[Record], broken: Sequence[tuple[str, str | bytes]] = ()
) -> tuple[LockerRecord, tuple[RecordError, ...]]:
    """Restore what can be restored, and return what could not be read; raises ``RecordError`` when that is too much.

    ``broken`` names records that are not what was written, which shows before anybody decodes them. A compartment of
    which nothing is known takes no parcels: one may lie in it. A lost grant opens nothing.
    """
    lost = [RecordError(kind, key, "its seal is broken") for kind, key in broken]
    left = list(records)
    while True:
        if len(lost) > RECORDS_LOST_MAX:
            raise lost[-1]
        try:
            state = restore(setup, left)
        except RecordError as error:
            lost.append(error)
            left = [record for record in left if (record[0], record[1]) != (error.kind, error.key)]
        else:
            gone = {str(error.key) for error in lost if error.kind == "compartment"}
            if any(_is_nameless(state, kind, key) for kind, key in broken):
                gone = {str(label) for label in state.compartments} - {
                    str(key) for kind, key, _ in left if kind == "compartment"
                }
            return _withdrawn(state, gone), tuple(lost)


def _is_nameless(state: LockerRecord, kind: str, key: str | bytes) -> bool:
    """Say whether a record whose seal is broken may be that of any compartment, for its name has changed as well."""
    return kind not in KINDS or (kind == "compartment" and key not in state.compartments)


def _withdrawn(state: LockerRecord, gone: Collection[str]) -> LockerRecord:
    unclear = CompartmentRecord(withdrawn=Withdrawal.UNCLEAR, doubt_until_s=0)
    known = {label: unclear if label in gone else record for label, record in state.compartments.items()}
    return replace(state, compartments=known) if gone else state


def alarmed(state: LockerRecord, alarm: AlarmRaised) -> Decision:
    """Journal an alarm of the rim's, and take in what it means for what we remember.

    When the cloud has entries that this card has lost, the card is of before: a code it takes for good may be burnt,
    and behind its door may lie somebody else's parcel. So nothing is handed out on this memory alone: a code issued
    anew opens, staff look at the rest, and nothing is put in before that. Where nothing at all is remembered, the codes
    that did not fit so far were no guesses.
    """
    if alarm.alarm not in MEMORY_LOST:
        return Decision(state, (alarm,))
    doubted = {
        label: replace(record, withdrawn=record.withdrawn or Withdrawal.UNCLEAR, doubt_until_s=0)
        for label, record in state.compartments.items()
    }
    after = replace(state, compartments=doubted)
    if forgot_all(after):
        after = replace(after, lockout=Lockout())
    return Decision(after, (alarm,), (PublishReport(),))
