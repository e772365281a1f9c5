"""Where a broker is and how it is trusted; apart from ``mqtt`` so that settings can be read without loading paho."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from contract.link_settings import LinkSettings


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files, read again at every connection so that a renewed certificate needs no restart."""

    ca: Path
    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttSettings(LinkSettings):
    """Where the broker is and who we are to it. ``tls`` None means plain TCP, for benches and tests only.

    Where a client has more than one certificate, ``tls`` is a function that is asked before every connection.
    """

    host: str
    port: int
    tls: TlsFiles | Callable[[], TlsFiles] | None = None
    sure_s: Callable[[], int] | None = None  # tells a moment that has surely passed, where clocks may be wrong
    connect_s_max: float = 10.0  # TCP, TLS, CONNACK and SUBACK together; a mobile network needs about two
