"""``latchmile-import-parcels`` where nobody listens: the line says where it asked and what to look at."""

from pathlib import Path

import pytest

from cloud.importing import Exit, main_parcels
from tests.contract.link_worlds import free_port


def test_a_cloud_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "parcels.csv"
    file.write_text("barcode\n", encoding="utf-8")
    cloud = f"http://127.0.0.1:{free_port()}"

    assert main_parcels(["--key", "x", "--cloud", cloud, str(file)]) == Exit.NOT_TAKEN

    said = capsys.readouterr().err
    assert f"nobody answers at {cloud}" in said
    assert "--cloud" in said
