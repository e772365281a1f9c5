"""Signing in and out for couriers, counters and those who run the lockers; the same sessions as the API's."""

from fastapi import APIRouter, Request, Response

from cloud.api.calls import actor_of
from cloud.api.problems import UnauthenticatedError
from cloud.api.sessions import COOKIE
from cloud.api.sign_in import set_cookie, sign_in
from cloud.domain.actors import Actor, Role
from cloud.domain.errors import LimitReachedError
from cloud.services.people import actor_of as actor_of_account
from cloud.web.frame import Frame, Problem, language_of, see_other
from cloud.web.route import fields_of, router_of
from cloud.web.words import words_of

COURIER_HOME, COUNTER_HOME, CONSOLE_HOME = "/courier", "/counter", "/console/sign-in"
STAFF = (Role.OPERATOR, Role.SUPPORT, Role.PLANNER, Role.INSTALLER)
PASSWORD_MAX = 200


def home_of(who: Actor) -> str:
    """Return the page a person works on."""
    if who.may_be(Role.STAFF):
        return "/counter/out"
    return "/courier/day" if who.may_be(Role.COURIER) else "/console"


def sign_in_page_of(who: Actor | None) -> str:
    """Return where somebody who just signed out signs in again."""
    if who is not None and who.may_be(Role.STAFF):
        return COUNTER_HOME
    return COURIER_HOME if who is not None and who.may_be(Role.COURIER) else CONSOLE_HOME


def create(frame: Frame) -> APIRouter:
    """Return the sign-in pages."""
    router = router_of(frame)

    async def form(request: Request, problem: Problem | None = None) -> Response:
        status = 200 if problem is None else 401
        area = next(one for one in ("courier", "counter", "console") if request.url.path.startswith(f"/{one}"))
        return frame.page(request, "sign_in.html", status, area=area, problem=problem)

    @router.get(COURIER_HOME)
    @router.get(COUNTER_HOME)
    @router.get(CONSOLE_HOME)
    async def get_sign_in(request: Request) -> Response:
        who = await actor_of(request)
        return await form(request) if who is None else see_other(home_of(who))

    @router.post(COURIER_HOME)
    @router.post(COUNTER_HOME)
    @router.post(CONSOLE_HOME)
    async def post_sign_in(request: Request) -> Response:
        fields = await fields_of(request)
        login, password = fields.get("login", "")[:64], fields.get("password", "")[:PASSWORD_MAX]
        try:
            account, cookie = await sign_in(request, login, password)
        except UnauthenticatedError:
            sentence = words_of(language_of(request)).say("sign_in.wrong")
            return await form(request, Problem(sentence, {"login": login}))
        except LimitReachedError as error:
            return await form(request, frame.problem(request, error, {"login": login}))
        answer = see_other(home_of(actor_of_account(account)))
        set_cookie(request, answer, cookie)
        return answer

    @router.post("/sign-out")
    async def post_sign_out(request: Request) -> Response:
        await fields_of(request)
        who = await actor_of(request)
        answer = see_other(sign_in_page_of(who))
        answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return answer

    return router
