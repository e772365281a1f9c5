"""Imports on the console: a file of parcels is brought here, and every import is reported row by row."""

from typing import Any

from fastapi import APIRouter, Request, Response

from cloud.api.problems import status_of
from cloud.api.shapes import PathId
from cloud.domain.actors import Role, require
from cloud.domain.errors import DomainError, InvalidError
from cloud.domain.parcel import Parcel
from cloud.intake.findings import FILE_BYTES_MAX, FileRefusedError
from cloud.intake.parcels_csv import REQUIRED
from cloud.landing import PARCELS
from cloud.services.imports import ImportSource
from cloud.services.ports import UnitOfWork
from cloud.services.records_ops import ImportProblem, ImportRun, JobRun
from cloud.web.bring import MB, Brought, bring, brought, problem_of
from cloud.web.console import staff_of
from cloud.web.frame import Frame, Problem
from cloud.web.route import router_of

PAGE = "/console/imports"
ROWS_SHOWN = 100  # imports on one page
PROBLEMS_SHOWN = 1_000  # of one import; a file with more is wrong as a whole
CARRIER_MAX = 60  # characters, as over the API
LATEST_LOOKED_AT = 100  # parcels whose carriers are proposed; another one is typed


def create(frame: Frame) -> APIRouter:
    """Return the list of imports, its form, and each import's report."""
    router = router_of(frame)
    rim = frame.rim

    async def show(request: Request, problem: Problem | None = None, status: int = 200) -> Response:
        who = await staff_of(request)
        can_bring = who.may_be(Role.OPERATOR)

        def unit(uow: UnitOfWork) -> dict[str, Any]:
            latest = uow.find(Parcel, order="-updated_at", limit=LATEST_LOOKED_AT) if can_bring else []
            carriers = sorted({one.carrier for one in latest})
            return {"runs": uow.find(ImportRun, order="-started_at", limit=ROWS_SHOWN), "carriers": carriers}

        content = {"can_bring": can_bring, "bytes_max": FILE_BYTES_MAX, "columns": REQUIRED, "problem": problem}
        content |= {"too_large": f"the file is larger than {FILE_BYTES_MAX // MB} MB; split it"}
        content |= await rim.look(unit)
        return frame.page(request, "console_imports.html", status, who=who, area="imports", **content)

    @router.get(PAGE)
    async def get_imports(request: Request) -> Response:
        return await show(request)

    @router.post(PAGE + "/file")
    async def post_file(request: Request) -> Response:
        who = await staff_of(request)
        require(who, Role.OPERATOR)
        sent = Brought(b"", "", {})
        try:
            sent = await brought(request, FILE_BYTES_MAX)
            source = ImportSource(PARCELS, sent.name, sent.digest, carrier=_carrier_of(sent))
            return await bring(rim, who, source, sent.raw)
        except (FileRefusedError, DomainError) as error:
            status = status_of(error) if isinstance(error, DomainError) else 422
            return await show(request, problem_of(frame, request, error, sent.fields), status)

    @router.get(PAGE + "/{import_id}")
    async def get_import(request: Request, import_id: PathId) -> Response:
        who = await staff_of(request)

        def unit(uow: UnitOfWork) -> dict[str, Any]:
            found = uow.find(ImportProblem, order="line id", import_id=import_id, limit=PROBLEMS_SHOWN)
            return {"run": uow.need(ImportRun, import_id), "problems": found, "job": uow.get(JobRun, import_id)}

        return frame.page(request, "console_import.html", who=who, area="imports", **await rim.look(unit))

    return router


def _carrier_of(sent: Brought) -> str:
    carrier = sent.fields.get("carrier", "").strip()
    if not 0 < len(carrier) <= CARRIER_MAX:
        raise InvalidError("carrier", "say whose parcels these are")
    return carrier
