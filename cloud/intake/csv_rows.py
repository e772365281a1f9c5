"""A CSV file with a header, record by record: every finding has the line and the column a person opens it at."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from cloud.intake.findings import FieldError, FileRefusedError, Finding, Severity, decode_text, shortened

ROWS_MAX = 100_000  # a large depot's day, ten times over
FIELD_CHARACTERS_MAX = 10_000  # an unclosed quote would otherwise swallow the rest of the file into one field

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Columns:
    """What a file's header must and may name; ``aliases`` are other names people write for a column."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)


class Row:
    """One row under its header, collecting what is wrong instead of stopping at the first."""

    def __init__(self, line: int, values: Mapping[str, str]) -> None:
        """Read from ``values``; findings are about ``line``."""
        self.line, self.values = line, values
        self.findings: list[Finding] = []

    def take(self, column: str, read: Callable[[str, str], Value]) -> Value | None:
        try:
            return read(column, self.values.get(column, ""))
        except FieldError as error:
            self.findings.append(Finding(self.line, error.column, error.reason, error.given))
            return None

    def refuse(self, column: str, reason: str, given: str = "") -> None:
        self.findings.append(Finding(self.line, column, reason, given))


class _Reader(Protocol):
    """What ``csv.reader`` returns; the standard library gives it no public name."""

    @property
    def line_num(self) -> int: ...

    def __next__(self) -> list[str]: ...


def read_rows(raw: bytes, columns: Columns) -> Iterator[Row | Finding]:
    """Yield every row that is not empty, or what is wrong with it; unknown columns are noted and passed over.

    Raises ``FileRefusedError`` when there is no usable header.
    """
    reader = _open(decode_text(raw))
    header, notes = _header(reader, columns)
    yield from notes
    for count, (line, cells) in enumerate(_records(reader)):
        if count >= ROWS_MAX:
            yield Finding(line, "", f"more than {ROWS_MAX} rows; split the file, the rest was not read")
            return
        if isinstance(cells, Finding):
            yield cells
        elif len(cells) != len(header):
            reason = f"has {len(cells)} fields, the header has {len(header)}; look for a stray delimiter"
            yield Finding(line, "", reason)
        else:
            yield Row(line, dict(zip(header, cells, strict=True)))


def _open(content: str) -> _Reader:
    if not content.strip():
        raise FileRefusedError(Finding(1, "", "the file is empty"))
    csv.field_size_limit(FIELD_CHARACTERS_MAX)
    first = content.lstrip("\ufeff").split("\n", 1)[0]
    delimiter = max(",;\t|", key=first.count)
    return csv.reader(io.StringIO(content, newline=""), delimiter=delimiter, strict=True)


def _records(reader: _Reader) -> Iterator[tuple[int, Sequence[str] | Finding]]:
    """Yield each record with the line it begins on; a broken quote ends the file where it stands."""
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, Finding(line, "", f"cannot be read on: {error}; look for a quote that is not closed")
            return
        if any(cell.strip() for cell in cells):
            yield line, cells


def _header(reader: _Reader, columns: Columns) -> tuple[list[str], list[Finding]]:
    try:
        cells = next(reader)
    except csv.Error as error:
        raise FileRefusedError(Finding(1, "", f"the header cannot be read: {error}")) from error
    names = [_column_name(cell, columns) for cell in cells]
    missing = [name for name in columns.required if name not in names]
    if missing:
        reason = f"the header has no column {', '.join(missing)}; needed are {', '.join(columns.required)}"
        raise FileRefusedError(Finding(1, missing[0], reason, shortened(",".join(cells))))
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise FileRefusedError(Finding(1, twice[0], "the column stands twice in the header"))
    strange = [name for name in names if name not in {*columns.required, *columns.optional}]
    return names, [Finding(1, name, "unknown column, passed over", "", Severity.NOTED) for name in strange]


def _column_name(cell: str, columns: Columns) -> str:
    name = "_".join(cell.strip().lstrip("\ufeff").lower().replace("-", " ").split())
    return columns.aliases.get(name, name)
