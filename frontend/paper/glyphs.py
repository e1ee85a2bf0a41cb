"""Which characters a font can draw, from its own table."""

from __future__ import annotations

import struct
from pathlib import Path


def read_covered(font: Path) -> frozenset[int]:
    """The code points that *font* has a glyph for.

    Source: OpenType 1.9.1, `cmap`, format 12 (segmented coverage), which every font beyond the first plane has.
    """
    data = font.read_bytes()
    tables = {
        data[at : at + 4]: struct.unpack_from(">II", data, at + 8)
        for at in range(12, 12 + 16 * struct.unpack_from(">H", data, 4)[0], 16)
    }
    start, _length = tables[b"cmap"]
    for number in range(struct.unpack_from(">H", data, start + 2)[0]):
        (offset,) = struct.unpack_from(">I", data, start + 4 + 8 * number + 4)
        if struct.unpack_from(">H", data, start + offset)[0] == 12:
            return frozenset(_segments(data, start + offset))
    raise ValueError("this font has no table of format 12")


def _segments(data: bytes, at: int) -> set[int]:
    (groups,) = struct.unpack_from(">I", data, at + 12)
    return {
        code
        for number in range(groups)
        for first, last, _glyph in [struct.unpack_from(">III", data, at + 16 + 12 * number)]
        for code in range(first, last + 1)
    }
