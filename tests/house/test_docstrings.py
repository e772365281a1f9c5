"""A module's first line says why it exists; a package whose name says it may stay silent only while it is empty."""

import ast
from collections.abc import Iterator

import pytest

from tests.house import exceptions
from tests.house.shrinking import law_holds
from tests.house.sources import Finding, Source, example, product_sources

SENTENCE_WORDS_MIN = 4  # "The locker module." is three words and says nothing


def silent_modules(source: Source) -> Iterator[Finding]:
    if not source.text.strip():
        return
    said = ast.get_docstring(source.tree)
    first = said.splitlines()[0] if said else ""
    if len(first.split()) < SENTENCE_WORDS_MIN:
        yield Finding(source.path, f"its first line says {first!r}, not why it exists")


@pytest.mark.parametrize("text", ["x = 1", '"""Helpers."""\nx = 1', '"""The locker module."""'])
def test_a_silent_module_is_found(text: str) -> None:
    assert list(silent_modules(example(text)))


@pytest.mark.parametrize("text", ["", '"""Where bytes from the wire become records, or are refused."""'])
def test_a_module_that_speaks_is_left_alone(text: str) -> None:
    assert list(silent_modules(example(text))) == []


def test_every_module_says_why_it_exists() -> None:
    found = [finding for source in product_sources() for finding in silent_modules(source)]
    law_holds(found, exceptions.MODULES_WITHOUT_A_SENTENCE)
