"""What the operator of the demo waits for has an end, and the end says what was waited for."""

from datetime import date
from typing import Any

import pytest

from demo.cloud_client import CloudClient
from demo.operations import plan_day
from demo.state import DemoError

WAITING = {"id": "7", "state": "waiting", "detail": ""}
DAY = date(2026, 11, 23)
URL = "http://127.0.0.1:9"


class Cloud(CloudClient):
    """Answers every question about the job with the same ``job``."""

    def __init__(self, job: dict[str, Any]) -> None:
        super().__init__(URL)
        self.job = job

    async def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        assert (path, body) == ("/v1/plans", {"day": "2026-11-23"})
        return WAITING

    async def get(self, path: str, **query: str | int) -> Any:
        return self.job if path == "/v1/jobs/7" else {"routes": [path, query]}


async def test_the_plan_is_returned_once_the_job_is_done() -> None:
    plan = await plan_day(Cloud(WAITING | {"state": "done"}), DAY)
    assert plan == {"routes": ["/v1/plans/2026-11-23", {}]}


async def test_a_day_that_cannot_be_planned_is_said_in_the_clouds_words() -> None:
    with pytest.raises(DemoError, match="7003 places"):
        await plan_day(Cloud(WAITING | {"state": "failed", "detail": "7003 places"}), DAY)


async def test_a_plan_that_never_comes_is_said_with_how_long_it_was_waited_for() -> None:
    with pytest.raises(DemoError, match=r"2026-11-23 is not planned after 0\.01 s; is this machine busy"):
        await plan_day(Cloud(WAITING), DAY, within_s=0.01)
