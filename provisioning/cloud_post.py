"""Asking the cloud over HTTPS from a device that may not know the year: to join, and later to renew its certificate.

A device fresh from its box may not know the year. When only the clock stands against the cloud's certificate, and the
kernel says that nobody steers that clock, the certificate is judged by what is surely known instead: it must lead to
the same authority, bear the same name, and not have ended before this software was built. What that gives up: whoever
holds the key of such a certificate that has ended since then could pass for the cloud.
"""

import http.client
import json
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from contract.mqtt_wire import NO_CHECK_TIME, has_expired
from provisioning.cloud_place import CloudPlace

ANSWER_S_MAX = 30.0  # signing takes milliseconds; a mobile network may need some seconds
ANSWER_BYTES_MAX = 256 * 1024  # a bundle: 400 compartments take about 20 kB, certificates 3 kB
SAID_CHARACTERS_MAX = 500  # of a refusal, shown to the fitter

_ABOUT_TIME = {9, 10}  # X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED (openssl/x509_vfy.h)
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class CloudPlaceError(Exception):
    """The cloud was not asked; the message says why."""


class AuthorityFileError(CloudPlaceError):
    """The file of the authority to trust holds no certificates."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the HTTP status and the body."""

    status: int
    body: bytes


def exchange(place: CloudPlace, path: str, body: bytes) -> Answer:
    """POST JSON and return the answer, whatever it is; raises ``CloudPlaceError``."""
    url = _checked_url(place.url)
    connection = _connection(url, place.ca)
    try:
        connection = _shaken_hands(connection, url, place)
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        connection.request("POST", url.path.rstrip("/") + path, body=body, headers=headers)
        response = connection.getresponse()
        return Answer(response.status, response.read(ANSWER_BYTES_MAX + 1))
    except (OSError, http.client.HTTPException) as error:
        raise CloudPlaceError(f"cannot reach {place.url}: {error}") from error
    finally:
        connection.close()


def said(answer: bytes) -> str:
    """Pick the sentence out of a problem document (RFC 9457), or show the beginning of whatever came."""
    try:
        problem = json.loads(answer)
        text = str(problem.get("detail") or problem.get("title") or problem)
    except (ValueError, AttributeError):
        text = answer.decode(errors="replace")
    return text[:SAID_CHARACTERS_MAX]


def _checked_url(text: str) -> SplitResult:
    url = urlsplit(text)
    if url.scheme not in {"http", "https"} or not url.hostname:
        raise CloudPlaceError(f"{text!r} is no address of a cloud; use https://host[:port]")
    if url.scheme == "http" and url.hostname not in _LOOPBACK:
        raise CloudPlaceError("the answer carries secrets: http is for this machine only; use https")
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
        raise AuthorityFileError(f"{ca} holds no certificates: {error}") from error
    if clock_is_doubtful:
        context.verify_flags |= NO_CHECK_TIME
    return http.client.HTTPSConnection(host, url.port, timeout=ANSWER_S_MAX, context=context)
