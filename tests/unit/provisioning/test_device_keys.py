import stat
from pathlib import Path

import msgspec
import pytest

from provisioning.authority import new_key
from provisioning.device_keys import (
    CSR,
    SIGNING_KEY,
    TLS_KEY,
    DeviceKeyError,
    EnrolmentRequest,
    RequestProblem,
    load_or_make_keys,
    make_csr,
    verify_request,
)

CLAIM = "ABCDEFGH"


def request(directory: Path) -> EnrolmentRequest:
    return load_or_make_keys(directory).request(CLAIM)


def test_an_honest_request_is_believed(tmp_path: Path) -> None:
    assert verify_request(request(tmp_path)) is None


def test_the_request_is_the_json_that_was_agreed(tmp_path: Path) -> None:
    honest = request(tmp_path)
    raw = msgspec.json.encode(honest)

    assert set(msgspec.json.decode(raw)) == {"claim", "csr_pem", "signing_public_key_b64", "signature_b64"}
    assert msgspec.json.decode(raw, type=EnrolmentRequest) == honest


def test_keys_are_made_once(tmp_path: Path) -> None:
    first, second = load_or_make_keys(tmp_path), load_or_make_keys(tmp_path)

    assert first.signing_public_key == second.signing_public_key
    assert (first.csr_pem, first.request(CLAIM)) == (second.csr_pem, second.request(CLAIM))


@pytest.mark.parametrize("missing", [TLS_KEY, SIGNING_KEY, CSR])
def test_making_keys_continues_where_it_was_stopped(tmp_path: Path, missing: str) -> None:
    load_or_make_keys(tmp_path)
    kept = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.name != missing}
    (tmp_path / missing).unlink()

    load_or_make_keys(tmp_path)

    assert {name: (tmp_path / name).read_bytes() for name in kept} == kept
    assert (tmp_path / missing).exists()


def test_keys_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    load_or_make_keys(tmp_path)

    assert {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in (TLS_KEY, SIGNING_KEY)} == {0o600}


@pytest.mark.parametrize("name", [TLS_KEY, SIGNING_KEY])
@pytest.mark.parametrize("content", ["", "not a key"])
def test_a_broken_key_is_named_and_not_replaced(tmp_path: Path, name: str, content: str) -> None:
    load_or_make_keys(tmp_path)
    (tmp_path / name).write_text(content)

    with pytest.raises(DeviceKeyError, match=name):
        load_or_make_keys(tmp_path)
    assert (tmp_path / name).read_text() == content


def test_a_tls_key_in_the_place_of_the_signing_key_is_refused(tmp_path: Path) -> None:
    load_or_make_keys(tmp_path)
    (tmp_path / SIGNING_KEY).write_bytes((tmp_path / TLS_KEY).read_bytes())

    with pytest.raises(DeviceKeyError, match=SIGNING_KEY):
        load_or_make_keys(tmp_path)


def change(honest: EnrolmentRequest, **fields: object) -> EnrolmentRequest:
    return msgspec.structs.replace(honest, **fields)


def test_no_part_of_a_request_can_be_exchanged(tmp_path: Path) -> None:
    honest, other = request(tmp_path / "one"), request(tmp_path / "two")

    assert verify_request(change(honest, claim="ANOTHER")) is RequestProblem.SIGNATURE_WRONG
    assert verify_request(change(honest, csr_pem=other.csr_pem)) is RequestProblem.SIGNATURE_WRONG
    assert verify_request(change(honest, signing_public_key=other.signing_public_key)) is RequestProblem.SIGNATURE_WRONG
    assert verify_request(change(honest, signature=other.signature)) is RequestProblem.SIGNATURE_WRONG


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"claim": ""}, RequestProblem.CLAIM_MALFORMED),
        ({"claim": "A" * 129}, RequestProblem.CLAIM_MALFORMED),
        ({"csr_pem": "nonsense"}, RequestProblem.CSR_REFUSED),
        ({"signing_public_key": b"short"}, RequestProblem.SIGNING_KEY_MALFORMED),
        ({"signature": b""}, RequestProblem.SIGNATURE_WRONG),
    ],
)
def test_malformed_parts_are_told_apart(tmp_path: Path, fields: dict[str, object], problem: RequestProblem) -> None:
    assert verify_request(change(request(tmp_path), **fields)) is problem


def test_two_csrs_of_one_key_differ_which_is_why_the_device_keeps_its_own() -> None:
    key = new_key()

    assert make_csr(key) != make_csr(key)
