"""What days cost and how well they went, as plots first and as tables under them."""

import json
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from cloud.api.kpis import KpiShape, View, shape
from cloud.services.kpis import Kpi, Report, kpis
from cloud.services.ports import UnitOfWork
from cloud.services.scenarios import Saved, saved_by_lockers
from cloud.web.console import staff_of
from cloud.web.dates import Dates
from cloud.web.frame import D3, Frame, language_of
from cloud.web.route import router_of
from cloud.web.words import words_of

WEEK = timedelta(days=6)  # and the day itself
AREAS_SHOWN = 12  # those that cost most; the file has all
FirstDay = Annotated[date | None, Query(alias="from")]
LastDay = Annotated[date | None, Query(alias="to")]


def create(frame: Frame) -> APIRouter:
    """Return the page of costs."""
    router = router_of(frame)
    rim = frame.rim

    @router.get("/console/costs")
    async def get_costs(request: Request, first: FirstDay = None, last: LastDay = None) -> Response:
        who = await staff_of(request)
        until = last or date.fromisoformat(rim.today())
        since = first or until - WEEK
        act = rim.act(who)

        def unit(uow: UnitOfWork) -> tuple[Report, tuple[Saved, ...]]:
            return kpis(uow, act, since, until), saved_by_lockers(uow, act, since, until)

        report, saved = await rim.look(unit)
        areas = sorted(report.by_area, key=lambda one: -one.tally.cents)[:AREAS_SHOWN]
        content: dict[str, Any] = {
            "first": since,
            "last": until,
            "total": shape(report.total),
            "couriers": _shapes(report.by_courier),
            "lockers": _shapes(report.by_locker),
            "areas": _shapes(areas),
            "days": _shapes(report.by_day),
            "plots": plots(report, saved, frame.dates_in(words_of(language_of(request)))),
            "saved": saved,
            "whom": _shapes(report.by_whom),
            "files": tuple(View),
            "rules": rim.rules,
            "has_plots": D3.is_file(),
        }
        return frame.page(request, "console_costs.html", who=who, area="costs", **content)

    return router


def _shapes(lines: Iterable[Kpi]) -> list[KpiShape]:
    return [shape(one) for one in lines]


def plots(report: Report, saved: Iterable[Saved], say: Dates) -> str:
    """Return what the plots are drawn from: names and numbers by view."""
    named = {"days": report.by_day, "couriers": report.by_courier, "lockers": report.by_locker}
    views: dict[str, list[dict[str, Any]]] = {
        name: [one.model_dump() for one in _shapes(lines)] for name, lines in named.items()
    }
    views["days"] = [one | {"name": say.iso(one["name"])} for one in views["days"]]
    views["saved"] = [{"name": say.iso(one.day), "saved": one.saved} for one in saved]
    return json.dumps(views, ensure_ascii=False)
