"""A broker's directory: who may reach it under which name, also after it was given another one."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from provisioning.setup import LOOPBACK, SetupWish, set_up

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
PUBLIC_NAME = "broker.example.org"


def wish(directory: Path, *names: str, host: str = "127.0.0.1") -> SetupWish:
    return SetupWish(directory=directory, port=8883, host=host, names=names or LOOPBACK)


def names_in(directory: Path) -> set[str]:
    certificate = x509.load_pem_x509_certificates((directory / "broker.crt").read_bytes())[0]
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(one.value) for one in found}


def test_a_broker_with_a_public_name_is_still_reached_by_its_neighbours(tmp_path: Path) -> None:
    set_up(wish(tmp_path, PUBLIC_NAME), NOW)
    assert names_in(tmp_path) == {PUBLIC_NAME, *LOOPBACK}


@pytest.mark.parametrize(
    ("host", "reached"),
    [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::", "::1"), ("10.1.2.3", "10.1.2.3")],  # noqa: S104 - a set-up; nothing listens
)
def test_whether_it_is_up_is_asked_where_it_can_be_reached(tmp_path: Path, host: str, reached: str) -> None:
    setup = set_up(wish(tmp_path, PUBLIC_NAME, host=host), NOW)
    assert setup.place.host == reached
    assert reached in names_in(tmp_path)


def test_another_name_needs_another_certificate_at_once_and_the_same_ones_do_not(tmp_path: Path) -> None:
    set_up(wish(tmp_path), NOW)
    first = (tmp_path / "broker.crt").read_bytes()
    set_up(wish(tmp_path), NOW + timedelta(hours=1))
    assert (tmp_path / "broker.crt").read_bytes() == first

    set_up(wish(tmp_path, PUBLIC_NAME), NOW + timedelta(hours=2))
    assert PUBLIC_NAME in names_in(tmp_path)
