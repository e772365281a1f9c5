"""What a device is told once when it joins: who it is, whom to believe, where to connect, how its wall is built."""

import hashlib
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from contract.envelope import KeyRing
from contract.ids import KeyId, LockerId
from contract.layout import Layout
from contract.mqtt_settings import TlsFiles
from provisioning.files import PUBLIC, TLS_KEY, write_atomically

BUNDLE_BYTES_MAX = 256 * 1024  # 400 compartments take about 20 kB, certificates 3 kB
SLOTS = ("bundle-a.json", "bundle-b.json")  # the older one is overwritten, so one whole generation is always there


class BundleError(Exception):
    """A bundle that cannot be used; the message says why."""


class CloudKey(msgspec.Struct, frozen=True, kw_only=True):
    """A public Ed25519 key (32 bytes) of the cloud under the name that envelopes carry."""

    key_id: KeyId
    public_key: bytes = msgspec.field(name="public_key_b64")


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to an enrolment, and the file on the device. In JSON every ``bytes`` field is base64:

    ``{"locker_id", "domain", "certificate_chain_pem", "ca_pem", "broker_host", "broker_port", "cloud_keys":
    [{"key_id", "public_key_b64"}, ...], "root_of_trust_b64", "k_locker_b64", "salt_locker_b64", "layout": {"model",
    "compartments": [{"label", "size", "low"}, ...]}}``

    ``cloud_keys`` holds the current key and the next one. ``root_of_trust`` is the offline Ed25519 key whose statement
    alone can exchange them, and says who may open in bulk: ``operators_b64`` is its list as of now, or empty.
    ``certificate_from`` and ``certificate_until``: when the certificate was issued and ends (Unix seconds, 0: unsaid).
    """  # noqa: D400 - the shape of the JSON follows the colon

    locker_id: LockerId
    domain: str
    certificate_chain_pem: str
    ca_pem: str
    broker_host: str
    broker_port: int
    cloud_keys: tuple[CloudKey, ...]
    root_of_trust: bytes = msgspec.field(name="root_of_trust_b64")
    k_locker: bytes = msgspec.field(name="k_locker_b64")
    salt_locker: bytes = msgspec.field(name="salt_locker_b64")
    layout: Layout
    operators: bytes = msgspec.field(name="operators_b64", default=b"")
    certificate_from: int = 0
    certificate_until: int = 0

    def key_ring(self) -> KeyRing:
        """Return the cloud's keys for ``contract.envelope.verify``."""
        return {key.key_id: Ed25519PublicKey.from_public_bytes(key.public_key) for key in self.cloud_keys}


class _Stored(msgspec.Struct, frozen=True):
    generation: int
    sha256: str
    bundle: msgspec.Raw


_BUNDLE = msgspec.json.Decoder(Bundle)
_STORED = msgspec.json.Decoder(_Stored)


def encode_bundle(bundle: Bundle) -> bytes:
    """Write the JSON."""
    return msgspec.json.encode(bundle)


def decode_bundle(raw: bytes) -> Bundle:
    """Read the JSON; raises ``BundleError``."""
    if len(raw) > BUNDLE_BYTES_MAX:
        raise BundleError(f"the bundle has {len(raw)} bytes; at most {BUNDLE_BYTES_MAX}")
    try:
        return _BUNDLE.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BundleError(f"the bundle is not what was agreed: {error}") from error


def save_bundle(directory: Path, bundle: Bundle) -> None:
    """Write the next generation over the older of two slots, 0600 and whole or not at all."""
    generations = {slot: stored.generation for slot in SLOTS if (stored := _read_slot(directory / slot))}
    slot = min(SLOTS, key=lambda name: generations.get(name, 0))
    raw = encode_bundle(bundle)
    stored = _Stored(max(generations.values(), default=0) + 1, hashlib.sha256(raw).hexdigest(), msgspec.Raw(raw))
    write_atomically(directory / slot, msgspec.json.encode(stored))


def load_bundle(directory: Path) -> Bundle:
    """Return the newest generation that is whole; raises ``BundleError`` when there is none."""
    stored = [found for slot in SLOTS if (found := _read_slot(directory / slot))]
    if not stored:
        raise BundleError(f"{directory} holds no whole bundle; enrol this device with latchmile-enrol")
    return decode_bundle(bytes(max(stored, key=lambda found: found.generation).bundle))


def has_bundle(directory: Path) -> bool:
    return any(_read_slot(directory / slot) for slot in SLOTS)


def check_bundle(bundle: Bundle, directory: Path) -> None:
    """Refuse a bundle that this device could not work with: made for another key, or for another name."""
    from cryptography import x509  # noqa: PLC0415 - only enrolment needs it; the agent would carry 3 MB for ever

    from provisioning.authority import load_key  # noqa: PLC0415 - the same

    try:
        leaf = x509.load_pem_x509_certificates(bundle.certificate_chain_pem.encode())[0]
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        bundle.key_ring()
    except (ValueError, x509.ExtensionNotFound) as error:
        raise BundleError("the bundle's certificate or keys cannot be read") from error
    if leaf.public_key() != load_key(directory / TLS_KEY).public_key():
        raise BundleError("the bundle's certificate is for another device's key")
    wanted = f"spiffe://{bundle.domain}/locker/{bundle.locker_id}"
    if wanted not in names.get_values_for_type(x509.UniformResourceIdentifier):
        raise BundleError(f"the bundle's certificate does not name {wanted}")


def tls_files(directory: Path, bundle: Bundle) -> TlsFiles:
    """Lay the bundle's certificates out as files for ``MqttSettings``, beside the key."""
    files = TlsFiles(directory / "ca.crt", directory / "tls.crt", directory / TLS_KEY)
    for path, pem in ((files.ca, bundle.ca_pem), (files.certificate, bundle.certificate_chain_pem)):
        if not path.exists() or path.read_bytes() != pem.encode():
            write_atomically(path, pem.encode(), PUBLIC)
    return files


def _read_slot(path: Path) -> _Stored | None:
    try:
        stored = _STORED.decode(path.read_bytes())
    except (FileNotFoundError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    return stored if hashlib.sha256(stored.bundle).hexdigest() == stored.sha256 else None
