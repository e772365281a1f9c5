"""A cloud in memory with lockers whose journals a test writes itself: the real services on the real tables."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud.chance import SeededIds
from cloud.domain.actors import SYSTEM, Actor, Role, actor
from cloud.domain.assignment import Scope
from cloud.domain.locker import Locker, LockerStatus
from cloud.domain.parcel import Parcel, ParcelState
from cloud.intake.lockers_geojson import LockerRow
from cloud.services.device_keys import about_key
from cloud.services.history import entry
from cloud.services.import_lockers import import_lockers
from cloud.services.imports import ImportSource
from cloud.services.models import add_standard_models
from cloud.services.ports import Act, Keys, UnitOfWork
from cloud.services.prepare_codes import FreshCode, store_codes
from cloud.services.record_events import Recorded, record_events
from cloud.services.records import (
    Consent,
    Courier,
    LockerKey,
    Plan,
    Route,
    Shift,
    Stop,
    StopKind,
    StopTask,
    Task,
    TaskState,
)
from cloud.store.database import open_memory
from cloud.store.memory import MemoryTables
from cloud.store.memory_writer import MemoryWriter
from cloud.store.secrets import AesGcmBox
from cloud.store.writer import InlineWriter
from contract.codec import encode
from contract.codes import StretchedCode, make_code
from contract.envelope import Signer
from contract.events import Entry, EventBatch, chain, genesis_hash
from contract.ids import BootId, CompartmentLabel, CourierRef, GrantId, KeyId, LockerId, label_digest
from contract.state import LockerState

T = TypeVar("T")
MORNING = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)  # a Monday
OPERATOR = actor(Role.OPERATOR, "olga")
BOOT = BootId(b"boot of a locker")
COURIER = "c0" * 16
REF = CourierRef(bytes.fromhex(COURIER))
GRANT = GrantId(b"some grant's id.")
A01 = CompartmentLabel("A01")


LINE = LockerRow(
    line=2,
    id=LockerId("WAW-01"),
    name="Metro Centrum",
    lon=21.01,
    lat=52.23,
    address="Marszalkowska 1, Warszawa",
    opening_hours="24/7",
    model="S12",
)


@dataclass(slots=True)
class Journal:
    """What one locker writes down; ``say`` makes the next batch."""

    locker: str
    cloud: "SmallCloud"
    sequence: int = 0
    head: bytes = b""
    entries: list[bytes] = field(default_factory=list)

    def batch(self, *events: Any, cause: bytes | None = None, quality: str = "synced") -> EventBatch:
        at_ms = int(self.cloud.now.timestamp() * 1000)
        first = self.sequence + 1
        raw = tuple(
            encode(Entry(first + number, at_ms, quality, BOOT, event, cause)) for number, event in enumerate(events)
        )
        before = self.head or genesis_hash(LockerId(self.locker))
        self.sequence += len(raw)
        self.head = chain(before, raw)
        self.entries += raw
        return EventBatch(LockerId(self.locker), first, before, raw)

    def say(self, *events: Any, cause: bytes | None = None) -> Recorded:
        """Write events down and have the cloud record them at once."""
        return self.cloud.record(self.batch(*events, cause=cause))[0]


class SmallCloud:
    """Use ``do`` for verbs; ``now`` moves only when a test moves it. ``quick`` keeps the tables in dicts."""

    def __init__(self, *, quick: bool = False) -> None:
        self.writer = MemoryWriter(MemoryTables()) if quick else InlineWriter(open_memory())
        self.now = MORNING
        self.ids = SeededIds(7)
        self.box = AesGcmBox(b"m" * 32)
        signing = Ed25519PrivateKey.from_private_bytes(b"s" * 32)
        self.keys = Keys(Signer(KeyId("cloud-1"), signing), self.box)
        self.journals: dict[str, Journal] = {}
        self.do(lambda uow: add_standard_models(uow, self.act()))

    def act(self, who: Actor = SYSTEM) -> Act:
        return Act(who, self.now, self.ids)

    def do(self, unit: Callable[[UnitOfWork], T]) -> T:
        return self.writer.now(unit)

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)

    def record(self, *batches: EventBatch) -> list[Recorded]:
        return self.do(lambda uow: record_events(uow, self.act(), batches))

    def locker(self, name: str = "WAW-01", **changes: Any) -> Journal:
        """Add an active, enrolled locker that is online, and return its journal."""
        line = replace(LINE, id=LockerId(name), **{k: v for k, v in changes.items() if k in LockerRow.__slots__})
        rest = {k: v for k, v in changes.items() if k not in LockerRow.__slots__}
        source = ImportSource("lockers", "test", "0" * 64)
        report = self.do(lambda uow: import_lockers(uow, self.act(), source, [line]))
        assert report.added == 1, report.problems
        ready = {
            "status": LockerStatus.ACTIVE,
            "intake_open": True,
            "online": True,
            "seen_at": self.now,
            "reported_at": self.now,
            "boot_nonce": BOOT.hex(),
            "session": 1,
        }
        self.do(lambda uow: uow.change(Locker, {"id": name}, **(ready | rest)))
        self.do(lambda uow: uow.add(self._key(name)))
        self.journals[name] = Journal(name, self)
        return self.journals[name]

    def codes(self, locker: str, *numbers: int) -> None:
        """Prepare known codes without Argon2id, so that promises cost a test nothing."""
        fresh = [FreshCode(make_code(number), StretchedCode(number.to_bytes(32))) for number in numbers]
        self.do(lambda uow: store_codes(uow, self.act(), self.keys, locker, fresh))

    def parcel(self, barcode: str = "P1", *, consent: bool = True, **changes: Any) -> Parcel:
        """Add a parcel that the depot holds; by default its carrier attests that any locker nearby will do."""
        parcel = replace(self.a_parcel(barcode), **changes)
        self.do(lambda uow: uow.add(parcel, entry(self.act(), parcel, "announced")))
        if consent:
            self.do(lambda uow: uow.add(self._consent(parcel)))
        return parcel

    def a_parcel(self, barcode: str) -> Parcel:
        return Parcel(
            id=self.ids.new(),
            carrier="acme",
            barcode=barcode,
            label_digest=label_digest(barcode).hex(),
            recipient_name="Ada Nowak",
            recipient_email="ada@example.test",
            recipient_phone=None,
            language="pl",
            address="Zlota 44, Warszawa",
            lon=21.0,
            lat=52.23,
            length_mm=200,
            width_mm=150,
            height_mm=60,
            weight_g=900,
            window_from=None,
            window_to=None,
            locker_allowed=True,
            preferred_locker=None,
            low_door=False,
            perishable=False,
            temperature_controlled=False,
            dwell_h_max=None,
            state=ParcelState.ANNOUNCED,
            custodian="carrier:acme",
            locker_id=None,
            compartment=None,
            dropped_off_at=None,
            deadline=None,
            import_id=None,
            created_at=self.now,
            updated_at=self.now,
        )

    def of(self, kind: type[T], /, **conditions: Any) -> list[T]:
        return self.do(lambda uow: uow.find(kind, **conditions))

    def the(self, kind: type[T], /, **conditions: Any) -> T:
        found = self.of(kind, **conditions)
        assert len(found) == 1, found
        return found[0]

    def again(self, parcel: Parcel) -> Parcel:
        """Return the parcel as it is now."""
        return self.the(Parcel, id=parcel.id)

    def state_of(self, locker: str, *, online: bool, boot: bytes = BOOT, session: int = 2, **more: int) -> LockerState:
        at_ms, name = int(self.now.timestamp() * 1000), LockerId(locker)
        seen = LockerState(name, online, BootId(boot), session, "1.0", at_ms, "synced")
        return msgspec.structs.replace(seen, **more)

    def courier(self, courier_id: str = COURIER) -> Courier:
        one = Courier(
            id=courier_id, name="Cezary", email=None, phone=None, language="pl", active=True, created_at=self.now
        )
        self.do(lambda uow: uow.add(one))
        return one

    def shift(self, courier_id: str = COURIER, **changes: Any) -> Shift:
        shift = Shift(
            id=self.ids.new(),
            courier_id=courier_id,
            starts_at=self.now + timedelta(hours=1),
            ends_at=self.now + timedelta(hours=9),
            start_lon=20.95,
            start_lat=52.2,
            end_lon=20.95,
            end_lat=52.2,
            parcels_max=100,
            weight_g_max=800_000,
            volume_l_max=8_000,
        )
        shift = replace(shift, **changes)
        self.do(lambda uow: uow.add(shift))
        return shift

    def route(self, *parcels: Parcel, started: bool = True) -> Route:
        """Plan a home stop for each parcel on one courier's route; started, the parcels are in the van."""
        shift = self.shift()
        plan = Plan(
            id=self.ids.new(),
            day=self.now.date().isoformat(),
            planner="test",
            made_at=self.now,
            current=True,
            cost_cents=0,
            distance_m=0,
            duration_s=0,
        )
        route = Route(
            id=self.ids.new(),
            plan_id=plan.id,
            courier_id=COURIER,
            shift_id=shift.id,
            starts_at=shift.starts_at,
            ends_at=shift.ends_at,
            distance_m=10_000,
            started_at=self.now if started else None,
        )
        self.do(lambda uow: uow.add(plan, route))
        for number, parcel in enumerate(parcels):
            self._stop(route, parcel, number, started=started)
        return route

    def _stop(self, route: Route, parcel: Parcel, number: int, *, started: bool) -> None:
        stop = Stop(
            id=self.ids.new(),
            route_id=route.id,
            position=number,
            kind=StopKind.HOME,
            locker_id=None,
            address=parcel.address,
            lon=parcel.lon + number / 100,
            lat=parcel.lat,
            eta=route.starts_at + timedelta(minutes=20 * (number + 1)),
            service_s=150,
        )
        task = StopTask(
            id=self.ids.new(),
            stop_id=stop.id,
            parcel_id=parcel.id,
            task=Task.DELIVER,
            state=TaskState.PENDING,
            done_at=None,
        )
        state = ParcelState.OUT_FOR_DELIVERY if started else ParcelState.PLANNED
        custodian = f"courier:{COURIER}" if started else parcel.custodian
        self.do(lambda uow: uow.add(stop, task))
        self.do(lambda uow: uow.change(Parcel, {"id": parcel.id}, state=state, custodian=custodian))

    def _key(self, locker: str) -> LockerKey:
        number = self.ids.new()
        return LockerKey(
            id=number,
            locker_id=locker,
            key_sealed=self.box.seal(b"k" * 32, about_key(number)),
            salt_sealed=self.box.seal(b"s" * 16, about_key(number)),
            signing_public=b"p" * 32,
            certificate_serial="1",
            certificate_until=None,
            created_at=self.now,
            revoked_at=None,
        )

    def _consent(self, parcel: Parcel) -> Consent:
        return Consent(
            id=self.ids.new(),
            parcel_id=parcel.id,
            given_by="carrier:acme",
            given_at=self.now,
            scope=Scope.IF_ABSENT,
            locker_id=None,
            walk_m_max=None,
            withdrawn_at=None,
        )
