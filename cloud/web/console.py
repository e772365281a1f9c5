"""The operator's first page: the whole fleet on a map and in a table, what needs somebody on top."""

from typing import Any

from fastapi import APIRouter, Request, Response

from cloud.domain.actors import Actor
from cloud.services import queries
from cloud.services.ports import UnitOfWork
from cloud.services.records_ops import Alarm
from cloud.web import maps
from cloud.web.console_view import FleetLine, fleet_lines, totals_of
from cloud.web.frame import Frame
from cloud.web.route import router_of, signed_in
from cloud.web.sign_in import CONSOLE_HOME, STAFF
from contract.sizes import SizeClass

ALARMS_SHOWN = 5  # beside the map; all of them have a page


def create(frame: Frame) -> APIRouter:
    """Return the fleet page."""
    router = router_of(frame)
    rim = frame.rim

    @router.get("/console")
    async def get_fleet(request: Request) -> Response:
        who = await staff_of(request)
        now = rim.clock.now()

        def unit(uow: UnitOfWork) -> tuple[list[FleetLine], list[Alarm]]:
            alarms = uow.find(Alarm, order="-raised_at", cleared_at=None, limit=ALARMS_SHOWN)
            return fleet_lines(queries.fleet(uow), uow, now), alarms

        lines, alarms = await rim.look(unit)
        content: dict[str, Any] = {
            "lines": lines,
            "alarms": alarms,
            "any_ending": any(line.certificate_until for line in lines),
            "totals": totals_of(line.row for line in lines),
            "sizes": tuple(SizeClass),
            "drawing": maps.drawing([_point(line) for line in lines]),
        }
        return frame.page(request, "console_fleet.html", who=who, area="fleet", **content)

    return router


async def staff_of(request: Request) -> Actor:
    """Return the signed-in person who runs lockers."""
    return await signed_in(request, CONSOLE_HOME, *STAFF)


def _point(line: FleetLine) -> dict[str, object]:
    state = "trouble" if line.is_troubled else line.presence
    free = sum(line.free.values())
    return maps.locker_point(line.locker, state=state, text=str(free), href=f"/console/lockers/{line.locker.id}")
