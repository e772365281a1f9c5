"""The page's files, read once at the start: what is not in the table cannot be asked for, whatever the path says."""

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "static"
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class Page:
    content: bytes
    media_type: str


def load_pages(folder: Path = FOLDER) -> dict[str, Page]:
    """Read every file of a known kind under ``folder``, by its path relative to it."""
    return {
        path.relative_to(folder).as_posix(): Page(path.read_bytes(), MEDIA_TYPES[path.suffix])
        for path in sorted(folder.rglob("*"))
        if path.suffix in MEDIA_TYPES
    }
