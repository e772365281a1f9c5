import stat
from pathlib import Path

import msgspec
import pytest

from contract.ids import KeyId, LockerId
from provisioning.bundle import (
    BUNDLE_BYTES_MAX,
    SLOTS,
    Bundle,
    BundleError,
    check_bundle,
    decode_bundle,
    encode_bundle,
    has_bundle,
    load_bundle,
    save_bundle,
    tls_files,
)
from provisioning.device_keys import load_or_make_keys
from tests.unit.provisioning.examples import LOCKER, office


@pytest.fixture
def device(tmp_path: Path) -> Path:
    return tmp_path / "device"


@pytest.fixture
def bundle(tmp_path: Path, device: Path) -> Bundle:
    return office(tmp_path / "ca").bundle(load_or_make_keys(device).request("CLAIM"))


def generation(bundle: Bundle, port: int) -> Bundle:
    return msgspec.structs.replace(bundle, broker_port=port)


def test_a_bundle_survives_json_and_disk(device: Path, bundle: Bundle) -> None:
    save_bundle(device, bundle)

    assert decode_bundle(encode_bundle(bundle)) == bundle
    assert load_bundle(device) == bundle


def test_the_json_is_what_was_agreed(bundle: Bundle) -> None:
    fields = msgspec.json.decode(encode_bundle(bundle))

    assert {"root_of_trust_b64", "k_locker_b64", "salt_locker_b64", "layout"} < set(fields)
    assert fields["layout"]["compartments"] == [{"label": "A01", "size": "M", "low": True}]
    assert set(fields["cloud_keys"][0]) == {"key_id", "public_key_b64"}


def test_the_newest_generation_is_loaded_and_the_one_before_is_kept(device: Path, bundle: Bundle) -> None:
    for port in (1, 2, 3):
        save_bundle(device, generation(bundle, port))

    assert load_bundle(device).broker_port == 3
    assert sum((device / slot).exists() for slot in SLOTS) == 2


@pytest.mark.parametrize("kept_bytes", [0, 1, 100, -1])
def test_a_torn_generation_falls_back_to_the_one_before_and_is_overwritten_next(
    device: Path, bundle: Bundle, kept_bytes: int
) -> None:
    save_bundle(device, generation(bundle, 1))
    save_bundle(device, generation(bundle, 2))
    newest = device / SLOTS[1]
    newest.write_bytes(newest.read_bytes()[:kept_bytes])

    assert load_bundle(device).broker_port == 1
    save_bundle(device, generation(bundle, 3))
    assert load_bundle(device).broker_port == 3
    assert (device / SLOTS[0]).read_bytes().count(b'"broker_port":1')


def test_a_flipped_byte_is_noticed(device: Path, bundle: Bundle) -> None:
    save_bundle(device, bundle)
    slot = device / SLOTS[0]
    slot.write_bytes(slot.read_bytes().replace(b"localhost", b"localh0st"))

    assert not has_bundle(device)
    with pytest.raises(BundleError, match="latchmile-enrol"):
        load_bundle(device)


def test_a_bundle_is_readable_by_its_owner_alone(device: Path, bundle: Bundle) -> None:
    save_bundle(device, bundle)

    assert stat.S_IMODE((device / SLOTS[0]).stat().st_mode) == 0o600


def test_a_bundle_for_this_device_passes(device: Path, bundle: Bundle) -> None:
    check_bundle(bundle, device)


def test_a_bundle_for_another_key_another_name_or_without_certificates_does_not(
    tmp_path: Path, device: Path, bundle: Bundle
) -> None:
    load_or_make_keys(tmp_path / "another")
    renamed = msgspec.structs.replace(bundle, locker_id=LockerId("WAW-99"))
    empty = msgspec.structs.replace(bundle, certificate_chain_pem="")

    with pytest.raises(BundleError, match="another device's key"):
        check_bundle(bundle, tmp_path / "another")
    with pytest.raises(BundleError, match="WAW-99"):
        check_bundle(renamed, device)
    with pytest.raises(BundleError, match="cannot be read"):
        check_bundle(empty, device)


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b"\xff", b"x" * (BUNDLE_BYTES_MAX + 1)])
def test_anything_else_is_refused(raw: bytes) -> None:
    with pytest.raises(BundleError):
        decode_bundle(raw)


def test_the_key_ring_holds_the_current_and_the_next_key(bundle: Bundle) -> None:
    assert set(bundle.key_ring()) == {KeyId("current"), KeyId("next")}


def test_certificates_are_laid_out_for_the_link_and_follow_the_bundle(device: Path, bundle: Bundle) -> None:
    files = tls_files(device, bundle)
    assert (files.certificate.read_text(), files.ca.read_text()) == (bundle.certificate_chain_pem, bundle.ca_pem)

    renewed = msgspec.structs.replace(bundle, certificate_chain_pem="renewed")
    assert tls_files(device, renewed).certificate.read_text() == "renewed"
    assert bundle.locker_id == LOCKER
