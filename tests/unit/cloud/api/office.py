"""A whole cloud behind its API in one process: real tables in a file, the real writer, requests over ASGI.

Only the planner is a stand-in (no process is started), and time stands still until a test moves it.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI

from cloud.api.sessions import Sessions
from cloud.background import Background
from cloud.chance import SeededIds
from cloud.clock import FixedClock
from cloud.domain.actors import SYSTEM, Role
from cloud.domain.locker import Locker, LockerStatus, PointKind
from cloud.domain.parcel import Parcel
from cloud.hub import Hub
from cloud.intake.lockers_geojson import LockerRow, read_lockers
from cloud.intake.parcels_csv import Locale, ParcelRow, read_parcels
from cloud.rim import Locality, Network, Rim
from cloud.routing.explain import explain
from cloud.routing.matrices import TravelTimes
from cloud.routing.plan import Plan
from cloud.routing.planner import Planner, ProgressCallback, silent
from cloud.routing.problem import Problem
from cloud.routing.travel.spare import GreatCircleAside
from cloud.routing.vroom_request import assemble, left_out, translate
from cloud.routing.worker_wire import VehicleOrder
from cloud.services.counter_staff import create_staff
from cloud.services.device_keys import about_key
from cloud.services.import_lockers import import_lockers
from cloud.services.import_parcels import import_parcels
from cloud.services.imports import ImportSource
from cloud.services.models import add_standard_models
from cloud.services.people import create_account, create_api_key, create_courier
from cloud.services.ports import Act, Keys, UnitOfWork
from cloud.services.prepare_codes import FreshCode, store_codes
from cloud.services.records import Courier, LockerKey
from cloud.services.records_ops import Account
from cloud.store.database import empty_image, open_readers, open_writer
from cloud.store.reader import Reader
from cloud.store.secrets import AesGcmBox
from cloud.store.writer import ThreadWriter
from contract.codes import StretchedCode, make_code
from contract.envelope import Signer
from contract.ids import KeyId, LockerId
from contract.sizes import SizeClass
from provisioning.authority import create_authority
from provisioning.bundle import CloudKey
from provisioning.revocation import may_renew
from tests.unit.cloud.api.applications import Pages, application_for

NOW = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
URL = "http://cloud.test"
COURIER = "c0" * 16
OTHER_COURIER = "c1" * 16
PASSWORD = "correct horse battery"
WARSAW = Path("demo/warsaw.geojson")
WARSAW_LOCKERS = WARSAW.read_bytes()
CSV = (
    "barcode,recipient_name,recipient_email,address,longitude,latitude,length_mm,width_mm,height_mm,weight_g,"
    "locker_allowed\n"
)


class OneDriver:
    """A planner that lets the first courier drive everything in the order given; what does not fit is left out."""

    async def plan(
        self, problem: Problem, travel: TravelTimes, deadline_s: float, progress: ProgressCallback = silent
    ) -> Plan:
        del deadline_s, progress
        words = translate(problem, travel)
        orders = (
            (VehicleOrder(0, tuple(range(1, min(3, len(words.jobs)) + 1))),) if words.vehicles and words.jobs else ()
        )
        plan = assemble(problem, travel, words, orders)
        return Plan(plan.routes, explain(problem, travel, left_out(problem, plan)), plan.cost_cents)


class Office:
    """``client(role)`` is an HTTP client that acts as somebody; ``rim`` is what the application works with."""

    def __init__(self, rim: Rim, clock: FixedClock, app: FastAPI) -> None:
        self.rim, self.clock, self.app = rim, clock, app
        self.keys: dict[str, str] = {}
        self.accounts: dict[str, str] = {}

    def act(self) -> Act:
        return self.rim.act(SYSTEM)

    def client(self, who: str = "operator", **headers: str) -> httpx.AsyncClient:
        """Return a client with the API key or session of ``who``; ``nobody`` has neither."""
        cookies = {}
        if who in self.keys:
            headers["Authorization"] = f"Bearer {self.keys[who]}"
        elif who in self.accounts:
            cookies["latchmile_session"] = self.accounts[who]
            headers.setdefault("Origin", URL)
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url=URL, headers=headers, cookies=cookies)

    async def lockers(self) -> list[Locker]:
        """Have the demo's twelve lockers, all enrolled and active."""
        rows = [row for row in read_lockers(WARSAW_LOCKERS) if isinstance(row, LockerRow)]
        source = ImportSource("lockers", "warsaw", "0" * 64)
        act = self.act()

        def unit(uow: UnitOfWork) -> list[Locker]:
            import_lockers(uow, act, source, rows)
            uow.change(
                Locker,
                {"status": LockerStatus.ANNOUNCED},
                status=LockerStatus.ACTIVE,
                intake_open=True,
                online=True,
                reported_at=act.now,
                seen_at=act.now,
                boot_nonce="ab" * 16,
            )
            lockers = uow.find(Locker, order="id")
            for locker in lockers:
                uow.add(self._key(locker.id, act))
                fresh = [FreshCode(make_code(n), StretchedCode(n.to_bytes(32))) for n in range(3)]
                store_codes(uow, act, self.rim.keys, locker.id, fresh)
            return lockers

        return await self.rim.do(unit)

    async def parcels(self, count: int, carrier: str = "acme") -> list[Parcel]:
        """Announce ``count`` small parcels near the city's centre, lockers allowed."""
        lines = "".join(
            f"{carrier.upper()}{number:04},Ada Nowak,ada{number}@example.com,Zlota {number + 1},"
            f"21.0{number % 10},52.23,200,150,60,900,yes\n"
            for number in range(count)
        )
        locale = Locale(ZoneInfo("UTC"), "PL")
        good = [row for row in read_parcels((CSV + lines).encode(), locale) if isinstance(row, ParcelRow)]
        source = ImportSource("parcels", "test", "0" * 64, carrier=carrier)
        act = self.act()

        def unit(uow: UnitOfWork) -> list[Parcel]:
            import_parcels(uow, act, source, good)
            return uow.find(Parcel, order="barcode", carrier=carrier)

        return await self.rim.do(unit)

    async def shift(self, courier_id: str = COURIER, **more: int) -> None:
        begins, ends = self.clock.now() + timedelta(hours=1), self.clock.now() + timedelta(hours=9)
        place = {"start_lon": 21.0, "start_lat": 52.2, "end_lon": 21.0, "end_lat": 52.2}
        async with self.client() as http:
            times = {"starts_at": begins.isoformat(), "ends_at": ends.isoformat()}
            answer = await http.post(f"/v1/couriers/{courier_id}/shifts", json=times | place | more)
            assert answer.status_code == 201, answer.text

    async def work(self) -> None:
        """Do the next piece of background work."""
        await self.rim.background.do_next()

    async def plan(self, day: str = "2026-11-23") -> dict[str, Any]:
        """Plan a day and return the plan."""
        async with self.client() as http:
            asked = await http.post("/v1/plans", json={"day": day})
            assert asked.status_code == 202, asked.text
            await self.work()
            found: dict[str, Any] = (await http.get(f"/v1/plans/{day}")).json()
            return found

    async def staff(self) -> None:
        """Have an account for every role of the staff, two couriers, and keys for two carriers and a script."""
        act = self.act()

        def unit(uow: UnitOfWork) -> None:
            add_standard_models(uow, act)
            for number, courier_id in enumerate((COURIER, OTHER_COURIER)):
                create_courier(
                    uow,
                    act,
                    Courier(
                        id=courier_id,
                        name=f"Courier {number}",
                        email=None,
                        phone=None,
                        language="pl",
                        active=True,
                        created_at=act.now,
                    ),
                )
            for login, role, courier in _STAFF:
                create_account(uow, act, _account(act, login, role, courier))
            for who, scope in (("acme", "parcels"), ("other", "parcels"), ("script", "operate"), ("swift", "partner")):
                self.keys[who] = create_api_key(uow, act, who, (scope,)).secret

        await self.rim.do(unit)
        await self.sign_in_all()

    async def sign_in_all(self) -> None:
        sessions = Sessions(self.rim.keys.box)
        found = await self.rim.look(lambda uow: uow.find(Account))
        self.accounts = {one.login: sessions.seal(one.id, self.clock.now()) for one in found}

    async def counters(self) -> None:
        """Have two shops with a counter, and somebody who works at each: ``staff`` and ``staff2``."""
        source, act, keys = ImportSource("lockers", "counters", "0" * 64), self.act(), self.rim.keys
        shelf = ((SizeClass.XS, 2), (SizeClass.S, 2), (SizeClass.M, 1))

        def unit(uow: UnitOfWork) -> None:
            for name, login in ((COUNTER, "staff"), (OTHER_COUNTER, "staff2")):
                row = LockerRow(
                    line=1,
                    id=LockerId(name),
                    name=name.title(),
                    lon=21.005,
                    lat=52.231,
                    address="Złota 64, Warszawa",
                    opening_hours="Mo-Sa 08:00-20:00",
                    model="",
                    kind=PointKind.COUNTER,
                    shelf=shelf,
                )
                import_lockers(uow, act, source, [row])
                create_staff(uow, act, keys, replace(_account(act, login, Role.STAFF, None), counter_id=name))

        await self.rim.do(unit)
        await self.sign_in_all()

    def _key(self, locker: str, act: Act) -> LockerKey:
        number = act.ids.new()
        seal = self.rim.keys.box.seal
        return LockerKey(
            id=number,
            locker_id=locker,
            key_sealed=seal(b"k" * 32, about_key(number)),
            salt_sealed=seal(b"s" * 16, about_key(number)),
            signing_public=b"p" * 32,
            certificate_serial="1",
            certificate_until=None,
            created_at=act.now,
            revoked_at=None,
        )


_STAFF = (
    ("operator", Role.OPERATOR, None),
    ("support", Role.SUPPORT, None),
    ("installer", Role.INSTALLER, None),
    ("planner", Role.PLANNER, None),
    ("courier", Role.COURIER, COURIER),
    ("courier2", Role.COURIER, OTHER_COURIER),
)
COUNTER, OTHER_COUNTER = "WAW-KIOSK", "WAW-CAFE"


def _account(act: Act, login: str, role: Role, courier: str | None) -> Account:
    return Account(
        id=act.ids.new(),
        login=login,
        name=login,
        password_hash="",
        roles=role,
        courier_id=courier,
        created_at=act.now,
        disabled_at=None,
    )


@contextlib.asynccontextmanager
async def open_busy_office(directory: Path) -> AsyncIterator[Office]:
    """Open an office with its pages, where a courier drives today and three parcels are announced."""
    async with open_office(directory, pages=Pages()) as office:
        await office.lockers()
        await office.parcels(3)
        await office.shift()
        yield office


@contextlib.asynccontextmanager
async def open_office(
    directory: Path, planner: Planner | None = None, pages: Pages | None = None
) -> AsyncIterator[Office]:
    """Open an office in an empty directory; staffed, without lockers or parcels, and without pages unless given."""
    (directory / "cloud.sqlite").write_bytes(empty_image())
    writing, clock = open_writer(directory / "cloud.sqlite"), FixedClock(NOW)
    reading = open_readers(directory / "cloud.sqlite")
    with ThreadWriter(writing) as writer, ThreadPoolExecutor(4) as readers:
        hub = Hub(asyncio.get_running_loop())
        writer.on_commit(hub.tell)
        signing = Ed25519PrivateKey.from_private_bytes(b"s" * 32)
        rim = Rim(
            reader=Reader(reading),
            writer=writer,
            readers=readers,
            clock=clock,
            ids=SeededIds(11),
            keys=Keys(Signer(KeyId("cloud-1"), signing), AesGcmBox(b"m" * 32)),
            network=_network(directory, signing),
            planner=planner or OneDriver(),
            travel=GreatCircleAside(),
            hub=hub,
            background=Background(writer, clock),
            locality=Locality(zone=ZoneInfo("Europe/Warsaw"), base_url=URL),
        )
        with application_for(rim, pages) as app:
            office = Office(rim, clock, app)
            await office.staff()
            yield office
    reading.dispose()
    writing.dispose()


def _network(directory: Path, signing: Ed25519PrivateKey) -> Network:
    authority = create_authority(directory / "authority", "latchmile.test", NOW)
    public = signing.public_key().public_bytes_raw()
    return Network(
        domain=authority.domain,
        ca_pem=authority.root_pem,
        broker_host="broker.test",
        broker_port=8883,
        cloud_keys=(CloudKey(key_id=KeyId("cloud-1"), public_key=public),),
        root_of_trust=public,
        issue_certificate=authority.issue_locker,
        may_renew=partial(may_renew, authority),
    )


def told(answer: httpx.Response) -> dict[str, Any]:
    """Return a problem's members after checking that it is one and says what is wrong."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    problem: dict[str, Any] = json.loads(answer.content)
    assert problem["status"] == answer.status_code
    assert problem["type"].startswith("urn:latchmile:problem:")
    assert len(problem["detail"]) > 5
    return problem
