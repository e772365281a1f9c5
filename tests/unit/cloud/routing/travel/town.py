"""Small towns for tests, written as OpenStreetMap files: crossings 100 m apart, named by column and row."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import quoteattr

from cloud.routing.problem import Place
from cloud.routing.travel.extract import read_extract
from cloud.routing.travel.search import Streets, streets_of

LON, LAT = 21.0, 0.0  # on the equator a degree is as long east as north
STEP = 100 / 111_195.08  # degrees of 100 m
RESIDENTIAL_M_S = 24 / 3.6

Crossing = tuple[int, int]


@dataclass
class Town:
    ways: list[tuple[list[Crossing], dict[str, str]]] = field(default_factory=list)

    def street(self, *crossings: Crossing, **tags: str) -> "Town":
        """Add a way through ``crossings``; residential unless it says otherwise."""
        self.ways.append((list(crossings), {"highway": "residential", **tags}))
        return self

    def write(self, path: Path) -> Path:
        crossings = sorted({one for way, _ in self.ways for one in way})
        number = {one: place for place, one in enumerate(crossings, start=1)}
        nodes = "".join(_node(number[one], place_at(*one)) for one in crossings)
        ways = "".join(
            f'<way id="{place}" version="1">{_refs(number[one] for one in way)}{_tags(tags)}</way>'
            for place, (way, tags) in enumerate(self.ways, start=1)
        )
        path.write_text(f'<osm version="0.6">{nodes}{ways}</osm>')
        return path

    def streets(self, directory: Path) -> Streets:
        return streets_of(read_extract(self.write(directory / "town.osm")))


def place_at(column: float, row: float) -> Place:
    return Place(LON + column * STEP, LAT + row * STEP)


def _node(number: int, place: Place) -> str:
    return f'<node id="{number}" version="1" lon="{place.lon:.7f}" lat="{place.lat:.7f}"/>'


def _refs(numbers: Iterable[int]) -> str:
    return "".join(f'<nd ref="{number}"/>' for number in numbers)


def _tags(tags: Mapping[str, str]) -> str:
    return "".join(f"<tag k={quoteattr(key)} v={quoteattr(value)}/>" for key, value in tags.items())
