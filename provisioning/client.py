"""``latchmile-enrol``: on the device, exchange a one-time claim for a bundle. Stopped anywhere, it can be run again.

A device fresh from its box may not know the year. When only the clock stands against the cloud's certificate, and the
kernel says that nobody steers that clock, the certificate is judged by what is surely known instead: it must lead to
the same authority, bear the same name, and not have ended before this software was built. What that gives up: whoever
holds the key of such a certificate that has ended since then could pass for the cloud, once, while a device is fitted.
"""

import argparse
import http.client
import json
import ssl
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import msgspec

from contract.mqtt_wire import NO_CHECK_TIME, has_expired
from provisioning.bundle import (
    BUNDLE_BYTES_MAX,
    Bundle,
    BundleError,
    check_bundle,
    decode_bundle,
    has_bundle,
    load_bundle,
    save_bundle,
    tls_files,
)
from provisioning.device_keys import DeviceKeyError, EnrolmentRequest, load_or_make_keys
from provisioning.files import sweep
from provisioning.kernel_time import BUILT_AT_S, clock_synchronised

PATH = "/v1/enrolments"
ANSWER_S_MAX = 30.0  # signing takes milliseconds; a mobile network may need some seconds
SAID_CHARACTERS_MAX = 500  # of a refusal, shown to the fitter
CREATED = (200, 201)

_ABOUT_TIME = {9, 10}  # X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED (openssl/x509_vfy.h)
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class Exit(IntEnum):
    """Exit codes of ``latchmile-enrol``; 2 is argparse's own for bad usage."""

    ENROLLED = 0
    REFUSED = 3
    UNREACHABLE = 4
    BAD_ANSWER = 5
    UNUSABLE_FILES = 6


class EnrolmentError(Exception):
    """Enrolment did not happen; ``code`` says in which way."""

    def __init__(self, code: Exit, message: str) -> None:
        """Give the exit ``code`` and a sentence for the fitter."""
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudPlace:
    """``ca`` is a PEM file to trust instead of the system's authorities.

    ``synced`` says whether the machine's clock can be believed; a certificate that ended before ``sure_s`` (Unix
    seconds) has ended, whatever the clock says.
    """

    url: str
    ca: Path | None = None
    synced: Callable[[], bool] = clock_synchronised
    sure_s: int = BUILT_AT_S


def enrol(place: CloudPlace, claim: str, directory: Path) -> Bundle:
    """Enrol the device whose keys are, or will be, in ``directory``; raises ``EnrolmentError``.

    An enrolled device is left as it is. A repeated call sends the same request, so a lost answer costs nothing.
    """
    try:
        sweep(directory)
        if not has_bundle(directory):
            save_bundle(directory, _asked(place, claim, directory))
        bundle = load_bundle(directory)
        tls_files(directory, bundle)
    except (DeviceKeyError, BundleError) as error:
        raise EnrolmentError(Exit.UNUSABLE_FILES, str(error)) from error
    except OSError as error:
        raise EnrolmentError(Exit.UNUSABLE_FILES, f"{directory} cannot be used: {error}") from error
    return bundle


def main(arguments: list[str] | None = None) -> int:
    """Enrol from the command line; returns one of ``Exit``."""
    options = _parser().parse_args(arguments)
    claim = sys.stdin.readline().strip() if options.claim == "-" else options.claim
    try:
        bundle = enrol(CloudPlace(url=options.cloud, ca=options.ca), claim, options.out)
    except EnrolmentError as error:
        sys.stderr.write(f"latchmile-enrol: {error}\n")
        return error.code
    sys.stdout.write(f"Enrolled as locker {bundle.locker_id}; the bundle is in {options.out}.\n")
    return Exit.ENROLLED


def _asked(place: CloudPlace, claim: str, directory: Path) -> Bundle:
    answer = _post(place, load_or_make_keys(directory).request(claim))
    try:
        bundle = decode_bundle(answer)
        check_bundle(bundle, directory)
    except BundleError as error:
        raise EnrolmentError(Exit.BAD_ANSWER, f"the cloud's answer cannot be used: {error}; run this again") from error
    return bundle


def _post(place: CloudPlace, request: EnrolmentRequest) -> bytes:
    url = _checked_url(place.url)
    connection = _connection(url, place.ca)
    try:
        connection = _shaken_hands(connection, url, place)
        connection.request(
            "POST",
            url.path.rstrip("/") + PATH,
            body=msgspec.json.encode(request),
            headers={"Content-Type": "application/json", "Accept": "application/json"},
        )
        response = connection.getresponse()
        answer = response.read(BUNDLE_BYTES_MAX + 1)
    except (OSError, http.client.HTTPException) as error:
        raise EnrolmentError(Exit.UNREACHABLE, f"cannot reach {place.url}: {error}") from error
    finally:
        connection.close()
    if response.status not in CREATED:
        raise EnrolmentError(Exit.REFUSED, f"the cloud refused ({response.status}): {_said(answer)}")
    return answer


def _checked_url(text: str) -> SplitResult:
    url = urlsplit(text)
    if url.scheme not in {"http", "https"} or not url.hostname:
        raise EnrolmentError(Exit.UNREACHABLE, f"{text!r} is no address of a cloud; use https://host[:port]")
    if url.scheme == "http" and url.hostname not in _LOOPBACK:
        raise EnrolmentError(Exit.UNREACHABLE, "the answer carries secrets: http is for this machine only; use https")
    return url


def _shaken_hands(
    connection: http.client.HTTPConnection, url: SplitResult, place: CloudPlace
) -> http.client.HTTPConnection:
    """Connect before anything is said, with a doubtful clock if it must be; raises ``OSError``."""
    try:
        connection.connect()
    except ssl.SSLCertVerificationError as error:
        connection.close()
        if error.verify_code not in _ABOUT_TIME or place.synced():
            raise
        connection = _connection(url, place.ca, clock_is_doubtful=True)
        connection.connect()
        if not isinstance(connection.sock, ssl.SSLSocket) or has_expired(connection.sock, place.sure_s):
            connection.close()
            raise
    return connection


def _connection(url: SplitResult, ca: Path | None, *, clock_is_doubtful: bool = False) -> http.client.HTTPConnection:
    host = url.hostname or ""
    if url.scheme == "http":
        return http.client.HTTPConnection(host, url.port, timeout=ANSWER_S_MAX)
    try:
        context = ssl.create_default_context(cafile=ca)
    except OSError as error:
        raise EnrolmentError(Exit.UNUSABLE_FILES, f"{ca} holds no certificates: {error}") from error
    if clock_is_doubtful:
        context.verify_flags |= NO_CHECK_TIME
    return http.client.HTTPSConnection(host, url.port, timeout=ANSWER_S_MAX, context=context)


def _said(answer: bytes) -> str:
    """Pick the sentence out of a problem document (RFC 9457), or show the beginning of whatever came."""
    try:
        problem = json.loads(answer)
        text = str(problem.get("detail") or problem.get("title") or problem)
    except (ValueError, AttributeError):
        text = answer.decode(errors="replace")
    return text[:SAID_CHARACTERS_MAX]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="latchmile-enrol",
        description="Make this device's keys and exchange a one-time claim for its bundle.",
        epilog="exit codes: 0 enrolled (also if it was before), 2 bad usage, 3 refused by the cloud, "
        "4 cloud not reachable, 5 answer cannot be used, 6 key or certificate files cannot be used",
    )
    parser.add_argument("--cloud", required=True, help="address of the cloud, e.g. https://lockers.example")
    parser.add_argument("--claim", required=True, help="the claim from the console; - reads it from standard input")
    parser.add_argument("--out", type=Path, required=True, help="directory for keys and bundle; made if missing")
    parser.add_argument("--ca", type=Path, help="PEM file of the authority that signed the cloud's certificate")
    return parser


if __name__ == "__main__":
    sys.exit(main())
