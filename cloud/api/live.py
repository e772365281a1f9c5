"""Server-sent events: a page hears what kinds of things changed, and asks again for what it may see.

The format is the WHATWG HTML standard's, "Server-sent events".
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from cloud.api.calls import Call, needs
from cloud.domain.actors import Role
from cloud.domain.errors import OverloadedError
from cloud.domain.positions import CourierPosition
from cloud.hub import Hub, HubFullError

SILENCE_S = 15.0  # proxies cut a connection that is silent for a minute
VANS_PAUSE_S = 5.0  # after news that only vans have moved: a fleet's would have its page asked for without an end
AGAIN_MS = 2_000  # after a lost connection; the page then loads everything anew anyway

_COURIER = frozenset({"Route", "Stop", "StopTask", "Parcel", "Plan", "Reservation", "Offer", "CrowdTrip"})
_VANS = frozenset({CourierPosition.__name__})
_CARRIER = frozenset({"Parcel", "HistoryEntry", "ImportRun", "ImportProblem", "JobRun"})
router = APIRouter(tags=["live"])
Watching = Annotated[
    Call,
    needs(Role.OPERATOR, Role.SUPPORT, Role.PLANNER, Role.INSTALLER, Role.COURIER, Role.CARRIER, changing=False),
]


@router.get("/v1/live", response_class=StreamingResponse)
async def get_live(call: Watching, *, vans: Annotated[bool, Query()] = False) -> StreamingResponse:
    """Stream ``event: changed`` with the kinds of records that changed, as far as the role may know of them.

    That ``vans`` have moved is told only to pages that show them and ask for it.
    """
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    stream = _stream(call.rim.hub, visible_to(call), vans=vans)
    first = await anext(stream)  # a full house is refused with a status, not in the middle of a stream

    async def whole() -> AsyncIterator[bytes]:
        yield first
        async for part in stream:
            yield part

    return StreamingResponse(whole(), media_type="text/event-stream", headers=headers)


def visible_to(call: Call) -> frozenset[str] | None:
    """Return the kinds this role may hear of, ``None`` for all."""
    if call.actor.may_be(Role.OPERATOR, Role.SUPPORT, Role.PLANNER, Role.INSTALLER):
        return None
    return _COURIER if call.actor.may_be(Role.COURIER) else _CARRIER


def heard(kinds: frozenset[str], visible: frozenset[str] | None, *, vans: bool) -> frozenset[str]:
    """Return what a page is told of the ``kinds`` that changed."""
    shown = kinds if visible is None else kinds & visible
    return shown if vans else shown - _VANS


async def _stream(hub: Hub, visible: frozenset[str] | None, *, vans: bool) -> AsyncIterator[bytes]:
    try:
        with hub.watching() as watcher:
            yield b"retry: %d\n\n" % AGAIN_MS
            async for kinds in watcher.changes(SILENCE_S):
                shown = heard(kinds, visible, vans=vans)
                yield message(shown) if shown else b": still here\n\n"
                await asyncio.sleep(VANS_PAUSE_S if shown == _VANS else 0)
    except HubFullError as error:
        raise OverloadedError(str(error)) from error


def message(kinds: frozenset[str]) -> bytes:
    """Return one event."""
    return b"event: changed\ndata: " + msgspec.json.encode({"kinds": sorted(kinds)}) + b"\n\n"
