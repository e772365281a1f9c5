"""Presence: a locker said that it is there, or the broker published the will it had left.

A locker that comes back *with another boot* could not be opened while it was gone, so the dwell of every parcel in it
is extended by that time. One that comes back in the same boot was only cut off: it served people all along.
"""

from datetime import UTC, datetime, timedelta

from cloud.domain.dwell import stopped_for
from cloud.domain.locker import Locker, is_silent
from cloud.domain.parcel import Parcel, ParcelState
from cloud.services import boots
from cloud.services.attention import alarm
from cloud.services.dispatch import resend_all
from cloud.services.history import move
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records_ops import Alarm
from contract.state import LockerState

SILENT = "locker_silent"
FRESH_MS = 30_000  # a picture travels for milliseconds; clocks of devices with NTP agree far better than this
WORTH_TELLING = timedelta(minutes=5)  # a restart or a short power cut moves the deadline, but is no part of the story

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def record_state(uow: UnitOfWork, act: Act, state: LockerState) -> None:
    """Take one presence document; a will that belongs to an older connection changes nothing."""
    locker = uow.need(Locker, state.locker)
    boot = state.boot.hex()
    same_boot = boot == locker.boot_nonce
    if not state.online:
        if same_boot and state.session >= locker.session:
            _went(uow, act, locker)
        return
    if (same_boot and state.session < locker.session) or boots.is_over(uow, act, locker, boot):
        return
    boots.hear(uow, act, locker.id, (boot, state.uptime_ms))
    _came(uow, act, locker, state)
    if not same_boot and locker.unserved_since is not None:
        _extend_dwells(uow, act, locker, locker.unserved_since)
    resend_all(uow, act, locker.id)


def heard(uow: UnitOfWork, act: Act, locker: Locker, said: tuple[str, int, int]) -> None:
    """Take a locker for present that speaks as of now: its birth may have been lost on the way.

    ``said`` is its boot, its time and its uptime (ms). What is older than the last word we had, or not of this minute,
    may have been under way since before it left.
    """
    boot, at_ms, uptime_ms = said
    if boot == locker.boot_nonce:
        boots.hear(uow, act, locker.id, (boot, uptime_ms))
    known_ms, now_ms = (_ms(moment) for moment in (locker.seen_at or _EPOCH, act.now))
    if (locker.online and boot == locker.boot_nonce) or at_ms <= known_ms or abs(now_ms - at_ms) > FRESH_MS:
        return
    if boots.is_over(uow, act, locker, boot):
        return
    boots.hear(uow, act, locker.id, (boot, uptime_ms))
    session, pinned = (locker.session, locker.operators_number) if boot == locker.boot_nonce else (0, 0)
    there = {"online": True, "seen_at": act.now, "unserved_since": None, "boot_nonce": boot, "session": session}
    there["operators_number"] = pinned  # of another boot nobody knows it yet: its card may be one of before
    uow.change(Locker, {"id": locker.id}, updated_at=act.now, **there)
    uow.change(Alarm, {"locker_id": locker.id, "kind": SILENT, "cleared_at": None}, cleared_at=act.now)
    if boot != locker.boot_nonce and locker.unserved_since is not None:
        _extend_dwells(uow, act, locker, locker.unserved_since)
    resend_all(uow, act, locker.id)


def mark_silent(uow: UnitOfWork, act: Act) -> int:
    """Raise an alarm for every locker that has been gone too long, once; return how many are new."""
    gone = [one for one in uow.find(Locker, online=False) if one.seen_at is not None and is_silent(one, act.now)]
    standing = {one.locker_id for one in uow.find(Alarm, kind=SILENT, cleared_at=None)} if gone else set()
    new = [one for one in gone if one.id not in standing]
    uow.add(*(_silence(act, one.id, one.seen_at or act.now) for one in new))
    return len(new)


def _went(uow: UnitOfWork, act: Act, locker: Locker) -> None:
    since = locker.unserved_since or act.now
    uow.change(Locker, {"id": locker.id}, online=False, seen_at=act.now, unserved_since=since, updated_at=act.now)


def _came(uow: UnitOfWork, act: Act, locker: Locker, state: LockerState) -> None:
    pinned = state.operators_number
    if state.boot.hex() == locker.boot_nonce:  # numbers only rise in a boot; a lower one is an older word, told again
        pinned = max(pinned, locker.operators_number)
    uow.change(
        Locker,
        {"id": locker.id},
        online=True,
        seen_at=act.now,
        reported_at=None,
        unserved_since=None,
        boot_nonce=state.boot.hex(),
        session=state.session,
        agent_version=state.agent_version,
        command_counter=max(locker.command_counter, state.command_counter),
        maintenance_until=act.now + timedelta(seconds=state.maintenance_s) if state.maintenance_s else None,
        operators_number=pinned,
        updated_at=act.now,
    )
    uow.change(Alarm, {"locker_id": locker.id, "kind": SILENT, "cleared_at": None}, cleared_at=act.now)


def _extend_dwells(uow: UnitOfWork, act: Act, locker: Locker, since: datetime) -> None:
    waiting = uow.find(Parcel, locker_id=locker.id, state=ParcelState.READY_FOR_PICKUP)
    for parcel in waiting:
        begun = parcel.dropped_off_at or act.now
        longer = stopped_for(since, begun, act.now)
        if parcel.deadline is None or longer <= timedelta(0):
            continue
        deadline, minutes = parcel.deadline + longer, round(longer / timedelta(minutes=1))
        if longer >= WORTH_TELLING:
            detail = f"the locker could not be opened for {minutes} min"
            move(uow, act, parcel, "dwell_stopped", deadline=deadline, detail=detail)
        else:
            uow.change(Parcel, {"id": parcel.id}, deadline=deadline, updated_at=act.now)


def _silence(act: Act, locker_id: str, since: datetime) -> Alarm:
    detail = f"nothing heard since {since.isoformat(timespec='seconds')}"
    return alarm(act, (locker_id, None), (SILENT, "warning"), detail)


def _ms(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(milliseconds=1)
