"""What is typed behind a flag of ``latchmile-plan``, read at once: a search of minutes must not end at a slip."""

import argparse
import math
from collections.abc import Callable
from datetime import date

from cloud.intake.fields import number


def a_place(text: str) -> tuple[float, float]:
    """Read ``LON,LAT``."""
    try:
        lon, lat = text.split(",")
        return number("longitude", lon, -180, 180), number("latitude", lat, -90, 90)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no place, such as 21.05,52.24 (longitude first)") from error


def a_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no day, such as 2026-11-23") from error


def seconds(most: float) -> Callable[[str], float]:
    """Return what reads a time to search, ``most`` at most."""

    def read(text: str) -> float:
        try:
            given = float(text)
        except ValueError:
            given = math.nan
        if not 0 < given <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0, up to {most:g}")
        return given

    return read


def whole(low: int, high: int) -> Callable[[str], int]:
    """Return what reads a whole number, both ends allowed."""

    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {low} to {high}")
        return int(text)

    return read
