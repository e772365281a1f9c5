"""A routing server for tests: OSRM's and Valhalla's table services over a city without corners, on loopback.

It keeps the limits of the real ones and can be told to answer the next questions badly.
"""

import contextlib
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Point = tuple[float, float]
Answer = tuple[int, bytes]

M_S = 10.0
OSRM_PLACES_MAX = 100
VALHALLA_PAIRS_MAX = 2_500


def metres(one: Point, two: Point) -> float:
    """Return how far it is here: east, then north, 100 km to a degree."""
    return 1e5 * (abs(one[0] - two[0]) + abs(one[1] - two[1]))


@dataclass
class RoutingServer:
    """``bad`` are answers to give before the good ones; ``lake`` are points no road leads to."""

    url: str = ""
    asked: list[str] = field(default_factory=list)
    bad: list[Callable[[], Answer]] = field(default_factory=list)
    lake: set[Point] = field(default_factory=set)
    snapped_m: dict[Point, float] = field(default_factory=dict)
    wordy: bool = False
    released: threading.Event = field(default_factory=threading.Event)
    _asked: threading.Condition = field(default_factory=threading.Condition)

    def fail(self, status: int, body: Any = "", times: int = 1) -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        self.bad += [lambda: (status, text.encode())] * times

    def hang(self) -> None:
        """Answer nothing more until the test is over."""
        self.bad += [self._wait] * 10

    def heard(self, questions: int) -> bool:
        """Wait until so many questions have come: who gives up on an answer may do so before the question is read."""
        with self._asked:
            return self._asked.wait_for(lambda: len(self.asked) >= questions, 60)

    def _wait(self) -> Answer:
        self.released.wait(60)
        return 503, b""

    def answer(self, path: str, body: bytes) -> Answer:
        with self._asked:
            self.asked.append(path)
            self._asked.notify_all()
        if self.bad:
            return self.bad.pop(0)()
        return self._valhalla(json.loads(body)) if path == "/sources_to_targets" else self._osrm(path)

    def _table(self, rows: Sequence[Point], columns: Sequence[Point]) -> list[list[float | None]]:
        return [[None if {a, b} & self.lake and a != b else metres(a, b) for b in columns] for a in rows]

    def _osrm(self, path: str) -> Answer:
        parts = urlsplit(path)
        points = [_point(pair) for pair in unquote(parts.path.rsplit("/", 1)[1]).split(";")]
        if not parts.path.startswith("/table/v1/driving/") or len(points) > OSRM_PLACES_MAX:
            return 400, json.dumps({"code": "TooBig", "message": "Too many table coordinates"}).encode()
        options = parse_qs(parts.query, separator="&")
        rows = [points[int(one)] for one in options["sources"][0].split(";")]
        columns = [points[int(one)] for one in options["destinations"][0].split(";")]
        table = self._table(rows, columns)
        said = {
            "code": "Ok",
            "durations": [[None if one is None else one / M_S for one in row] for row in table],
            "distances": table,
            "sources": [{"distance": self.snapped_m.get(one, 3.2), "name": ""} for one in rows],
            "destinations": [{"distance": self.snapped_m.get(one, 3.2), "name": ""} for one in columns],
        }
        assert options["annotations"] == ["duration,distance"]
        return 200, json.dumps(said).encode()

    def _valhalla(self, asked: dict[str, Any]) -> Answer:
        rows = [(one["lon"], one["lat"]) for one in asked["sources"]]
        columns = [(one["lon"], one["lat"]) for one in asked["targets"]]
        if len(rows) * len(columns) > VALHALLA_PAIRS_MAX:
            return 400, json.dumps({"error_code": 150, "error": "Exceeded max locations", "status_code": 400}).encode()
        table = self._table(rows, columns)
        km = [[None if one is None else one / 1e3 for one in row] for row in table]
        seconds = [[None if one is None else one / M_S for one in row] for row in table]
        if self.wordy or asked["verbose"]:
            cells = [
                [{"time": t, "distance": d, "from_index": 0, "to_index": 0} for t, d in zip(*rows, strict=True)]
                for rows in zip(seconds, km, strict=True)
            ]
            return 200, json.dumps({"sources_to_targets": cells, "units": "kilometers"}).encode()
        said = {"sources_to_targets": {"durations": seconds, "distances": km}, "units": asked["units"]}
        return 200, json.dumps(said).encode()


def _point(pair: str) -> Point:
    lon, lat = pair.split(",")
    return float(lon), float(lat)


@contextlib.contextmanager
def routing_server() -> Iterator[RoutingServer]:
    told = RoutingServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._reply(b"")

        def do_POST(self) -> None:
            self._reply(self.rfile.read(int(self.headers["Content-Length"])))

        def _reply(self, body: bytes) -> None:
            status, said = told.answer(self.path, body)
            with contextlib.suppress(ConnectionError):
                self.send_response(status)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        told.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield told
        finally:
            told.released.set()
            server.shutdown()
            thread.join()
