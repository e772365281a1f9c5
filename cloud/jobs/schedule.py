"""The timetable: the only importer of apscheduler. A job is a service run in one unit of work, nothing more.

APScheduler's own job store stays in memory: what is due is found in the database at each run (deadlines, reservations,
commands), so a cloud that was down catches up with its first run and no job is ever "missed".
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Self
from zoneinfo import ZoneInfo

from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

MISFIRE_S = 3600  # a run that is late by up to an hour still makes sense; several late runs are one (coalesce)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Every:
    """Run again ``gap`` after the last start, give or take a tenth, so that no two clouds beat together."""

    gap: timedelta


@dataclass(frozen=True, slots=True)
class Daily:
    """Run once a day at ``hour``:``minute`` of the depot's zone."""

    hour: int
    minute: int = 0


@dataclass(frozen=True, slots=True)
class Job:
    """``run`` may be repeated at any time without harm; one run of a job at a time."""

    name: str
    when: Every | Daily
    run: Callable[[], Awaitable[object]]


class Timetable:
    """Use as a context manager inside the running loop."""

    def __init__(self, jobs: Sequence[Job], zone: ZoneInfo) -> None:
        """Run ``jobs``; daily ones by the clock of ``zone``."""
        self._scheduler = AsyncIOScheduler(
            timezone=zone, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": MISFIRE_S}
        )
        self._scheduler.add_listener(_job_failed, EVENT_JOB_ERROR)
        for job in jobs:
            self._scheduler.add_job(_awaiting(job), _trigger(job.when, zone), id=job.name, name=job.name)

    def __enter__(self) -> Self:
        self._scheduler.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._scheduler.shutdown(wait=False)

    def names(self) -> list[str]:
        """Return the names of all jobs."""
        return [job.id for job in self._scheduler.get_jobs()]


def _awaiting(job: Job) -> Callable[[], Awaitable[None]]:
    """Return a coroutine function: the scheduler calls anything else in a thread and drops what it returns.

    Only the end of the timetable cancels a run, and an end is no failure: what was not committed is done next time.
    """

    async def run() -> None:
        with suppress(asyncio.CancelledError):
            await job.run()

    return run


def _trigger(when: Every | Daily, zone: ZoneInfo) -> BaseTrigger:
    match when:
        case Every(gap):
            seconds = gap.total_seconds()
            return IntervalTrigger(seconds=seconds, jitter=seconds / 10, timezone=zone)
        case Daily(hour, minute):
            return CronTrigger(hour=hour, minute=minute, timezone=zone)


def _job_failed(event: JobExecutionEvent) -> None:
    """Say it loudly once per run; the next run tries again."""
    _log.error("job.failed", extra={"job": event.job_id, "error": repr(event.exception)}, exc_info=event.exception)
