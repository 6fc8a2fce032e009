"""Renders documents with Typst: PDF/A-3a and PDF/UA-1, the same bytes for the same data, fonts and template.

ISO 19005-3 (PDF/A-3a) and ISO 14289-1 (PDF/UA-1); guideline 人社厅发〔2021〕54号 arts. 4 and 12 (complete, unaltered,
readable on common devices); 电子签名法 art. 5 (an original shows its content and stays unchanged).

Templates are addressed by the hash of their files. User text reaches a template only as data (`sys.inputs`), never
as markup. The base PDF is Typst's output and a newline: Typst ends its file without one, and an incremental update
(each signature is one) would then break PDF/A clause 6.1.9.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import rfc8785
import segno
import typst

from signing.rendering import agreement, characters, stamp
from signing.rendering.characters import JSON
from signing.rendering.errors import (
    GLYPH_MISSING,
    PICTURE_INVALID,
    TEMPLATE_UNKNOWN,
    TYPESETTING_FAILED,
    RenderingError,
)
from signing.rendering.fonts import FontBook

_DOCUMENT: Final[typst.PDFStandards] = ["a-3a", "ua-1"]
_STAMP: Final[typst.PDFStandards] = "a-3b"

_ROOT = Path(__file__).parent / "templates"
_CHECKS = {"agreement/1": agreement.check}

SOURCES: Final[Mapping[str, Path]] = {"agreement/1": _ROOT / "agreement-1"}
"""The templates of this source tree by id; an installation may render released copies of them instead."""

Folders = Callable[[], Mapping[str, Path]]
"""Where each template is read from now. A folder's files never change: another version is another folder."""


@dataclass(frozen=True)
class SignatureBox:
    """A reserved place: the only area that a later revision may draw in. Points, origin at the bottom left."""

    field: str
    page: int
    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def width(self) -> float:
        """Width in points."""
        return round(self.x2 - self.x1, 3)

    @property
    def height(self) -> float:
        """Height in points."""
        return round(self.y2 - self.y1, 3)


@dataclass(frozen=True)
class Rendered:
    """A base PDF (newline included), its digest, where it is signed, and the data that it carries."""

    pdf: bytes
    sha256: str
    template_id: str
    template_sha256: str
    renderer_id: str
    pages: int
    boxes: Mapping[str, SignatureBox]
    data_json: bytes


def folder_files(folder: Path) -> dict[str, str]:
    """SHA-256 (hex) of every file of a template's folder by its name in it."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def template_files(template_id: str) -> dict[str, str]:
    """The files of a template of this source tree, as they would be released."""
    return folder_files(SOURCES[template_id])


def template_digest(folder: Path) -> str:
    """SHA-256 over the canonical JSON of {file name: SHA-256} of every file of a template's folder, hex."""
    return hashlib.sha256(rfc8785.dumps(folder_files(folder))).hexdigest()


def read_boxes(attached: bytes) -> list[SignatureBox]:
    """The reserved places from a document's attached signature-boxes.json (thousandths of a point)."""
    return [
        SignatureBox(
            str(place["field"]),
            int(place["page"]),
            *(int(place[side]) / 1000 for side in ("x1", "y1", "x2", "y2")),
        )
        for place in json.loads(attached)["boxes"]
    ]


class Renderer:
    """Renders documents and stamps. Keep one per process: the compilers and fonts are reused (10–40 ms a document).

    Safe for threads: one document is typeset at a time.
    """

    def __init__(self, fonts: FontBook, folders: Folders = lambda: SOURCES) -> None:
        self._fonts, self._folders = fonts, folders
        self._lock = threading.Lock()
        self._compilers: dict[Path, typst.Compiler] = {}
        self._digests: dict[Path, str] = {}
        parts: dict[str, Any] = {"fonts": list(fonts.digests), "qr": f"segno-{version('segno')}"}
        self.renderer_id = f"typst-{version('typst')}/{hashlib.sha256(rfc8785.dumps(parts)).hexdigest()}"

    def templates(self) -> dict[str, str]:
        """Hash → id of every template that can be rendered."""
        return {self._digest(folder): name for name, folder in self._folders().items()}

    def template_sha256(self, template_id: str) -> str:
        """The hash of a template. Raises TEMPLATE_UNKNOWN."""
        return self._digest(self._folder(template_id))

    def _folder(self, template_id: str) -> Path:
        folder = self._folders().get(template_id) if template_id in _CHECKS else None
        if folder is None:
            raise RenderingError(TEMPLATE_UNKNOWN, template_id=template_id)
        return folder

    def _digest(self, folder: Path) -> str:
        if folder not in self._digests:
            self._digests[folder] = template_digest(folder)
        return self._digests[folder]

    def render(self, template_id: str, data: Mapping[str, JSON], *, check_glyphs: bool = True) -> Rendered:
        """Renders `data` with a template.

        `check_glyphs=False` leaves missing characters to Typst, which refuses them too but names them less well.

        Raises RenderingError: DATA_INVALID, CHARACTER_FORBIDDEN, TEXT_TOO_LONG, GLYPH_MISSING (naming the character
        and where it stands), TEMPLATE_UNKNOWN, TYPESETTING_FAILED. Nothing is produced then.
        """
        folder = self._folder(template_id)
        used = characters.check(data)
        _CHECKS[template_id](data)
        if check_glyphs:
            self._check_glyphs(used, data)
        data_json = rfc8785.dumps(data)
        inputs = {
            "data": data_json.decode(),
            "qr": _qr_svg(str(data["lookup"]["url"])),  # type: ignore[index,call-overload]
            "fallback": json.dumps(self._fonts.fallback_families),
        }
        with self._lock:
            compiler = self._compiler(folder)
            pdf = _compile(compiler, inputs, _DOCUMENT) + b"\n"
            facts = json.loads(compiler.query("<document-facts>", field="value", one=True))
        return Rendered(
            pdf=pdf,
            sha256=hashlib.sha256(pdf).hexdigest(),
            template_id=template_id,
            template_sha256=self._digest(folder),
            renderer_id=self.renderer_id,
            pages=int(facts["pages"]),
            boxes={box.field: box for box in read_boxes(facts["boxes"].encode())},
            data_json=data_json,
        )

    def stamp(
        self, lines: Sequence[str], *, width: float, height: float, test: bool, picture: bytes | None = None
    ) -> bytes:
        """A one-page PDF of exactly `width` × `height` points, to be placed inside a reserved box.

        Without `picture` a plain framed box. With it (PNG: the organisation's own registered seal) the picture and
        the lines beside it. No time and no certificate data: the stamp is fixed before the signature exists.
        Raises PICTURE_INVALID and the errors of `render`.
        """
        stamp.check(lines, width, height, picture)
        self._check_glyphs(characters.check(list(lines)), list(lines))
        inputs = stamp.inputs(lines, width, height, test, picture)
        inputs["fallback"] = json.dumps(self._fonts.fallback_families)
        with self._lock:
            try:
                return _compile(self._compiler(_ROOT / "stamp-1"), inputs, _STAMP)
            except RenderingError as error:
                if picture is None or "image" not in str(error.facts.get("reason")):
                    raise
                raise RenderingError(PICTURE_INVALID, reason="the file can't be decoded") from error

    def _check_glyphs(self, used: str, data: JSON) -> None:
        character = self._fonts.missing(used)
        if character is not None:
            raise RenderingError(
                GLYPH_MISSING,
                character=character,
                codepoint=f"U+{ord(character):04X}",
                path=characters.where(data, character),
            )

    def _compiler(self, folder: Path) -> typst.Compiler:
        if folder not in self._compilers:
            self._compilers[folder] = typst.Compiler(
                str(folder / "main.typ"),
                root=str(folder),
                font_paths=self._fonts.typst_fonts,
            )
        return self._compilers[folder]


def _compile(compiler: typst.Compiler, inputs: dict[str, str], standards: typst.PDFStandards) -> bytes:
    try:
        pdf, warnings = compiler.compile_with_warnings(
            format="pdf", sys_inputs=inputs, pdf_standards=standards
        )
    except typst.TypstError as error:
        raise RenderingError(TYPESETTING_FAILED, reason=str(error)[:400]) from error
    if warnings:
        raise RenderingError(TYPESETTING_FAILED, reason=str(warnings[0])[:400])
    if not isinstance(pdf, bytes):
        raise RenderingError(TYPESETTING_FAILED, reason="no single file came out")
    return pdf


def _qr_svg(address: str) -> str:
    code = segno.make_qr(address, error="m", boost_error=False)
    return str(code.svg_inline(border=0, dark="#16232e", omitsize=True))
