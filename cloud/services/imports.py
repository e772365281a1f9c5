"""What an import is told and what it answers; the rows themselves come parsed from ``cloud.intake``."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from cloud.services.ports import Act, UnitOfWork
from cloud.services.records_ops import ImportProblem, ImportRun


@dataclass(frozen=True, slots=True)
class ImportSource:
    """``digest`` is the file's SHA-256 in hex; ``carrier`` owns the parcels of a parcel file.

    A large file comes in several calls: each after the first names the ``run_id`` that the first returned.
    ``model`` and ``time_zone`` are for lockers of which the file does not say them.
    """

    kind: str
    file_name: str
    digest: str
    carrier: str = ""
    run_id: str | None = None
    model: str = "M24"
    time_zone: str = "Europe/Warsaw"


class Finding(Protocol):
    """One thing wrong with a file, as the parser found it."""

    @property
    def line(self) -> int: ...
    @property
    def column(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def given(self) -> str: ...


@dataclass(frozen=True, slots=True)
class RowProblem:
    """The same, found by a rule here."""

    line: int
    column: str
    reason: str
    given: str = ""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The run so far. ``rejected`` counts rows, ``problems`` lists what this call found, the parser's first."""

    import_id: str
    rows: int
    added: int
    changed: int
    unchanged: int
    rejected: int
    problems: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Tally:
    added: int = 0
    changed: int = 0
    unchanged: int = 0


class LockerRow(Protocol):
    @property
    def line(self) -> int: ...
    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def lon(self) -> float: ...
    @property
    def lat(self) -> float: ...
    @property
    def address(self) -> str: ...
    @property
    def opening_hours(self) -> str: ...
    @property
    def model(self) -> str: ...


class ParcelRow(Protocol):
    @property
    def line(self) -> int: ...
    @property
    def barcode(self) -> str: ...
    @property
    def recipient_name(self) -> str: ...
    @property
    def recipient_email(self) -> str | None: ...
    @property
    def recipient_phone(self) -> str | None: ...
    @property
    def language(self) -> str: ...
    @property
    def address(self) -> str: ...
    @property
    def lon(self) -> float: ...
    @property
    def lat(self) -> float: ...
    @property
    def length_mm(self) -> int: ...
    @property
    def width_mm(self) -> int: ...
    @property
    def height_mm(self) -> int: ...
    @property
    def weight_g(self) -> int: ...
    @property
    def window_from(self) -> datetime | None: ...
    @property
    def window_to(self) -> datetime | None: ...
    @property
    def locker_allowed(self) -> bool: ...
    @property
    def preferred_locker(self) -> str | None: ...
    @property
    def low_door(self) -> bool: ...
    @property
    def perishable(self) -> bool: ...
    @property
    def temperature_controlled(self) -> bool: ...


def finish(
    uow: UnitOfWork, act: Act, run_id: str, tally: Tally, found: tuple[Sequence[Finding], Sequence[Finding]]
) -> ImportReport:
    """Add to the run's record what became of its rows and what is wrong; ``found`` by the parser, then here."""
    parsed, ruled = found
    problems = (*parsed, *ruled)
    run = uow.need(ImportRun, run_id)
    added, changed = run.added + tally.added, run.changed + tally.changed
    unchanged = run.unchanged + tally.unchanged
    rejected = run.rejected + len({one.line for one in problems})
    rows = added + changed + unchanged + rejected
    uow.change(
        ImportRun, {"id": run_id}, rows=rows, added=added, changed=changed, unchanged=unchanged, rejected=rejected
    )
    uow.add(
        *(
            ImportProblem(
                id=act.ids.new(),
                import_id=run_id,
                line=one.line,
                column=one.column,
                reason=one.reason,
                value=one.given,
            )
            for one in problems
        )
    )
    return ImportReport(run_id, rows, added, changed, unchanged, rejected, problems)


def begin(uow: UnitOfWork, act: Act, source: ImportSource) -> str:
    """Open the run's record, or continue the one that ``source`` names, and return its id."""
    if source.run_id is not None:
        return uow.need(ImportRun, source.run_id).id
    run = ImportRun(
        id=act.ids.new(),
        kind=source.kind,
        file_name=source.file_name,
        file_digest=source.digest,
        actor=str(act.actor),
        started_at=act.now,
        rows=0,
        added=0,
        changed=0,
        unchanged=0,
        rejected=0,
    )
    uow.add(run)
    return run.id
