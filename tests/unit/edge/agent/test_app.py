import subprocess
import sys
from pathlib import Path

import pytest

from edge.app import EXIT_SETUP, main

HEAVY = ("fastapi", "starlette", "pydantic", "sqlalchemy", "pandas", "numpy", "vroom", "httpx", "rich", "jinja2")


def _arguments(folder: Path) -> list[str]:
    (folder / "bundle").mkdir(exist_ok=True)
    return ["--bundle", str(folder / "bundle"), "--wiring", str(folder / "w.toml"), "--data", str(folder / "data")]


def test_a_machine_that_was_never_enrolled_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(_arguments(tmp_path)) == EXIT_SETUP
    assert "latchmile-enrol" in capsys.readouterr().err


def test_the_agent_does_without_the_clouds_libraries() -> None:
    script = (
        f"import sys, edge.app, edge.kiosk.server, contract.mqtt; print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "[]"


def test_help_is_given() -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
