"""Who may open in bulk: the keys of operators, believed by word of the offline root and never by the cloud's."""

from contract.bulk import BulkError, OperatorKey, PinOperators, read_list
from contract.commands import RefusalReason
from contract.envelope import Envelope
from contract.events import CommandDone, CommandRefused, OperatorsPinned
from edge.locker_controller.draft import Draft
from edge.locker_controller.effects import PublishReport, PublishState
from edge.locker_controller.refusing import refuse_with
from edge.locker_controller.state import LockerRecord, OperatorBook


def told(draft: Draft, message: PinOperators) -> None:
    """Take a list the cloud has brought; the same or an older one again changes nothing."""
    if _pin(draft, message.statement):
        draft.journal(CommandDone(message.id))
    else:
        refuse_with(draft, CommandRefused(message.id, RefusalReason.NOT_BY_ROOT.value))


def start(draft: Draft) -> None:
    """Take the list that came with the bundle, if it is news."""
    if draft.state.setup.operators is not None:
        _pin(draft, draft.state.setup.operators)


def in_force(state: LockerRecord, now_s: int) -> tuple[OperatorKey, ...]:
    """Return the keys that count now; a list that has run out lists nobody."""
    return state.operators.keys if now_s <= state.operators.expires_at else ()


def _pin(draft: Draft, statement: Envelope) -> bool:
    """Believe a list of the root's; returns whether it was one. Only a newer one replaces what is pinned."""
    try:
        listed = read_list(statement, draft.state.setup.root_of_trust)
    except BulkError:
        return False
    if listed.number > draft.state.operators.number:
        draft.put(operators=OperatorBook(listed.number, listed.expires_at, listed.keys))
        draft.journal(OperatorsPinned(listed.number))
        draft.ask(PublishState())
        draft.ask(PublishReport())
    return True
