"""Work that takes longer than a request: imports and planning, one after another, each with a record of how it went.

The record (``JobRun``) outlives the process; how far a job has come lives in memory only. A job that the process did
not finish is said to be interrupted at the next start: whoever asked for it asks again, which does no harm.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from cloud.clock import Clock
from cloud.domain.errors import DomainError, OverloadedError
from cloud.services.ports import UnitOfWork
from cloud.services.records_ops import JobRun
from cloud.store.writer import Writer

WAITING_MAX = 64  # jobs in line; at a minute each the last one waits an hour
REMEMBERED_MAX = 500  # finished jobs whose progress is still in memory; the record stays in the database
DETAIL_MAX = 1_000  # characters of what went wrong

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Progress:
    """How far a job has come: ``done`` of about ``total``, and ``note`` what it is doing."""

    done: int = 0
    total: int = 0
    note: str = "waiting"


class JobFailedError(Exception):
    """A job that could not do its work; the message is a sentence for whoever asked."""


Work = Callable[[Progress], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class _Job:
    id: str
    name: str
    work: Work


class Background:
    """Run ``run`` as one task; a job is promised with ``begun`` and queued with ``enqueue``."""

    def __init__(self, writer: Writer, clock: Clock) -> None:
        """Keep records through ``writer``."""
        self._writer, self._clock = writer, clock
        self._waiting: asyncio.Queue[_Job] = asyncio.Queue(2 * WAITING_MAX)
        self._progress: dict[str, Progress] = {}

    def progress(self, job_id: str) -> Progress | None:
        """Return how far a job of this process has come."""
        return self._progress.get(job_id)

    def begun(self, name: str, job_id: str) -> JobRun:
        """Return the record to add in the transaction that promises the work; raises ``OverloadedError``."""
        if self._waiting.qsize() >= WAITING_MAX:
            raise OverloadedError(f"{WAITING_MAX} imports and plans are waiting; try again later")
        return JobRun(id=job_id, job=name, started_at=self._clock.now(), finished_at=None, ok=None, detail="")

    def enqueue(self, run: JobRun, work: Work) -> Progress:
        """Queue what was promised, once the promise is committed."""
        while len(self._progress) >= REMEMBERED_MAX:
            self._progress.pop(next(iter(self._progress)))
        progress = self._progress[run.id] = Progress()
        self._waiting.put_nowait(_Job(run.id, run.job, work))
        return progress

    async def run(self) -> None:
        """Work until cancelled."""
        await self._writer.run(self._interrupted)
        while True:
            await self.do_next()

    async def do_next(self) -> None:
        """Take the next job, waiting for one, and do it."""
        job = await self._waiting.get()
        progress = self._progress.setdefault(job.id, Progress())
        progress.note = "running"
        ok, detail = await self._attempt(job, progress)
        progress.note = "done" if ok else "failed"
        values = {"finished_at": self._clock.now(), "ok": ok, "detail": detail[:DETAIL_MAX]}
        await self._writer.run(lambda uow: uow.change(JobRun, {"id": job.id}, **values))

    async def _attempt(self, job: _Job, progress: Progress) -> tuple[bool, str]:
        try:
            return True, await job.work(progress)
        except (DomainError, JobFailedError) as error:
            return False, str(error)
        except Exception as error:  # noqa: BLE001 - the loop's edge: one job's fault must not end the others
            _log.exception("background.crashed", extra={"job": job.name})
            return False, f"something is broken here ({type(error).__name__}); it has been written down"

    def _interrupted(self, uow: UnitOfWork) -> int:
        known = self._progress.keys()
        return sum(
            uow.change(JobRun, {"id": one.id}, finished_at=self._clock.now(), ok=False, detail="interrupted")
            for one in uow.find(JobRun, finished_at=None)
            if one.id not in known
        )
