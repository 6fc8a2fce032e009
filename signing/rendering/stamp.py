"""What a stamp may hold: a few short lines, and for the seal variant the organisation's own registered picture.

The round red seal is never drawn by us: it is shown only when the organisation registered a picture of its own.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence

from signing.rendering.errors import DATA_INVALID, PICTURE_INVALID, TEXT_TOO_LONG, RenderingError

MAX_LINES = 6
MAX_LINE = 60
MAX_PICTURE = 512 * 1024
MAX_SIDE = 2400
MIN_SIDE = 64

_PNG = b"\x89PNG\r\n\x1a\n"


def check(lines: Sequence[str], width: float, height: float, picture: bytes | None) -> None:
    """Raises DATA_INVALID, TEXT_TOO_LONG or PICTURE_INVALID."""
    if not 1 <= len(lines) <= MAX_LINES or not all(line.strip() and "\n" not in line for line in lines):
        raise RenderingError(DATA_INVALID, path="", reason=f"a stamp has 1 to {MAX_LINES} single lines")
    for index, line in enumerate(lines):
        if len(line) > MAX_LINE:
            raise RenderingError(TEXT_TOO_LONG, path=f"/{index}", limit=MAX_LINE, length=len(line))
    if not (60 <= width <= 600 and 40 <= height <= 400):
        raise RenderingError(DATA_INVALID, path="", reason="stamp size out of range")
    if picture is not None:
        check_picture(picture)


def check_picture(picture: bytes) -> tuple[int, int]:
    """Checks a registered seal picture: PNG, at most 512 kB, sides between 64 and 2,400 pixels; returns its size."""
    if len(picture) > MAX_PICTURE:
        raise RenderingError(PICTURE_INVALID, reason="larger than 512 kB", limit=MAX_PICTURE)
    if not picture.startswith(_PNG) or len(picture) < 33 or picture[12:16] != b"IHDR":
        raise RenderingError(PICTURE_INVALID, reason="not a PNG file")
    width, height = struct.unpack(">II", picture[16:24])
    if not (MIN_SIDE <= width <= MAX_SIDE and MIN_SIDE <= height <= MAX_SIDE):
        raise RenderingError(
            PICTURE_INVALID, reason="sides must be 64 to 2400 pixels", width=width, height=height
        )
    return width, height


def inputs(
    lines: Sequence[str], width: float, height: float, test: bool, picture: bytes | None
) -> dict[str, str]:
    """The template's `sys.inputs`."""
    return {
        "lines": json.dumps(list(lines), ensure_ascii=False),
        "width": f"{width:.3f}",
        "height": f"{height:.3f}",
        "test": "1" if test else "0",
        "picture": json.dumps(list(picture)) if picture is not None else "",  # Typst has no base64
    }
