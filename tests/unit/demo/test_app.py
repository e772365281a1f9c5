"""How a demo ends that never had a day."""

import os
from pathlib import Path

import pytest

from demo.app import EXIT_FAILED, main


def test_a_demo_that_cannot_begin_says_why_and_counts_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "demo.json").write_text("not JSON")
    umask = os.umask(0o077)
    try:
        assert main(["--state-dir", str(tmp_path)]) == EXIT_FAILED
    finally:
        os.umask(umask)

    said = capsys.readouterr().out
    assert "The demo cannot go on" in said
    assert "make demo-reset" in said
    assert "{" not in said
