"""Puts a run's tables into a page, under a heading of their own: what the page says was seen in one run, and which."""

from collections.abc import Sequence
from pathlib import Path

BEGIN, END = "<!-- runs -->", "<!-- end of runs -->"
HEADING = "### "


def put(path: Path, heading: str, body: str) -> None:
    """Write a section between the page's marks, in the place of one with the same heading, else at the end."""
    path.write_text(inserted(path.read_text(encoding="utf-8"), heading, body), encoding="utf-8")


def inserted(page: str, heading: str, body: str) -> str:
    """Return the page with a section. Raises ValueError when the page has no place for runs."""
    if BEGIN not in page or END not in page:
        raise ValueError(f"the page has no {BEGIN} and {END}")
    before, rest = page.split(BEGIN, 1)
    runs, after = rest.split(END, 1)
    sections = [f"{HEADING}{one}".strip() for one in runs.split(HEADING)[1:]]
    fresh = f"{HEADING}{heading}\n\n{body.strip()}"
    same = [number for number, one in enumerate(sections) if one.splitlines()[0] == f"{HEADING}{heading}"]
    if same:
        sections[same[0]] = fresh
    else:
        sections.append(fresh)
    whole = "\n\n".join([BEGIN, *sections, END])
    return f"{before}{whole}{after}"


def table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown, the first column to the left and figures to the right."""
    lines = [titles, ["---", *["---:"] * (len(titles) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
