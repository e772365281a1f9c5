"""The list of operators: what the offline root signs is what lockers pin, and what a person sees before signing."""

from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.bulk import OPERATOR_LIST_LIFE_S, OPERATORS_MAX, BulkError, OperatorKey, read_list, read_statement
from provisioning.operators.app import main
from provisioning.operators.lists import RegisteredKey, RegisteredKeys, fingerprint, read_registered, sign_list

ROOT, ANNA = (Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (1, 2))
ROOT_PUBLIC, ANNAS = (key.public_key().public_bytes_raw() for key in (ROOT, ANNA))
KEY = RegisteredKey(person="0a" * 16, name="Anna Nowak", public_key=ANNAS)
NOW_S = 1_800_000_000


def pem(key: object) -> bytes:
    return key.private_bytes(  # type: ignore[attr-defined,no-any-return] # any of cryptography's private keys
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def written(folder: Path, *keys: RegisteredKey) -> Path:
    (folder / "keys.json").write_bytes(msgspec.json.encode(RegisteredKeys(keys)))
    return folder / "keys.json"


def test_a_signed_list_holds_the_keys_and_ends_by_itself() -> None:
    listed = read_list(read_statement(sign_list(ROOT, [KEY], NOW_S)), ROOT_PUBLIC)
    assert listed.keys == (OperatorKey(b"\x0a" * 16, ANNAS),)
    assert (listed.number, listed.expires_at) == (NOW_S, NOW_S + OPERATOR_LIST_LIFE_S)


def test_a_fingerprint_can_be_read_out() -> None:
    assert fingerprint(ANNAS).replace(" ", "").isalnum()
    assert [len(group) for group in fingerprint(ANNAS).split()] == [4] * 5
    assert fingerprint(ANNAS) != fingerprint(ROOT_PUBLIC)


@pytest.mark.parametrize(
    "keys",
    [
        (msgspec.structs.replace(KEY, person="0a"),),
        (msgspec.structs.replace(KEY, person="xy"),),
        (msgspec.structs.replace(KEY, public_key=b"short"),),
        (KEY,) * (OPERATORS_MAX + 1),
    ],
)
def test_a_file_that_cannot_be_right_is_not_signed(tmp_path: Path, keys: tuple[RegisteredKey, ...]) -> None:
    with pytest.raises(BulkError):
        read_registered(written(tmp_path, *keys).read_bytes())
    with pytest.raises(BulkError):
        read_registered(b"[]")


def test_the_command_shows_first_and_signs_when_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keys, out = written(tmp_path, KEY), tmp_path / "operators.list"
    (tmp_path / "root.key").write_bytes(pem(ROOT))
    assert main([str(keys)]) == 0
    assert f"{fingerprint(ANNAS)}  Anna Nowak" in capsys.readouterr().out
    assert not out.exists()
    assert main([str(keys), "--root", str(tmp_path / "root.key"), "--out", str(out), "--yes"]) == 0
    assert len(read_list(read_statement(out.read_bytes()), ROOT_PUBLIC).keys) == 1


def test_the_command_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keys, other = written(tmp_path, KEY), tmp_path / "other.key"
    other.write_bytes(pem(generate_private_key(SECP256R1())))
    assert main([str(keys), "--yes"]) == 1
    assert main([str(keys), "--root", str(other), "--out", str(tmp_path / "x"), "--yes"]) == 1
    assert main([str(tmp_path / "nowhere.json")]) == 1
    assert capsys.readouterr().err.count("latchmile-operators: ") == 3
