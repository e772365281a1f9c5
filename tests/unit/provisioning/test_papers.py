from pathlib import Path

import pytest

from provisioning.authority import key_pem, new_key
from provisioning.bundle import Bundle
from provisioning.device_keys import TLS_KEY, load_or_make_keys
from provisioning.papers import NEWEST_TRIES, SLOTS, Lifetime, Turns, add_pair, key_of, leaf_of, pairs
from tests.unit.provisioning.examples import office

LIFE = Lifetime(1_000, 2_000)
CHAIN = "-----BEGIN CERTIFICATE-----\nbGVhZg==\n-----END CERTIFICATE-----\n" * 2


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return office(tmp_path / "ca").bundle(load_or_make_keys(tmp_path).request("CLAIM"))


def renewed(tmp_path: Path, bundle: Bundle) -> int:
    return add_pair(tmp_path, bundle, key_pem(new_key()), CHAIN, LIFE).number


def test_a_fresh_device_has_the_pair_of_its_enrolment(tmp_path: Path, bundle: Bundle) -> None:
    (own,) = pairs(tmp_path, bundle)

    assert (own.number, own.life, own.files.key) == (0, None, tmp_path / TLS_KEY)
    assert key_of(own) == (tmp_path / TLS_KEY).read_bytes()
    assert bundle.certificate_chain_pem.encode().startswith(leaf_of(own))


def test_the_newest_and_the_one_before_it_are_kept(tmp_path: Path, bundle: Bundle) -> None:
    seen = []
    for _ in range(3):
        renewed(tmp_path, bundle)
        seen.append([pair.number for pair in pairs(tmp_path, bundle)])

    assert seen == [[1, 0], [2, 1], [3, 2]]
    assert pairs(tmp_path, bundle)[0].life == LIFE


def test_key_and_chain_come_back_out_of_one_file_for_its_owner_alone(tmp_path: Path, bundle: Bundle) -> None:
    pem = key_pem(new_key())
    pair = add_pair(tmp_path, bundle, pem, CHAIN, LIFE)

    assert (key_of(pair), leaf_of(pair) * 2) == (pem, CHAIN.encode())
    assert pair.files.key == pair.files.certificate
    assert pair.files.key.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("at", [5, 60, -10])
def test_a_damaged_pair_is_none(tmp_path: Path, bundle: Bundle, at: int) -> None:
    renewed(tmp_path, bundle)
    raw = bytearray((tmp_path / SLOTS[0]).read_bytes())
    raw[at] ^= 1
    (tmp_path / SLOTS[0]).write_bytes(raw)

    assert [pair.number for pair in pairs(tmp_path, bundle)] == [0]


def test_what_an_earlier_enrolment_left_is_not_used(tmp_path: Path, bundle: Bundle) -> None:
    renewed(tmp_path, bundle)
    other = office(tmp_path / "other").bundle(load_or_make_keys(tmp_path).request("ANOTHER"))

    assert [pair.number for pair in pairs(tmp_path, other)] == [0]
    assert renewed(tmp_path, other) == 1


def test_the_pair_before_the_newest_is_tried_now_and_then(tmp_path: Path, bundle: Bundle) -> None:
    renewed(tmp_path, bundle)
    newest, before = (pair.files for pair in pairs(tmp_path, bundle))
    turns = Turns(tmp_path, bundle)

    assert [turns() for _ in range(5)] == [newest] * NEWEST_TRIES + [before, newest]
    turns.connected()
    assert [turns() for _ in range(4)] == [newest] * NEWEST_TRIES + [before]


def test_a_device_with_one_pair_tries_that_one(tmp_path: Path, bundle: Bundle) -> None:
    turns = Turns(tmp_path, bundle)

    assert len({turns() for _ in range(2 * NEWEST_TRIES)}) == 1
