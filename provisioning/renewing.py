"""On the device: ask for the next certificate, and keep it. Stopped anywhere, it can be run again.

The next key is written down before it is asked for, so an answer that was lost is asked for again with the same key
and is the same certificate. The new pair becomes visible in one rename; only then is the next key forgotten.
Imports X.509, so the agent loads this once a fortnight and not at its start.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization

from provisioning.authority import Key, key_pem, load_key, new_key
from provisioning.bundle import Bundle
from provisioning.cloud_place import CloudPlace
from provisioning.cloud_post import CloudPlaceError, exchange, said
from provisioning.device_keys import make_csr
from provisioning.files import sweep, write_atomically
from provisioning.papers import Lifetime, Pair, add_pair, key_of, leaf_of, pairs
from provisioning.renewal import PATH, RenewalAnswer, make_request
from provisioning.signing_key import DeviceKeyError, load_signing_key

NEXT_KEY = "next.key"
CREATED = 201
FINAL = frozenset(range(400, 500)) - {408, 425, 429}  # asking again soon would be answered the same (RFC 9110)


class Verdict(StrEnum):
    """How asking went."""

    RENEWED = "renewed"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """``reason`` is the cloud's word for a refusal; ``detail`` a sentence for people."""

    verdict: Verdict
    reason: str = ""
    detail: str = ""


class _Problem(msgspec.Struct, frozen=True):
    reason: str = ""


class UnusableAnswerError(Exception):
    """What the cloud sent is no certificate for this device."""


def renew(directory: Path, bundle: Bundle, place: CloudPlace) -> Outcome:
    """Ask once. Never raises: a locker serves people whatever becomes of its certificate."""
    try:
        sweep(directory)
        newest = pairs(directory, bundle)[0]
        next_key = _next_key(directory, newest)
        tls_key = _load(key_of(newest))
        request = make_request(leaf_of(newest), tls_key, load_signing_key(directory), make_csr(next_key))
        answer = exchange(place, PATH, msgspec.json.encode(request))
        if answer.status != CREATED:
            return _refused(answer.status, answer.body)
        chain, life = _checked(answer.body, bundle, next_key)
        add_pair(directory, bundle, key_pem(next_key), chain, life)
        (directory / NEXT_KEY).unlink()
    except (CloudPlaceError, UnusableAnswerError, DeviceKeyError, OSError, ValueError, TypeError) as error:
        return Outcome(Verdict.FAILED, detail=str(error))
    return Outcome(Verdict.RENEWED)


def _next_key(directory: Path, newest: Pair) -> Key:
    """Return the key to ask with: the one written down, unless a power cut left one that is in use by now."""
    path = directory / NEXT_KEY
    if path.exists():
        try:
            known = load_key(path)
        except (ValueError, TypeError):  # damaged, and nobody has a certificate for it: another does as well
            path.unlink()
        else:
            if known.public_key() != _load(key_of(newest)).public_key():
                return known
    made = new_key()
    write_atomically(path, key_pem(made))
    return made


def _load(pem: bytes) -> Key:
    key = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(key, Key):
        raise UnusableAnswerError("the present key is of another kind")
    return key


def _refused(status: int, body: bytes) -> Outcome:
    if status not in FINAL:
        return Outcome(Verdict.FAILED, detail=f"the cloud answered {status}: {said(body)}")
    try:
        reason = msgspec.json.decode(body, type=_Problem).reason
    except (msgspec.DecodeError, UnicodeDecodeError):
        reason = ""
    return Outcome(Verdict.REFUSED, reason, said(body))


def _checked(body: bytes, bundle: Bundle, key: Key) -> tuple[str, Lifetime]:
    """Return the chain if it is for this device and this key; whoever answers may be anybody."""
    try:
        answer = msgspec.json.decode(body, type=RenewalAnswer)
        leaf, issuing, *_ = x509.load_pem_x509_certificates(answer.certificate_chain_pem.encode())
        leaf.verify_directly_issued_by(issuing)
        issuing.verify_directly_issued_by(x509.load_pem_x509_certificate(bundle.ca_pem.encode()))
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (msgspec.DecodeError, ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound) as error:
        raise UnusableAnswerError("the cloud's answer is no certificate of our own authority") from error
    wanted = f"spiffe://{bundle.domain}/locker/{bundle.locker_id}"
    if wanted not in names.get_values_for_type(x509.UniformResourceIdentifier):
        raise UnusableAnswerError(f"the certificate does not name {wanted}")
    if leaf.public_key() != key.public_key():
        raise UnusableAnswerError("the certificate is for another key")
    return answer.certificate_chain_pem, Lifetime(answer.issued_at, answer.ends_at)
