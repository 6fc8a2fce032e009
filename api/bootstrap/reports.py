"""Wires reports: the typesetter with the installation's fonts, one for every slice that gives files to people."""

from __future__ import annotations

import json
import threading
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import api.infra.reports
from api.bootstrap.rendering import font_folders
from api.infra.i18n import N_, translate
from api.infra.reports import Exporter
from api.kernel.errors import invalid

if TYPE_CHECKING:
    from api.bootstrap.container import Container
    from signing.rendering import FontBook

_BOX, _NAMED = "□", 12
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Categories of characters that are not seen, or change how others are read."""
_TEMPLATE = Path(api.infra.reports.__file__).parent / "print_templates" / "report.typ"


class TypstReports:
    """`Printer` with Typst and the installation's own fonts; one report after the other, safe for threads."""

    def __init__(self, folders: Sequence[Path], *, test: bool) -> None:
        self._folders, self._test = folders, test
        self._lock = threading.Lock()
        self._fonts: FontBook | None = None
        self._compiler: Any = None

    def render(self, report: Mapping[str, Any]) -> bytes:
        """The report as PDF/A-2a, every character of it: what no font can show is printed as a box, and a note says so."""
        import typst  # half a hundred milliseconds, and only for paper

        from signing.rendering import FontBook
        from signing.rendering.fonts import SANS

        with self._lock:
            if self._fonts is None:
                self._fonts = FontBook.load(list(self._folders))
            if self._compiler is None:
                self._compiler = typst.Compiler(
                    str(_TEMPLATE), root=str(_TEMPLATE.parent), font_paths=self._fonts.typst_fonts
                )
            fonts = [SANS, *self._fonts.fallback_families]
            data = json.dumps(
                {**self._printable(report), "test": self._test, "fonts": fonts}, ensure_ascii=False
            )
            try:
                pdf = self._compiler.compile(format="pdf", sys_inputs={"data": data}, pdf_standards="a-2a")
            except typst.TypstError as error:
                raise invalid("report_unprintable", reason=str(error)[:200]) from error
        if not isinstance(pdf, bytes):
            raise TypeError("no single file came out")
        return pdf

    def _printable(self, report: Mapping[str, Any]) -> Mapping[str, Any]:
        """The report with a box in place of what cannot be shown, and of what hides or reorders text (UAX #9)."""
        used = {letter for text in _texts(report) for letter in text}
        odd = sorted(letter for letter in used - {"\n"} if self._unprintable(letter))
        if not odd:
            return report
        boxes = str.maketrans(dict.fromkeys(odd, _BOX))
        named = " ".join(f"U+{ord(letter):04X}" for letter in odd[:_NAMED])
        more = " …" if len(odd) > _NAMED else ""
        note = translate(
            report["lang"],
            N_("有些字符字库里没有，印作 %(box)s：%(named)s。原字在 XLSX 里。"),
            box=_BOX,
            named=named + more,
        )
        made = _replaced(report, boxes)
        return {**made, "notes": [*made["notes"], note]}

    def _unprintable(self, letter: str) -> bool:
        return unicodedata.category(letter) in _HIDDEN or bool(self._fonts and self._fonts.missing(letter))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, Sequence):
        for part in value:
            yield from _texts(part)


def _replaced(value: Any, boxes: Mapping[int, str]) -> Any:
    if isinstance(value, str):
        return value.translate(boxes)
    if isinstance(value, Mapping):
        return {key: _replaced(part, boxes) for key, part in value.items()}
    if isinstance(value, Sequence):
        return [_replaced(part, boxes) for part in value]
    return value


@cache
def _printer(folders: tuple[Path, ...], test: bool) -> TypstReports:
    return TypstReports(folders, test=test)


def exporter(c: Container) -> Exporter:
    """What writes this installation's reports; every slice shares the typesetter, which reads the fonts once."""
    return Exporter(c.uow, c.clock, _printer(tuple(font_folders(c)), c.settings.test_installation))
