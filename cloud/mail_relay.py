"""The mail relay of the settings: its name and password, and whether the way to it is encrypted."""

import argparse
from collections.abc import Mapping
from pathlib import Path

from cloud.notify.mail import SmtpSettings

PASSWORD_FILE_BYTES_MAX = 1_024  # the longest tokens that providers of mail hand out have a few hundred
PORT_OF_TLS = 465  # RFC 8314, 7.3: encrypted from the first byte
THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
WAYS = ("auto", "starttls", "tls", "none")


class RelayError(ValueError):
    """The settings of the relay contradict each other; the message says what to do."""


def relay_of(found: argparse.Namespace, environment: Mapping[str, str], prefix: str) -> SmtpSettings | None:
    """Return the relay, None if there is none. Raises RelayError.

    The password is never a flag: whoever lists a machine's processes reads their flags.
    """
    in_environment = environment.get(f"{prefix}SMTP_PASSWORD")
    names = f"--smtp-password-file (or {prefix}SMTP_PASSWORD)"
    if not found.smtp_host:
        if found.smtp_user or found.smtp_password_file or in_environment:
            raise RelayError(f"--smtp-user and {names} need --smtp-host, the relay they are for")
        return None
    if found.smtp_password_file and in_environment:
        raise RelayError(f"the password is given twice: take away --smtp-password-file or {prefix}SMTP_PASSWORD")
    password = _read(found.smtp_password_file) if found.smtp_password_file else in_environment or None
    if found.smtp_user and not password:
        raise RelayError(f"--smtp-user needs its password: {names}")
    if password and not found.smtp_user:
        raise RelayError(f"{names} needs --smtp-user, the name it belongs to")
    start_tls, use_tls = _encrypted(found, with_password=password is not None)
    return SmtpSettings(
        found.smtp_host, found.smtp_port, found.smtp_sender, start_tls, found.smtp_user or None, password, use_tls
    )


def _encrypted(found: argparse.Namespace, *, with_password: bool) -> tuple[bool | None, bool]:
    """Return whether STARTTLS is a must (None: if the relay has it), and whether TLS comes first."""
    is_near = found.smtp_host in THIS_MACHINE
    way = found.smtp_tls
    if way == "none" and with_password and not is_near:
        raise RelayError("--smtp-tls none would show the password to the network; use starttls or tls")
    if way == "auto":
        way = "tls" if found.smtp_port == PORT_OF_TLS else way
    if way == "auto":
        # Whoever sits in between can hide that the relay has STARTTLS, so a password waits until it is there.
        return (True if with_password and not is_near else None), False
    return way == "starttls", way == "tls"


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(PASSWORD_FILE_BYTES_MAX + 1)
    except OSError as error:
        raise RelayError(f"--smtp-password-file {path} cannot be read: {error.strerror}") from error
    lines = raw.decode("utf-8", errors="replace").splitlines()
    if len(raw) > PASSWORD_FILE_BYTES_MAX or len(lines) != 1 or not lines[0].strip():
        raise RelayError(f"--smtp-password-file {path} must hold the password in one line and nothing else")
    return lines[0]
