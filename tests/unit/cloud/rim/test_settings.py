from datetime import timedelta
from pathlib import Path

import pytest

from cloud.routing.travel.choice import TravelChoice
from cloud.settings import Settings, read_settings

NEEDED = ["--data", "/d", "--tls-dir", "/t"]


def read(*flags: str, **environment: str) -> Settings:
    return read_settings([*NEEDED, *flags], environment)


def test_defaults_work_on_one_machine() -> None:
    found = read()
    assert (found.host, found.port, found.broker_host, found.broker_port) == ("127.0.0.1", 8000, "localhost", 8883)
    assert found.locality.base_url == "http://127.0.0.1:8000"
    assert found.rules.dwell.default.dwell == timedelta(hours=48)
    assert found.smtp is None
    assert found.travel_times == TravelChoice()
    assert not found.init_only


def test_a_flag_wins_over_a_variable_and_a_variable_over_the_default() -> None:
    assert read(LATCHMILE_PORT="9000").port == 9000
    assert read("--port", "9001", LATCHMILE_PORT="9000").port == 9001
    assert read_settings([], {"LATCHMILE_DATA": "/d", "LATCHMILE_TLS_DIR": "/t"}).data == Path("/d")


def test_the_currency_is_one_of_iso_4217(capsys: pytest.CaptureFixture[str]) -> None:
    assert (read().locality.currency, read(LATCHMILE_CURRENCY="pln").locality.currency) == ("EUR", "PLN")
    with pytest.raises(SystemExit):
        read("--currency", "euro")
    assert "is no currency's code" in capsys.readouterr().err


def test_limits_of_detours_are_the_operator_s_and_checked() -> None:
    found = read("--detour-cents-max", "1200", LATCHMILE_TRIP_DETOUR_KM_MAX="12").rules
    assert (found.detour_cents_max, found.trip_detour_m_max) == (1_200, 12_000)
    assert (read().rules.detour_cents_max, read().rules.trip_detour_m_max) == (500, 50_000)


@pytest.mark.parametrize(
    ("flag", "wrong"), [("--detour-cents-max", "-1"), ("--detour-cents-max", "5.00"), ("--trip-detour-km-max", "51")]
)
def test_a_limit_that_cannot_be_is_refused_with_its_range(
    flag: str, wrong: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        read(flag, wrong)
    assert "is not a whole number from" in capsys.readouterr().err


def test_the_command_may_stand_behind_the_flags() -> None:
    assert read("init").init_only


@pytest.mark.parametrize(
    ("text", "dwell"), [("90s", timedelta(seconds=90)), ("30m", timedelta(minutes=30)), ("720h", timedelta(days=30))]
)
def test_a_dwell_is_a_number_with_a_unit(text: str, dwell: timedelta) -> None:
    assert read("--dwell", text).rules.dwell.default.dwell == dwell


@pytest.mark.parametrize(
    ("flag", "value", "says"),
    [
        ("--port", "0", "1 to 65535"),
        ("--port", "http", "whole number"),
        ("--broker-port", "70000", "1 to 65535"),
        ("--zone", "Europe/Nowhere", "time zone"),
        ("--zone", "../etc/passwd", "time zone"),
        ("--region", "POL", "country code"),
        ("--dwell", "48", "48h, 30m or 90s"),
        ("--dwell", "721h", "30 days"),
        ("--dwell", "0h", "30 days"),
        ("--dwell", "99999999999999h", "30 days"),
        ("--base-url", "lockers.example", "https://lockers.example"),
        ("--base-url", "ftp://lockers.example", "https://lockers.example"),
        ("--plan-seconds", "0", "1 to 3600"),
        ("--pace", "x", "1 to 1000"),
        ("--travel-times", "osrm", "osm:/path/to/city.osm.pbf"),
        ("--travel-times", "valhalla:somewhere", "is no address"),
    ],
)
def test_a_setting_that_cannot_be_right_ends_with_a_sentence(
    flag: str, value: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        read(flag, value)
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert flag in said
    assert says in said


def test_a_bad_variable_is_refused_like_a_flag(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read(LATCHMILE_PORT="many")
    assert "--port" in capsys.readouterr().err


def test_what_is_needed_is_asked_for_by_both_names(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read_settings([], {})
    said = capsys.readouterr().err
    assert "--data (or LATCHMILE_DATA)" in said
    assert "--tls-dir (or LATCHMILE_TLS_DIR)" in said
