"""The key and certificate a device connects with: the pair of its enrolment, later the renewed ones, newest first.

A renewed pair is one file, key and chain together with a line that says what it is, so that no power cut can part
them. Two files take turns; the pair before the newest always stays, until the newest has been seen to connect.
No X.509 is read here: the agent would carry 3 MB for ever.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import msgspec

from contract.mqtt_settings import TlsFiles
from provisioning.bundle import Bundle, tls_files
from provisioning.files import write_atomically

SLOTS = ("renewed-a.pem", "renewed-b.pem")
KEPT = 2  # the newest and the one before it
NEWEST_TRIES = 3  # of four attempts: an earlier pair is only for the case that the broker refuses the newest
_BYTES_MAX = 64 * 1024  # a key and a chain of two take 2 kB


@dataclass(frozen=True, slots=True)
class Lifetime:
    """When a certificate was issued and when it ends, in Unix seconds."""

    issued_s: int
    ends_s: int


@dataclass(frozen=True, slots=True)
class Pair:
    """``number`` is 0 for the pair of the enrolment; ``life`` None where nobody has said it."""

    number: int
    files: TlsFiles
    life: Lifetime | None


class _Line(msgspec.Struct, frozen=True):
    """The first line of a renewed pair. ``enrolment`` keeps a later enrolment from using what an earlier one left."""

    number: int
    issued_s: int
    ends_s: int
    enrolment: str
    sha256: str


def pairs(directory: Path, bundle: Bundle) -> tuple[Pair, ...]:
    """Return the pairs this device has, newest first, at most ``KEPT``; there is always the enrolment's own."""
    enrolment = _enrolment(bundle)
    own = tls_files(directory, bundle)
    life = Lifetime(bundle.certificate_from, bundle.certificate_until) if bundle.certificate_until else None
    found = [Pair(0, own, life)]
    for slot in SLOTS:
        path = directory / slot
        line = _read(path, enrolment)
        if line is not None:
            found.append(Pair(line.number, TlsFiles(own.ca, path, path), Lifetime(line.issued_s, line.ends_s)))
    return tuple(sorted(found, key=lambda pair: -pair.number)[:KEPT])


def add_pair(directory: Path, bundle: Bundle, key_pem: bytes, chain_pem: str, life: Lifetime) -> Pair:
    """Make a renewed pair the newest, in the place of the older of the two files: whole, or not at all."""
    enrolment, content = _enrolment(bundle), key_pem + chain_pem.encode()
    numbers = {slot: line.number for slot in SLOTS if (line := _read(directory / slot, enrolment))}
    number, slot = max(numbers.values(), default=0) + 1, min(SLOTS, key=lambda name: numbers.get(name, 0))
    line = _Line(number, life.issued_s, life.ends_s, enrolment, hashlib.sha256(content).hexdigest())
    path = directory / slot
    write_atomically(path, msgspec.json.encode(line) + b"\n" + content)
    return Pair(number, TlsFiles(directory / "ca.crt", path, path), life)


def key_of(pair: Pair) -> bytes:
    """Return the pair's private key as PEM."""
    begin = b"-----BEGIN CERTIFICATE-----"
    return _without_line(pair.files.key.read_bytes()).partition(begin)[0]


def leaf_of(pair: Pair) -> bytes:
    """Return the pair's own certificate as PEM, without its chain."""
    end = b"-----END CERTIFICATE-----\n"
    text = pair.files.certificate.read_bytes()
    return text[text.index(b"-----BEGIN CERTIFICATE-----") : text.index(end) + len(end)]


class Turns:
    """Chooses the pair for the next attempt to connect: mostly the newest, now and then the one before it.

    Nobody can tell a broker that refuses a certificate from a net that is down, so both are tried in turn. Once a
    connection stands, the turns begin anew.
    """

    def __init__(self, directory: Path, bundle: Bundle) -> None:
        """Look into the folder at every attempt: a renewal may have happened since."""
        self._directory, self._bundle = directory, bundle
        self._attempts = 0

    def __call__(self) -> TlsFiles:
        known = pairs(self._directory, self._bundle)
        self._attempts += 1
        return known[0 if self._attempts % (NEWEST_TRIES + 1) else -1].files

    def connected(self) -> None:
        """Begin with the newest again."""
        self._attempts = 0


def _enrolment(bundle: Bundle) -> str:
    return hashlib.sha256(bundle.certificate_chain_pem.encode()).hexdigest()


def _read(path: Path, enrolment: str) -> _Line | None:
    """Return what a file says of itself, None for one that is missing, damaged or of another enrolment."""
    try:
        with path.open("rb") as file:
            head, content = file.readline(_BYTES_MAX), file.read(_BYTES_MAX)
        line = msgspec.json.decode(head, type=_Line)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    is_whole = hashlib.sha256(content).hexdigest() == line.sha256
    return line if is_whole and line.enrolment == enrolment else None


def _without_line(text: bytes) -> bytes:
    return text[text.index(b"-----BEGIN") :]
