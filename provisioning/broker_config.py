"""Writes mosquitto's configuration and access list (for 2.0.11 and later); every line says why it is there."""

import getpass
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from contract.link import PAYLOAD_BYTES_MAX, RECEIVE_MAXIMUM
from contract.topics import ROOT

CLIENTS_MAX = 12_000  # 10,000 lockers, the cloud's workers, and room for half-dead sessions during a reconnect storm
QUEUED_MAX = 1_000_000
KEEPALIVE_S_MAX = 120  # a dead locker shows within three minutes, whatever it asked for
SESSION_DAYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerSettings:
    """Files must exist before mosquitto starts; ``store`` is the directory of its database.

    ``saves_every_change`` rewrites the whole database for every message that is queued or retained. Nothing queued is
    lost to ``kill -9`` then, but a backlog of 3,000 messages makes the broker many times slower (ADR 0011), just when a
    whole network catches up. We re-send until the other end has committed, so a second may be lost.
    """

    port: int
    trust: Path
    certificate: Path
    key: Path
    revoked: Path
    acl: Path
    store: Path
    host: str = "127.0.0.1"
    services: tuple[str, ...] = ("cloud",)
    saves_every_change: bool = False


def mosquitto_conf(settings: BrokerSettings) -> str:
    """Return the text of ``mosquitto.conf``."""
    lines: list[str] = ["# Written by latchmile-broker; changes are lost at its next start."]
    for why, setting in (*_listener(settings), *_names(settings), *_durability(settings), *_limits(), *_rest()):
        lines += ["", f"# {why}", setting]
    return "\n".join(lines) + "\n"


def acl_text(services: Sequence[str]) -> str:
    """Return the access list: a locker has its own branches, a service every locker's, nobody anything else."""
    lines = [
        "# Written by latchmile-broker. %u is the certificate's common name, which is the locker's id.",
        "# mosquitto lets anybody subscribe and checks at every delivery, so a stranger's filter stays silent.",
        "# A locker reads its own state too: foreign words there tell it that somebody else speaks as it.",
        f"pattern readwrite {ROOT}/%u/state",
        f"pattern write {ROOT}/%u/up/#",
        f"pattern read {ROOT}/%u/down/#",
    ]
    for service in services:
        lines += [
            "",
            f"user {service}",
            f"topic read {ROOT}/+/state",
            f"topic read {ROOT}/+/up/#",
            f"topic write {ROOT}/+/down/#",
        ]
    return "\n".join(lines) + "\n"


_Lines = tuple[tuple[str, str], ...]


def _listener(settings: BrokerSettings) -> _Lines:
    return (
        ("One listener, and only with mutual TLS.", f"listener {settings.port} {settings.host}"),
        ("Whom we believe: the network's root and issuing authority, nobody's else.", f"cafile {settings.trust}"),
        ("Who we are.", f"certfile {settings.certificate}"),
        ("Readable by us alone.", f"keyfile {settings.key}"),
        ("Certificates that were taken back; read again on SIGHUP or restart.", f"crlfile {settings.revoked}"),
        ("Every client shows a certificate.", "require_certificate true"),
        ("Both ends are ours, so there is no reason to speak anything older.", "tls_version tlsv1.3"),
        ("No second way in beside the certificate.", "allow_anonymous false"),
        ("Nagle's algorithm costs 44 ms a command.", "set_tcp_nodelay true"),
    )


def _names(settings: BrokerSettings) -> _Lines:
    return (
        ("The certificate's common name is who you are.", "use_identity_as_username true"),
        ("And which session is yours: else certificate A could take over B's.", "use_username_as_clientid true"),
        ("Separate up and down branches for each.", f"acl_file {settings.acl}"),
        ("We were started by the account that owns the files; do not change it.", f"user {getpass.getuser()}"),
    )


def _durability(settings: BrokerSettings) -> _Lines:
    often = "at every change" if settings.saves_every_change else "once a second"
    return (
        (
            "Sessions and queued messages outlive the process (messages on their way to a client may not).",
            "persistence true",
        ),
        ("mosquitto wants the closing slash.", f"persistence_location {settings.store}/"),
        (f"With the next: save {often}. The defaults lost 50 of 50 messages to kill -9.", "autosave_interval 1"),
        ("Count changes if true, seconds if false.", f"autosave_on_changes {str(settings.saves_every_change).lower()}"),
        (
            "A locker may be cut off for a week and find its session.",
            f"persistent_client_expiration {SESSION_DAYS}d",
        ),
    )


def _limits() -> _Lines:
    return (
        ("The default of 1,000 lost half of a burst at a slow subscriber.", f"max_queued_messages {QUEUED_MAX}"),
        ("More in flight makes paho slower, not faster.", f"max_inflight_messages {RECEIVE_MAXIMUM}"),
        ("A full batch of events fits; nothing honest is larger.", f"message_size_limit {PAYLOAD_BYTES_MAX}"),
        ("Notice the dead within minutes.", f"max_keepalive {KEEPALIVE_S_MAX}"),
        ("A network of 10,000 lockers, with room.", f"max_connections {CLIENTS_MAX}"),
    )


def _rest() -> _Lines:
    return (
        ("Nobody may read $SYS, so do not compute it.", "sys_interval 0"),
        ("Whoever supervises us keeps the log.", "log_dest stderr"),
        ("Errors and warnings.", "log_type error"),
        ("See above.", "log_type warning"),
        ("Starts, connects and refusals.", "log_type notice"),
    )
