"""Catch narrowly: a broad ``except`` stands only at a loop's edge, and each one is listed with its reason."""

import ast
from collections.abc import Iterator

import pytest

from tests.house import exceptions
from tests.house.shrinking import law_holds
from tests.house.sources import Finding, Source, dotted, example, functions, product_sources

BROAD = {"Exception", "BaseException"}


def is_broad(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(dotted(one) in BROAD for one in caught)


def always_raises_again(handler: ast.ExceptHandler) -> bool:
    """Tell whether the handler cleans up and raises on; then it swallows nothing."""
    return isinstance(handler.body[-1], ast.Raise)


def broad_excepts(source: Source) -> Iterator[Finding]:
    seen: set[ast.AST] = set()
    # Innermost functions come last, so each handler is named after the function it really stands in.
    for name, function in reversed([*functions(source)]):
        yield from _in(function, f"{source.path}::{name}", seen)
    yield from _in(source.tree, f"{source.path}::module", seen)


def _in(node: ast.AST, key: str, seen: set[ast.AST]) -> Iterator[Finding]:
    for handler in ast.walk(node):
        if isinstance(handler, ast.ExceptHandler) and handler not in seen:
            seen.add(handler)
            if is_broad(handler) and not always_raises_again(handler):
                yield Finding(key, f"a broad except in line {handler.lineno} swallows what it does not know")
        if isinstance(handler, ast.Call) and handler not in seen and dotted(handler.func).endswith("suppress"):
            seen.add(handler)
            if any(dotted(argument) in BROAD for argument in handler.args):
                yield Finding(key, f"a broad suppress in line {handler.lineno} swallows what it does not know")


@pytest.mark.parametrize(
    "text",
    [
        "def f():\n    try: g()\n    except Exception: log()",
        "def f():\n    try: g()\n    except: pass",
        "def f():\n    try: g()\n    except (ValueError, BaseException) as e: log(e)",
        "def f():\n    with contextlib.suppress(Exception): g()",
    ],
)
def test_a_broad_except_is_found(text: str) -> None:
    [found] = broad_excepts(example(text))
    assert found.key == "edge/example.py::f"


@pytest.mark.parametrize(
    "text",
    [
        "def f():\n    try: g()\n    except ValueError: log()",
        "def f():\n    try: g()\n    except BaseException:\n        tidy()\n        raise",
        "def f():\n    with contextlib.suppress(KeyError): g()",
    ],
)
def test_a_narrow_or_passing_except_is_left_alone(text: str) -> None:
    assert list(broad_excepts(example(text))) == []


def test_every_broad_except_is_listed_with_its_reason() -> None:
    found = [finding for source in product_sources() for finding in broad_excepts(source)]
    law_holds(found, exceptions.BROAD_EXCEPTS)
