"""A table for each set: every solver on every instance, one after the other, and what each is worth in the end."""

import json
import os
import platform
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from bench.page import put, table
from bench.routing import best
from bench.routing.instances import BestKnown, Set, spread
from bench.routing.race import Question, Raced, race
from bench.routing.score import GAPS, Score, Summary, best_seen, score, summarise
from bench.routing.solvers import SOLVERS
from cloud.routing.joint.instance import Instance
from cloud.routing.joint.readers import InstanceError, read

RESULTS = Path("build/bench/routing.json")
PAGE = 150  # characters of a table that goes into a file
START_S = 1.5  # a solver's process takes about this long before it begins
TITLES = (
    "solver",
    "gap %",
    "median",
    "worst",
    "of",
    "feasible",
    "vehicles over",
    *(f"s to {gap:.0f} %" for gap in GAPS),
    "s",
    "MB",
)


@dataclass(frozen=True, slots=True)
class Plan:
    """How each instance is solved: seconds, seed, cores; and how many of a set's instances, by which solvers."""

    seconds: float
    seed: int = 1
    cores: int = 1
    limit: int | None = None
    solvers: tuple[str, ...] = tuple(SOLVERS)
    only: frozenset[str] = frozenset()
    write: Path | None = None  # a page the tables go into


@dataclass(frozen=True, slots=True)
class Part:
    """One set as it is run: those of its instances and of the solvers that are asked."""

    set: Set
    paths: tuple[Path, ...]
    solvers: tuple[str, ...]


def run(sets: Sequence[Set], plan: Plan) -> None:
    """Solve everything, print a table for each set and where new best solutions lie, and keep all scores as JSON."""
    parts = [_part(one, plan) for one in sets]
    solves = sum(len(part.paths) * len(part.solvers) for part in parts)
    console = Console(stderr=True)
    console.print(_intent(parts, plan, solves))
    page = Console(width=None if sys.stdout.isatty() else PAGE)
    machine, written = _machine(), list[str]()
    kept: dict[str, object] = {"machine": machine, "plan": {**asdict(plan), "only": sorted(plan.only), "write": None}}
    with _bar(console) as progress:
        task = progress.add_task("", total=solves)
        for part in parts:
            scores, news = [], []
            for found in _solved(part, plan, progress, task):
                scores += found[0]
                news += found[1]
            summaries = [summarise(name, [one for one in scores if one.solver == name]) for name in part.solvers]
            page.print(_table(part, summaries, plan))
            page.print(*[f"better than published: {one}" for one in news], sep="\n")
            written.append(_markdown(part, summaries, news))
            if plan.write is not None:
                put(plan.write, _heading(plan), "\n\n".join([_began(machine), *written]))
            kept[part.set.title] = {
                "summaries": [asdict(one) for one in summaries],
                "rows": [one.row() for one in scores],
            }
            RESULTS.parent.mkdir(parents=True, exist_ok=True)
            RESULTS.write_text(json.dumps(kept, indent=1), encoding="utf-8")
    console.print(f"every line is in {RESULTS}; load at the end {os.getloadavg()[0]:.1f}")


def _machine() -> str:
    return f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"


def _intent(parts: Sequence[Part], plan: Plan, solves: int) -> str:
    instances = sum(len(part.paths) for part in parts)
    minutes = solves * (plan.seconds + START_S) / 60
    return (
        f"{instances} instances of {len(parts)} sets, {plan.seconds:g} s and {plan.cores} core(s) for each of {solves} "
        f"solves, one after the other: about {minutes:.0f} minutes. {_machine()}. "
        f"SECONDS=10 or 60 is what the targets speak of; LIMIT=3 is a quick look."
    )


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
    )


def _part(one: Set, plan: Plan) -> Part:
    """Leave out who differs only in how it chooses, where the first instance leaves nothing to choose."""
    paths = spread([path for path in one.paths if not plan.only or path.stem in plan.only], plan.limit)
    first = read(paths[0], one.kind) if paths else None
    choice = first is not None and len(first.options) > len(first.customers)
    plain = {"two-stage", "first-choice"}
    return Part(one, paths, tuple(name for name in plan.solvers if choice or name not in plain))


def _solved(part: Part, plan: Plan, progress: Progress, task: object) -> Iterator[tuple[list[Score], list[str]]]:
    """Yield each instance's scores, and sentences about new best solutions."""
    for path in part.paths:
        try:
            instance = read(path, part.set.kind)
        except InstanceError as error:
            progress.console.print(str(error))
            continue
        raced: dict[str, Raced] = {}
        for name in part.solvers:
            progress.update(task, description=f"{path.stem} {name}")  # type: ignore[arg-type] # rich's own NewType
            question = Question(str(path), part.set.kind, name, plan.seconds, plan.seed, plan.cores)
            raced[name] = race(instance, question)
            progress.advance(task)  # type: ignore[arg-type] # as above
        published = part.set.known.get(instance.name)
        known = published or best_seen(instance, list(raced.values()))
        scores = [score(instance, name, one, known) for name, one in raced.items()]
        if not progress.console.is_terminal:
            gaps = ", ".join(f"{one.solver} {_figure(one.gap, '+.2f')}" for one in scores)
            progress.console.print(f"{part.set.title} {path.stem}: {gaps}", highlight=False)
        yield scores, _news(instance, raced, scores, published)


def _news(instance: Instance, raced: dict[str, Raced], scores: list[Score], known: BestKnown | None) -> list[str]:
    if known is None:
        return []
    news = []
    for one in scores:
        path = best.keep(best.FOLDER, instance, raced[one.solver].answer, known)
        if path is not None:
            news.append(f"{one.solver} on {best.told(one, known, path)}")
    return news


def _table(part: Part, summaries: Sequence[Summary], plan: Plan) -> Table:
    drawn = Table(title=f"{_title(part)} {_heading(plan)}", title_justify="left")
    for title in TITLES:
        drawn.add_column(title, justify="left" if title == "solver" else "right")
    for one in summaries:
        drawn.add_row(*_cells(one))
    return drawn


def _title(part: Part) -> str:
    beside = "the best known" if part.set.known else "the best of this run, as none is published"
    return f"{part.set.title}: {len(part.paths)} instances, gap to {beside}."


def _cells(one: Summary) -> list[str]:
    gaps = [_figure(value, "+.2f") for value in (one.gap, one.gap_median, one.gap_worst)]
    reached = [f"{_figure(seconds, '.1f')} ({count})" for count, seconds in one.to_gap]
    share = f"{one.feasible}/{one.instances}"
    return [
        one.solver,
        *gaps,
        str(one.compared),
        share,
        f"{one.over:+.2f}",
        *reached,
        f"{one.seconds:.1f}",
        str(one.memory_mb),
    ]


def _heading(plan: Plan) -> str:
    less = "" if plan.limit is None else f", {plan.limit} instances of each set"
    return f"{plan.seconds:g} s, {plan.cores} core(s){less}"


def _began(machine: str) -> str:
    return f"{date.today()}; when it began: {machine}."  # noqa: DTZ011 - the day at the machine that measured


def _markdown(part: Part, summaries: Sequence[Summary], news: Sequence[str]) -> str:
    body = table(TITLES, [_cells(one) for one in summaries])
    better = [f"Better than published, checked again: {len(news)} ({', '.join(_names(news))})."] if news else []
    return "\n\n".join([_title(part), body, *better])


def _names(news: Sequence[str]) -> list[str]:
    return sorted({one.split(" on ", 1)[1].split(":", 1)[0] for one in news})


def _figure(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def rounded(value: float | None) -> float | None:
    """Return what is printed of a mean."""
    return None if value is None else round(value, 3)
