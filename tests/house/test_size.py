"""Fits on a screen: functions up to 50 lines, files up to 400, parameters up to five (house rule 1)."""

import ast
from collections.abc import Iterator

import pytest

from tests.house import exceptions
from tests.house.shrinking import law_holds
from tests.house.sources import ROOT, Finding, Source, dotted, example, functions, python_sources, repository_files
from tests.house.sources import type_of_function as Function  # noqa: N812  reads as the type it is

FUNCTION_LINES_MAX = 50
FILE_LINES_MAX = 400
PARAMETERS_MAX = 5
WRITTEN_BY_HAND = (".py", ".js", ".mjs", ".css", ".html", ".jinja", ".sh")
ROUTE_VERBS = {"get", "post", "put", "patch", "delete", "head", "options", "route", "exception_handler"}


def lines_of(function: Function) -> int:
    """Lines from ``def`` to the end, the docstring not counted: explaining must not cost anything."""
    total = (function.end_lineno or function.lineno) - function.lineno + 1
    if ast.get_docstring(function, clean=False) is None:
        return total
    docstring = function.body[0]
    return total - ((docstring.end_lineno or docstring.lineno) - docstring.lineno + 1)


def long_functions(source: Source) -> Iterator[Finding]:
    for name, function in functions(source):
        if lines_of(function) > FUNCTION_LINES_MAX:
            yield Finding(f"{source.path}::{name}", f"{lines_of(function)} lines, the wall is {FUNCTION_LINES_MAX}")


def long_file(path: str, text: str) -> Iterator[Finding]:
    count = len(text.splitlines())
    if count > FILE_LINES_MAX:
        yield Finding(path, f"{count} lines, the wall is {FILE_LINES_MAX}")


def parameters_of(function: Function) -> int:
    asked = function.args
    named = [*asked.posonlyargs, *asked.args, *asked.kwonlyargs]
    return len([one for one in named if one.arg not in ("self", "cls")])


def filled_in_by_a_framework(function: Function) -> bool:
    """Routes and fixtures: their parameters are a declaration of what they need, nobody writes such a call."""
    for decorator in function.decorator_list:
        name = dotted(decorator.func if isinstance(decorator, ast.Call) else decorator)
        if name.rpartition(".")[2] in ROUTE_VERBS | {"fixture", "given"}:
            return True
    return function.name.startswith("test_")


def many_parameters(source: Source) -> Iterator[Finding]:
    for name, function in functions(source):
        count = parameters_of(function)
        if count > PARAMETERS_MAX and not filled_in_by_a_framework(function):
            yield Finding(f"{source.path}::{name}", f"{count} parameters, the wall is {PARAMETERS_MAX}")


def function_of(lines: int, docstring_lines: int = 0) -> Source:
    said = ['    """Say', *["    more"] * (docstring_lines - 2), '    """'] if docstring_lines else []
    body = [f"    x = {number}" for number in range(lines - 1)]
    return example("\n".join(["def f():", *said, *body]))


def test_a_function_at_the_wall_passes_and_one_line_more_is_found() -> None:
    assert list(long_functions(function_of(50))) == []
    [found] = long_functions(function_of(51))
    assert found == Finding("edge/example.py::f", "51 lines, the wall is 50")


def test_a_docstring_is_not_counted() -> None:
    assert list(long_functions(function_of(50, docstring_lines=10))) == []


def test_a_method_is_named_with_its_class() -> None:
    inner = function_of(60).text.replace("\n", "\n    ")
    [found] = long_functions(example(f"class A:\n    {inner}"))
    assert found.key == "edge/example.py::A.f"


def test_a_file_at_the_wall_passes_and_one_line_more_is_found() -> None:
    assert list(long_file("a.py", "x\n" * 400)) == []
    [found] = long_file("a.py", "x\n" * 401)
    assert found.key == "a.py"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("def f(a, b, c, d, e): ...", 0),
        ("def f(a, b, c, d, e, *, f): ...", 1),
        ("class A:\n    def f(self, a, b, c, d, e): ...", 0),
        ("@router.post('/x')\ndef f(a, b, c, d, e, f): ...", 0),
        ("@pytest.fixture\ndef f(a, b, c, d, e, f): ...", 0),
        ("@cache\ndef f(a, b, c, d, e, f): ...", 1),
    ],
)
def test_parameters_are_counted_where_a_person_writes_the_call(text: str, count: int) -> None:
    assert len(list(many_parameters(example(text)))) == count


def test_every_function_fits_on_a_screen() -> None:
    found = [finding for source in python_sources() for finding in long_functions(source)]
    law_holds(found, exceptions.LONG_FUNCTIONS)


def test_every_file_can_be_read_in_one_go() -> None:
    found: list[Finding] = []
    for path in repository_files():
        if path.endswith(WRITTEN_BY_HAND):
            found += long_file(path, (ROOT / path).read_text(encoding="utf-8"))
    law_holds(found, exceptions.LONG_FILES)


def test_no_call_needs_more_than_five_arguments() -> None:
    found = [finding for source in python_sources() for finding in many_parameters(source)]
    law_holds(found, exceptions.MANY_PARAMETERS)
