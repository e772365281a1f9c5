"""The week as a picture: each day's cost beside the first policy's on the same day, and what came a day late."""

from collections.abc import Callable, Iterator, Sequence
from html import escape
from typing import NamedTuple

from firmware_sim.policy_week.comparing import Row

WIDTH, ROW_H, TOP, LEFT, SPLIT, RIGHT = 960, 56, 112, 170, 640, 30
INK, QUIET, LINE, PAPER = "#14233c", "#465169", "#dcd6c8", "#ffffff"
COLOURS = ("#465169", "#b4552d", "#0b6e4f", "#8a8f9c")
TICKS = 6
STEPS = (1, 2, 5, 10, 20, 50, 100)


class Look(NamedTuple):
    colour: str
    size: int
    anchor: str = "start"
    weight: int = 400


HEADING, NOTE = Look(INK, 17, weight=600), Look(QUIET, 14)
NAME, MEAN = Look(INK, 15, "end"), Look(INK, 13, "middle", 600)


def svg(rows: Sequence[Row]) -> str:
    """Return the picture as one SVG document."""
    height = TOP + ROW_H * len(rows) + 56
    said = "; ".join(f"{row.name} {row.cents:.1f} cents" for row in rows)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="t d" '
        "font-family=\"system-ui, 'Segoe UI', Roboto, 'Noto Sans', sans-serif\">"
        '<title id="t">What a parcel costs by what becomes of a failed attempt</title>'
        f'<desc id="d">Cost per parcel over the week: {escape(said)}.</desc>'
        f'<rect width="{WIDTH}" height="{height}" rx="16" fill="{PAPER}" stroke="{LINE}"/>'
    )
    return "\n".join([head, *_titles(rows[0]), *_costs(rows), *_late(rows), "</svg>", ""])


def _titles(first: Row) -> Iterator[str]:
    yield _text((LEFT, 36), f"Cents per parcel beside {first.name}, on the same day", HEADING)
    yield _text((LEFT, 58), "dots: days; bar: their mean and its 95 % interval", NOTE)
    yield _text((SPLIT + 40, 36), "Brought a day or more late", HEADING)
    yield _text((SPLIT + 40, 58), "share of all parcels brought", NOTE)


def _costs(rows: Sequence[Row]) -> Iterator[str]:
    beside = [[mine - theirs for mine, theirs in zip(_daily(row), _daily(rows[0]), strict=True)] for row in rows]
    low, high, step = _axis(
        [0.0, *(value for row, days in zip(rows, beside, strict=True) for value in _reach(row, days))]
    )

    def across(value: float) -> float:
        return LEFT + (value - low) / (high - low) * (SPLIT - LEFT - RIGHT)

    bottom = TOP + ROW_H * len(rows)
    for tick in range(round((high - low) / step) + 1):
        value = low + tick * step
        at, colour = across(value), LINE if value else QUIET
        line = f'<line x1="{at:.1f}" y1="{TOP - 26}" x2="{at:.1f}" y2="{bottom}"'
        yield f'{line} stroke="{colour}"/>'
        yield _text((at, bottom + 24), f"{value:+g}" if value else "0", NOTE._replace(anchor="middle"))
    for number, (row, days) in enumerate(zip(rows, beside, strict=True)):
        middle, colour = _middle(number), COLOURS[number % len(COLOURS)]
        yield _text((LEFT - 18, middle), row.name, NAME)
        yield _text((LEFT - 18, middle + 18), f"{row.cents:.1f} cents", NOTE._replace(anchor="end"))
        if number:
            yield from _days(days, row, (across, middle, colour))


def _days(days: Sequence[float], row: Row, how: tuple[Callable[[float], float], float, str]) -> Iterator[str]:
    """Draw a policy's differences: the interval, the days on it, the mean over them."""
    across, middle, colour = how
    mean, half = (row.beside.mean, row.beside.half or 0.0) if row.beside else (0.0, 0.0)
    yield (
        f'<line x1="{across(mean - half):.1f}" y1="{middle}" x2="{across(mean + half):.1f}" y2="{middle}" '
        f'stroke="{colour}" stroke-width="6" stroke-opacity="0.35" stroke-linecap="round"/>'
    )
    for day in days:
        yield f'<circle cx="{across(day):.1f}" cy="{middle}" r="4" fill="{colour}"/>'
    yield (
        f'<line x1="{across(mean):.1f}" y1="{middle - 13}" x2="{across(mean):.1f}" y2="{middle + 13}" '
        f'stroke="{colour}" stroke-width="3"/>'
    )
    yield _text((across(mean), middle - 18), f"{mean:+.1f}", MEAN)


def _late(rows: Sequence[Row]) -> Iterator[str]:
    left, room = SPLIT + 40, WIDTH - SPLIT - 40 - 90
    shares = [row.whole.late / max(1, row.whole.kpi.parcels) for row in rows]
    for number, share in enumerate(shares):
        middle = _middle(number)
        width = room * share / max(*shares, 0.001)
        colour = COLOURS[number % len(COLOURS)]
        yield f'<rect x="{left}" y="{middle - 9}" width="{width:.1f}" height="18" rx="3" fill="{colour}"/>'
        yield _text((left + width + 8, middle + 5), f"{share:.1%}".replace("%", " %"), NOTE)


def _daily(row: Row) -> list[float]:
    return [day.cents_per_parcel for day in row.days]


def _middle(number: int) -> float:
    return TOP + ROW_H * number + ROW_H / 2 - 13


def _reach(row: Row, days: Sequence[float]) -> tuple[float, ...]:
    if row.beside is None:
        return (0.0,)
    half = row.beside.half or 0.0
    return row.beside.mean - half, row.beside.mean + half, *days


def _axis(values: Sequence[float]) -> tuple[float, float, float]:
    """Return where an axis with round numbers begins and ends, and its step."""
    width = max(max(values) - min(values), 1.0)
    step = float(next((one for one in STEPS if width / one <= TICKS), STEPS[-1]))
    low = step * (min(values) // step)
    return low, step * -(-max(values) // step) if max(values) > low else low + step, step


def _text(at: tuple[float, float], said: str, look: Look) -> str:
    return (
        f'<text x="{at[0]:.1f}" y="{at[1]:.1f}" font-size="{look.size}" fill="{look.colour}" '
        f'text-anchor="{look.anchor}" font-weight="{look.weight}">{escape(said)}</text>'
    )
