"""What days cost and how well they went, as JSON for programs and as CSV for spreadsheets."""

import csv
import io
from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Query, Response

from cloud.api.calls import Call, needs
from cloud.api.shapes import Told
from cloud.domain.actors import Role
from cloud.services.kpis import Kpi, Report, kpis

router = APIRouter(prefix="/v1/kpis", tags=["kpis"])
Seeing = Annotated[Call, needs(Role.OPERATOR, Role.PLANNER, Role.SUPPORT, changing=False)]
FirstDay = Annotated[date, Query(alias="from", description="The first day, for example 2026-11-16")]
LastDay = Annotated[date, Query(alias="to", description="The last day; at most 92 days in all")]
CENTS, METRES_PER_KM, SECONDS_PER_H, GRAMS_PER_KG = 100, 1_000, 3_600, 1_000


class View(StrEnum):
    """From which side the days are looked at."""

    DAY = "day"
    COURIER = "courier"
    LOCKER = "locker"
    AREA = "area"
    WHOM = "whom"


class KpiShape(Told):
    """Shares lie between 0 and 1 and are null where there is nothing to share out; cost in the fleet's cents.

    ``km`` and ``co2_kg`` are null where only partners drove who did not say how far; ``km_unknown_parcels`` of a line
    were brought so, and are missing from its kilometres.
    """

    key: str
    name: str
    parcels: int
    to_lockers: int
    failed: int
    stops: float
    cost_cents: float
    km: float | None
    km_unknown_parcels: int
    hours: float
    co2_kg: float | None
    cents_per_parcel: float | None
    cents_per_stop: float | None
    first_attempt_share: float | None
    on_time_share: float | None
    locker_share: float | None
    walk_m: float | None


class ReportShape(Told):
    total: KpiShape
    by_day: list[KpiShape]
    by_courier: list[KpiShape]
    by_locker: list[KpiShape]
    by_area: list[KpiShape]
    by_whom: list[KpiShape]


@router.get("")
async def get_kpis(call: Seeing, first: FirstDay, last: LastDay) -> ReportShape:
    """Return cost, way, time, CO2 and how well promises were kept, by day, courier, locker and area."""
    found = await _report(call, first, last)
    return ReportShape(
        total=shape(found.total),
        by_day=[shape(one) for one in found.by_day],
        by_courier=[shape(one) for one in found.by_courier],
        by_locker=[shape(one) for one in found.by_locker],
        by_area=[shape(one) for one in found.by_area],
        by_whom=[shape(one) for one in found.by_whom],
    )


@router.get("/{view}.csv", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
async def get_kpis_csv(call: Seeing, view: View, first: FirstDay, last: LastDay) -> Response:
    """Return one view as CSV with a header, a line for each day, courier, locker, area or kind of who brings."""
    found = await _report(call, first, last)
    name = f"latchmile-{view}-{first.isoformat()}-{last.isoformat()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(as_csv(getattr(found, f"by_{view}")), media_type="text/csv; charset=utf-8", headers=headers)


async def _report(call: Call, first: date, last: date) -> Report:
    act = call.rim.act(call.actor)
    found: Report = await call.look(lambda uow: kpis(uow, act, first, last))
    return found


def shape(one: Kpi) -> KpiShape:
    """Return a line in people's units, rounded to what they read."""
    tally = one.tally
    return KpiShape(
        key=one.key,
        name=one.name,
        parcels=tally.parcels,
        to_lockers=tally.to_lockers,
        failed=tally.failed,
        stops=round(tally.stops, 2),
        cost_cents=round(tally.cents, 1),
        km=round(tally.metres / METRES_PER_KM, 2) if one.is_way_known else None,
        km_unknown_parcels=tally.way_unknown,
        hours=round(tally.seconds / SECONDS_PER_H, 3),
        co2_kg=round(one.co2_g / GRAMS_PER_KG, 2) if one.is_way_known else None,
        cents_per_parcel=_rounded(one.cents_per_parcel, 1),
        cents_per_stop=_rounded(one.cents_per_stop, 1),
        first_attempt_share=_rounded(one.first_attempt, 4),
        on_time_share=_rounded(one.on_time, 4),
        locker_share=_rounded(one.locker_share, 4),
        walk_m=_rounded(one.walk_m, 0),
    )


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def as_csv(lines: Iterable[Kpi]) -> str:
    """Return a header and one line each. A name that a spreadsheet would take for a formula is disarmed."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(KpiShape.model_fields), lineterminator="\r\n")
    writer.writeheader()
    for one in lines:
        row = shape(one).model_dump()
        writer.writerow({name: _disarmed(value) for name, value in row.items()})
    return out.getvalue()


def _disarmed(value: object) -> object:
    """Return text that no spreadsheet runs (OWASP, CSV injection)."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" else value
