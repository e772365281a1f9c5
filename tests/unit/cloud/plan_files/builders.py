"""A day small enough to be read: two lockers, three parcels, one courier in Warsaw."""

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

from cloud.intake.couriers_csv import CourierRow
from cloud.intake.lockers_geojson import LockerRow
from cloud.intake.others_csv import TariffRow, TripRow
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


TRIP = TripRow(
    line=2,
    name="Ewa",
    start=(20.95, 52.2),
    end=None,
    way=(9 * 3600, 11 * 3600),
    detour_m=4_000,
    parcels_max=6,
    weight_kg_max=30,
    volume_l_max=400,
    per_parcel_cents=250,
)
TARIFF = TariffRow(
    line=2,
    name="Bikes",
    centre=(21.0, 52.23),
    radius_m=4_000,
    base_cents=190,
    per_km_cents=10,
    promise=(10 * 3600, 14 * 3600),
    parcels_max=60,
    weight_kg_max=8,
)


def helped_day(*parcels: ParcelRow) -> NamedDay:
    """Return a day without lockers on which somebody on the way and a partner may help."""
    return day_of(Files(parcels, (), (COURIER,), (TRIP,), (TARIFF,)), DAY, LAYOUTS, Assumptions(ZONE))
