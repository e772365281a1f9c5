"""Snapshots: the locker's own picture of its wall, which corrects ours and, the first time, makes it active.

A picture counts only when it shows exactly the events we have recorded; an older or newer one would undo or foretell.
"""

from collections.abc import Sequence

import msgspec

from cloud.domain.ids import parcel_id
from cloud.domain.locker import (
    Compartment,
    CompartmentStatus,
    Contents,
    Locker,
    LockerStatus,
    change_status,
    differences,
)
from cloud.services.attention import alarm, case
from cloud.services.ports import Act, Change, UnitOfWork
from cloud.services.projection_messages import configuration_about
from cloud.services.record_state import heard
from cloud.services.records import UNDER_WAY, MessageState
from cloud.services.records_ops import Alarm, DesiredConfiguration, Model, OutboxMessage
from contract.layout import Layout
from contract.state import CompartmentState, Snapshot, snapshot_digest

MISMATCH = "layout_mismatch"
_DIFFERENCES_SHOWN = 10  # enough to see what was built differently


def record_report(uow: UnitOfWork, act: Act, snapshot: Snapshot) -> bool:
    """Take one snapshot; false when it is of another moment than our journal's, so that the next one is waited for."""
    locker = uow.need(Locker, snapshot.locker)
    uow.change(Locker, {"id": locker.id}, seen_at=act.now)
    _has_configuration(uow, act, locker.id, snapshot.configuration_version)
    if snapshot_digest(snapshot.compartments) != snapshot.digest:
        uow.add(
            alarm(act, (locker.id, None), ("snapshot_damaged", "critical"), "the digest does not match the picture")
        )
        return True
    heard(uow, act, locker, (snapshot.boot.hex(), snapshot.at_ms, snapshot.uptime_ms))
    if locker.status is LockerStatus.ENROLLING and not _activate(uow, act, locker, snapshot):
        return True
    through, _ = uow.log.heads((locker.id,)).get(locker.id, (0, b""))
    if snapshot.through_sequence != through:
        return False
    uow.change(Locker, {"id": locker.id}, reported_at=act.now)
    _reconcile(uow, act, locker.id, snapshot.compartments)
    return True


def _has_configuration(uow: UnitOfWork, act: Act, locker_id: str, version: int) -> None:
    """Note what the locker runs with; a message that brought the same once more has thereby arrived."""
    uow.change(DesiredConfiguration, {"locker_id": locker_id}, applied_version=version)
    waiting = {"locker_id": locker_id, "about": configuration_about(locker_id, version), "state": UNDER_WAY}
    uow.change(OutboxMessage, waiting, state=MessageState.CONFIRMED, confirmed_at=act.now)


def _activate(uow: UnitOfWork, act: Act, locker: Locker, snapshot: Snapshot) -> bool:
    layout = msgspec.json.decode(uow.need(Model, locker.model).layout, type=Layout)
    wrong = differences(layout, {one.label: one.size for one in snapshot.compartments})
    if wrong:
        if not uow.count(Alarm, locker_id=locker.id, kind=MISMATCH, cleared_at=None):
            uow.add(alarm(act, (locker.id, None), (MISMATCH, "critical"), "; ".join(wrong[:_DIFFERENCES_SHOWN])))
        return False
    status = change_status(locker.status, LockerStatus.ACTIVE)
    uow.change(Locker, {"id": locker.id}, status=status, intake_open=True, updated_at=act.now)
    uow.change(Alarm, {"locker_id": locker.id, "kind": MISMATCH, "cleared_at": None}, cleared_at=act.now)
    return True


def _reconcile(uow: UnitOfWork, act: Act, locker_id: str, seen: Sequence[CompartmentState]) -> None:
    known = {one.label: one for one in uow.find(Compartment, locker_id=locker_id)}
    changes: list[Change] = []
    for state in seen:
        ours = known.get(state.label)
        if ours is None:
            continue
        theirs = _as_seen(state)
        if tuple(theirs.values()) != (ours.door, ours.contents, ours.parcel_id, ours.status, ours.fault):
            where = {"locker_id": locker_id, "label": state.label}
            changes.append(Change(where, {**theirs, "updated_at": act.now}))
            if theirs["parcel_id"] != ours.parcel_id:
                _differs(uow, act, ours, str(theirs["parcel_id"]))
    uow.change_many(Compartment, changes)


def _as_seen(state: CompartmentState) -> dict[str, object]:
    status = CompartmentStatus.IN_SERVICE
    if state.withdrawn:
        status = CompartmentStatus.QUARANTINED
    elif state.sensor_suspect:
        status = CompartmentStatus.FAULTED
    return {
        "door": state.door,
        "contents": Contents.EMPTY if state.parcel is None else Contents.OCCUPIED,
        "parcel_id": None if state.parcel is None else parcel_id(state.parcel),
        "status": status,
        "fault": state.withdrawn or ("sensor" if state.sensor_suspect else None),
    }


def _differs(uow: UnitOfWork, act: Act, ours: Compartment, theirs: str) -> None:
    """Open a case: the journal and the picture disagree about what is inside."""
    detail = f"we had {ours.parcel_id}, the locker has {theirs}"
    uow.add(case(act, "picture_differs", ours.parcel_id, (ours.locker_id, ours.label), detail))
