"""What is typed wrongly at ``latchmile-plan`` is said before anything is searched, with what would be right."""

from pathlib import Path

import pytest

from cloud.plan_files.app import Exit, main

COURIERS = "courier,start_longitude,start_latitude,shift_from,shift_to\nOla,20.93,52.2,08:00,17:00\n"
PARCELS = "barcode;recipient_name\nLM1;Żaneta\n"


def day_of(folder: Path, *more: str) -> list[str]:
    (folder / "couriers.csv").write_text(COURIERS, encoding="utf-8")
    (folder / "parcels.csv").write_text(PARCELS, encoding="cp1250")
    files = ["--parcels", str(folder / "parcels.csv"), "--couriers", str(folder / "couriers.csv")]
    return ["day", *files, "--day", "2026-11-23", "--out", str(folder / "plan"), "--no-report", *more]


@pytest.mark.parametrize(
    ("flag", "given", "says"),
    [
        ("--day", "23.11.2026", "'23.11.2026' is no day, such as 2026-11-23"),
        ("--seconds", "-1", "above 0"),
        ("--seconds", "soon", "above 0"),
        ("--seconds", "99999", "up to 2900"),
        ("--seconds", "nan", "above 0"),
        ("--threads", "0", "from 1 to 32"),
        ("--threads", "999", "from 1 to 32"),
        ("--walk-m", "-5", "from 0 to 20000"),
        ("--walk-m", "far", "not a whole number"),
        ("--suggest", "-1", "from 0 to 100"),
        ("--seed", "-1", "from 0"),
        ("--co2-g-per-km", "x", "not a whole number"),
        ("--new-locker", "52.24", "longitude first"),
        ("--new-locker", "52,24,21,05", "longitude first"),
        ("--new-locker", "21.05,152.24", "longitude first"),
    ],
)
def test_a_flag_is_refused_with_what_it_wants(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], flag: str, given: str, says: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(day_of(tmp_path, f"{flag}={given}"))
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert f"argument {flag}" in said
    assert says in said


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(day_of(tmp_path)) == Exit.NO_PLAN
    assert "parcels.csv line 2: the text is not UTF-8" in capsys.readouterr().err


def test_a_folder_that_is_none_is_said_before_the_files_are_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    taken = tmp_path / "taken"
    taken.write_text("", encoding="utf-8")
    assert main([*day_of(tmp_path), "--out", str(taken)]) == Exit.NO_PLAN
    assert "taken is no folder" in capsys.readouterr().err
