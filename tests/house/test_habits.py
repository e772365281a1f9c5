"""Tests patch nothing, skip nothing and wait for nothing by the clock, and no two modules go by one name."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

import pytest
from hypothesis import settings

from tests.house import exceptions
from tests.house.shrinking import law_holds
from tests.house.sources import Finding, Source, dotted, example, imported_modules, python_sources, repository_files

PATCHING = re.compile(r"unittest\.mock(\..*)?|mock(\..*)?|pytest_mock(\..*)?")
SKIPPING = {"pytest.skip", "pytest.mark.skip", "pytest.mark.xfail", "pytest.xfail", "pytest.importorskip"}
# Setting a variable or a folder arranges the test's own world; setattr rewires the product.
REWIRING = {"monkeypatch.setattr", "monkeypatch.setitem", "monkeypatch.delattr"}
SLEEPING = {"time.sleep"}


def bad_habits(source: Source) -> Iterator[Finding]:
    for name in sorted(set(imported_modules(source))):
        if PATCHING.fullmatch(name):
            yield Finding(f"{source.path}::{name}", "patches instead of building")
    for node in ast.walk(source.tree):
        name = dotted(node)
        if name in SKIPPING | REWIRING | SLEEPING:
            yield Finding(f"{source.path}::{name}", "a test that patches, skips or sleeps proves less than it says")
        if isinstance(node, ast.Assert) and isinstance(node.test, ast.Constant) and node.test.value:
            yield Finding(f"{source.path}::assert", f"the assert in line {node.lineno} cannot fail")


@pytest.mark.parametrize(
    "text",
    [
        "from unittest.mock import patch",
        "from unittest import mock",
        "import unittest.mock",
        "import pytest\n@pytest.mark.skip\ndef test_x(): ...",
        "import pytest\npytest.skip('later')",
        "def test_x(monkeypatch): monkeypatch.setattr(edge, 'now', 1)",
        "import time\ntime.sleep(1)",
        "assert True",
    ],
)
def test_a_bad_habit_is_found(text: str) -> None:
    assert list(bad_habits(example(text, "tests/unit/test_x.py")))


@pytest.mark.parametrize(
    "text",
    ["def test_x(monkeypatch): monkeypatch.setenv('A', 'b')", "import pytest\npytest.mark.long", "assert x == 1"],
)
def test_a_good_habit_is_left_alone(text: str) -> None:
    assert list(bad_habits(example(text, "tests/unit/test_x.py"))) == []


def test_the_tests_have_no_bad_habits() -> None:
    tests = [source for source in python_sources() if source.package == "tests"]
    found = dict.fromkeys(finding for source in tests for finding in bad_habits(source))
    law_holds(found, exceptions.TEST_HABITS)


def folders_without_init(paths: Iterable[str]) -> list[str]:
    """Name the folders of tests that are no packages: two modules of one name there break the whole run."""
    modules = {PurePosixPath(path) for path in paths if path.startswith("tests/") and path.endswith(".py")}
    folders = {folder for module in modules for folder in module.parents if folder.parts}
    return sorted(str(folder) for folder in folders if folder / "__init__.py" not in modules)


def test_a_folder_that_is_no_package_is_found() -> None:
    assert folders_without_init(["tests/__init__.py", "tests/unit/edge/test_words.py", "edge/app.py"]) == [
        "tests/unit",
        "tests/unit/edge",
    ]


def test_every_folder_of_tests_is_a_package() -> None:
    assert folders_without_init(repository_files()) == []


def test_no_example_is_timed() -> None:
    """Hypothesis' own limit is 200 ms, and on a busy machine any example may take that (tests/conftest.py)."""
    assert settings().deadline is None
