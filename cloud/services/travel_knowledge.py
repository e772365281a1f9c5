"""What completed stops have taught about travel: read wherever times are told, changed once a day."""

from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache

import msgspec

from cloud.routing.jam import Jam
from cloud.routing.travel.arrivals import Errors
from cloud.routing.travel.congestion import Observed, Traffic, fit
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records_ops import TravelKnowledge

NAME = "travel"  # there is one row; a name leaves room for a second depot's
JAMS = "jams"  # another row: what couriers reported, until it is over


class Knowledge(msgspec.Struct, frozen=True):
    """``through`` is the last day that was learned from, None before the first."""

    through: date | None = None
    speeds: Observed = Observed()
    errors: Errors = Errors()


def knowledge(uow: UnitOfWork) -> Knowledge:
    """Return everything that is known; nothing is the prior everywhere."""
    row = uow.get(TravelKnowledge, NAME)
    return _decoded(row.body) if row else Knowledge()


def traffic(uow: UnitOfWork) -> Traffic:
    """Return the factors by hour and area that are known now."""
    row = uow.get(TravelKnowledge, NAME)
    return _fitted(row.body if row else "{}")


def store_knowledge(uow: UnitOfWork, act: Act, before: Knowledge, after: Knowledge) -> bool:
    """Replace what was known; False when somebody else learned the same day meanwhile."""
    through = before.through.isoformat() if before.through else ""
    row = TravelKnowledge(
        name=NAME,
        through=after.through.isoformat() if after.through else "",
        body=msgspec.json.encode(after).decode(),
        updated_at=act.now,
    )
    if uow.get(TravelKnowledge, NAME) is None:
        uow.add(replace(row, through="", body="{}"))
    where = {"name": NAME, "through": through}
    return uow.change(TravelKnowledge, where, through=row.through, body=row.body, updated_at=row.updated_at) == 1


def jams(uow: UnitOfWork) -> tuple[tuple[datetime, Jam], ...]:
    """Return the jams on record with when each is over."""
    row = uow.get(TravelKnowledge, JAMS)
    return msgspec.json.decode(row.body, type=tuple[tuple[datetime, Jam], ...]) if row else ()


def keep_jams(uow: UnitOfWork, act: Act, known: tuple[tuple[datetime, Jam], ...]) -> None:
    body = msgspec.json.encode(known).decode()
    if not uow.change(TravelKnowledge, {"name": JAMS}, body=body, updated_at=act.now):
        uow.add(TravelKnowledge(name=JAMS, through="", body=body, updated_at=act.now))


@lru_cache(maxsize=2)  # every page that tells an arrival asks, and the answer changes once a day
def _decoded(body: str) -> Knowledge:
    return msgspec.json.decode(body, type=Knowledge)


@lru_cache(maxsize=2)  # as above; fitting takes milliseconds
def _fitted(body: str) -> Traffic:
    return fit(_decoded(body).speeds)
