"""Moving a parcel and writing down that it moved are one act: history is the custody ledger."""

from dataclasses import replace
from typing import Any

from cloud.domain.parcel import Parcel
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records import HistoryEntry


def move(uow: UnitOfWork, act: Act, parcel: Parcel, happened: str, **changes: Any) -> Parcel:
    """Change a parcel's columns and note it in its history, which alone gets ``detail``; return it as it is now."""
    detail = changes.pop("detail", "")
    changes["updated_at"] = act.now
    after = replace(parcel, **changes)
    uow.change(Parcel, {"id": parcel.id}, **changes)
    uow.add(entry(act, after, happened, detail))
    return after


def entry(act: Act, parcel: Parcel, happened: str, detail: str = "") -> HistoryEntry:
    """Return the line that says what happened to ``parcel``, given as it is afterwards."""
    return HistoryEntry(
        parcel_id=parcel.id,
        at=act.now,
        recorded_at=act.now,
        happened=happened,
        state=parcel.state,
        custodian=parcel.custodian,
        actor=str(act.actor),
        locker_id=parcel.locker_id,
        compartment=parcel.compartment,
        detail=detail,
    )
