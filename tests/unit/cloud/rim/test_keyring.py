from pathlib import Path

import pytest

from cloud.keyring import KeyringError, open_keyring


def test_the_keys_are_made_once_and_stay(tmp_path: Path) -> None:
    first, again = open_keyring(tmp_path / "keys"), open_keyring(tmp_path / "keys")
    assert first.master == again.master
    assert (first.public, first.root_of_trust) == (again.public, again.root_of_trust)
    assert first.public[0].key_id == first.signer.key_id
    assert len({key.key_id for key in first.public}) == 2


def test_no_key_is_readable_by_anybody_else(tmp_path: Path) -> None:
    open_keyring(tmp_path / "keys")
    secret = list((tmp_path / "keys").rglob("*.key"))
    assert len(secret) == 4
    assert {path.stat().st_mode & 0o777 for path in secret} == {0o600}
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700


def test_the_root_of_trust_may_be_taken_into_a_safe(tmp_path: Path) -> None:
    before = open_keyring(tmp_path / "keys").root_of_trust
    (tmp_path / "keys" / "offline" / "root-of-trust.key").unlink()
    assert open_keyring(tmp_path / "keys").root_of_trust == before
    assert not (tmp_path / "keys" / "offline" / "root-of-trust.key").exists()


@pytest.mark.parametrize("name", ["master.key", "signing-current.key", "signing-next.key", "root-of-trust.pub"])
@pytest.mark.parametrize("content", ["", "rubbish", "00" * 16])
def test_a_broken_key_stops_the_start_and_names_the_file(tmp_path: Path, name: str, content: str) -> None:
    open_keyring(tmp_path / "keys")
    (tmp_path / "keys" / name).write_text(content)
    with pytest.raises(KeyringError, match=name):
        open_keyring(tmp_path / "keys")
