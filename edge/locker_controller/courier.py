"""A courier at the kiosk: signed in by a short-lived QR that works without any network, signed out by doing nothing."""

from msgspec.structs import replace

from contract.commands import RefusalReason
from contract.events import CourierSignedIn, CourierSignedOut
from contract.grants import CourierPass, DropOffGrant, Grant
from contract.ids import CourierRef
from edge.locker_controller.accepting import accept
from edge.locker_controller.draft import Draft
from edge.locker_controller.limits import PASS_PARTS_MAX, SESSION_S_MAX
from edge.locker_controller.messages import receive
from edge.locker_controller.refusing import refuse
from edge.locker_controller.screens import Refused, Why
from edge.locker_controller.state import CollectionAim, DropOffAim, LockerRecord, Phase, Session


def sign_in(draft: Draft, shown: CourierPass) -> None:
    """Let a courier in and take the grants the pass carries; each part of a series is a pass of its own."""
    draft.cause = shown.id
    if shown.aud != draft.state.setup.locker:
        refuse(draft, shown.id, RefusalReason.WRONG_LOCKER)
        draft.show(Refused(Why.WRONG_LOCKER))
        return
    if draft.now_s > shown.expires_at:
        refuse(draft, shown.id, RefusalReason.EXPIRED)
        draft.show(Refused(Why.EXPIRED))
        return
    session = draft.state.session
    if session is None or session.courier != shown.courier:
        sign_out(draft)
        draft.journal(CourierSignedIn(shown.courier, shown.id))
        session = Session(shown.courier, draft.ms, draft.ms)
    _obey_what_was_carried(draft, shown)
    accept(draft, shown.id, [_theirs(grant, shown.courier) for grant in shown.grants], "phone")
    grants = session.grants | {grant.id for grant in shown.grants}
    session = replace(_with_part(session, shown), grants=grants, named_only=shown.named_only)
    draft.put(session=session, notice=None)
    stay(draft)


def _theirs(grant: Grant, courier: CourierRef) -> Grant:
    """Bind a parcel that a courier's own pass brought to that courier; on the pass the name stands but once.

    A collection needs no binding: nobody may use it but by a pass that names it.
    """
    return replace(grant, courier=courier) if isinstance(grant, DropOffGrant) else grant


def _with_part(session: Session, shown: CourierPass) -> Session:
    """Tick off one part of a series, in any order and any number of times; a newer page begins a new series."""
    series = (shown.issued_at, min(shown.parts, PASS_PARTS_MAX))
    if series == session.series:
        return replace(session, shown=session.shown | {shown.part})
    return session if series[0] < session.series[0] else replace(session, series=series, shown=frozenset({shown.part}))


def _obey_what_was_carried(draft: Draft, shown: CourierPass) -> None:
    """Hear the tombstones and deadlines the wire could not bring, before the grants they may be about."""
    for command in shown.commands:
        receive(draft, command)
    draft.cause = shown.id


def stay(draft: Draft) -> None:
    """Give a courier who is doing something more time, up to the longest stop there is."""
    session = draft.state.session
    if session is not None:
        wanted_ms = draft.ms + draft.state.configuration.courier_session_s * 1000
        draft.put(session=replace(session, until_ms=min(wanted_ms, session.started_ms + SESSION_S_MAX * 1000)))


def sign_out(draft: Draft) -> None:
    session = draft.state.session
    if session is not None:
        draft.journal(CourierSignedOut(session.courier))
        draft.put(session=None)


def asked_after_restart(state: LockerRecord) -> CourierRef | None:
    """Return the courier who is being asked about a parcel that was on its way in or out when the power went."""
    task = state.task
    if task is None or not task.interrupted or task.phase is not Phase.CLOSED:
        return None
    return task.aim.courier if isinstance(task.aim, DropOffAim | CollectionAim) else None


def expire(draft: Draft) -> None:
    """Sign out a courier who has gone; nobody is signed out in front of an open door."""
    session = draft.state.session
    if session is not None and draft.state.task is None and draft.ms >= session.until_ms:
        sign_out(draft)
