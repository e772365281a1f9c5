"""A day that the cloud has on record, as the rows that files have: then the same code plans and changes both."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from cloud.domain.parcel import Parcel
from cloud.intake.couriers_csv import CourierRow
from cloud.intake.lockers_geojson import LockerRow
from cloud.intake.parcels_csv import ParcelRow
from cloud.plan_files.day import Files
from cloud.services.records import Shift
from cloud.services.scenarios import DayRecords
from contract.ids import LockerId

G_PER_KG = 1_000


def files_of(records: DayRecords, day: date, zone: ZoneInfo) -> Files:
    """Return the day's rows; parcels and shifts are named by their ids, which no two carriers share."""
    begins = datetime.combine(day, time(), zone)
    lockers = [
        LockerRow(
            line=line,
            id=LockerId(one.id),
            name=one.name,
            lon=one.lon,
            lat=one.lat,
            address=one.address,
            opening_hours=one.opening_hours,
            model=one.model,
        )
        for line, one in enumerate(records.lockers, start=1)
    ]
    parcels = [_parcel(line, records, one) for line, one in enumerate(records.parcels, start=1)]
    return Files(parcels, lockers, [_courier(line, one, begins) for line, one in enumerate(records.shifts, start=1)])


def _parcel(line: int, records: DayRecords, parcel: Parcel) -> ParcelRow:
    """Return a row; who agreed to any locker prefers none, who agreed to one locker only is asked for no other."""
    consents = records.consents.get(parcel.id, ())
    named = [one.locker_id for one in consents]
    return ParcelRow(
        line=line,
        barcode=parcel.id,
        recipient_name="",
        recipient_email=None,
        recipient_phone=None,
        language=parcel.language,
        address=parcel.address,
        lon=parcel.lon,
        lat=parcel.lat,
        length_mm=parcel.length_mm,
        width_mm=parcel.width_mm,
        height_mm=parcel.height_mm,
        weight_g=parcel.weight_g,
        window_from=parcel.window_from,
        window_to=parcel.window_to,
        locker_allowed=parcel.locker_allowed and bool(consents),
        preferred_locker=None if not named or None in named else named[0],
        low_door=parcel.low_door,
        perishable=parcel.perishable,
        temperature_controlled=parcel.temperature_controlled,
        soft=(parcel.soft_to, parcel.late_cents_per_min) if parcel.soft_to else None,
        skills=frozenset(parcel.skills.split()),
    )


def _courier(line: int, shift: Shift, begins: datetime) -> CourierRow:
    return CourierRow(
        line=line,
        courier=shift.id,
        start=(shift.start_lon, shift.start_lat),
        end=(shift.end_lon, shift.end_lat),
        shift=(int((shift.starts_at - begins).total_seconds()), int((shift.ends_at - begins).total_seconds())),
        parcels_max=shift.parcels_max,
        weight_kg_max=shift.weight_g_max // G_PER_KG,
        volume_l_max=shift.volume_l_max,
        stops_max=None,
        pause=_pause(shift, begins),
        fixed_cents=None,
        per_hour_cents=None,
        per_km_cents=None,
        skills=frozenset(shift.skills.split()),
    )


def _pause(shift: Shift, begins: datetime) -> tuple[int, int, int] | None:
    if shift.break_from is None or shift.break_to is None:
        return None
    earliest, latest = (int((at - begins).total_seconds()) for at in (shift.break_from, shift.break_to))
    return earliest, latest, shift.break_s
