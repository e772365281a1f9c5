"""What others bring: every stop offered to crowd couriers and partner fleets, who was asked, and what it saved."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from cloud.api.problems import status_of
from cloud.api.shapes import PathId
from cloud.domain.actors import Role
from cloud.domain.errors import DomainError
from cloud.domain.outside import TAKEN, OfferKind, OfferState
from cloud.services.offer_steps import withdraw_errand
from cloud.services.offers_view import ErrandView, errands_of
from cloud.services.partner_status import hand_to_partner
from cloud.services.ports import Act, UnitOfWork
from cloud.web.console import staff_of
from cloud.web.courier import Fields, Verb
from cloud.web.frame import Frame, Problem, language_of, see_other
from cloud.web.route import fields_of, router_of
from cloud.web.words import words_of

PAGE = "/console/outside"


@dataclass(frozen=True, slots=True)
class OutsideView:
    """``open_now`` is under way, ``saved_cents`` what the yeses cost less than our own couriers would."""

    errands: tuple[ErrandView, ...]

    @property
    def open_now(self) -> int:
        return sum(1 for one in self.errands if one.errand.ended_at is None)

    @property
    def back(self) -> int:
        return sum(1 for one in self.errands if one.errand.outcome in ("nobody", "withdrawn"))

    @property
    def saved_cents(self) -> int:
        yes = ((one, one.current) for one in self.errands)
        return sum(
            one.errand.own_cents - offer.price_cents for one, offer in yes if offer is not None and offer.state in TAKEN
        )


@dataclass(frozen=True)
class OutsidePage:
    frame: Frame

    async def show(self, request: Request, day: date, problem: Problem | None = None, status: int = 200) -> Response:
        who, rim = await staff_of(request), self.frame.rim
        act = rim.act(who)
        view = await rim.look(lambda uow: OutsideView(errands_of(uow, act, day.isoformat())))
        content = {
            "view": view,
            "day": day,
            "can_change": who.may_be(Role.OPERATOR, Role.PLANNER),
            "offered": OfferState.OFFERED,
            "accepted": OfferState.ACCEPTED,
            "partner": OfferKind.PARTNER,
        }
        return self.frame.page(
            request, "console_outside.html", status, who=who, area="plan", problem=problem, **content
        )

    async def carry_out(self, request: Request, verb: Verb) -> Response:
        who, rim = await staff_of(request), self.frame.rim
        fields, act = await fields_of(request), rim.act(who)
        day = date.fromisoformat(rim.today())
        try:
            await rim.do(lambda uow: verb(uow, act, fields))
        except DomainError as error:
            return await self.show(request, day, self.frame.problem(request, error, fields), status_of(error))
        return see_other(PAGE)


def create(frame: Frame) -> APIRouter:
    """Return the page and its two buttons."""
    router, page = router_of(frame), OutsidePage(frame)

    @router.get(PAGE)
    async def get_outside(request: Request, day: Annotated[date | None, Query()] = None) -> Response:
        return await page.show(request, day or date.fromisoformat(frame.rim.today()))

    @router.post("/console/outside/{errand_id}/withdraw")
    async def post_withdraw(request: Request, errand_id: PathId) -> Response:
        why = words_of(language_of(request)).say("outside.reason")

        def verb(uow: UnitOfWork, act: Act, _: Fields) -> None:
            withdraw_errand(uow, act, errand_id, why)

        return await page.carry_out(request, verb)

    @router.post("/console/outside/offers/{offer_id}/hand-over")
    async def post_hand_over(request: Request, offer_id: PathId) -> Response:
        return await page.carry_out(request, lambda uow, act, _: hand_to_partner(uow, act, offer_id))

    return router
