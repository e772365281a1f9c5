"""The dependency law can fail: each contract of .importlinter is shown its breach. And the edge stays lean."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.sources import ROOT

BREACHES = {
    "The house": ("contract/breach.py", "import edge"),
    "Inside the edge": ("edge/store/breach.py", "import edge.locker_controller"),
    "Inside the cloud": ("cloud/domain/breach.py", "import cloud.services"),
    "Door: paho": ("cloud/downlink/breach.py", "import paho.mqtt.client"),
    "Door: gpiozero": ("edge/kiosk/breach.py", "import gpiozero"),
    "Door: vroom": ("cloud/services/breach.py", "import vroom"),
    "Door: apscheduler": ("cloud/app.py", "import apscheduler"),
    "The edge is lean": ("edge/uplink/breach.py", "import pydantic"),
    "What decides touches nothing": ("cloud/domain/breach.py", "import sqlalchemy"),
}
PACKAGES = [
    "contract",
    "provisioning",
    "firmware_sim",
    "demo",
    "edge",
    "edge/drivers",
    "edge/kiosk",
    "edge/locker_controller",
    "edge/store",
    "edge/uplink",
    "cloud",
    "cloud/api",
    "cloud/domain",
    "cloud/intake",
    "cloud/downlink",
    "cloud/jobs",
    "cloud/notify",
    "cloud/routing",
    "cloud/services",
    "cloud/store",
    "cloud/web",
]
HEAVY = [
    "fastapi",
    "starlette",
    "pydantic",
    "sqlalchemy",
    "pandas",
    "numpy",
    "vroom",
    "uvicorn",
    "jinja2",
    "rich",
    "httpx",
]
# Every module of the edge, not only the agent's entry: what nobody imports today is imported tomorrow.
LEAN_PROBE = """
import importlib, pkgutil, sys, edge
for found in pkgutil.walk_packages(edge.__path__, "edge."):
    importlib.import_module(found.name)
print(*{name.split(".")[0] for name in sys.modules})
"""


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    command = (str(Path(sys.executable).parent / "lint-imports"), "--no-logo", "--no-cache")
    surroundings = os.environ | {"PYTHONPATH": str(root), "COLUMNS": "200"}
    return subprocess.run(command, cwd=root, check=False, capture_output=True, text=True, env=surroundings)


@pytest.fixture
def empty_house(tmp_path: Path) -> Path:
    for package in PACKAGES:
        (tmp_path / package).mkdir(parents=True)
        (tmp_path / package / "__init__.py").touch()
    (tmp_path / "contract" / "mqtt.py").touch()
    shutil.copy(ROOT / ".importlinter", tmp_path)
    return tmp_path


def test_an_empty_house_keeps_the_law(empty_house: Path) -> None:
    done = lint(empty_house)
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


def test_every_contract_finds_its_breach(empty_house: Path) -> None:
    for place, line in BREACHES.values():
        with (empty_house / place).open("a") as breach:
            breach.write(f"{line}\n")
    done = lint(empty_house)
    verdicts = " ".join(done.stdout.split())
    assert done.returncode == 1
    assert f"0 kept, {len(BREACHES)} broken" in verdicts, done.stdout
    assert [name for name in BREACHES if name not in verdicts] == []


def test_no_module_of_the_edge_imports_anything_heavy() -> None:
    done = subprocess.run(
        (sys.executable, "-c", LEAN_PROBE), cwd=ROOT, check=False, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert {"edge", "contract", "gpiozero"} <= loaded
    assert sorted(loaded & set(HEAVY)) == []
