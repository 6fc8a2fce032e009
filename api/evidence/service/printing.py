"""Things on paper: the verifier's report, and the print version of a contract with cover, digest and QR code.

A print is a copy for reading. What proves is the electronic file; the cover names its digest and where to compare it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from chain.verifier.report import JudgeReport, Sheet

_FOLDER: Final = Path(__file__).resolve().parents[1] / "print_templates"


class Printer:
    """Typesets with the installation's fonts; one page after the other, safe for threads."""

    def __init__(self, fonts: Callable[[], Any]) -> None:
        self._fonts = fonts
        self._lock = threading.Lock()
        self._compilers: dict[str, Any] = {}
        self._sheet = Sheet(fonts)

    def report(self, report: JudgeReport) -> bytes:
        """The verifier's report as PDF/A."""
        return self._sheet.make(report)

    def cover(self, facts: dict[str, Any]) -> bytes:
        """The cover of a paper copy; `facts`: lang, title, number, sha256, url, date, signed, test."""
        import segno

        code = segno.make_qr(facts["url"], error="m", boost_error=False)
        return self._compile("cover.typ", facts, qr=str(code.svg_inline(border=0, omitsize=True)))

    def print_version(self, document: bytes, facts: dict[str, Any]) -> bytes:
        """Cover and pages in one file for printing."""
        pypdfium2: Any = import_module("pypdfium2")  # 25 ms, and only for paper
        cover = pypdfium2.PdfDocument(self.cover(facts))
        pages = pypdfium2.PdfDocument(document)
        pages.init_forms()
        whole = pypdfium2.PdfDocument.new()
        try:
            whole.import_pages(cover)
            whole.import_pages(pages)
            out = _Buffer()
            whole.save(out)
            return bytes(out.data)
        finally:
            for item in (whole, pages, cover):
                item.close()

    def _compile(self, name: str, value: Any, **inputs: str) -> bytes:
        import typst

        with self._lock:
            if name not in self._compilers:
                self._compilers[name] = typst.Compiler(
                    str(_FOLDER / name), root=str(_FOLDER), font_paths=self._fonts()
                )
            sys_inputs = {"data": json.dumps(value, ensure_ascii=False), **inputs}
            pdf = self._compilers[name].compile(format="pdf", sys_inputs=sys_inputs, pdf_standards="a-2a")
        if not isinstance(pdf, bytes):
            raise TypeError("no single file came out")
        return pdf


class _Buffer:
    """A writable that keeps what it gets."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, piece: bytes) -> int:
        """Append."""
        self.data += piece
        return len(piece)
