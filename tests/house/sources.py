"""What the house rules look at: the files git knows or would know, and Python files as parsed trees."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("contract", "edge", "cloud", "provisioning", "firmware_sim", "demo")

type_of_function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Source:
    """One Python file: where it stands (relative, with slashes), what it says, and its tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def module(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def package(self) -> str:
        return self.path.split("/", 1)[0]


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken rule. ``key`` is stable enough to be listed as an exception; ``fact`` says what was found."""

    key: str
    fact: str

    def __str__(self) -> str:
        return f"{self.key}: {self.fact}"


def example(text: str, path: str = "edge/example.py") -> Source:
    """Make a source that exists only in a test, for showing a checker what it must find."""
    return Source(path, text, ast.parse(text))


@cache
def repository_files() -> tuple[str, ...]:
    """Tracked files and new ones that are not ignored, so that a rule speaks before the commit, not after it."""
    asked = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    listed = subprocess.run(asked, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return tuple(sorted(name for name in set(listed.split("\0")) if name and (ROOT / name).is_file()))


@cache
def python_sources() -> tuple[Source, ...]:
    return tuple(_read(name) for name in repository_files() if name.endswith(".py"))


def product_sources() -> tuple[Source, ...]:
    return tuple(source for source in python_sources() if source.package in PRODUCT)


def _read(name: str) -> Source:
    text = (ROOT / name).read_text(encoding="utf-8")
    return Source(name, text, ast.parse(text, filename=name))


def functions(source: Source) -> Iterator[tuple[str, type_of_function]]:
    """Every function with its dotted name inside the file, methods and nested ones included."""

    def walk(node: ast.AST, outer: tuple[str, ...]) -> Iterator[tuple[str, type_of_function]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                yield ".".join((*outer, child.name)), child
                yield from walk(child, (*outer, child.name))
            elif isinstance(child, ast.ClassDef):
                yield from walk(child, (*outer, child.name))
            else:
                yield from walk(child, outer)

    yield from walk(source.tree, ())


def imported_modules(source: Source) -> Iterator[str]:
    """Full dotted names a file imports. ``from a import b`` gives both ``a`` and ``a.b``: b may be a module."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(source, node)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _absolute(source: Source, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = source.path.removesuffix(".py").split("/")[: -node.level]
    return ".".join([*parts, *([node.module] if node.module else [])])


def dotted(node: ast.AST) -> str:
    """``a.b.c`` of an attribute chain, or nothing when it hangs on a call or an index."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        base = dotted(node.value)
        return f"{base}.{node.attr}" if base else ""
    return ""
