"""A day small enough to be read: two lockers, three parcels, one courier in Warsaw."""

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

from cloud.intake.couriers_csv import CourierRow
from cloud.intake.lockers_geojson import LockerRow
from cloud.intake.parcels_csv import ParcelRow
from cloud.plan_files.day import Assumptions, Files, NamedDay, day_of
from cloud.services.models import STANDARD
from contract.ids import LockerId

DAY = date(2026, 11, 23)
ZONE = ZoneInfo("Europe/Warsaw")
LAYOUTS = {layout.model: layout for layout in STANDARD}
PARCEL = ParcelRow(
    line=2,
    barcode="LM1",
    recipient_name="Ewa Nowak",
    recipient_email="ewa@people.example",
    recipient_phone=None,
    language="pl",
    address="Hoża 1",
    lon=21.0,
    lat=52.23,
    length_mm=300,
    width_mm=200,
    height_mm=60,
    weight_g=500,
    window_from=None,
    window_to=None,
    locker_allowed=True,
    preferred_locker=None,
    low_door=False,
    perishable=False,
    temperature_controlled=False,
)
NEAR = LockerRow(
    line=2,
    id=LockerId("WAW-NEAR"),
    name="Near",
    lon=21.001,
    lat=52.23,
    address="Hoża 2",
    opening_hours="24/7",
    model="S12",
)
FAR = replace(NEAR, id=LockerId("WAW-FAR"), name="Far", lon=21.2, model="")
COURIER = CourierRow(
    line=2,
    courier="Ola",
    start=(20.95, 52.2),
    end=(20.95, 52.2),
    shift=(8 * 3600, 17 * 3600),
    parcels_max=100,
    weight_kg_max=None,
    volume_l_max=None,
    stops_max=None,
    pause=None,
    fixed_cents=None,
    per_hour_cents=None,
    per_km_cents=None,
    skills=frozenset(),
)


def a_day(*parcels: ParcelRow, lockers: tuple[LockerRow, ...] = (NEAR, FAR)) -> NamedDay:
    return day_of(Files(parcels, lockers, (COURIER,)), DAY, LAYOUTS, Assumptions(ZONE))
