"""What the demo may be told, by flag and by variable."""

from pathlib import Path

import pytest

from demo.settings import DAY_S, SPEED_ALONE, read_settings


def test_nothing_said_is_a_day_until_ctrl_c() -> None:
    settings = read_settings([], {})
    assert (settings.duration_s, settings.speed, settings.port_base) == (0, SPEED_ALONE, 0)
    assert settings.state == Path(".demo").resolve()


def test_a_duration_alone_makes_the_day_fit_into_it() -> None:
    settings = read_settings([], {"DURATION": "60"})
    assert settings.duration_s == 60
    assert DAY_S / settings.speed < 60


def test_a_flag_wins_over_its_variable() -> None:
    settings = read_settings(["--speed", "30", "--state-dir", "/tmp/x"], {"SPEED": "60", "STATE_DIR": "/tmp/y"})
    assert (settings.speed, settings.state) == (30.0, Path("/tmp/x").resolve())


def test_what_make_hands_on_empty_counts_as_nothing() -> None:
    assert read_settings([], {"DURATION": "", "SPEED": "", "PORT_BASE": ""}).duration_s == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [("DURATION", "a minute"), ("DURATION", "-1"), ("SPEED", "0"), ("SPEED", "fast"), ("PORT_BASE", "99999")],
)
def test_nonsense_ends_with_the_usage(name: str, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        read_settings([], {name: value})
    assert ended.value.code == 2
    assert value in capsys.readouterr().err
