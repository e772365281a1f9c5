"""How somebody in the middle ends TLS on both sides: a broker to the locker, and the locker itself to the broker.

That takes the network's authority and the locker's own key: nobody has both in the world outside. Without them
the proxy passes TLS through unseen.
"""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import NameOID

from contract.mqtt_settings import TlsFiles
from contract.mqtt_wire import client_context
from provisioning.authority import load_authority, write_identity
from provisioning.setup import LOOPBACK

NAME = "proxy"


@dataclass(frozen=True, slots=True)
class Seals:
    """``identity`` finds a locker's own certificate and key by the name in the certificate it shows."""

    server: ssl.SSLContext
    identity: Callable[[str], TlsFiles]

    def client(self, name: str) -> ssl.SSLContext:
        """Return what shows the broker the identity of ``name``; raises ``OSError`` when we do not have it."""
        return client_context(self.identity(name))


def seals(broker_files: Path, bundles: Path, now: datetime) -> Seals:
    """Take the place of the broker that has ``broker_files`` and of every locker that has a folder in ``bundles``."""
    issued = load_authority(broker_files / "authority").issue_server(LOOPBACK, now)
    write_identity(broker_files, NAME, issued)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.minimum_version = ssl.TLSVersion.TLSv1_3
    server.verify_mode = ssl.CERT_REQUIRED
    server.load_verify_locations(broker_files / "trust.crt")
    server.load_cert_chain(broker_files / f"{NAME}.crt", broker_files / f"{NAME}.key")

    def identity(name: str) -> TlsFiles:
        folder = bundles / name
        return TlsFiles(folder / "ca.crt", folder / "tls.crt", folder / "tls.key")

    return Seals(server, identity)


def name_of(peer: ssl.SSLObject) -> str:
    """Return the common name in the certificate the other end has shown."""
    shown = x509.load_der_x509_certificate(peer.getpeercert(binary_form=True) or b"")
    found = shown.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else ""
