"""The operating system and SQLite themselves refuse to write, under the real agent on a real file."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.power.full_card import Kind
from tests.survives import survived

ROW = "Card of a real agent that takes no more writes, and recovers"
SHOWN_BY = "tests/power/test_full_card.py"
REASONS = {Kind.FILE_LIMIT: {"io_failed", "disk_full"}, Kind.FULL: {"disk_full"}, Kind.READ_ONLY: {"read_only"}}


@pytest.mark.long
def test_a_card_that_refuses_is_said_and_nothing_opens_until_it_recovers(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.power.full_card", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])

    for kind in Kind:
        seen = told[kind.name]
        assert seen.pop("reason") in REASONS[kind]
        assert seen.pop("told") > 0
        assert seen == {"opened": False, "after": kind.name, "after_restart": "other"}
        survived(ROW, kind.name, tried=1, broken=0, shown_by=SHOWN_BY)
