"""One kind of route for all pages: what goes wrong is a page with a sentence, never JSON and never a stack trace."""

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from cloud.api.calls import actor_of, check_origin, rim_of
from cloud.api.problems import PageRouter, status_of
from cloud.domain.actors import Actor, Role
from cloud.domain.errors import DomainError, ForbiddenError
from cloud.web.frame import Frame, language_of, remember_language, see_other, sentence_of
from cloud.web.words import words_of

FIELDS_MAX = 20  # of one form; ours have at most eleven
FIELD_CHARACTERS_MAX = 2_000  # kept and shown again; services have their own, shorter limits

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class SignedOutError(Exception):
    """Nobody with the right role is signed in; ``home`` is where they can."""

    def __init__(self, home: str) -> None:
        """Remember where to send them."""
        super().__init__(f"sign in at {home}")
        self.home = home


def router_of(frame: Frame) -> PageRouter:
    """Return a router whose refusals are pages of ``frame``."""

    class PageRoute(APIRoute):
        def get_route_handler(self) -> Handler:
            inner = super().get_route_handler()

            async def handle(request: Request) -> Response:
                answer = await answered(request)
                remember_language(request, answer)
                return answer

            async def answered(request: Request) -> Response:
                try:
                    return await inner(request)
                except DomainError as error:
                    sentence = sentence_of(words_of(language_of(request)), error)
                    return frame.page(request, "refused.html", status_of(error), sentence=sentence)
                except RequestValidationError:
                    return refused(frame, request, HTTPStatus.NOT_FOUND)
                except SignedOutError as error:
                    return see_other(error.home)

            return handle

    return PageRouter(route_class=PageRoute, include_in_schema=False)


def refused(frame: Frame, request: Request, status: int) -> Response:
    """Return the page of a refusal that nobody had a better sentence for."""
    is_ours = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    sentence = words_of(language_of(request)).say("error.broken" if is_ours else "error.address")
    return frame.page(request, "refused.html", status, sentence=sentence)


async def signed_in(request: Request, home: str, *roles: Role) -> Actor:
    """Return who asks; raises ``SignedOutError`` for nobody and ``ForbiddenError`` for the wrong person."""
    who = await actor_of(request)
    if who is None:
        raise SignedOutError(home)
    if not who.may_be(*roles):
        raise ForbiddenError(f"this page is for {' or '.join(roles)}")
    check_origin(rim_of(request), request)
    return who


async def fields_of(request: Request) -> dict[str, str]:
    """Return a form's texts, after checking that one of our own pages sent it."""
    check_origin(rim_of(request), request)
    form = await request.form(max_files=0, max_fields=FIELDS_MAX)
    return {name: value[:FIELD_CHARACTERS_MAX] for name, value in form.items() if isinstance(value, str)}
