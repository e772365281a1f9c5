"""Signing in and out for couriers and for those who run the lockers; the same sessions as the API's."""

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

COURIER_HOME, CONSOLE_HOME = "/courier", "/console/sign-in"
STAFF = (Role.OPERATOR, Role.SUPPORT, Role.PLANNER, Role.INSTALLER)
PASSWORD_MAX = 200


def home_of(who: Actor) -> str:
    """Return the page a person works on."""
    return "/courier/day" if who.may_be(Role.COURIER) else "/console"


def create(frame: Frame) -> APIRouter:
    """Return the sign-in pages."""
    router = router_of(frame)

    async def form(request: Request, problem: Problem | None = None) -> Response:
        status = 200 if problem is None else 401
        area = "courier" if request.url.path.startswith("/courier") else "console"
        return frame.page(request, "sign_in.html", status, area=area, problem=problem)

    @router.get(COURIER_HOME)
    @router.get(CONSOLE_HOME)
    async def get_sign_in(request: Request) -> Response:
        who = await actor_of(request)
        return await form(request) if who is None else see_other(home_of(who))

    @router.post(COURIER_HOME)
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
        answer = see_other(COURIER_HOME if who and who.may_be(Role.COURIER) else CONSOLE_HOME)
        answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return answer

    return router
