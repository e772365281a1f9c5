"""The public feed of pick-up points: GeoJSON (RFC 7946) with OpenStreetMap's tags, and what is free by size."""

import hashlib
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Header, Request, Response

from cloud.api.calls import rim_of
from cloud.domain.locker import is_counter
from cloud.services import queries

FRESH_S = 30  # shops and maps ask often; half a minute old is still true enough to choose a locker

router = APIRouter(tags=["points"])


_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The feature collection", "content": {"application/geo+json": {"schema": {"type": "object"}}}},
    304: {"description": "Nothing has changed"},
}


_LOCKER = {"amenity": "parcel_locker"}
_COUNTER = {"post_office": "post_partner", "post_office:parcel_pickup": "yes"}


@router.get("/v1/points", response_class=Response, responses=_ANSWERS)
async def get_points(
    request: Request, if_none_match: Annotated[str | None, Header(max_length=1_000)] = None
) -> Response:
    """Return every active pick-up point as a feature; ask with If-None-Match and hear 304 while nothing changed."""
    found = await rim_of(request).look(queries.points)
    body = msgspec.json.encode({"type": "FeatureCollection", "features": [feature(point) for point in found]})
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": f"public, max-age={FRESH_S}"}
    known = {one.strip().removeprefix("W/") for one in (if_none_match or "").split(",")}
    if tag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(body, 200, headers, media_type="application/geo+json")


def feature(point: queries.Point) -> dict[str, object]:
    """Return one point; OpenStreetMap wiki, Tag:amenity=parcel_locker and Tag:post_office=post_partner."""
    locker = point.locker
    tags = _COUNTER if is_counter(locker) else _LOCKER
    return {
        "type": "Feature",
        "id": locker.id,
        "geometry": {"type": "Point", "coordinates": [locker.lon, locker.lat]},
        "properties": {
            **tags,
            "ref": locker.id,
            "name": locker.name,
            "addr:full": locker.address,
            "opening_hours": locker.opening_hours,
            "takes_parcels": locker.intake_open,
            "free": {str(size): count for size, count in point.left.items()},
        },
    }
