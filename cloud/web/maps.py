"""What a map shows, as plain data in an attribute of the page: points, and lines between them."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from cloud.domain.locker import Locker

Position = tuple[float, float]


def point(kind: str, at: Position, name: str, **more: Any) -> dict[str, Any]:
    """Return one marker; ``more`` may carry ``href``, ``text`` (written into the marker) and ``state``."""
    return {"kind": kind, "lon": round(at[0], 6), "lat": round(at[1], 6), "name": name, **more}


def locker_point(locker: Locker, **more: Any) -> dict[str, Any]:
    return point("locker", (locker.lon, locker.lat), locker.name, **more)


def line(positions: Iterable[Position], colour: int = 0, *, dashed: bool = False) -> dict[str, Any]:
    """Return a line; ``colour`` picks one of the route colours of the style sheet, dashes are other people's ways."""
    points = [[round(lon, 6), round(lat, 6)] for lon, lat in positions]
    return {"colour": colour % 6, "points": points, **({"dashed": True} if dashed else {})}


def drawing(points: Sequence[dict[str, Any]], lines: Sequence[dict[str, Any]] = ()) -> str:
    """Return the value of ``data-map``."""
    return json.dumps({"points": list(points), "lines": list(lines)}, ensure_ascii=False)
