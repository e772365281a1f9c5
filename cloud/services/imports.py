"""What an import is told and what it answers; the rows themselves come parsed from ``cloud.intake``."""

from collections.abc import Sequence
from dataclasses import dataclass

from cloud.intake.findings import Finding, Severity
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records_ops import ImportProblem, ImportRun


@dataclass(frozen=True, slots=True)
class ImportSource:
    """``digest`` is the file's SHA-256 in hex; ``carrier`` owns the parcels of a parcel file.

    A large file comes in several calls: each after the first names the ``run_id`` that the first returned.
    ``model`` and ``time_zone`` are for lockers of which the file does not say them; ``time_zone`` is also the one of
    a file of shifts, and ``day`` (ISO) that of its rows which name none.
    """

    kind: str
    file_name: str
    digest: str
    carrier: str = ""
    run_id: str | None = None
    model: str = "M24"
    time_zone: str = "Europe/Warsaw"
    day: str = ""


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


def finish(
    uow: UnitOfWork, act: Act, run_id: str, tally: Tally, found: tuple[Sequence[Finding], Sequence[Finding]]
) -> ImportReport:
    """Add to the run's record what became of its rows and what is wrong; ``found`` by the parser, then here."""
    parsed, ruled = found
    problems = (*parsed, *ruled)
    run = uow.need(ImportRun, run_id)
    added, changed = run.added + tally.added, run.changed + tally.changed
    unchanged = run.unchanged + tally.unchanged
    refused = {one.line for one in problems if one.severity is Severity.REFUSED}
    rejected = run.rejected + len(refused)
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
