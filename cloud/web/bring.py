"""A file that somebody brings on a page: refused in a sentence, or read in the background and reported on its own."""

import asyncio
import hashlib
from dataclasses import dataclass, replace
from http import HTTPStatus

from fastapi import Request, Response
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from cloud.api.calls import check_origin, rim_of
from cloud.domain.actors import Actor
from cloud.domain.errors import DomainError, InvalidError
from cloud.intake.findings import FileRefusedError
from cloud.landing import land, open_file
from cloud.rim import Rim
from cloud.services.imports import ImportSource, begin
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records_ops import JobRun
from cloud.web.frame import Frame, Problem, language_of, see_other
from cloud.web.sayings import said
from cloud.web.words import words_of

FIELDS_MAX = 4  # beside the file: a day, or whose parcels they are
NAME_MAX = 200  # characters of a file's name that are kept
MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Brought:
    """A form with a file; ``raw`` is empty when none was chosen."""

    raw: bytes
    name: str
    fields: dict[str, str]

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.raw).hexdigest()


async def brought(request: Request, bytes_max: int) -> Brought:
    """Return what a form brings; raises ``InvalidError`` when the application's door found it too large."""
    check_origin(rim_of(request), request)
    try:
        async with request.form(max_files=1, max_fields=FIELDS_MAX) as form:
            sent = form.get("file")
            raw, name = (await sent.read(), sent.filename or "") if isinstance(sent, UploadFile) else (b"", "")
            fields = {key: value for key, value in form.items() if isinstance(value, str)}
    except HTTPException as error:
        if error.status_code != HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            raise
        raise InvalidError("file", f"the file is larger than {bytes_max // MB} MB; split it") from error
    return Brought(raw, name[:NAME_MAX], fields)


async def bring(rim: Rim, who: Actor, source: ImportSource, raw: bytes) -> Response:
    """Open the file and promise the rest; raises ``FileRefusedError`` when nothing of it can be read."""
    if not raw:
        raise InvalidError("file", "choose a file first")
    file, act = await asyncio.to_thread(open_file, rim, source.kind, raw), rim.act(who)
    run: JobRun = await rim.do(lambda uow: _promise(uow, act, rim, source))
    continued = replace(source, run_id=run.id)
    rim.background.enqueue(run, lambda progress: land(rim, who, continued, file, progress))
    return see_other(f"/console/imports/{run.id}")


def problem_of(frame: Frame, request: Request, error: DomainError | FileRefusedError, typed: dict[str, str]) -> Problem:
    """Return why a file was not taken, as a sentence, with what was typed beside it."""
    if isinstance(error, DomainError):
        return frame.problem(request, error, typed)
    words, found = words_of(language_of(request)), error.finding
    return Problem(words.say("shifts.file_refused", line=found.line, why=said(words, found.reason)), typed)


def _promise(uow: UnitOfWork, act: Act, rim: Rim, source: ImportSource) -> JobRun:
    run = rim.background.begun(f"import {source.kind}", begin(uow, act, source))
    uow.add(run)
    return run
