"""The cloud's own keys on disk: made at the first start, 0600, whole or not at all.

``master.key`` seals what rests in the database; lost, nobody can be told a code again. ``signing-current.key`` signs
grants and commands; ``signing-next.key`` is pinned on every device beside it, so the current one can be given up in an
hour. ``offline/root-of-trust.key`` belongs into a safe: its statement alone can exchange both.
"""

import hashlib
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from cloud.store.secrets import MASTER_KEY_BYTES
from contract.envelope import Signer
from contract.ids import KeyId
from provisioning.bundle import CloudKey
from provisioning.files import PUBLIC, make_directory, write_atomically


class KeyringError(Exception):
    """A key file that is there and cannot be used; a person must restore it, since a new key would disown the fleet."""


@dataclass(frozen=True, slots=True)
class Keyring:
    """``public`` holds the current and the next signing key, as devices pin them."""

    master: bytes
    signer: Signer
    public: tuple[CloudKey, ...]
    root_of_trust: bytes


def open_keyring(directory: Path) -> Keyring:
    """Read the keys, making those that are missing; raises ``KeyringError``."""
    make_directory(directory)
    current, following = (_signing_key(directory / f"signing-{name}.key") for name in ("current", "next"))
    return Keyring(
        master=_master_key(directory / "master.key"),
        signer=Signer(key_id(current.public_key()), current),
        public=tuple(
            CloudKey(key_id=key_id(one.public_key()), public_key=one.public_key().public_bytes_raw())
            for one in (current, following)
        ),
        root_of_trust=_root_of_trust(directory),
    )


def key_id(public: Ed25519PublicKey) -> KeyId:
    """Name a key after itself, so that two keys never share a name."""
    return KeyId(f"cloud-{hashlib.sha256(public.public_bytes_raw()).hexdigest()[:12]}")


def _master_key(path: Path) -> bytes:
    if not path.exists():
        write_atomically(path, secrets.token_bytes(MASTER_KEY_BYTES).hex().encode())
    try:
        key = bytes.fromhex(path.read_text().strip())
    except ValueError as error:
        raise KeyringError(f"{path} holds no master key; restore it from the backup") from error
    if len(key) != MASTER_KEY_BYTES:
        raise KeyringError(f"{path} holds {len(key)} bytes, {MASTER_KEY_BYTES} are needed; restore it from the backup")
    return key


def _signing_key(path: Path) -> Ed25519PrivateKey:
    if not path.exists():
        pem = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        write_atomically(path, pem)
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise KeyringError(f"{path} holds no readable key; restore it from the backup") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyringError(f"{path} holds a key of another kind; restore it from the backup")
    return key


def _root_of_trust(directory: Path) -> bytes:
    """Return the public half; the private one may have been taken away, as it should."""
    public = directory / "root-of-trust.pub"
    if not public.exists():
        private = _signing_key(make_directory(directory / "offline") / "root-of-trust.key")
        write_atomically(public, private.public_key().public_bytes_raw().hex().encode(), PUBLIC)
    try:
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(public.read_text().strip())).public_bytes_raw()
    except ValueError as error:
        raise KeyringError(f"{public} holds no key; restore it from the backup") from error
