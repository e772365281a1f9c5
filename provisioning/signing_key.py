"""The key that signs a device's events, apart from the certificate's side so that the agent stays small.

Reading it needs no X.509: 3 MB that a locker would otherwise carry for as long as it runs.
"""

from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SIGNING_KEY = "signing.key"


class DeviceKeyError(Exception):
    """A key file that is there and cannot be used; deleting it means enrolling anew, so a person decides."""

    def __init__(self, path: Path) -> None:
        """Name the file."""
        super().__init__(f"{path} holds no usable key; enrol this device anew or restore the file")
        self.path = path


def load_signing_key(directory: Path) -> Ed25519PrivateKey:
    """Read the key that signs this device's events; raises ``DeviceKeyError`` or ``FileNotFoundError``."""
    path = directory / SIGNING_KEY
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise DeviceKeyError(path) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise DeviceKeyError(path)
    return key
