"""One field of one row: text in, a checked value out, or a ``FieldError`` that says what to write instead."""

import math
import re
from datetime import datetime
from zoneinfo import ZoneInfo

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from cloud.intake.findings import FieldError, shortened
from contract.ids import IdError, LockerId, locker_id, normal_barcode

BARCODE_MIN, BARCODE_MAX = 4, 48  # GS1-128 carries at most 48 characters; under 4 nothing is unique
TEXT_MAX = 200  # the longest name or address line a label prints
SIDE_MM_MAX = 3_000  # longer freight does not travel in a parcel van
WEIGHT_G_MAX = 70_000  # postal and courier networks end at 70 kg
LANGUAGES = ("en", "pl", "de")

_YES = frozenset({"yes", "y", "true", "t", "1", "ja", "tak", "x"})
_NO = frozenset({"no", "n", "false", "f", "0", "nein", "nie", ""})
SKILLS_MAX = 10  # of one courier or parcel; we know of heavy, cold, id_check
_SKILL = re.compile(r"[\w-]{1,30}")  # a word, as long as fits a table
_BARCODE = re.compile(r"[A-Z0-9][A-Z0-9\-/.]*")


def text(column: str, given: str, length_max: int = TEXT_MAX) -> str:
    """Return a required text."""
    value = " ".join(given.split())
    if not value:
        raise FieldError(column, "is empty; it is needed")
    if len(value) > length_max:
        raise FieldError(column, f"is longer than {length_max} characters", shortened(value))
    if not value.isprintable():
        raise FieldError(column, "has control characters in it", shortened(value))
    return value


def skills(column: str, given: str) -> frozenset[str]:
    """Return the words of a list with spaces between them, in small letters."""
    words = frozenset(given.casefold().split())
    wrong = sorted(word for word in words if not _SKILL.fullmatch(word))
    if wrong:
        raise FieldError(column, "is no word of letters, digits, - and _, of at most 30", shortened(wrong[0]))
    if len(words) > SKILLS_MAX:
        raise FieldError(column, f"has more than {SKILLS_MAX} words", shortened(given))
    return words


def barcode(column: str, given: str) -> str:
    """Return a barcode in its normal form."""
    spaced = text(column, given)
    value = normal_barcode(spaced)
    if not _BARCODE.fullmatch(value) or not BARCODE_MIN <= len(value) <= BARCODE_MAX:
        raise FieldError(column, f"needs {BARCODE_MIN} to {BARCODE_MAX} letters, digits, - / or .", shortened(given))
    if not value.isascii():
        raise FieldError(column, "has letters outside A-Z", shortened(given))
    if "E+" in spaced.upper():
        raise FieldError(column, "was turned into a number by a spreadsheet; format the column as text", given)
    return value


def email(column: str, given: str) -> str | None:
    """Return an e-mail address, or ``None`` when the field is empty. Nobody's mail server is asked."""
    if not given.strip():
        return None
    try:
        return validate_email(given.strip(), check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise FieldError(column, f"is no e-mail address: {error}", shortened(given)) from error


def phone(column: str, given: str, region: str) -> str | None:
    """Return a number in E.164, read as one of ``region`` (ISO 3166 alpha-2) when it has no country code."""
    if not given.strip():
        return None
    try:
        number = phonenumbers.parse(given.strip(), region)
    except phonenumbers.NumberParseException as error:
        raise FieldError(column, "is no telephone number; write it as +48 601 234 567", shortened(given)) from error
    if not phonenumbers.is_valid_number(number):
        raise FieldError(column, "is not a number that can exist; write it as +48 601 234 567", shortened(given))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def number(column: str, given: str, low: float, high: float) -> float:
    """Return a finite number within ``low`` and ``high``, both allowed."""
    stripped = given.strip()
    if not stripped:
        raise FieldError(column, "is empty; it is needed")
    try:
        value = float(stripped)
    except ValueError as error:
        hint = "; write a point, not a comma" if "," in stripped else ""
        raise FieldError(column, f"is no number{hint}", shortened(given)) from error
    if not math.isfinite(value) or not low <= value <= high:
        raise FieldError(column, f"must lie between {low:g} and {high:g}", shortened(given))
    return value


def whole(column: str, given: str, low: int, high: int) -> int:
    """Return a whole number within ``low`` and ``high``; ``12.0`` is one."""
    value = number(column, given, low, high)
    if value != int(value):
        raise FieldError(column, "must be a whole number", shortened(given))
    return int(value)


def yes_no(column: str, given: str) -> bool:
    """Return a yes or no; empty means no."""
    value = given.strip().lower()
    if value in _YES:
        return True
    if value in _NO:
        return False
    raise FieldError(column, "must be yes or no", shortened(given))


def language(column: str, given: str) -> str:
    """Return a language the notifications speak; empty means the first."""
    value = given.strip().lower().split("-")[0].split("_")[0]
    if not value:
        return LANGUAGES[0]
    if value not in LANGUAGES:
        raise FieldError(column, f"must be one of {', '.join(LANGUAGES)}", shortened(given))
    return value


def moment(column: str, given: str, zone: ZoneInfo) -> datetime | None:
    """Return an aware time from ISO 8601; without an offset it is read in ``zone``. Empty means none."""
    stripped = given.strip()
    if not stripped:
        return None
    try:
        value = datetime.fromisoformat(stripped)
    except ValueError as error:
        raise FieldError(column, "is no time; write it as 2026-11-23T08:00", shortened(given)) from error
    return value if value.tzinfo else value.replace(tzinfo=zone)


def optional_locker(column: str, given: str) -> LockerId | None:
    """Return a locker id, or ``None`` when the field is empty."""
    if not given.strip():
        return None
    try:
        return locker_id(given.strip().upper())
    except IdError as error:
        raise FieldError(column, f"is no locker id: {error.rule}", shortened(given)) from error
