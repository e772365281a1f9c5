"""For whoever supervises us: alive means that the loop turns, ready means that work would be done."""

from fastapi import APIRouter, Request, Response

from cloud.api.calls import rim_of
from cloud.api.problems import problem
from cloud.services.ports import UnitOfWork

router = APIRouter(tags=["health"])


@router.get("/healthz", include_in_schema=False)
async def get_health() -> Response:
    """Return at once."""
    return Response(b"alive\n", media_type="text/plain")


@router.get("/readyz", include_in_schema=False)
async def get_readiness(request: Request) -> Response:
    """Return 200 when the database answers, both ways, and the parts of the service say that they work."""
    rim = rim_of(request)

    def unit(uow: UnitOfWork) -> dict[str, int]:
        return uow.reads.count_by_state()

    await rim.look(unit)
    await rim.do(unit)
    missing = [name for name, is_up in request.app.state.readiness().items() if not is_up]
    if missing:
        return problem(503, "not-ready", f"not up: {', '.join(sorted(missing))}")
    return Response(b"ready\n", media_type="text/plain")
