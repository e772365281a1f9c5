"""Which size class a parcel needs: boxes are turned, edges compared, nothing is squeezed.

Inner dimensions are ours, chosen so that the smallest and largest class bracket what machines in the field take:
InPost publishes 8, 19 and 41 x 38 x 64 cm for its A, B and C compartments; XS and XL extend both ends. A layout with
other doors brings its own table.
"""

from collections.abc import Mapping
from typing import NamedTuple

from contract.sizes import SizeClass

PLAY_MM = 5  # a parcel that fits to the millimetre does not come out again
HEAVY_G = 12_000  # above this a parcel goes low: lifting at shoulder height stays under the 15 kg of EN 1005-2 tables
WEIGHT_G_MAX = 25_000  # what one compartment's floor and one courier carry


class Box(NamedTuple):
    """Three edges in mm, in any order."""

    a_mm: int
    b_mm: int
    c_mm: int


INNER: Mapping[SizeClass, Box] = {
    SizeClass.XS: Box(80, 190, 380),
    SizeClass.S: Box(80, 380, 640),
    SizeClass.M: Box(190, 380, 640),
    SizeClass.L: Box(410, 380, 640),
    SizeClass.XL: Box(700, 450, 640),
}


SIZES_KEPT = 4_096  # how many different boxes are remembered: a day's plan asks for the same ones again and again


def fits(parcel: Box, inner: Box) -> bool:
    """Whether a box goes in, in some rotation along the axes: sorted edges compare one by one."""
    return all(edge + PLAY_MM <= room for edge, room in zip(sorted(parcel), sorted(inner), strict=True))


def size_for(parcel: Box, inner: Mapping[SizeClass, Box] = INNER) -> SizeClass | None:
    """Return the smallest size class that takes the box, or None when none does."""
    return next((size for size in SizeClass if size in inner and fits(parcel, inner[size])), None)


def is_heavy(weight_g: int) -> bool:
    return weight_g > HEAVY_G


def is_liftable(weight_g: int) -> bool:
    return weight_g <= WEIGHT_G_MAX
