"""Every parcel of a storm: where it physically is, and what people were told about it."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from tests.process.mailbox import Letter

CSV_COLUMNS = (
    "barcode",
    "recipient_name",
    "recipient_email",
    "recipient_phone",
    "language",
    "address",
    "longitude",
    "latitude",
    "length_mm",
    "width_mm",
    "height_mm",
    "weight_g",
    "locker_allowed",
)


class Fetch(StrEnum):
    """What its recipient is up to."""

    WAITING = "waiting"
    DONE = "done"
    STAFF = "staff"
    """The locker no longer opens by itself after two crashes, and said so."""
    NEVER = "never"
    """Has no time; the parcel stays where it is."""


@dataclass(slots=True)
class Parcel:
    """``told_in`` and ``told_out`` are what a screen said aloud; ``stuck`` lies where only staff gets it out."""

    barcode: str
    locker: str
    place: tuple[float, float]
    promised: bool = False
    in_van: bool = True
    """The courier believes that it is still to be dropped off."""
    fetched: bool = False
    """The recipient holds it."""
    stuck: bool = False
    told_in: str = ""
    told_out: bool = False
    fetch: Fetch = Fetch.WAITING
    letter: Letter | None = None
    tries: int = 0
    """Errands for it, to be fair between parcels."""

    @property
    def address(self) -> str:
        return f"{self.barcode.lower()}@people.example"


@dataclass(slots=True)
class Goods:
    """``problems`` are things no honest run has, as the people who met them tell them."""

    parcels: dict[str, Parcel] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    nuisances: list[str] = field(default_factory=list)
    """What people put up with: a parcel refused because its right was still on its way, a question too many."""

    def at(self, locker: str) -> Iterator[Parcel]:
        return (one for one in self.parcels.values() if one.locker == locker)

    def to_drop(self, locker: str) -> list[Parcel]:
        """Return what lies in the van for this locker, least tried first."""
        return sorted((one for one in self.at(locker) if one.in_van and one.promised), key=lambda one: one.tries)

    def to_fetch(self, locker: str) -> list[Parcel]:
        """Return what somebody has a code for and has not fetched, least tried first."""
        found = (one for one in self.at(locker) if one.letter and one.fetch is Fetch.WAITING)
        return sorted(found, key=lambda one: one.tries)


def csv_of(parcels: Sequence[Parcel]) -> str:
    """Write the carrier's file."""
    out = io.StringIO()
    writer = csv.DictWriter(out, CSV_COLUMNS, lineterminator="\n")
    writer.writeheader()
    for one in parcels:
        person = {"recipient_name": "Zdzisława Burza", "recipient_email": one.address, "language": "en"}
        size = {"length_mm": 200, "width_mm": 150, "height_mm": 60, "weight_g": 700, "locker_allowed": "yes"}
        where = {"address": "Burzowa 1, Warszawa", "longitude": one.place[0], "latitude": one.place[1]}
        writer.writerow({"barcode": one.barcode, "recipient_phone": "+48601234567", **person, **size, **where})
    return out.getvalue()
