"""The one error of document rendering: a code for programs, facts for the text that people read."""

from __future__ import annotations

DATA_INVALID = "DATA_INVALID"
GLYPH_MISSING = "GLYPH_MISSING"
CHARACTER_FORBIDDEN = "CHARACTER_FORBIDDEN"
TEXT_TOO_LONG = "TEXT_TOO_LONG"
TEMPLATE_UNKNOWN = "TEMPLATE_UNKNOWN"
FONTS_MISSING = "FONTS_MISSING"
PICTURE_INVALID = "PICTURE_INVALID"
TYPESETTING_FAILED = "TYPESETTING_FAILED"


class RenderingError(Exception):
    """A document that can't be rendered. `code` is one of this module's constants; `facts` are plain values."""

    def __init__(self, code: str, **facts: str | int) -> None:
        self.code = code
        self.facts: dict[str, str | int] = dict(facts)
        super().__init__(f"{code} {self.facts}" if facts else code)
