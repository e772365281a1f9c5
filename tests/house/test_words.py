"""One word for each concept: GLOSSARY.md's words live in the code, and their lookalikes do not."""

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest

from tests.house import exceptions
from tests.house.shrinking import law_holds
from tests.house.sources import ROOT, Finding, Source, example, product_sources

# From the "do not say" column: those words that have no honest other meaning in a Python program. The rest of the
# column (item, log, queue, cache, package, terminal ...) is for readers and reviewers.
FORBIDDEN = frozenset(
    [
        "bay",
        "unlock",
        "deposit",
        "retrieval",
        "booking",
        "otp",
        "ttl",
        "aging",
        "ownership",
        "pudo",
        "admin",
        "latch",
        "tour",
        "connector",
        "bridge",
    ]
)
TERM = re.compile(r"^\| (?P<terms>[^|]+) \| (?P<meaning>[^|]+) \| (?P<instead>[^|]*) \|$")
WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")
GLOSSARY_TERMS_MIN = 35  # the table of the architecture has more; fewer means that the table was not read


def words_of(identifier: str) -> set[str]:
    """``DropOffGrant`` and ``drop_off_grant`` both give drop, off, grant."""
    return {word.lower() for word in WORD.findall(identifier)}


def defined_names(source: Source) -> Iterator[tuple[str, int]]:
    """Names this file gives to things. What libraries call theirs is not ours to choose."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.id if isinstance(node, ast.Name) else node.attr, node.lineno


def forbidden_words(source: Source) -> Iterator[Finding]:
    for name, line in defined_names(source):
        for word in sorted((words_of(name) | {one.removesuffix("s") for one in words_of(name)}) & FORBIDDEN):
            yield Finding(f"{source.path}::{name}", f"line {line} says {word!r}; GLOSSARY.md has a better word")


def glossary_terms(text: str) -> list[str]:
    """Give the words of the first column, cut at commas, a size or label example in brackets left out."""
    rows = [match for line in text.splitlines() if (match := TERM.match(line))]
    terms = [term for row in rows if "---" not in row["terms"] for term in row["terms"].split(",")]
    return [re.sub(r"\(.*?\)", "", term).strip(" *`") for term in terms if term.strip() not in ("say", "Say")]


def glossary(heading: str) -> str:
    """Give one section of GLOSSARY.md."""
    text = (ROOT / "GLOSSARY.md").read_text(encoding="utf-8")
    return text.partition(f"## {heading}\n")[2].partition("\n## ")[0]


@cache
def said_in_code() -> frozenset[str]:
    """Every identifier and module name of the product, as snake_case inside bars: a term then matches whole words."""
    names: set[str] = set()
    for source in product_sources():
        for part in source.module.split("."):
            names.add(spoken(part))
        names |= {spoken(node.id) for node in ast.walk(source.tree) if isinstance(node, ast.Name)}
        names |= {spoken(name) for name, _ in defined_names(source)}
    return frozenset(names)


def spoken(identifier: str) -> str:
    return "_" + "_".join(word.lower() for word in WORD.findall(identifier)) + "_"


def is_said(term: str, names: frozenset[str]) -> bool:
    wanted = re.sub(r"[- ]", "_", term.lower())
    return any(f"_{wanted}_" in name or f"_{wanted}s_" in name for name in names)


@pytest.mark.parametrize(
    "text",
    [
        "def unlock_door(): ...",
        "class OtpCode: ...",
        "free_bays = 3",
        "self.ttl_s = 1",
        "def f(admin): ...",
        "class A:\n    latch: int = 0",
    ],
)
def test_a_forbidden_word_is_found(text: str) -> None:
    assert list(forbidden_words(example(text)))


@pytest.mark.parametrize(
    "text",
    ["@dataclass(slots=True)\nclass A: ...", "latchmile = 1", "x = other.unlock()", "def detour(): ...", "total = 1"],
)
def test_what_only_looks_like_one_is_left_alone(text: str) -> None:
    assert list(forbidden_words(example(text))) == []


def test_the_glossary_is_read_as_a_table_of_terms() -> None:
    table = "| say | it means | do not say |\n|---|---|---|\n| drop-off, pick-up (code) | in, out | deposit |\n"
    assert glossary_terms(table) == ["drop-off", "pick-up"]


def test_a_term_is_said_only_as_whole_words() -> None:
    names = frozenset({spoken("DropOffGrant"), spoken("parcels_due"), spoken("unclaimed")})
    assert is_said("drop-off", names)
    assert is_said("parcel", names)
    assert not is_said("claim", names)


def test_nobody_says_a_forbidden_word() -> None:
    law_holds(
        (finding for source in product_sources() for finding in forbidden_words(source)), exceptions.FORBIDDEN_WORDS
    )


def test_every_word_of_the_glossary_is_said_in_the_code() -> None:
    terms = glossary_terms(glossary("Words of the code"))
    assert len(terms) >= GLOSSARY_TERMS_MIN
    assert [term for term in terms if not is_said(term, said_in_code())] == []


def test_a_word_among_people_moves_up_once_the_code_says_it() -> None:
    terms = glossary_terms(glossary("Words among people"))
    assert terms
    assert [term for term in terms if is_said(term, said_in_code())] == []
