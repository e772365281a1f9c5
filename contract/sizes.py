"""Size classes of compartments, smallest first."""

from enum import StrEnum


class SizeClass(StrEnum):
    """How large a compartment is; a parcel of one class fits every later one."""

    XS = "XS"
    S = "S"
    M = "M"
    L = "L"
    XL = "XL"

    @property
    def rank(self) -> int:
        """Place in the order of sizes, 0 for the smallest."""
        return _RANK[self]

    def at_least(self, other: "SizeClass") -> bool:
        """Whether a parcel promised ``other`` fits into this class."""
        return self.rank >= other.rank


_RANK = {size: rank for rank, size in enumerate(SizeClass)}
