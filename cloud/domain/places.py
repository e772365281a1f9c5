"""Distances on the ground, for rules that ask how far somebody must walk."""

from math import asin, cos, radians, sin, sqrt

EARTH_M = 6_371_008.8  # mean radius R1 of the GRS 80 ellipsoid


def distance_m(lon_a: float, lat_a: float, lon_b: float, lat_b: float) -> float:
    """Return the great-circle distance between two points in degrees (haversine formula)."""
    lat_1, lat_2 = radians(lat_a), radians(lat_b)
    half_lat = sin((lat_2 - lat_1) / 2) ** 2
    half_lon = sin(radians(lon_b - lon_a) / 2) ** 2
    return 2 * EARTH_M * asin(sqrt(min(1.0, half_lat + cos(lat_1) * cos(lat_2) * half_lon)))
