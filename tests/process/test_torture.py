"""Fifty ``kill -9`` of agents, cloud and broker in turn, in bad weather and with people at the doors, at every change.

Among the people are a technician and two operators who have many doors opened by one order.

A thousand are ``make torture``. One seed decides who is killed after how long; what they are at just then does not
follow from it, so two runs of a seed are alike and not the same.
"""

from pathlib import Path

import pytest

from tests.process.torture.killer import AGENT, BROKER, CLOUD
from tests.process.torture.storm import Wish, storm
from tests.survives import survived

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("processes"), pytest.mark.timeout(2_400)]

ROW = "kill -9 of locker, cloud and broker in turn"


async def test_nothing_is_lost_and_nothing_happens_twice_over_fifty_kills(tmp_path: Path) -> None:
    said: list[str] = []
    report = await storm(Wish(seed=20_261_122, kills=50), tmp_path, said.append)
    survived(
        ROW,
        "fifty",
        tried=report.kills.total(),
        broken=len(report.violations),
        shown_by="tests/process/test_torture.py",
    )
    assert report.violations == [], "\n".join([*said, report.line()])
    assert report.kills == {AGENT: 34, CLOUD: 8, BROKER: 8}
    assert report.has_seen_life, report.line()
    assert set(report.weather) >= {"doubled", "delayed"}
