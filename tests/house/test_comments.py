"""Nothing is left for later, and every switched-off check says why on its own line."""

import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache

import pytest

from tests.house import exceptions
from tests.house.shrinking import law_holds
from tests.house.sources import Finding, Source, example, python_sources

# Assembled from halves, because this file is read by its own rule.
LATER = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX|HA" + r"CK)\b")
SWITCHED_OFF = re.compile(r"#\s*(?:noqa|type:\s*ignore|pragma:\s*no (?:cover|branch))(?P<rest>.*)")
NAMED_RULES = re.compile(r"^\s*(?::\s*[A-Z]+[0-9]+(?:[, ]+[A-Z]+[0-9]+)*|\[[a-z-]+(?:, ?[a-z-]+)*\])?")
REASON_LETTERS_MIN = 6  # shorter than that no reason was ever given


@cache
def comments(source: Source) -> tuple[tuple[int, str], ...]:
    tokens = tokenize.generate_tokens(io.StringIO(source.text).readline)
    return tuple((token.start[0], token.string) for token in tokens if token.type == tokenize.COMMENT)


def left_for_later(source: Source) -> Iterator[Finding]:
    for line, comment in comments(source):
        if LATER.search(comment):
            yield Finding(source.path, f"line {line} leaves something for later: {comment}")
    if re.search(r"\bNotImplemented" + r"Error\b", source.text):
        yield Finding(source.path, "has a stub")


def ignores_without_reason(source: Source) -> Iterator[Finding]:
    for line, comment in comments(source):
        for match in SWITCHED_OFF.finditer(comment):
            reason = NAMED_RULES.sub("", match["rest"]).split("# noqa")[0].split("# type:")[0]
            if sum(letter.isalpha() for letter in reason) < REASON_LETTERS_MIN:
                yield Finding(f"{source.path}::{line}", f"says {comment!r} and not why")


@pytest.mark.parametrize(
    "text",
    ["x = 1  # TO" + "DO later", "# FIX" + "ME: wrong", "def f():\n    raise NotImplemented" + "Error"],
)
def test_what_is_left_for_later_is_found(text: str) -> None:
    assert list(left_for_later(example(text)))


@pytest.mark.parametrize(
    "text",
    [
        "import x  # noqa",
        "import x  # noqa: F401",
        "import x  # noqa: F401, E402",
        "x = y()  # type: ignore[no-any-return]",
        "if x:  # pragma: no cover\n    y()",
        "import x  # noqa: F401 ok",
    ],
)
def test_an_ignore_without_a_reason_is_found(text: str) -> None:
    assert list(ignores_without_reason(example(text)))


@pytest.mark.parametrize(
    "text",
    [
        "import x  # noqa: F401  imported for its side effect",
        "x = y()  # type: ignore[no-any-return]  # gpiozero has no annotations",
        "x = 1  # the noise qa asked for",
    ],
)
def test_an_ignore_with_a_reason_is_left_alone(text: str) -> None:
    assert list(ignores_without_reason(example(text))) == []


def test_nothing_is_left_for_later() -> None:
    assert [str(finding) for source in python_sources() for finding in left_for_later(source)] == []


def test_every_ignore_says_why() -> None:
    found = [finding for source in python_sources() for finding in ignores_without_reason(source)]
    law_holds(found, exceptions.UNREASONED_IGNORES)
