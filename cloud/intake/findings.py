"""What is wrong with a file, said so that a person can open it at that place and mend it."""

import codecs
from dataclasses import dataclass
from enum import StrEnum

FILE_BYTES_MAX = 64 * 1024 * 1024  # 100,000 parcels at some 300 bytes, twice over
FINDINGS_MAX = 1_000  # a file that is wrong everywhere is wrong once; the rest is counted, not listed

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


class Severity(StrEnum):
    """``refused`` rows do not land; ``noted`` is only worth saying."""

    REFUSED = "refused"
    NOTED = "noted"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at. Lines count from 1; ``column`` is the header or property the reason is about."""

    line: int
    column: str
    reason: str
    given: str = ""
    severity: Severity = Severity.REFUSED

    def __str__(self) -> str:
        where = f"line {self.line}" + (f", {self.column}" if self.column else "")
        return f"{where}: {self.reason}" + (f" (given: {self.given})" if self.given else "")


class FileRefusedError(Exception):
    """Nothing of the file can be used; ``finding`` says where it breaks and what to do."""

    def __init__(self, finding: Finding) -> None:
        """Carry the one ``finding`` that ends the reading."""
        super().__init__(str(finding))
        self.finding = finding


class FieldError(ValueError):
    """One field of one row is wrong; the reader adds line and column."""

    def __init__(self, column: str, reason: str, given: str = "") -> None:
        """Name the ``column``, the ``reason`` and what was ``given``."""
        super().__init__(reason)
        self.column, self.reason, self.given = column, reason, given


def shortened(given: str) -> str:
    """Return what was given, short enough for a report and without control characters."""
    shown_max = 60
    clean = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in given)
    return clean if len(clean) <= shown_max else clean[: shown_max - 3] + "..."


def decode_text(raw: bytes) -> str:
    """Return the file as text: UTF-8, or UTF-16 when it says so; raises ``FileRefusedError`` with the line."""
    if len(raw) > FILE_BYTES_MAX:
        raise FileRefusedError(Finding(1, "", f"the file is larger than {FILE_BYTES_MAX // 2**20} MB; split it"))
    encoding = next((name for mark, name in _MARKS if raw.startswith(mark)), "utf-8")
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        reason = f"the text is not {encoding.upper()}; save the file as UTF-8"
        raise FileRefusedError(Finding(line, "", reason, f"byte 0x{raw[error.start]:02X}")) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise FileRefusedError(Finding(line, "", "a NUL byte; this is not a text file"))
    return text
