"""A van that cannot go on, in the console: ask who would take what, look at it, and let them come."""

from dataclasses import dataclass
from datetime import timedelta

from fastapi import APIRouter, Query, Request, Response

from cloud.api.shapes import PathId
from cloud.domain.actors import Role, require
from cloud.domain.errors import DomainError, ForbiddenError, InvalidError, NotFoundError
from cloud.domain.parcel import Parcel
from cloud.handing_over import confirm, propose
from cloud.services.hand_over import HandOver, Proposal
from cloud.services.many import by_id
from cloud.services.ports import UnitOfWork
from cloud.services.records import Courier, CourierKind
from cloud.web.console import staff_of
from cloud.web.frame import Frame, Problem, see_other
from cloud.web.route import fields_of, router_of

PAGE = "/console/couriers/{}/hand-over"
MINUTES = (0, 15, 30, 60, 90)  # until somebody who has to come from home is at the van
TO = "to_"  # before a courier's id in the form: one field for each who may come


@dataclass(frozen=True, slots=True)
class HandOverView:
    """``left`` is brought back, ``at_depot`` waits there for the next plan; both only once something is proposed."""

    courier: Courier
    others: tuple[Courier, ...]
    proposal: Proposal | None = None
    left: tuple[Parcel, ...] = ()
    at_depot: tuple[Parcel, ...] = ()


def create(frame: Frame) -> APIRouter:
    """Return the page of one van that cannot go on."""
    router, rim = router_of(frame), frame.rim

    async def show(
        request: Request, courier_id: str, proposal: Proposal | None = None, problem: Problem | None = None
    ) -> Response:
        who = await staff_of(request)
        require(who, Role.OPERATOR, Role.PLANNER)
        view = await rim.look(lambda uow: view_of(uow, courier_id, proposal))
        status = 200 if problem is None else 409
        content = {"view": view, "minutes": MINUTES, "problem": problem}
        return frame.page(request, "console_hand_over.html", status, who=who, area="plan", **content)

    @router.get("/console/couriers/{courier_id}/hand-over")
    async def get_hand_over(request: Request, courier_id: PathId, proposal: str = Query("", max_length=64)) -> Response:
        try:
            known = rim.proposals.need(courier_id, proposal, rim.clock.now()) if proposal else None
        except NotFoundError:
            return see_other(PAGE.format(courier_id))
        return await show(request, courier_id, known)

    @router.post("/console/couriers/{courier_id}/hand-over")
    async def post_hand_over(request: Request, courier_id: PathId) -> Response:
        who, fields = await staff_of(request), await fields_of(request)
        try:
            proposed = await propose(rim, rim.act(who), asked_in(courier_id, fields))
        except ForbiddenError:
            raise
        except DomainError as error:
            return await show(request, courier_id, None, frame.problem(request, error, fields))
        return see_other(f"{PAGE.format(courier_id)}?proposal={proposed.proposal.id}")

    @router.post("/console/couriers/{courier_id}/hand-over/{proposal_id}")
    async def post_confirm(request: Request, courier_id: PathId, proposal_id: PathId) -> Response:
        who = await staff_of(request)
        fields = await fields_of(request)
        try:
            await confirm(rim, rim.act(who), courier_id, proposal_id)
        except ForbiddenError:
            raise
        except DomainError as error:
            return await show(request, courier_id, None, frame.problem(request, error, fields))
        return see_other("/console/plan")

    return router


def asked_in(courier_id: str, fields: dict[str, str]) -> HandOver:
    """Return what the form asks; nobody ticked is whoever fits."""
    reason, minutes = fields.get("reason", "").strip(), fields.get("minutes", "0")
    if not reason:
        raise InvalidError("reason", "say why the courier cannot go on")
    if minutes not in map(str, MINUTES):
        raise InvalidError("minutes", "choose how soon somebody can be there")
    to = tuple(sorted(name.removeprefix(TO) for name in fields if name.startswith(TO)))
    return HandOver(courier_id, reason[:300], to, timedelta(minutes=int(minutes)))


def view_of(uow: UnitOfWork, courier_id: str, proposal: Proposal | None) -> HandOverView:
    """Read who could be asked, and what the parcels are that stay behind."""
    every = uow.find(Courier, order="name id", active=True, kind=CourierKind.OWN)
    others = tuple(one for one in every if one.id != courier_id)
    view = HandOverView(uow.need(Courier, courier_id), others, proposal)
    if proposal is None:
        return view
    left, waiting = proposal.left_parcels, proposal.stuck.at_depot
    parcels = by_id(uow, Parcel, {*left, *waiting})
    return HandOverView(
        view.courier,
        others,
        proposal,
        tuple(parcels[one] for one in left),
        tuple(parcels[one] for one in waiting),
    )
