"""Which travel times a deployment uses, said in one word of its settings, and how they are opened.

What a choice needs is imported when it is chosen: scipy and osmium for streets, an HTTP client for servers.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from cloud.routing.travel.spare import GreatCircleAside, WithSpare
from cloud.routing.travel_times import TravelTimesProvider


class Source(StrEnum):
    GREAT_CIRCLE = "great-circle"
    OSM = "osm"
    OSRM = "osrm"
    VALHALLA = "valhalla"


FORMS = "great-circle, osm:/path/to/city.osm.pbf, osrm:http://host:5000 or valhalla:http://host:8002"


@dataclass(frozen=True, slots=True)
class TravelChoice:
    """``where`` is a file for ``osm``, an address for servers, and empty for great circles."""

    source: Source = Source.GREAT_CIRCLE
    where: str = ""


def travel_choice(text: str) -> TravelChoice:
    """Read a setting; raises ``ValueError`` with the forms it may have."""
    name, _, where = text.strip().partition(":")
    if name not in set(Source):
        raise ValueError(f"{text!r} is none of {FORMS}")
    source = Source(name)
    if (source is Source.GREAT_CIRCLE) == bool(where):
        raise ValueError(f"{text!r} is none of {FORMS}")
    if source in (Source.OSRM, Source.VALHALLA):
        parts = urlsplit(where)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(f"{text!r}: {where!r} is no address, such as http://127.0.0.1:5000")
    return TravelChoice(source, where)


@contextlib.asynccontextmanager
async def open_travel_times(choice: TravelChoice, cache: Path) -> AsyncIterator[TravelTimesProvider]:
    """Yield the chosen provider; ``cache`` is a directory for what was read from an extract.

    Raises ``ExtractError`` for an extract that cannot be used. A server is not asked before somebody needs it.
    """
    match choice.source:
        case Source.GREAT_CIRCLE:
            yield GreatCircleAside()
        case Source.OSM:
            yield await asyncio.to_thread(_streets, Path(choice.where), cache)
        case Source.OSRM | Source.VALHALLA:
            async with _server(choice) as provider:
                yield provider


def _streets(extract: Path, cache: Path) -> TravelTimesProvider:
    from cloud.routing.travel.extract import road_graph  # noqa: PLC0415 - osmium and scipy only for those who have one
    from cloud.routing.travel.search import RoadTimes, streets_of  # noqa: PLC0415 - beside the other

    return RoadTimes(streets_of(road_graph(extract, cache)))


@contextlib.asynccontextmanager
async def _server(choice: TravelChoice) -> AsyncIterator[TravelTimesProvider]:
    import httpx  # noqa: PLC0415 - only for those who ask a server

    from cloud.routing.travel.osrm import Osrm  # noqa: PLC0415 - beside the other
    from cloud.routing.travel.servers import TIMEOUT, Dialect, ServerTimes  # noqa: PLC0415 - beside the other
    from cloud.routing.travel.valhalla import Valhalla  # noqa: PLC0415 - beside the other

    dialect: Dialect = Osrm() if choice.source is Source.OSRM else Valhalla()
    async with httpx.AsyncClient(base_url=choice.where, timeout=TIMEOUT) as client:
        yield WithSpare(ServerTimes(dialect, client), GreatCircleAside())
