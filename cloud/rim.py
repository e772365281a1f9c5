"""What every rim of the cloud works with: API, pages, jobs and planning take one ``Rim`` and nothing else.

A change is ``await rim.do(lambda uow: verb(uow, rim.act(actor), ...))``: one unit of work, committed once, durable when
the answer arrives. A look is ``await rim.look(lambda uow: query(uow, ...))``: on a connection that cannot write.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from cloud.background import Background
from cloud.clock import Clock
from cloud.domain.actors import Actor
from cloud.domain.rules import STANDARD, Rules
from cloud.engines import DayPlanner
from cloud.hub import Hub
from cloud.proposals import Proposals
from cloud.recent_travel import RecentTravel
from cloud.replans import Replans
from cloud.routing.planner import Planner
from cloud.routing.travel_times import TravelTimesProvider
from cloud.services.ports import Act, Ids, Keys, UnitOfWork
from cloud.services.renew_certificate import IssueCertificate, MayRenew
from cloud.store.reader import Reader
from cloud.store.writer import Writer
from provisioning.bundle import CloudKey

T = TypeVar("T")
Doing = Callable[[Callable[[UnitOfWork], T]], Awaitable[T]]  # ``Rim.do``, or a call's own that also keeps its answer


class Gate(Protocol):
    """The broker's door: ``shut_out`` makes it refuse certificates and ends the sessions of these lockers."""

    async def shut_out(self, serials: frozenset[int], lockers: Sequence[str], now: datetime) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Locality:
    """Where and for whom this cloud works. ``region`` is ISO 3166 alpha-2: whose telephone numbers need no prefix.

    ``currency`` is ISO 4217: amounts are hundredths of it, and every page names it.

    ``pace`` is how many times oftener jobs run than they need to, for days that pass in minutes.
    """

    zone: ZoneInfo
    region: str = "PL"
    currency: str = "EUR"
    base_url: str = "http://127.0.0.1:8000"
    plan_deadline: timedelta = timedelta(seconds=60)
    pace: int = 1
    is_demo: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """What a new locker is told about the network it joins, beside its own secrets."""

    domain: str
    ca_pem: str
    broker_host: str
    broker_port: int
    cloud_keys: tuple[CloudKey, ...]
    root_of_trust: bytes
    issue_certificate: IssueCertificate
    may_renew: MayRenew
    gate: Gate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rim:
    """``readers`` runs looks, beside the event loop and beside the writer."""

    reader: Reader
    writer: Writer
    readers: Executor
    clock: Clock
    ids: Ids
    keys: Keys
    network: Network
    planner: Planner
    travel: TravelTimesProvider
    hub: Hub
    background: Background
    locality: Locality
    rules: Rules = STANDARD
    joint: DayPlanner | None = None
    replans: Replans = field(default_factory=Replans)
    proposals: Proposals = field(default_factory=Proposals)
    recent: RecentTravel = field(default_factory=RecentTravel)

    def act(self, actor: Actor) -> Act:
        """Return an act of ``actor``, now."""
        return Act(actor, self.clock.now(), self.ids, self.rules)

    async def do(self, unit: Callable[[UnitOfWork], T]) -> T:
        """Run ``unit`` in the writer; it is on disk when this returns."""
        return await self.writer.run(unit)

    async def look(self, unit: Callable[[UnitOfWork], T]) -> T:
        """Run a reading ``unit`` in a thread of ``readers``."""
        return await asyncio.get_running_loop().run_in_executor(self.readers, self.reader.read, unit)

    def today(self) -> str:
        """Return the date where the lockers stand, as ``2026-11-23``."""
        return self.clock.now().astimezone(self.locality.zone).date().isoformat()
