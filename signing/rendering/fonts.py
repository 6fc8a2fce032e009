"""The fonts a renderer may use: found in given folders, named by hash, asked which characters they can show.

Nothing of the machine's own font set is used: the same files on another machine give the same PDF, byte for byte.
Two families are needed, Noto Serif SC for the text and Noto Sans SC for headings and labels. Families found besides
them (a further folder with Debian's fonts-noto-cjk, or a city's own font of rare names) serve as fallbacks.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import typst

from signing.rendering.errors import FONTS_MISSING, RenderingError

SERIF = "Noto Serif SC"
SANS = "Noto Sans SC"
_SUFFIXES = frozenset({".ttf", ".otf", ".ttc", ".otc"})
_NPM = ("noto-serif-sc/400Regular", "noto-sans-sc/400Regular", "noto-sans-sc/700Bold")


@dataclass(frozen=True)
class FontBook:
    """A fixed set of font files. `digests` are the files' SHA-256, sorted; file names don't matter."""

    folders: tuple[Path, ...]
    files: tuple[Path, ...]
    digests: tuple[str, ...]

    @staticmethod
    def npm(node_modules: Path) -> list[Path]:
        """The folders of the two families inside an npm tree."""
        return [node_modules / "@expo-google-fonts" / part for part in _NPM]

    @classmethod
    def load(cls, folders: Sequence[Path]) -> FontBook:
        """Reads and hashes every font file below `folders`.

        Raises RenderingError FONTS_MISSING, naming the folder that is absent or when there is no font at all.
        """
        found: dict[Path, None] = {}
        for folder in folders:
            if not folder.is_dir():
                raise RenderingError(FONTS_MISSING, folder=str(folder))
            for path in sorted(folder.rglob("*")):
                if path.suffix.lower() in _SUFFIXES and path.is_file():
                    found[path.resolve()] = None
        if not found:
            raise RenderingError(FONTS_MISSING, folder=", ".join(str(folder) for folder in folders))
        files = tuple(found)
        digests = tuple(sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in files))
        return cls(tuple(folder.resolve() for folder in folders), files, digests)

    @cached_property
    def typst_fonts(self) -> typst.Fonts:
        """These fonts and no others, for Typst's compilers. Raises FONTS_MISSING when a needed family is absent."""
        fonts = typst.Fonts(
            include_system_fonts=False,
            include_embedded_fonts=False,
            font_paths=[str(folder) for folder in self.folders],
        )
        for family in (SERIF, SANS):
            if family not in fonts.families():
                raise RenderingError(FONTS_MISSING, family=family)
        return fonts

    @cached_property
    def fallback_families(self) -> tuple[str, ...]:
        """Families besides the two needed ones: those for simplified Chinese first, then by name."""
        others = set(self.typst_fonts.families()) - {SERIF, SANS}
        return tuple(sorted(others, key=lambda family: (not family.endswith("SC"), family)))

    @cached_property
    def _coverage(self) -> bytes:
        """One byte per code point: 1 where every place of a document can show it.

        A name appears in the text (serif) and in labels (sans): both families must have it, or a fallback must.
        """
        own: dict[str, set[int]] = {SERIF: set(), SANS: set()}
        shown: set[int] = set()
        for path in self.files:
            for family, codepoints in _read_faces(path):
                if family not in own:
                    shown |= codepoints
                else:
                    own[family] = own[family] & codepoints if own[family] else codepoints
        shown |= own[SERIF] & own[SANS]
        flags = bytearray(sys.maxunicode + 1)
        for codepoint in shown:
            flags[codepoint] = 1
        return bytes(flags)

    def missing(self, text: Iterable[str]) -> str | None:
        """The first character of `text` that no font can show, or None."""
        return next((character for character in text if not self._coverage[ord(character)]), None)


def _read_faces(path: Path) -> Iterator[tuple[str, set[int]]]:
    # Imported here: the verifier's rendering step needs the hashes only and starts faster without it.
    from fontTools.ttLib import TTFont
    from fontTools.ttLib.sfnt import readTTCHeader

    numbers = [-1]
    if path.suffix.lower() in (".ttc", ".otc"):
        with path.open("rb") as file:
            numbers = list(range(readTTCHeader(file).numFonts))  # type: ignore[no-untyped-call]
    for number in numbers:
        with TTFont(str(path), lazy=True, fontNumber=number) as font:
            names = font["name"]
            yield str(names.getDebugName(16) or names.getDebugName(1)), set(font.getBestCmap() or ())
