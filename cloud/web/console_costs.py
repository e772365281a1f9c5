"""What days cost and how well they went, as plots first and as tables under them."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from cloud.api.kpis import KpiShape, View, shape
from cloud.scenarios import AS_IT_IS, DOORS
from cloud.services.kpis import Kpi, Report, kpis
from cloud.services.ports import UnitOfWork
from cloud.services.scenarios import Answer, Asked, Way, counterfactuals
from cloud.web.console import staff_of
from cloud.web.frame import D3, Frame
from cloud.web.route import router_of

WEEK = timedelta(days=6)  # and the day itself
AREAS_SHOWN = 12  # those that cost most; the file has all
FirstDay = Annotated[date | None, Query(alias="from")]
LastDay = Annotated[date | None, Query(alias="to")]


@dataclass(frozen=True, slots=True)
class Saved:
    """What one day's plan cost with its lockers and without any, in cents."""

    id: str
    day: str
    with_lockers: int
    without: int

    @property
    def saved(self) -> int:
        return self.without - self.with_lockers


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
            report = kpis(uow, act, since, until)
            names = (one.key for one in report.by_day)
            return report, tuple(_saved(one) for _, one in sorted(counterfactuals(uow, act, names).items()))

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
            "plots": plots(report),
            "saved": saved,
            "files": tuple(View),
            "has_plots": D3.is_file(),
        }
        return frame.page(request, "console_costs.html", who=who, area="costs", **content)

    return router


def _saved(asked: Asked) -> Saved:
    return Saved(asked.id, asked.question.day.isoformat(), _cents(asked.answer, AS_IT_IS), _cents(asked.answer, DOORS))


def _cents(answer: Answer | None, name: str) -> int:
    found: Way | None = answer.way(name) if answer else None
    return found.cents if found else 0


def _shapes(lines: Iterable[Kpi]) -> list[KpiShape]:
    return [shape(one) for one in lines]


def plots(report: Report) -> str:
    """Return what the plots are drawn from: names and numbers by view."""
    named = {"days": report.by_day, "couriers": report.by_courier, "lockers": report.by_locker}
    return json.dumps({name: [one.model_dump() for one in _shapes(lines)] for name, lines in named.items()})
