"""Typesets the report: one A4 page, PDF/A, the same bytes for the same input."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from chain.verifier.report.arrangement import JudgeReport

_TEMPLATE: Final = Path(__file__).with_name("report.typ")


class Sheet:
    """A typesetter with fonts; safe for threads. `fonts` gives folders or Typst's font object."""

    def __init__(self, fonts: Callable[[], Any]) -> None:
        self._fonts = fonts
        self._lock = threading.Lock()
        self._compiler: Any = None

    def make(self, report: JudgeReport) -> bytes:
        """The report as PDF/A-2a."""
        import typst

        value = asdict(report)
        value["made_at"] = report.made_at.strftime("%Y-%m-%d %H:%M UTC")
        value["date"] = report.made_at.strftime("%Y-%m-%d")
        with self._lock:
            if self._compiler is None:
                fonts: Any = self._fonts()
                self._compiler = typst.Compiler(str(_TEMPLATE), root=str(_TEMPLATE.parent), font_paths=fonts)
            sys_inputs = {"data": json.dumps(value, ensure_ascii=False)}
            pdf = self._compiler.compile(format="pdf", sys_inputs=sys_inputs, pdf_standards="a-2a")
        if not isinstance(pdf, bytes):
            raise TypeError("no single file came out")
        return pdf
