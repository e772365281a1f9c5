"""Everything a broker needs in one directory: authority, certificates, revocation list, configuration."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509

from contract.mqtt_settings import TlsFiles
from provisioning.authority import SERVICE_LIFE, Authority, Identity, load_or_create_authority, write_identity
from provisioning.broker import BrokerPlace
from provisioning.broker_config import BrokerSettings, acl_text, mosquitto_conf
from provisioning.files import PUBLIC, make_directory, write_atomically
from provisioning.revocation import REVOKED, RevocationList

SERVER = "broker"
LOOPBACK = ("localhost", "127.0.0.1")
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not listened on: where we reach who listens so


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupWish:
    """What to set up; ``names`` are those under which lockers reach the broker, and stand in its certificate.

    So do this machine's own: the command asks the broker whether it is up, and the cloud is mostly its neighbour.
    """

    directory: Path
    port: int
    domain: str = "latchmile.internal"
    host: str = "127.0.0.1"
    names: Sequence[str] = LOOPBACK
    services: tuple[str, ...] = ("cloud",)
    saves_every_change: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """``services`` holds the files each service connects with; the first one also probes the broker."""

    authority: Authority
    revoked: RevocationList
    place: BrokerPlace
    services: dict[str, TlsFiles]


def set_up(wish: SetupWish, now: datetime) -> Setup:
    """Make what is missing, renew what is past half its life, write the configuration anew. Safe to repeat."""
    directory = make_directory(wish.directory)
    authority = load_or_create_authority(directory / "authority", wish.domain, now)
    revoked = RevocationList(directory / REVOKED, authority)
    revoked.refresh(now)
    write_atomically(directory / "trust.crt", authority.trust_pem.encode(), PUBLIC)
    write_atomically(directory / "root.crt", authority.root_pem.encode(), PUBLIC)
    host = ANYWHERE.get(wish.host, wish.host)
    names = tuple(dict.fromkeys((*wish.names, *LOOPBACK, host)))
    if _is_due(directory / f"{SERVER}.crt", now) or not _stands_for(directory / f"{SERVER}.crt", names):
        write_identity(directory, SERVER, authority.issue_server(names, now))
    services = {name: _service(authority, directory, name, now) for name in wish.services}
    config = _configure(wish)
    probe = services[wish.services[0]]
    place = BrokerPlace(config=config, port=wish.port, host=host, tls=probe)
    return Setup(authority=authority, revoked=revoked, place=place, services=services)


def _service(authority: Authority, directory: Path, name: str, now: datetime) -> TlsFiles:
    files = TlsFiles(directory / "root.crt", directory / f"{name}.crt", directory / f"{name}.key")
    if _is_due(files.certificate, now):
        identity: Identity = authority.issue_client(name, now)
        write_identity(directory, name, identity)
    return files


def _configure(wish: SetupWish) -> Path:
    directory = wish.directory.resolve()
    settings = BrokerSettings(
        port=wish.port,
        host=wish.host,
        trust=directory / "trust.crt",
        certificate=directory / f"{SERVER}.crt",
        key=directory / f"{SERVER}.key",
        revoked=directory / REVOKED,
        acl=directory / "mosquitto.acl",
        store=make_directory(directory / "store"),
        services=wish.services,
        saves_every_change=wish.saves_every_change,
    )
    write_atomically(settings.acl, acl_text(wish.services).encode())
    config = directory / "mosquitto.conf"
    write_atomically(config, mosquitto_conf(settings).encode())
    return config


def _is_due(certificate: Path, now: datetime) -> bool:
    if not certificate.exists():
        return True
    known = x509.load_pem_x509_certificates(certificate.read_bytes())[0]
    return now >= known.not_valid_after_utc - SERVICE_LIFE / 2


def _stands_for(certificate: Path, names: Sequence[str]) -> bool:
    """Whether a certificate has all these names: a broker that moved needs another one at once."""
    known = x509.load_pem_x509_certificates(certificate.read_bytes())[0]
    said = known.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(one.value) for one in said} >= set(names)
