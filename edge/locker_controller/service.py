"""Taking a compartment out of service and back in, with what staff have seen inside where this locker cannot know."""

from contract.commands import RefusalReason, SetService
from contract.events import CommandDone, CommandRefused, CompartmentRestored
from contract.ids import ParcelRef
from edge.locker_controller.compartment import holding, is_of_before
from edge.locker_controller.draft import Draft
from edge.locker_controller.limits import REASON_CHARACTERS_MAX
from edge.locker_controller.refusing import refuse_with
from edge.locker_controller.state import CompartmentRecord, RemoteAim, Withdrawal


def set_service(draft: Draft, command: SetService) -> None:
    """Take a compartment out of service or back in; an older word than the last one does not count."""
    record = draft.state.compartments.get(command.compartment)
    if record is None:
        refuse_with(draft, CommandRefused(command.id, RefusalReason.UNKNOWN_COMPARTMENT.value))
        return
    objection = _objection(draft, command, record)
    if objection is not None:
        refuse_with(draft, CommandRefused(command.id, objection.value))
        return
    draft.compartment(command.compartment, service_at=command.issued_at)
    if not command.in_service:
        draft.withdraw(command.compartment, command.reason[:REASON_CHARACTERS_MAX] or Withdrawal.SERVICE)
    elif command.parcel is not None:
        _put_back(draft, command, command.parcel)
    elif record.withdrawn or record.suspect:
        draft.compartment(command.compartment, withdrawn="", suspect=False)
        draft.journal(CompartmentRestored(command.compartment))
    draft.journal(CommandDone(command.id))


def _objection(draft: Draft, command: SetService, record: CompartmentRecord) -> RefusalReason | None:
    """Say what stands against a command. What staff saw counts only where the memory that it mends is of before.

    Otherwise a cloud that was taken over could say of any compartment that it holds whatever it has a code for.
    """
    if command.issued_at < record.service_at:
        return RefusalReason.REPLAYED
    if command.parcel is None or not command.in_service:
        return None
    elsewhere = holding(draft.state, command.parcel)
    task = draft.state.task
    if task is not None and not isinstance(task.aim, RemoteAim):
        return RefusalReason.BUSY  # somebody may be taking out at this moment what staff have seen
    places = {command.compartment, elsewhere or command.compartment}
    doubted = all(is_of_before(draft.state.compartments[label]) for label in places)
    return None if doubted or elsewhere == command.compartment else RefusalReason.KNOWN_BETTER


def _put_back(draft: Draft, command: SetService, parcel: ParcelRef) -> None:
    """Book a parcel in where staff saw it, and out where we believed it: from here its code and its QR open it."""
    elsewhere = holding(draft.state, parcel)
    if elsewhere is not None and elsewhere != command.compartment:
        draft.compartment(elsewhere, parcel=None, digest=None)
    settled = {"withdrawn": "", "suspect": False, "doubt_until_s": None}
    draft.compartment(command.compartment, parcel=parcel, digest=command.label, **settled)
    draft.journal(CompartmentRestored(command.compartment, parcel))
