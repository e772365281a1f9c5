"""OSRM's table service (project-osrm.org, HTTP API v5): origins and destinations as numbers into one list of places."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from cloud.routing.problem import Place
from cloud.routing.travel.errors import ServerLiedError, ServerRefusedError
from cloud.routing.travel.servers import Block, Question, as_block

SNAP_M_MAX = 1_000.0  # OSRM snaps a place to the nearest road however far that is: beyond this it is another place
OK = "Ok"


class _Waypoint(msgspec.Struct):
    distance: float = 0.0


class _Table(msgspec.Struct):
    code: str
    message: str = ""
    durations: list[list[float | None]] | None = None
    distances: list[list[float | None]] | None = None
    sources: list[_Waypoint] = []
    destinations: list[_Waypoint] = []


class _Refusal(msgspec.Struct):
    code: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Osrm:
    """``places_max`` is the server's ``--max-table-size``, 100 unless it was started with another."""

    places_max: int = 100
    profile: str = "driving"
    name: str = "OSRM"

    @property
    def side_max(self) -> int:
        return max(1, self.places_max // 2)

    def ask(self, origins: Sequence[Place], destinations: Sequence[Place]) -> Question:
        points = ";".join(f"{place.lon:.6f},{place.lat:.6f}" for place in (*origins, *destinations))
        count = len(origins)
        rows = ";".join(map(str, range(count)))
        columns = ";".join(map(str, range(count, count + len(destinations))))
        options = f"sources={rows}&destinations={columns}&annotations=duration,distance"
        return Question(f"/table/v1/{self.profile}/{points}?{options}")

    def read(self, body: bytes) -> Block:
        try:
            table = msgspec.json.decode(body, type=_Table)
        except msgspec.DecodeError as error:
            raise ServerLiedError(f"{self.name}: {error}") from error
        if table.code != OK:
            raise ServerRefusedError(self.name, table.code, table.message)
        if table.durations is None or table.distances is None:
            raise ServerLiedError(f"{self.name}: an answer without durations or distances; OSRM 5.18 or later has both")
        block = as_block(self.name, table.durations, table.distances)
        far = [[one.distance > SNAP_M_MAX for one in side] for side in (table.sources, table.destinations)]
        if (len(far[0]), len(far[1])) == block.durations_s.shape:
            block.durations_s[np.array(far[0], dtype=bool), :] = np.nan
            block.durations_s[:, np.array(far[1], dtype=bool)] = np.nan
        return block

    def refusal(self, body: bytes) -> tuple[str, str]:
        try:
            said = msgspec.json.decode(body, type=_Refusal)
        except msgspec.DecodeError:
            return "", ""
        return said.code, said.message
