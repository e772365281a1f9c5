"""A carrier's parcels: good rows land, bad ones come back with line, column and reason, the same file twice is nothing.

``locker allowed`` in a carrier's file is a consent the carrier attests for its recipient; it becomes a consent record
that every assignment checks, naming the carrier as the one who gave it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from cloud.domain.actors import Role, require
from cloud.domain.assignment import Scope
from cloud.domain.custody import Custodian, CustodianKind
from cloud.domain.errors import ForbiddenError, InvalidError
from cloud.domain.fit import WEIGHT_G_MAX
from cloud.domain.locker import Locker
from cloud.domain.parcel import Parcel, ParcelState
from cloud.domain.windows import promised
from cloud.intake.findings import Finding
from cloud.intake.parcels_csv import ParcelRow
from cloud.services.history import entry
from cloud.services.imports import ImportReport, ImportSource, Tally, begin, finish
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records import Consent
from contract.ids import label_digest

CHUNK = 500  # rows looked up and inserted together
SAID = (
    "recipient_name",
    "recipient_email",
    "recipient_phone",
    "language",
    "address",
    "lon",
    "lat",
    "length_mm",
    "width_mm",
    "height_mm",
    "weight_g",
    "window_from",
    "window_to",
    "locker_allowed",
    "preferred_locker",
    "low_door",
    "perishable",
    "temperature_controlled",
)
"""What a file says of a parcel in our own words; ``_said`` has the rest, everything else is ours."""
_CHANGEABLE = frozenset({ParcelState.ANNOUNCED, ParcelState.PLANNED})


@dataclass(slots=True)
class _Work:
    source: ImportSource
    run_id: str
    lockers: frozenset[str]
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    problems: list[Finding] = field(default_factory=list)


def import_parcels(
    uow: UnitOfWork, act: Act, source: ImportSource, rows: Sequence[ParcelRow], problems: Sequence[Finding] = ()
) -> ImportReport:
    """Land the good rows and report the others."""
    require(act.actor, Role.OPERATOR, Role.CARRIER)
    if not source.carrier:
        raise InvalidError("carrier", "whose parcels are these?")
    if not act.actor.may_be(Role.OPERATOR, Role.SYSTEM) and act.actor.name != source.carrier:
        raise ForbiddenError("a carrier announces its own parcels only")
    lockers = frozenset(one.id for one in uow.find(Locker))
    work = _Work(source, begin(uow, act, source), lockers)
    for start in range(0, len(rows), CHUNK):
        _land(uow, act, rows[start : start + CHUNK], work)
    return finish(uow, act, work.run_id, Tally(work.added, work.changed, work.unchanged), (problems, work.problems))


def _land(uow: UnitOfWork, act: Act, rows: Sequence[ParcelRow], work: _Work) -> None:
    barcodes = tuple({row.barcode for row in rows})
    known = {one.barcode: one for one in uow.find(Parcel, carrier=work.source.carrier, barcode=barcodes)}
    new: list[Parcel] = []
    for row in rows:
        try:
            _check(row, work)
            parcel = known.get(row.barcode)
            if parcel is None:
                known[row.barcode] = _parcel(act, row, work)
                new.append(known[row.barcode])
            else:
                _again(uow, act, row, parcel, work)
        except InvalidError as error:
            work.problems.append(Finding(row.line, error.field, error.why))
    work.added += len(new)
    uow.add(*new)
    uow.add(*(entry(act, parcel, "announced", work.source.file_name) for parcel in new))
    uow.add(*(_consent(act, parcel) for parcel in new if parcel.locker_allowed))


def _check(row: ParcelRow, work: _Work) -> None:
    promised(row.window_from, row.window_to)
    if row.weight_g > WEIGHT_G_MAX * 2:
        raise InvalidError("weight_g", f"{row.weight_g} g is more than a courier may carry")
    if row.preferred_locker is not None and row.preferred_locker not in work.lockers:
        raise InvalidError("preferred_locker", f"there is no locker {row.preferred_locker}")


def _again(uow: UnitOfWork, act: Act, row: ParcelRow, parcel: Parcel, work: _Work) -> None:
    """Take what a later file says of a parcel, as long as nobody has acted on the earlier one."""
    said = _said(row)
    differs = {name: value for name, value in said.items() if getattr(parcel, name) != value}
    if not differs:
        work.unchanged += 1
        return
    if parcel.state not in _CHANGEABLE:
        raise InvalidError(min(differs), f"parcel {row.barcode} is {parcel.state} already; a file cannot change it")
    uow.change(Parcel, {"id": parcel.id}, **differs, updated_at=act.now)
    if said["locker_allowed"] and not parcel.locker_allowed:
        uow.add(_consent(act, parcel))
    if parcel.locker_allowed and not said["locker_allowed"]:
        uow.change(Consent, {"parcel_id": parcel.id, "given_by": _giver(parcel)}, withdrawn_at=act.now)
    work.changed += 1


def _parcel(act: Act, row: ParcelRow, work: _Work) -> Parcel:
    return Parcel(
        id=act.ids.new(),
        carrier=work.source.carrier,
        barcode=row.barcode,
        label_digest=label_digest(row.barcode).hex(),
        **_said(row),
        dwell_h_max=None,
        state=ParcelState.ANNOUNCED,
        custodian=str(Custodian(CustodianKind.CARRIER, work.source.carrier)),
        locker_id=None,
        compartment=None,
        dropped_off_at=None,
        deadline=None,
        import_id=work.run_id,
        created_at=act.now,
        updated_at=act.now,
    )


def _said(row: ParcelRow) -> dict[str, Any]:
    """Return what a row says, as the parcel keeps it."""
    soft_to, cents = row.soft or (None, 0)
    more = {"soft_to": soft_to, "late_cents_per_min": cents, "skills": " ".join(sorted(row.skills))}
    return {name: getattr(row, name) for name in SAID} | more


def _consent(act: Act, parcel: Parcel) -> Consent:
    return Consent(
        id=act.ids.new(),
        parcel_id=parcel.id,
        given_by=_giver(parcel),
        given_at=act.now,
        scope=Scope.IF_ABSENT,
        locker_id=None,
        walk_m_max=None,
        withdrawn_at=None,
    )


def _giver(parcel: Parcel) -> str:
    return f"carrier:{parcel.carrier}"
