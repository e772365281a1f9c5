"""Pick-up codes: eight random digits and a Damm check digit, and what a locker stores instead of them.

Damm's quasigroup is the order-10 table of H. M. Damm, "Total anti-symmetrische Quasigruppen" (Marburg, 2004): it
finds every single wrong digit and every swap of neighbours, so a typing slip costs the recipient no attempt.

Verifier = HMAC-SHA256(K_locker, "pickup/v1" | parcel_ref | Argon2id(code, salt_locker, 19 MiB, t=2)). Argon2id makes
each guess expensive for whoever steals the card *and* the key; the HMAC makes guesses impossible without the key.
The Argon2id parameters are OWASP's Password Storage Cheat Sheet minimum (19 MiB, two passes, one lane).
"""

import hmac
from collections.abc import Iterable, Mapping
from typing import NewType, TypeVar

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from contract.ids import ParcelRef

PickUpCode = NewType("PickUpCode", str)
StretchedCode = NewType("StretchedCode", bytes)
Name = TypeVar("Name")

CODE_DIGITS = 9
RANDOM_DIGITS = 8
CODES = 10**RANDOM_DIGITS
VERIFIER_BYTES = 32
ARGON2_MEMORY_KIB = 19 * 1024
ARGON2_PASSES = 2
SALT_BYTES = 16
KEY_BYTES = 32

_CONTEXT = b"pickup/v1"
_DAMM = (
    (0, 3, 1, 7, 5, 9, 8, 6, 4, 2),
    (7, 0, 9, 2, 1, 5, 4, 8, 6, 3),
    (4, 2, 0, 6, 8, 7, 1, 3, 5, 9),
    (1, 7, 5, 0, 9, 8, 3, 4, 2, 6),
    (6, 1, 2, 3, 0, 4, 5, 9, 7, 8),
    (3, 6, 7, 4, 2, 0, 9, 5, 8, 1),
    (5, 8, 6, 9, 7, 2, 0, 1, 3, 4),
    (8, 9, 4, 5, 3, 6, 2, 0, 1, 7),
    (9, 4, 3, 8, 6, 1, 7, 2, 0, 5),
    (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
)


class CodeError(ValueError):
    """Digits that cannot be a pick-up code; a slip, not an attempt."""


def check_digit(digits: str) -> int:
    """Return Damm's check digit for ``digits``."""
    interim = 0
    for digit in digits:
        interim = _DAMM[interim][int(digit)]
    return interim


def make_code(number: int) -> PickUpCode:
    """Make the code of a random ``number`` in ``range(CODES)``; raises ``CodeError`` outside it."""
    if not 0 <= number < CODES:
        raise CodeError(f"a code is made from a number below {CODES}, not {number}")
    digits = f"{number:0{RANDOM_DIGITS}d}"
    return PickUpCode(f"{digits}{check_digit(digits)}")


def parse_code(typed: str) -> PickUpCode:
    """Read what a person typed (spaces and hyphens allowed); raises ``CodeError`` for a slip."""
    digits = typed.replace(" ", "").replace("-", "")
    if len(digits) != CODE_DIGITS or not (digits.isascii() and digits.isdigit()):
        raise CodeError(f"a pick-up code has {CODE_DIGITS} digits")
    if check_digit(digits) != 0:
        raise CodeError("a digit is wrong or two are swapped")
    return PickUpCode(digits)


def show_code(code: PickUpCode) -> str:
    """Return the code in three groups of three, the way people read it to each other."""
    return f"{code[:3]} {code[3:6]} {code[6:]}"


def stretch(code: PickUpCode, salt_locker: bytes) -> StretchedCode:
    """Run Argon2id once (about 50 ms on a desktop core); the same for all parcels of one locker."""
    kdf = Argon2id(
        salt=salt_locker, length=VERIFIER_BYTES, iterations=ARGON2_PASSES, lanes=1, memory_cost=ARGON2_MEMORY_KIB
    )
    return StretchedCode(kdf.derive(code.encode()))


def verifier(stretched: StretchedCode, parcel: ParcelRef, key_locker: bytes) -> bytes:
    """Return the 32 bytes a locker may store for this code and parcel."""
    return hmac.digest(key_locker, _CONTEXT + parcel + stretched, "sha256")


def find_match(
    stretched: StretchedCode, live: Mapping[Name, tuple[ParcelRef, bytes]], key_locker: bytes
) -> Iterable[Name]:
    """Return every name in ``live`` whose verifier matches.

    Each candidate is compared in constant time and none ends the search early, so a hit's place cannot be timed.
    """
    return tuple(
        name
        for name, matches in [
            (name, hmac.compare_digest(verifier(stretched, parcel, key_locker), known))
            for name, (parcel, known) in live.items()
        ]
        if matches
    )
