from pathlib import Path

import pytest

from edge.settings import KIOSK_PORT, parse

PLACES = ["--bundle", "b", "--wiring", "w.toml", "--data", "d"]


def test_three_places_are_enough() -> None:
    settings = parse(PLACES)
    assert (settings.bundle, settings.wiring, settings.data) == (Path("b"), Path("w.toml"), Path("d"))
    assert (settings.kiosk_port, settings.broker, settings.offline) == (KIOSK_PORT, None, False)


def test_another_broker_can_be_named() -> None:
    assert parse([*PLACES, "--link", "broker.example:8883"]).broker == ("broker.example", 8883)


def test_a_locker_can_be_kept_offline() -> None:
    assert parse([*PLACES, "--link", "none"]).offline


@pytest.mark.parametrize(
    ("extra", "told"),
    [
        (["--kiosk-port", "70000"], "0 to 65535"),
        (["--kiosk-port", "web"], "no port"),
        (["--link", "broker.example"], "HOST:PORT"),
        (["--link", "broker.example:none"], "no port"),
        (["--log-level", "LOUD"], "invalid choice"),
    ],
)
def test_what_cannot_be_meant_is_told(extra: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse([*PLACES, *extra])
    assert caught.value.code == 2
    assert told in capsys.readouterr().err
