"""Saying no on the record, without letting whoever provokes it fill the card."""

from contract.events import AlarmRaised, Event, MessageRefused, ProblemReported
from contract.ids import CompartmentLabel, MessageId, ParcelRef
from edge.locker_controller.draft import Draft
from edge.locker_controller.limits import REFUSALS_PER_MINUTE_MAX
from edge.locker_controller.screens import ProblemThanks
from edge.locker_controller.state import Refusals

_MINUTE_MS = 60_000


def refuse(draft: Draft, message: MessageId | None, reason: str) -> None:
    """Journal that a signed message, or what claimed to be one, was not obeyed."""
    refuse_with(draft, MessageRefused(message, str(reason)))


def refuse_with(draft: Draft, refusal: Event) -> None:
    """Journal a refusal; the eleventh within a minute becomes one alarm, and later ones are only counted."""
    window = draft.state.refusals
    if draft.ms - window.since_ms >= _MINUTE_MS:
        window = Refusals(since_ms=draft.ms)
    if window.count < REFUSALS_PER_MINUTE_MAX:
        draft.journal(refusal)
    elif window.count == REFUSALS_PER_MINUTE_MAX:
        draft.journal(AlarmRaised("many_refusals", type(refusal).__name__))
    draft.put(refusals=Refusals(window.since_ms, min(window.count, REFUSALS_PER_MINUTE_MAX) + 1))


def report(draft: Draft, problem: str, label: CompartmentLabel | None, parcel: ParcelRef | None) -> None:
    """Journal what a person says is wrong, and thank them."""
    draft.journal(ProblemReported(problem, label, parcel))
    draft.show(ProblemThanks(label))
