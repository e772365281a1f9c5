"""The demo as a stranger starts it, smaller: three lockers of Warsaw, two couriers, and it ends by itself."""

import json
from pathlib import Path

import pytest

from demo.settings import LOCKERS_FILE
from tests.process.programs import run

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("processes"), pytest.mark.timeout(1_000)]

LOCKERS, PARCELS, COURIERS, DURATION_S = 3, 36, 2, 25
WHOLE_S = 900.0  # a limit for a machine with thirty things to do; two quiet cores need an eighteenth of it


async def test_a_day_of_three_lockers_ends_by_itself_with_nothing_forbidden(tmp_path: Path) -> None:
    city = json.loads(LOCKERS_FILE.read_text(encoding="utf-8"))
    few = tmp_path / "few.geojson"
    few.write_text(json.dumps({**city, "features": city["features"][:LOCKERS]}), encoding="utf-8")
    asked = {"duration": DURATION_S, "state-dir": tmp_path / "demo", "lockers": few}
    asked |= {"parcels": PARCELS, "couriers": COURIERS}
    flags = [text for name, value in asked.items() for text in (f"--{name}", str(value))]

    code, said = await run("python", "-m", "demo", *flags, within_s=WHOLE_S)

    lines = [line for line in said.splitlines() if line.startswith("{")]
    assert lines, said[-3000:]
    told = json.loads(lines[-1])
    assert (code, told["violations"]) == (0, 0), said[-3000:]
    assert told["parcels"] >= PARCELS
    assert told["dropped_off"] >= told["picked_up"] >= told["whole_way"] >= 1
    assert told["events_acknowledged"] > 0
