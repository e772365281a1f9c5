"""Plans: ask for a day, watch it being planned, read it with everything that was left out and why."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Response

from cloud.api.calls import Call, needs, was_replayed
from cloud.api.couriers import StopShape, day_span, stop_shape
from cloud.api.shapes import Asked, JobShape, PathId, Told
from cloud.background import Progress
from cloud.domain.actors import Role
from cloud.domain.errors import NotFoundError
from cloud.planning import JOB, plan_day
from cloud.services import queries
from cloud.services.by_whom import Hand, hands_of, shares
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records_ops import JobRun

router = APIRouter(prefix="/v1", tags=["plans"])
Planning = Annotated[Call, needs(Role.OPERATOR, Role.PLANNER)]
Seeing = Annotated[Call, needs(Role.OPERATOR, Role.PLANNER, Role.SUPPORT, changing=False)]


class DayAsked(Asked):
    day: date


class RouteShape(Told):
    id: str
    courier_id: str
    starts_at: datetime
    ends_at: datetime
    distance_m: int
    started_at: datetime | None
    stops: list[StopShape]


class UnplannedShape(Told):
    parcel_id: str
    barcode: str
    reason: str


class SharesShape(Told):
    """What others bring: crowd couriers on their way or partner fleets. ``asked`` parcels wait for an answer."""

    kind: str
    parcels: int
    cents: int
    asked: int


class PlanShape(Told):
    id: str
    day: str
    planner: str
    made_at: datetime
    cost_cents: int
    distance_m: int
    duration_s: int
    routes: list[RouteShape]
    unplanned: list[UnplannedShape]
    others: list[SharesShape]


@router.post("/plans", status_code=202, response_model=JobShape)
async def post_plan(call: Planning, asked: DayAsked) -> Response:
    """Begin to plan a day; the job says when it is done. Planning again replaces what nobody drives yet."""
    day_span(call, asked.day)
    rim, who = call.rim, call.actor
    run = rim.background.begun(JOB, rim.ids.new())

    def promise(uow: UnitOfWork, _: Act) -> JobShape:
        uow.add(run)
        return job_shape(run, None)

    answer = await call.do(promise, 202)
    if not was_replayed(answer):
        rim.background.enqueue(run, lambda progress: plan_day(rim, asked.day, who, progress))
    return answer


@router.get("/plans/{day}")
async def get_plan(call: Seeing, day: Annotated[date, Path()]) -> PlanShape:
    """Return the day's plan in force."""
    found: queries.PlanPage | None
    hands: tuple[Hand, ...]
    found, hands = await call.look(
        lambda uow: (queries.plan_page(uow, day.isoformat()), hands_of(uow, day.isoformat()))
    )
    if found is None:
        raise NotFoundError("plan of", day.isoformat())
    own = {name: getattr(found.plan, name) for name in PlanShape.model_fields if hasattr(found.plan, name)}
    return PlanShape(
        **own,
        routes=[_route(route, stops) for route, stops in found.routes],
        unplanned=[
            UnplannedShape(parcel_id=parcel.id, barcode=parcel.barcode, reason=one.reason)
            for one, parcel in found.unplanned
        ],
        others=[
            SharesShape(kind=one.kind, parcels=one.parcels, cents=one.cents, asked=one.asked) for one in shares(hands)
        ],
    )


@router.get("/jobs/{job_id}")
async def get_job(call: Seeing, job_id: PathId) -> JobShape:
    """Return how far work in the background has come; a finished plan's id stands in ``detail``."""
    found: JobRun = await call.look(lambda uow: uow.need(JobRun, job_id))
    return job_shape(found, call.rim.background.progress(job_id))


def job_shape(run: JobRun, progress: Progress | None) -> JobShape:
    """Return the record and, while this process works on it, how far it is."""
    if run.finished_at is not None:
        state = "done" if run.ok else "failed"
    else:
        state = "running" if progress is not None and progress.note != "waiting" else "waiting"
    return JobShape(
        id=run.id,
        job=run.job,
        state=state,
        done=progress.done if progress else 0,
        total=progress.total if progress else 0,
        detail=run.detail or (progress.note if progress else ""),
        started_at=run.started_at,
        finished_at=run.finished_at,
    )


def _route(route: object, stops: tuple[queries.StopView, ...]) -> RouteShape:
    own = {name: getattr(route, name) for name in RouteShape.model_fields if hasattr(route, name)}
    return RouteShape(**own, stops=[stop_shape(one) for one in stops])
