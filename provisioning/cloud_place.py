"""Where the cloud is, as a device knows it: told by the fitter, and kept beside the bundle for the next certificate."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from provisioning.files import write_atomically
from provisioning.kernel_time import BUILT_AT_S, clock_synchronised

PLACE = "cloud.json"
AUTHORITY = "cloud-ca.pem"


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudPlace:
    """``ca`` is a PEM file to trust instead of the system's authorities.

    ``synced`` says whether the machine's clock can be believed; a certificate that ended before ``sure_s`` (Unix
    seconds) has ended, whatever the clock says.
    """

    url: str
    ca: Path | None = None
    synced: Callable[[], bool] = clock_synchronised
    sure_s: int = BUILT_AT_S


class _Kept(msgspec.Struct, frozen=True):
    url: str
    own_authority: bool


def keep_place(directory: Path, place: CloudPlace) -> None:
    """Remember beside the bundle where this device joined, so that it can ask again; writes only what is new."""
    if place.ca is not None:
        _keep(directory / AUTHORITY, place.ca.read_bytes())
    _keep(directory / PLACE, msgspec.json.encode(_Kept(place.url, own_authority=place.ca is not None)))


def kept_place(directory: Path) -> CloudPlace | None:
    """Return where this device joined; None when it was enrolled before that was kept, or the note is damaged."""
    try:
        kept = msgspec.json.decode((directory / PLACE).read_bytes(), type=_Kept)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    return CloudPlace(url=kept.url, ca=directory / AUTHORITY if kept.own_authority else None)


def _keep(path: Path, content: bytes) -> None:
    if not path.exists() or path.read_bytes() != content:
        write_atomically(path, content)
