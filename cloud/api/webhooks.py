"""Where programs are told what happens (Standard Webhooks), what they were told, and telling it again."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from cloud.api.calls import Call, needs
from cloud.api.shapes import Asked, PathId, Told
from cloud.domain.actors import Role
from cloud.domain.errors import InvalidError
from cloud.services import webhooks
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records_outside import WebhookMessage
from cloud.services.standard_webhooks import written

MESSAGES_MAX = 200  # shown at once, the newest first

router = APIRouter(prefix="/v1", tags=["webhooks"])
Owning = Annotated[Call, needs(Role.CARRIER, Role.PARTNER, Role.OPERATOR)]
Reading = Annotated[Call, needs(Role.CARRIER, Role.PARTNER, Role.OPERATOR, changing=False)]
Owner = Annotated[
    str | None,
    Query(
        pattern=r"^(carrier|partner):[A-Za-z0-9][A-Za-z0-9 ._-]{0,59}$",
        description="Whose, as carrier:NAME or partner:NAME; only operators need to say",
    ),
]


class EndpointAsked(Asked):
    """An https address; setting it again makes a new secret, and the one before counts for a day more."""

    url: Annotated[str, Field(min_length=8, max_length=webhooks.URL_MAX)]


class EndpointShape(Told):
    """``secret`` is shown once and never again."""

    owner: str
    url: str
    previous_until: datetime | None
    secret: str


class MessageShape(Told):
    """``queued`` waits for its next try, ``confirmed`` was answered with 2xx, ``dead`` was given up."""

    id: str
    kind: str
    state: str
    created_at: datetime
    not_before: datetime
    tries: int
    sent_at: datetime | None
    error: str | None
    body: str


class MessagesShape(Told):
    messages: list[MessageShape]


@router.put("/webhook", response_model=EndpointShape)
async def put_webhook(call: Owning, asked: EndpointAsked, owner: Owner = None) -> Response:
    """Say where a carrier or a partner is told what happens."""

    def work(uow: UnitOfWork, act: Act) -> EndpointShape:
        endpoint, secret = webhooks.set_endpoint(uow, act, call.rim.keys, _owner(call, owner), asked.url)
        return EndpointShape(
            owner=endpoint.owner, url=endpoint.url, previous_until=endpoint.previous_until, secret=written(secret)
        )

    return await call.do(work)


@router.delete("/webhook", status_code=204)
async def delete_webhook(call: Owning, owner: Owner = None) -> Response:
    """Tell nothing more there."""

    def work(uow: UnitOfWork, act: Act) -> None:
        webhooks.end_endpoint(uow, act, _owner(call, owner))

    return await call.do(work, 204)


@router.get("/webhook/messages")
async def get_messages(
    call: Reading, owner: Owner = None, limit: Annotated[int, Query(ge=1, le=MESSAGES_MAX)] = 50
) -> MessagesShape:
    """Return what was told or is to be told, the newest first."""
    act = call.rim.act(call.actor)
    found: list[WebhookMessage] = await call.look(
        lambda uow: webhooks.messages_of(uow, act, _owner(call, owner), limit)
    )
    return MessagesShape(messages=[MessageShape.model_validate(one) for one in found])


@router.post("/webhook-messages/{message_id}/replay", response_model=MessageShape)
async def post_replay(call: Owning, message_id: PathId) -> Response:
    """Send a message again under its own id."""
    return await call.do(lambda uow, act: MessageShape.model_validate(webhooks.replay(uow, act, message_id)))


def _owner(call: Call, given: str | None) -> str:
    """Return whose webhook is meant: the asker's own, unless they say."""
    if given is not None:
        return given
    if call.actor.may_be(Role.PARTNER):
        return f"{webhooks.PARTNER}:{call.actor.name}"
    if call.actor.may_be(Role.CARRIER):
        return f"{webhooks.CARRIER}:{call.actor.name}"
    raise InvalidError("owner", "say whose webhook is meant, as carrier:NAME or partner:NAME")
