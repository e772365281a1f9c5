"""Valhalla's matrix service (valhalla.github.io, ``sources_to_targets``), in its terse and its wordy form."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt

import msgspec

from cloud.routing.problem import Place
from cloud.routing.travel.errors import ServerLiedError
from cloud.routing.travel.servers import Block, Question, as_block

METRES = {"kilometers": 1_000.0, "km": 1_000.0, "miles": 1_609.344, "mi": 1_609.344}


class _Terse(msgspec.Struct):
    durations: list[list[float | None]]
    distances: list[list[float | None]]


class _Cell(msgspec.Struct):
    time: float | None = None
    distance: float | None = None


class _Matrix(msgspec.Struct):
    sources_to_targets: _Terse | list[list[_Cell]]
    units: str = "kilometers"


class _Refusal(msgspec.Struct):
    error_code: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class Valhalla:
    """``pairs_max`` is the server's ``max_matrix_location_pairs`` for ``costing``, 2,500 unless it is set up anew."""

    pairs_max: int = 2_500
    costing: str = "auto"
    name: str = "Valhalla"

    @property
    def side_max(self) -> int:
        return max(1, isqrt(self.pairs_max))

    def ask(self, origins: Sequence[Place], destinations: Sequence[Place]) -> Question:
        body = {
            "sources": [_point(place) for place in origins],
            "targets": [_point(place) for place in destinations],
            "costing": self.costing,
            "units": "kilometers",
            "verbose": False,
        }
        return Question("/sources_to_targets", body)

    def read(self, body: bytes) -> Block:
        try:
            matrix = msgspec.json.decode(body, type=_Matrix)
        except msgspec.DecodeError as error:
            raise ServerLiedError(f"{self.name}: {error}") from error
        metres = METRES.get(matrix.units)
        if metres is None:
            raise ServerLiedError(f"{self.name}: distances in {matrix.units!r}; {', '.join(METRES)} are known")
        match matrix.sources_to_targets:
            case _Terse(durations, distances):
                block = as_block(self.name, durations, distances)
            case rows:
                seconds = [[cell.time for cell in row] for row in rows]
                block = as_block(self.name, seconds, [[cell.distance for cell in row] for row in rows])
        return Block(block.durations_s, block.distances_m * metres)

    def refusal(self, body: bytes) -> tuple[str, str]:
        try:
            said = msgspec.json.decode(body, type=_Refusal)
        except msgspec.DecodeError:
            return "", ""
        return str(said.error_code or ""), said.error


def _point(place: Place) -> dict[str, float]:
    return {"lon": round(place.lon, 6), "lat": round(place.lat, 6)}
