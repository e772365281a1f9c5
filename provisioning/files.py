"""Writes that are there whole or not at all: a power cut must not leave half a key behind."""

import contextlib
import os
import secrets
from pathlib import Path

SECRET = 0o600
PUBLIC = 0o644
TLS_KEY = "tls.key"  # the device's P-256 key, wherever its folder is
_ASIDE_BYTES = 4
_ASIDE = ".*." + _ASIDE_BYTES * 2 * "[0-9a-f]"


def make_directory(path: Path) -> Path:
    """Make ``path`` for our eyes only, and see that a power cut does not take it away again with all that is in it."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(PermissionError):  # a parent we may not even list is none that we made anything in
        _flush_directory(path.parent)
    return path


def sweep(directory: Path) -> None:
    """Remove what writes that were stopped half-way left beside their files: it may be half a key."""
    for aside in directory.glob(_ASIDE):
        aside.unlink(missing_ok=True)


def write_atomically(path: Path, content: bytes, mode: int = SECRET) -> None:
    """Write beside ``path``, flush to the disk, then rename over it; the directory is flushed too."""
    aside = path.with_name(f".{path.name}.{secrets.token_hex(_ASIDE_BYTES)}")
    try:
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            aside.unlink()
        raise
    _flush_directory(path.parent)


def _flush_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
