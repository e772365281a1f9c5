"""One locker for its operator: the wall as it is, what a door did, and opening it from afar with a reason."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from cloud.api.problems import status_of
from cloud.api.shapes import DoorName, PathLocker
from cloud.domain.actors import Actor, Role
from cloud.domain.errors import DomainError, NotFoundError
from cloud.domain.locker import Compartment
from cloud.domain.parcel import Parcel
from cloud.services import queries
from cloud.services.certificates import ENDING_IN, certificate_until
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records_ops import CommandSent
from cloud.services.remote_open import REASON_MAX, REASON_MIN, OpenWish, remote_open
from cloud.services.revoke_locker import revoke_locker
from cloud.services.set_service import ServiceWish, forgotten, set_service
from cloud.web.console import staff_of
from cloud.web.console_view import CommandView, Happening, clock_quality, happenings, names_of, state_of, wall_of
from cloud.web.frame import Frame, Problem, see_other
from cloud.web.route import fields_of, router_of
from contract.ids import IdError, compartment_label

COMMANDS_SHOWN = 6
NOTHING = "nothing"  # what staff saw behind a door; it is chosen, for nobody looks who finds it chosen
Verb = Callable[[UnitOfWork, Act], CommandSent]
Door = Annotated[DoorName | None, Query()]


@dataclass(frozen=True, slots=True)
class LockerView:
    """``door`` is the compartment looked at, with the parcel in it; ``timeline`` is its own then, else the locker's.

    ``believed`` should lie in this locker, but it has lost its memory and does not say so.
    """

    page: queries.LockerPage
    door: Compartment | None
    parcel: Parcel | None
    timeline: list[Happening]
    quality: str
    names: Mapping[str, str]
    believed: Sequence[Parcel] = ()
    certificate_until: datetime | None = None

    def certificate_ends_soon(self, now: datetime) -> bool:
        """Whether the certificate should have been renewed by now."""
        return self.certificate_until is not None and self.certificate_until <= now + ENDING_IN

    @property
    def wall(self) -> list[list[Compartment]]:
        return wall_of(self.page.compartments)

    @property
    def commands(self) -> list[CommandView]:
        shown = [one for one in self.page.commands if self.door is None or one.compartment == self.door.label]
        return [CommandView(one) for one in shown if one.compartment is not None][:COMMANDS_SHOWN]


def create(frame: Frame) -> APIRouter:
    """Return the locker's page and what is asked of it."""
    router = router_of(frame)
    rim = frame.rim

    async def show(request: Request, locker_id: str, door: str | None, **more: Any) -> Response:
        who: Actor = await staff_of(request)
        view = await rim.look(lambda uow: view_of(uow, locker_id, door))
        content: dict[str, Any] = {
            "view": view,
            "state_of": state_of,
            "reason_min": REASON_MIN,
            "reason_max": REASON_MAX,
            "nothing": NOTHING,
        }
        content["can_open"] = who.may_be(Role.OPERATOR)
        content["can_serve"] = who.may_be(Role.OPERATOR, Role.SUPPORT)
        return frame.page(request, "console_locker.html", who=who, area="fleet", **content, **more)

    async def carry_out(request: Request, locker_id: str, fields: dict[str, str], verb: Verb) -> Response:
        who = await staff_of(request)
        act = rim.act(who)
        try:
            sent = await rim.do(lambda uow: verb(uow, act))
        except DomainError as error:
            problem: Problem = frame.problem(request, error, fields)
            return await show(request, locker_id, fields.get("compartment"), problem=problem, status=status_of(error))
        return see_other(f"/console/lockers/{locker_id}?door={sent.compartment}#command-{sent.id}")

    @router.get("/console/lockers/{locker_id}")
    async def get_locker(request: Request, locker_id: PathLocker, door: Door = None) -> Response:
        return await show(request, locker_id, door)

    @router.post("/console/lockers/{locker_id}/open")
    async def post_open(request: Request, locker_id: PathLocker) -> Response:
        fields = await fields_of(request)
        wish = OpenWish(locker_id, label_of(fields), fields.get("reason", ""))
        return await carry_out(request, locker_id, fields, lambda uow, act: remote_open(uow, act, rim.keys, wish))

    @router.post("/console/lockers/{locker_id}/service")
    async def post_service(request: Request, locker_id: PathLocker) -> Response:
        fields = await fields_of(request)
        seen, is_back = fields.get("parcel", ""), fields.get("in_service") == "yes"
        parcel = None if seen in {"", NOTHING} else seen
        wish = ServiceWish(locker_id, label_of(fields), is_back, fields.get("reason", ""), parcel)
        return await carry_out(request, locker_id, fields, lambda uow, act: set_service(uow, act, rim.keys, wish))

    add_revoking(router, frame)
    return router


def add_revoking(router: APIRouter, frame: Frame) -> None:
    """Let an operator take the locker's identity back."""
    rim = frame.rim

    @router.post("/console/lockers/{locker_id}/revoke")
    async def post_revoke(request: Request, locker_id: PathLocker) -> Response:
        reason, act = (await fields_of(request)).get("reason", ""), rim.act(await staff_of(request))
        await rim.do(lambda uow: revoke_locker(uow, act, locker_id, reason))
        return see_other(f"/console/lockers/{locker_id}")


def label_of(fields: dict[str, str]) -> str:
    """Return the label a form names; one that cannot be is one that does not exist."""
    try:
        return str(compartment_label(fields.get("compartment", "")))
    except IdError as error:
        raise NotFoundError("compartment", fields.get("compartment", "")) from error


def view_of(uow: UnitOfWork, locker_id: str, door: str | None) -> LockerView:
    """Read a locker and, when ``door`` is given, what that one did."""
    page = queries.locker_page(uow, locker_id)
    chosen = next((one for one in page.compartments if one.label == door), None)
    if door is not None and chosen is None:
        raise NotFoundError("compartment", f"{locker_id}/{door}")
    parcel = uow.get(Parcel, chosen.parcel_id) if chosen and chosen.parcel_id else None
    timeline = happenings(queries.timeline(uow, locker_id, door))
    newest = timeline if door is None else happenings(uow.log.timeline(locker=locker_id, limit=1))
    until = certificate_until(uow, locker_id)
    seen = () if door is None else forgotten(uow, page.compartments, door)
    return LockerView(page, chosen, parcel, timeline, clock_quality(newest), names_of(uow), seen, until)
