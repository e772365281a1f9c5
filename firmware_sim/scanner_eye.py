"""A scanner's eye: reads a QR code from a picture, so that simulated people can show what is really in their mail.

Only pixel-perfect pictures as ``segno`` draws them (PNG, black and white, upright, no error to correct): mails are not
photographed here. Structure, masks and modes follow ISO/IEC 18004; segno's own tables give the blocks.
"""

import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any

from segno import consts

FINDER_MODULES = 7
MODULES_MIN = 21
CORNER = 8  # finder, separator and format bits reach this far
TIMING = 6
WITH_VERSION = 45  # modules of version 7, the first that says its version
ALIGNMENT_REACH = 2
FORMAT_MASK = 0b101010000010010
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
FILTER_NONE, FILTER_UP = 0, 2
ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
MODE_END, MODE_ALPHANUMERIC, MODE_BYTES = 0, 2, 4
LEVELS = "MLHQ"  # in the order of their two format bits

Grid = list[list[bool]]
MASKS: tuple[Callable[[int, int], bool], ...] = (
    lambda i, j: (i + j) % 2 == 0,
    lambda i, _: i % 2 == 0,
    lambda _, j: j % 3 == 0,
    lambda i, j: (i + j) % 3 == 0,
    lambda i, j: (i // 2 + j // 3) % 2 == 0,
    lambda i, j: i * j % 2 + i * j % 3 == 0,
    lambda i, j: (i * j % 2 + i * j % 3) % 2 == 0,
    lambda i, j: ((i + j) % 2 + i * j % 3) % 2 == 0,
)


class UnreadableError(ValueError):
    """A picture that this eye cannot read; the message says why."""


def read_qr(png: bytes) -> str:
    """Return the text of the QR code in ``png``; raises ``UnreadableError``."""
    grid = _modules(_pixels(png))
    version = (len(grid) - 17) // 4
    bits = sum(dark << place for place, dark in enumerate(_format_bits(grid))) ^ FORMAT_MASK
    level, mask = LEVELS[bits >> 13], bits >> 10 & 7
    codewords = list(_codewords(_data_bits(grid, version, mask)))
    return _text(_data(codewords, version, level), version)


def _pixels(png: bytes) -> Grid:
    """Return rows of pixels, True for black."""
    if not png.startswith(PNG_SIGNATURE):
        raise UnreadableError("this is no PNG")
    place, packed, width, height = len(PNG_SIGNATURE), b"", 0, 0
    while place < len(png):
        length, kind = struct.unpack_from(">I4s", png, place)
        content = png[place + 8 : place + 8 + length]
        place += 12 + length
        if kind == b"IHDR":
            width, height, depth, colours = struct.unpack_from(">IIBB", content)
            if (depth, colours) != (1, 0):
                raise UnreadableError("this eye sees black and white only")
        elif kind == b"IDAT":
            packed += content
    try:
        lines = _unfiltered(zlib.decompress(packed), (width + 7) // 8, height)
    except zlib.error as error:
        raise UnreadableError("the picture is cut off") from error
    return [[not line[x // 8] >> (7 - x % 8) & 1 for x in range(width)] for line in lines]


def _unfiltered(rows: bytes, stride: int, height: int) -> Iterator[bytes]:
    """Undo PNG's filters "none" and "up", the two that segno uses."""
    above = bytes(stride)
    for nth in range(height):
        kind, line = rows[nth * (stride + 1)], rows[nth * (stride + 1) + 1 : (nth + 1) * (stride + 1)]
        if kind not in (FILTER_NONE, FILTER_UP):
            raise UnreadableError(f"this eye does not know filter {kind}")
        above = line if kind == FILTER_NONE else bytes((a + b) % 256 for a, b in zip(line, above, strict=True))
        yield above


def _modules(pixels: Grid) -> Grid:
    """Find border and scale from the first finder pattern, and look at every module once."""
    top = next((y for y, row in enumerate(pixels) if any(row)), None)
    if top is None:
        raise UnreadableError("the picture is empty")
    left = pixels[top].index(True)
    dark, run = next(groupby(pixels[top][left:]))
    scale = len(list(run)) // FINDER_MODULES if dark else 0
    count = (len(pixels) - 2 * top) // scale if scale else 0
    if count < MODULES_MIN or (count - 17) % 4:
        raise UnreadableError(f"{count} modules are no QR code")
    return [[pixels[top + scale * i][left + scale * j] for j in range(count)] for i in range(count)]


def _format_bits(grid: Grid) -> Iterator[bool]:
    """Yield the fifteen bits around the upper left finder pattern, lowest first."""
    for i in (0, 1, 2, 3, 4, 5, 7, 8):
        yield grid[i][8]
    for j in (7, 5, 4, 3, 2, 1, 0):
        yield grid[8][j]


def _data_bits(grid: Grid, version: int, mask: int) -> Iterator[bool]:
    """Walk the columns in pairs, up and down in turn, past everything that is pattern; take the mask off."""
    size, upwards = len(grid), True
    centres = consts.ALIGNMENT_POS[version - 2] if version > 1 else ()
    for right in (*range(size - 1, 6, -2), 5, 3, 1):  # the column of the timing pattern, 6, is nobody's
        for i in range(size - 1, -1, -1) if upwards else range(size):
            for j in (right, right - 1):
                if not _is_pattern(i, j, size, centres):
                    yield grid[i][j] ^ MASKS[mask](i, j)
        upwards = not upwards


def _is_pattern(i: int, j: int, size: int, centres: Sequence[int]) -> bool:
    """Tell finders with their format bits, timing, version and alignment patterns from data."""
    in_corner = (i <= CORNER and (j <= CORNER or j >= size - CORNER)) or (i >= size - CORNER and j <= CORNER)
    in_version = size >= WITH_VERSION and (
        (i < TIMING and size - 11 <= j < size - 8) or (j < TIMING and size - 11 <= i < size - 8)
    )
    return in_corner or TIMING in (i, j) or in_version or _is_aligning(i, j, size, centres)


def _is_aligning(i: int, j: int, size: int, centres: Sequence[int]) -> bool:
    row = next((centre for centre in centres if abs(i - centre) <= ALIGNMENT_REACH), None)
    column = next((centre for centre in centres if abs(j - centre) <= ALIGNMENT_REACH), None)
    if row is None or column is None:
        return False
    far = size - 7
    return (row, column) not in {(TIMING, TIMING), (TIMING, far), (far, TIMING)}  # there stand the finders


def _codewords(bits: Iterator[bool]) -> Iterator[int]:
    for byte in zip(*[bits] * 8, strict=False):
        yield sum(bit << (7 - place) for place, bit in enumerate(byte))


def _data(codewords: Sequence[int], version: int, level: str) -> bytes:
    """Undo the interleaving and leave the error correction out."""
    table: Any = consts.ECC
    groups = table[version][consts.ERROR_MAPPING[level]]
    lengths = [group.num_data for group in groups for _ in range(group.num_blocks)]
    source = iter(codewords)
    blocks: list[list[int]] = [[] for _ in lengths]
    for nth in range(max(lengths)):
        for block, length in zip(blocks, lengths, strict=True):
            if nth < length:
                block.append(next(source))
    return bytes(one for block in blocks for one in block)


def _text(data: bytes, version: int) -> str:
    bits = "".join(f"{byte:08b}" for byte in data)
    place, text = 0, ""

    def take(count: int) -> int:
        nonlocal place
        place += count
        return int(bits[place - count : place] or "0", 2)

    wide = 0 if version < 10 else 1 if version < 27 else 2  # noqa: PLR2004 - the standard's ranges of versions
    while place + 4 <= len(bits) and (mode := take(4)) != MODE_END:
        if mode == MODE_ALPHANUMERIC:
            text += _alphanumeric(take, take((9, 11, 13)[wide]))
        elif mode == MODE_BYTES:
            text += bytes(take(8) for _ in range(take((8, 16, 16)[wide]))).decode()
        else:
            raise UnreadableError(f"mode {mode} is not read by this eye")
    return text


def _alphanumeric(take: Callable[[int], int], count: int) -> str:
    """Read characters in pairs of eleven bits, and an odd last one of six."""
    pairs = [divmod(take(11), len(ALPHANUMERIC)) for _ in range(count // 2)]
    text = "".join(ALPHANUMERIC[first] + ALPHANUMERIC[second] for first, second in pairs)
    return text + (ALPHANUMERIC[take(6)] if count % 2 else "")
