"""Files of lockers, parcels and shifts: taken, checked row by row in the background, reported by line and column."""

import asyncio
import hashlib
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.datastructures import UploadFile

from cloud.api.calls import Call, needs, was_replayed
from cloud.api.plans import job_shape
from cloud.api.problems import problem
from cloud.api.shapes import JobShape, PathId, Told
from cloud.domain.actors import Role
from cloud.domain.errors import InvalidError, NotFoundError
from cloud.intake.findings import FILE_BYTES_MAX, FINDINGS_MAX, FileRefusedError
from cloud.landing import LOCKERS, PARCELS, SHIFTS, land, open_file
from cloud.services.imports import ImportSource, begin
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records_ops import ImportProblem, ImportRun, JobRun

BODY_BYTES_MAX = FILE_BYTES_MAX + 64 * 1024  # the file and its multipart wrapping
SHIFTS_BYTES_MAX = 1024 * 1024  # of a console's file of shifts; a thousand couriers' have 100 kB
FIELDS_MAX = 4  # a form has the file and little else

router = APIRouter(prefix="/v1/imports", tags=["imports"])
Building = Annotated[Call, needs(Role.OPERATOR, Role.INSTALLER)]
Announcing = Annotated[Call, needs(Role.CARRIER, Role.OPERATOR)]
Manning = Annotated[Call, needs(Role.OPERATOR, Role.PLANNER)]
_READERS = (Role.CARRIER, Role.OPERATOR, Role.PLANNER, Role.INSTALLER, Role.SUPPORT)
Seeing = Annotated[Call, needs(*_READERS, changing=False)]
FileName = Annotated[str, Query(max_length=200, description="Shown in the report; for raw bodies")]


class ImportProblemShape(Told):
    line: int
    column: str
    reason: str
    value: str


class ImportShape(Told):
    """``problems`` lists at most the first thousand; ``rejected`` counts all rows that did not land."""

    id: str
    kind: str
    file_name: str
    started_at: datetime
    rows: int
    added: int
    changed: int
    unchanged: int
    rejected: int
    job: JobShape
    problems: list[ImportProblemShape]


def _taking(kind: str) -> dict[str, Any]:
    """Return how every endpoint that takes a file is described: a raw or multipart body, answered by a job."""
    form = {"type": "object", "required": ["file"], "properties": {"file": {"type": "string", "format": "binary"}}}
    content = {kind: {"schema": {"type": "string"}}, "multipart/form-data": {"schema": form}}
    body = {"requestBody": {"required": True, "content": content}}
    return {"status_code": 202, "response_model": JobShape, "openapi_extra": body}


@router.post("/lockers", **_taking("application/geo+json"))
async def post_lockers(
    call: Building,
    request: Request,
    file_name: FileName = "",
    model: Annotated[str, Query(max_length=40, description="For lockers whose file names no model")] = "M24",
) -> Response:
    """Take a GeoJSON file of lockers; the answer names the import to ask for."""
    raw, name = await _file(request)
    zone = call.rim.locality.zone.key
    source = ImportSource(LOCKERS, file_name or name, _digest(raw), model=model, time_zone=zone)
    return await _take(call, source, raw)


@router.post("/parcels", **_taking("text/csv"))
async def post_parcels(
    call: Announcing,
    request: Request,
    file_name: FileName = "",
    carrier: Annotated[
        str | None, Query(min_length=1, max_length=60, description="Whose parcels; for operators")
    ] = None,
) -> Response:
    """Take a CSV file of parcels; good rows land, bad ones are reported, the same file twice changes nothing."""
    raw, name = await _file(request)
    owner = carrier if call.actor.may_be(Role.OPERATOR) else call.actor.name
    if not owner:
        raise InvalidError("carrier", "say whose parcels these are")
    return await _take(call, ImportSource(PARCELS, file_name or name, _digest(raw), carrier=owner), raw)


@router.post("/shifts", **_taking("text/csv"))
async def post_shifts(
    call: Manning,
    request: Request,
    file_name: FileName = "",
    day: Annotated[date | None, Query(description="Of rows that name no day")] = None,
) -> Response:
    """Take a CSV file of shifts; good rows land, bad ones are reported, the same file twice changes nothing."""
    raw, name = await _file(request)
    zone = call.rim.locality.zone.key
    source = ImportSource(SHIFTS, file_name or name, _digest(raw), time_zone=zone, day=day.isoformat() if day else "")
    return await _take(call, source, raw)


@router.get("/{import_id}")
async def get_import(call: Seeing, import_id: PathId) -> ImportShape:
    """Return how far an import has come and what it found."""

    def unit(uow: UnitOfWork) -> tuple[ImportRun, JobRun, list[ImportProblem]]:
        run = uow.need(ImportRun, import_id)
        if not call.actor.may_be(Role.OPERATOR, Role.SUPPORT) and run.actor != str(call.actor):
            raise NotFoundError("import run", import_id)
        found = uow.find(ImportProblem, order="line id", limit=FINDINGS_MAX, import_id=import_id)
        return run, uow.need(JobRun, import_id), found

    run, job, problems = await call.look(unit)
    own = {name: getattr(run, name) for name in ImportShape.model_fields if hasattr(run, name)}
    return ImportShape(
        **own,
        job=job_shape(job, call.rim.background.progress(import_id)),
        problems=[ImportProblemShape.model_validate(one) for one in problems],
    )


async def _take(call: Call, source: ImportSource, raw: bytes) -> Response:
    """Refuse what cannot be read at all; promise the rest and queue it."""
    rim, who = call.rim, call.actor
    try:
        file = await asyncio.to_thread(open_file, rim, source.kind, raw)
    except FileRefusedError as error:
        found = error.finding
        return problem(
            422,
            "file-refused",
            str(error),
            {"line": found.line, "column": found.column, "reason": found.reason, "given": found.given},
        )
    promised: list[JobRun] = []

    def promise(uow: UnitOfWork, act: Act) -> JobShape:
        run = rim.background.begun(f"import {source.kind}", begin(uow, act, source))
        uow.add(run)
        promised.append(run)
        return job_shape(run, None)

    answer = await call.do(promise, 202)
    if not was_replayed(answer):
        run = promised[-1]
        continued = replace(source, run_id=run.id)
        rim.background.enqueue(run, lambda progress: land(rim, who, continued, file, progress))
    return answer


async def _file(request: Request) -> tuple[bytes, str]:
    """Return the file and its name, sent raw or in a form's field ``file``."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return await request.body(), ""
    async with request.form(max_files=1, max_fields=FIELDS_MAX) as form:
        sent = form.get("file")
        if not isinstance(sent, UploadFile):
            raise InvalidError("file", "the form has no file in a field of this name")
        return await sent.read(), (sent.filename or "")[:200]


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()
