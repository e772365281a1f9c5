"""Applications lent to one office after the other.

FastAPI works out every route anew for every application, which takes five times as long as all else an office needs.
What an application remembers is its state, and that is fresh for each borrower.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path

from fastapi import FastAPI

from cloud.api.application import create_app, stand_behind
from cloud.rim import Rim
from cloud.web.frame import LEAFLET, Tiles
from cloud.web.pages import create_pages


@dataclass(frozen=True, slots=True)
class Pages:
    """What the pages beside the API are built with."""

    tiles: Tiles | None = None
    leaflet: Path = LEAFLET


_idle: defaultdict[Pages | None, list[tuple[FastAPI, Rim]]] = defaultdict(list)


@contextmanager
def application_for(rim: Rim, pages: Pages | None = None) -> Iterator[FastAPI]:
    """Lend an application that works with what ``rim`` works with; without ``pages`` it has the API only."""
    app, standing = _idle[pages].pop() if _idle[pages] else _built(rim, pages)
    for one in fields(Rim):
        object.__setattr__(standing, one.name, getattr(rim, one.name))  # the pages hold on to this very rim
    stand_behind(app, standing)
    try:
        yield app
    finally:
        _idle[pages].append((app, standing))


def _built(rim: Rim, pages: Pages | None) -> tuple[FastAPI, Rim]:
    standing = replace(rim)
    return create_app(standing, None if pages is None else create_pages(standing, pages.tiles, pages.leaflet)), standing
