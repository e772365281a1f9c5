"""A city's day behind the pages: the real application on real tables, with lockers whose journals a test writes."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import uvicorn
from argon2 import PasswordHasher

from cloud.domain.actors import Role, actor
from cloud.domain.parcel import Parcel
from cloud.intake.findings import Finding
from cloud.intake.parcels_csv import Locale, ParcelRow, read_parcels
from cloud.routing.explain import explain
from cloud.routing.matrices import TravelTimes
from cloud.routing.plan import Plan
from cloud.routing.planner import ProgressCallback, silent
from cloud.routing.problem import Problem
from cloud.routing.vroom_request import assemble, left_out, translate
from cloud.routing.worker_wire import VehicleOrder
from cloud.services.assign_locker import assign_locker
from cloud.services.import_parcels import import_parcels
from cloud.services.imports import ImportSource
from cloud.services.ports import UnitOfWork
from cloud.services.record_events import record_events
from cloud.services.records import Consent, IssuedGrant, Route
from cloud.services.records_ops import Account, CommandSent
from cloud.services.scenarios import Answer, NewLocker, Question, Way, ask, keep_answer
from cloud.services.start_route import start_route
from cloud.services.tracking_token import PURPOSE, token_for
from cloud.web.frame import LEAFLET, Tiles
from contract import events
from contract.codec import encode
from contract.events import Entry, EventBatch, chain, genesis_hash
from contract.ids import (
    BootId,
    CompartmentLabel,
    CourierRef,
    GrantId,
    GroupId,
    LockerId,
    MessageId,
    ParcelRef,
)
from tests.unit.cloud.api.applications import Pages
from tests.unit.cloud.api.office import COURIER, OTHER_COURIER, PASSWORD, Office, open_office

BOOT = BootId(bytes.fromhex("ab" * 16))
REF = CourierRef(bytes.fromhex(COURIER))
OPERATOR = actor(Role.OPERATOR, "olga")
CENTRUM, SWIETOKRZYSKA = "WAW-CEN", "WAW-SWI"
_PEOPLE = ("Ada Nowak", "Jan Kowalski", "Ewa Lis", "Piotr Mazur", "Zofia Dąb", "Adam Wrona", "Ola Sowa", "Jerzy Kos")
_STREETS = (
    "Złota 44",
    "Chmielna 10",
    "Hoża 27",
    "Wspólna 5",
    "Żurawia 3",
    "Krucza 16",
    "Nowogrodzka 8",
    "Poznańska 21",
)
HEADER = (
    "barcode,recipient_name,recipient_email,address,longitude,latitude,length_mm,width_mm,height_mm,weight_g,"
    "locker_allowed\n"
)


class TwoDrivers:
    """A planner that gives every second stop to the next courier and leaves the last two stops out."""

    async def plan(
        self, problem: Problem, travel: TravelTimes, deadline_s: float, progress: ProgressCallback = silent
    ) -> Plan:
        del deadline_s, progress
        words = translate(problem, travel)
        jobs = range(1, max(2, len(words.jobs) - 1))
        vehicles = range(len(words.vehicles))
        orders = tuple(VehicleOrder(one, tuple(jobs[one :: len(words.vehicles)])) for one in vehicles)
        plan = assemble(problem, travel, words, orders)
        return Plan(plan.routes, explain(problem, travel, left_out(problem, plan)), plan.cost_cents)


@dataclass
class Diary:
    """What one locker has journalled so far."""

    locker: str
    sequence: int = 0
    head: bytes = b""

    def batch(self, at_ms: int, happened: tuple[Any, ...], cause: bytes | None) -> EventBatch:
        first, before = self.sequence + 1, self.head or genesis_hash(LockerId(self.locker))
        raw = tuple(
            encode(Entry(first + place, at_ms, "synced", BOOT, event, cause)) for place, event in enumerate(happened)
        )
        self.sequence, self.head = self.sequence + len(raw), chain(before, raw)
        return EventBatch(LockerId(self.locker), first, before, raw)


@dataclass
class World:
    """``address`` is where the pages are; ``parcels`` are in the order of their barcodes."""

    office: Office
    address: str = ""
    parcels: list[Parcel] = field(default_factory=list)
    diaries: dict[str, Diary] = field(default_factory=dict)

    @property
    def rim(self) -> Any:
        return self.office.rim

    async def do(self, unit: Any) -> Any:
        return await self.rim.do(unit)

    async def look(self, unit: Any) -> Any:
        return await self.rim.look(unit)

    def later(self, **span: float) -> None:
        self.office.clock.move_to(self.office.clock.now() + timedelta(**span))

    async def again(self, parcel: Parcel) -> Parcel:
        found: Parcel = await self.look(lambda uow: uow.need(Parcel, parcel.id))
        return found

    def tracking(self, parcel: Parcel) -> str:
        return f"{self.address}/t/{token_for(parcel.id, self.rim.keys.box.derive(PURPOSE))}"

    async def say(self, locker: str, *happened: Any, cause: bytes | None = None) -> None:
        """Have a locker journal events and the cloud record them."""
        diary = self.diaries.setdefault(locker, Diary(locker))
        at_ms = int(self.office.clock.now().timestamp() * 1000)
        batch, act = diary.batch(at_ms, happened, cause), self.office.act()
        (recorded,) = await self.do(lambda uow: record_events(uow, act, [batch]))
        assert recorded.refused is None, recorded

    async def promise(self, parcel: Parcel, locker: str = CENTRUM) -> None:
        """Promise a parcel a locker; its recipient walks as far as it takes."""
        act = self.rim.act(OPERATOR)
        await self.do(lambda uow: uow.change(Consent, {"parcel_id": parcel.id}, walk_m_max=5_000))
        await self.do(lambda uow: assign_locker(uow, act, self.rim.keys, parcel.id, locker))

    async def drop_off(self, parcel: Parcel, door: str = "A01") -> None:
        """Have the courier put a promised parcel into a compartment."""
        now = await self.again(parcel)
        assert now.locker_id is not None
        grant = await self.look(lambda uow: uow.first(IssuedGrant, parcel_id=parcel.id, kind="drop_off"))
        label, ref = CompartmentLabel(door), ParcelRef(bytes.fromhex(parcel.id))
        intent = MessageId(bytes.fromhex(parcel.id))
        await self.say(
            now.locker_id,
            events.ReleaseIntended(intent, label, "drop_off", ref, GrantId(bytes.fromhex(grant.id))),
            events.LockReleased(intent, label),
            events.DoorOpened(label, intent),
            events.DoorClosed(label),
            events.ParcelDroppedOff(ref, label, GrantId(bytes.fromhex(grant.id)), REF),
        )

    async def pick_up(self, parcel: Parcel) -> None:
        now = await self.again(parcel)
        assert now.locker_id is not None
        assert now.compartment is not None
        grant = await self.look(lambda uow: uow.first(IssuedGrant, parcel_id=parcel.id, kind="pick_up"))
        label, ref = CompartmentLabel(now.compartment), ParcelRef(bytes.fromhex(parcel.id))
        group = GroupId(bytes.fromhex(grant.group_id))
        await self.say(
            now.locker_id,
            events.DoorOpened(label),
            events.CodeBurnt(group, label),
            events.DoorClosed(label),
            events.ParcelPickedUp(ref, label, group, "code"),
        )

    async def start_routes(self) -> None:
        act = self.office.act()
        for route in await self.look(lambda uow: uow.find(Route)):
            await self.do(lambda uow, one=route: start_route(uow, act, one.id))

    async def command(self) -> CommandSent:
        found: CommandSent = await self.look(lambda uow: uow.first(CommandSent, order="-issued_at", kind="remote_open"))
        return found

    async def sign_in_possible(self) -> None:
        """Give every account the same password, hashed lightly: here it is not attacked."""
        hashed = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
        await self.do(lambda uow: uow.change(Account, {"disabled_at": None}, password_hash=hashed))

    async def announce(self) -> None:
        """Import sixteen parcels around the city's centre."""
        lines = "".join(
            f"ACME{number:04},{_PEOPLE[number % 8]},ada{number}@example.com,{_STREETS[number % 8]},"
            f"{21.0 + (number * 7 % 16) / 500:.4f},{52.215 + (number * 5 % 16) / 700:.4f},200,150,60,900,yes\n"
            for number in range(16)
        )
        self.parcels = await self._land((HEADER + lines).encode())

    async def _land(self, text: bytes) -> list[Parcel]:
        rows = list(read_parcels(text, Locale(ZoneInfo("UTC"), "PL")))
        good = [row for row in rows if isinstance(row, ParcelRow)]
        bad = [Finding(19, "longitude", "is no number between -180 and 180", "21,01 E")]
        source, act = ImportSource("parcels", "acme-monday.csv", "1" * 64, carrier="acme"), self.office.act()

        def unit(uow: UnitOfWork) -> list[Parcel]:
            import_parcels(uow, act, source, good, bad)
            return uow.find(Parcel, order="barcode")

        found: list[Parcel] = await self.do(unit)
        return found


@asynccontextmanager
async def open_world(directory: Path, tiles: Tiles | None = None, leaflet: Path = LEAFLET) -> AsyncIterator[World]:
    """Open a city with twelve lockers, sixteen parcels and a plan for two couriers, and serve its pages."""
    async with open_office(directory, TwoDrivers(), Pages(tiles, leaflet)) as office:
        world = World(office)
        await office.lockers()
        await world.announce()
        await world.sign_in_possible()
        for courier in (COURIER, OTHER_COURIER):
            await office.shift(courier)
        await office.plan()
        async with serving(office.app) as address:
            world.address = address
            yield world


@asynccontextmanager
async def serving(app: Any) -> AsyncIterator[str]:
    """Serve ``app`` on a free port of this machine, in this loop."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", timeout_graceful_shutdown=1))
    task = asyncio.get_running_loop().create_task(server.serve([listening]))
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"  # it listens already; requests wait until it serves
    finally:
        server.should_exit = True
        await task


async def answered(world: World) -> str:
    """Have somebody ask what two more lockers would change, and the answer be there; return the scenario's id."""
    rim, question = world.office.rim, Question(world.office.clock.now().date(), 0.3, 2)
    ways = (
        Way("changed", 61_240, 71_300, 14.2, 3, 88, 120, 61, 0),
        Way("as_it_is", 68_910, 83_900, 16.0, 3, 104, 120, 32, 0),
        Way("nearest", 71_380, 88_200, 16.4, 4, 103, 120, 34, 0),
        Way("doors", 82_450, 97_100, 18.9, 4, 120, 118, 0, 2),
    )
    places = (NewLocker(21.0202, 52.2244, 23), NewLocker(20.9871, 52.2391, 17))
    plain = await rim.do(lambda uow: ask(uow, rim.act(OPERATOR), rim.ids.new(), Question(question.day)))
    await rim.do(lambda uow: keep_answer(uow, plain.id, Answer(ways[1:])))
    made = await rim.do(lambda uow: ask(uow, rim.act(OPERATOR), rim.ids.new(), question))
    await rim.do(lambda uow: keep_answer(uow, made.id, Answer(ways, places)))
    return made.id
