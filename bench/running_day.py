"""A city's day on the road, for benchmarks: couriers, recipients and lockers on a real database."""

import math
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud.chance import SeededIds
from cloud.domain.actors import SYSTEM, Role, actor
from cloud.domain.assignment import Scope
from cloud.domain.locker import Locker, LockerStatus
from cloud.domain.parcel import Parcel, ParcelState
from cloud.intake.lockers_geojson import LockerRow
from cloud.routing.problem import Place
from cloud.routing.travel_times import VAN, great_circle
from cloud.services.device_keys import about_key
from cloud.services.import_lockers import import_lockers
from cloud.services.imports import ImportSource
from cloud.services.models import add_standard_models
from cloud.services.ports import Act, Keys, UnitOfWork
from cloud.services.prepare_codes import FreshCode, store_codes
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
from cloud.store.database import create_schema, open_readers, open_writer
from cloud.store.reader import Reader
from cloud.store.secrets import AesGcmBox
from cloud.store.writer import ThreadWriter
from contract.codes import StretchedCode, make_code
from contract.envelope import Signer
from contract.ids import KeyId, LockerId, label_digest

T = TypeVar("T")
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
CENTRE = Place(21.01, 52.23)
WALK_M = 5_000
PROMISED_SHARE = 0.3  # of the stops have a window of two hours around their time
SERVICE_S = 150


@dataclass(slots=True)
class City:
    """What a benchmark works with: the database's two sides, keys, and the couriers' ids."""

    reader: Reader
    writer: ThreadWriter
    readers: ThreadPoolExecutor
    keys: Keys
    ids: SeededIds
    couriers: list[str]

    def act(self, role: Role = Role.SYSTEM, name: str = "bench") -> Act:
        return Act(actor(role, name), NOW, self.ids)

    def read(self, unit: Callable[[UnitOfWork], T]) -> T:
        return self.reader.read(unit)


@contextmanager
def city(directory: Path, couriers: int, stops: int, lockers: int = 40) -> Iterator[City]:
    """Open a city in an empty directory: each courier has so many stops still ahead, in a fair order."""
    writing = open_writer(directory / "cloud.sqlite")
    create_schema(writing)
    reading = open_readers(directory / "cloud.sqlite")
    with ThreadWriter(writing) as writer, ThreadPoolExecutor(4) as readers:
        keys = Keys(Signer(KeyId("bench"), Ed25519PrivateKey.from_private_bytes(b"s" * 32)), AesGcmBox(b"m" * 32))
        made = City(Reader(reading), writer, readers, keys, SeededIds(7), [])
        dice = random.Random(3)
        writer.submit(lambda uow: _lockers(uow, made, dice, lockers)).result()
        writer.submit(lambda uow: _routes(uow, made, dice, (couriers, stops))).result()
        yield made
    reading.dispose()
    writing.dispose()


def _lockers(uow: UnitOfWork, made: City, dice: random.Random, count: int) -> None:
    act = Act(SYSTEM, NOW, made.ids)
    add_standard_models(uow, act)
    rows = [
        LockerRow(
            line=number + 2,
            id=LockerId(f"WAW-{number:03}"),
            name=f"Locker {number}",
            lon=dice.gauss(CENTRE.lon, 0.05),
            lat=dice.gauss(CENTRE.lat, 0.03),
            address=f"Street {number}",
            opening_hours="24/7",
            model="S12",
        )
        for number in range(count)
    ]
    import_lockers(uow, act, ImportSource("lockers", "bench", "0" * 64), rows)
    uow.change(Locker, {}, status=LockerStatus.ACTIVE, intake_open=True, online=True, seen_at=NOW, boot_nonce="ab" * 16)
    for row in rows:
        number = act.ids.new()
        seal = made.keys.box.seal
        uow.add(
            LockerKey(
                id=number,
                locker_id=row.id,
                key_sealed=seal(b"k" * 32, about_key(number)),
                salt_sealed=seal(b"s" * 16, about_key(number)),
                signing_public=b"p" * 32,
                certificate_serial="1",
                certificate_until=None,
                created_at=NOW,
                revoked_at=None,
            )
        )
        fresh = [FreshCode(make_code(one), StretchedCode(one.to_bytes(32))) for one in range(8)]
        store_codes(uow, act, made.keys, row.id, fresh)


def _routes(uow: UnitOfWork, made: City, dice: random.Random, size: tuple[int, int]) -> None:
    couriers, stops = size
    plan = Plan(
        id=made.ids.new(),
        day=NOW.date().isoformat(),
        planner="bench",
        made_at=NOW,
        current=True,
        cost_cents=0,
        distance_m=0,
        duration_s=0,
    )
    uow.add(plan)
    for number in range(couriers):
        angle = 2 * math.pi * number / couriers
        centre = Place(CENTRE.lon + 0.06 * math.cos(angle), CENTRE.lat + 0.04 * math.sin(angle))
        if couriers == 1:
            centre = CENTRE
        _route(uow, made, dice, (plan.id, number, centre, stops))


def _route(uow: UnitOfWork, made: City, dice: random.Random, what: tuple[str, int, Place, int]) -> None:
    plan_id, number, centre, count = what
    courier_id, shift_id, route_id = (made.ids.new() for _ in range(3))
    made.couriers.append(courier_id)
    places = _ordered([Place(dice.gauss(centre.lon, 0.025), dice.gauss(centre.lat, 0.015)) for _ in range(count)])
    etas, ends_at = _times(places)
    uow.add(
        Courier(id=courier_id, name=f"C{number}", email=None, phone=None, language="pl", active=True, created_at=NOW),
        Shift(
            id=shift_id,
            courier_id=courier_id,
            starts_at=NOW - timedelta(hours=2),
            ends_at=ends_at + timedelta(hours=1),
            start_lon=CENTRE.lon,
            start_lat=CENTRE.lat,
            end_lon=CENTRE.lon,
            end_lat=CENTRE.lat,
            parcels_max=300,
            weight_g_max=3_000_000,
            volume_l_max=30_000,
        ),
        Route(
            id=route_id,
            plan_id=plan_id,
            courier_id=courier_id,
            shift_id=shift_id,
            starts_at=NOW - timedelta(hours=2),
            ends_at=ends_at,
            distance_m=100_000,
            started_at=NOW - timedelta(hours=2),
        ),
    )
    for position, (place, eta) in enumerate(zip(places, etas, strict=True)):
        _stop(uow, made, dice, (route_id, courier_id, position, place, eta))


def _stop(uow: UnitOfWork, made: City, dice: random.Random, what: tuple[str, str, int, Place, datetime]) -> None:
    route_id, courier_id, position, place, eta = what
    promised = dice.random() < PROMISED_SHARE
    parcel = _parcel(
        made, place, courier_id, (eta - timedelta(hours=1), eta + timedelta(hours=1)) if promised else None
    )
    stop = Stop(
        id=made.ids.new(),
        route_id=route_id,
        position=position,
        kind=StopKind.HOME,
        locker_id=None,
        address=parcel.address,
        lon=place.lon,
        lat=place.lat,
        eta=eta,
        service_s=SERVICE_S,
    )
    task = StopTask(
        id=made.ids.new(),
        stop_id=stop.id,
        parcel_id=parcel.id,
        task=Task.DELIVER,
        state=TaskState.PENDING,
        done_at=None,
    )
    consent = Consent(
        id=made.ids.new(),
        parcel_id=parcel.id,
        given_by="carrier:acme",
        given_at=NOW,
        scope=Scope.IF_ABSENT,
        locker_id=None,
        walk_m_max=WALK_M,
        withdrawn_at=None,
    )
    uow.add(parcel, stop, task, consent)


def _parcel(made: City, place: Place, courier_id: str, window: tuple[datetime, datetime] | None) -> Parcel:
    number = made.ids.new()
    return Parcel(
        id=number,
        carrier="acme",
        barcode=number[:12],
        label_digest=label_digest(number).hex(),
        recipient_name="Ada Nowak",
        recipient_email="ada@example.test",
        recipient_phone=None,
        language="pl",
        address="Zlota 44",
        lon=place.lon,
        lat=place.lat,
        length_mm=200,
        width_mm=150,
        height_mm=60,
        weight_g=900,
        window_from=window[0] if window else None,
        window_to=window[1] if window else None,
        locker_allowed=True,
        preferred_locker=None,
        low_door=False,
        perishable=False,
        temperature_controlled=False,
        dwell_h_max=None,
        state=ParcelState.OUT_FOR_DELIVERY,
        custodian=f"courier:{courier_id}",
        locker_id=None,
        compartment=None,
        dropped_off_at=None,
        deadline=None,
        import_id=None,
        created_at=NOW,
        updated_at=NOW,
    )


def _ordered(places: list[Place]) -> list[Place]:
    """Return a tour by nearest neighbour, made better by 2-opt: as good as a planner's, within a few per cent."""
    metres = great_circle(places, VAN, NOW.hour).distances_m.astype(int)
    left, order = set(range(1, len(places))), [0]
    while left:
        order.append(min(left, key=lambda one: int(metres[order[-1], one])))
        left.discard(order[-1])
    better = True
    while better:
        better = False
        for i in range(1, len(order) - 2):
            for j in range(i + 1, len(order) - 1):
                a, b, c, d = order[i - 1], order[i], order[j], order[j + 1]
                if metres[a, c] + metres[b, d] < metres[a, b] + metres[c, d]:
                    order[i : j + 1] = order[i : j + 1][::-1]
                    better = True
    return [places[one] for one in order]


def _times(places: list[Place]) -> tuple[list[datetime], datetime]:
    travel = great_circle([CENTRE, *places], VAN, NOW.hour).durations_s
    clock, etas = NOW, []
    for number in range(len(places)):
        here = 0 if number == 0 else number
        clock += timedelta(seconds=int(travel[here, number + 1]))
        etas.append(clock)
        clock += timedelta(seconds=SERVICE_S)
    return etas, clock + timedelta(seconds=int(travel[len(places), 0]))
