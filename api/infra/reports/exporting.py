"""Makes the files: the purpose is checked, the report is written, the audit line is committed, then the file is given."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal
from urllib.parse import quote

from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from api.infra import audit
from api.infra.auth import Principal
from api.infra.db import UnitOfWork
from api.infra.reports import spreadsheet
from api.infra.reports.model import Mark, Printer, Report
from api.kernel.clock import Clock, shanghai_day
from api.kernel.errors import invalid

PURPOSE_LIMIT = 100
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF = "application/pdf"


class Format(StrEnum):
    """As what."""

    XLSX = "xlsx"
    PDF = "pdf"


@dataclass(frozen=True)
class Asked:
    """How somebody wants a report: as what, for what, in which language."""

    format: Format
    purpose: str
    lang: str = "zh"


class AskedIn(BaseModel):
    """A report to take out. The purpose is printed on it and stands in the audit."""

    model_config = ConfigDict(extra="forbid")
    format: Format
    purpose: str = Field(max_length=400, description="2 to 100 characters")
    lang: Literal["zh", "en"] = "zh"

    def asked(self) -> Asked:
        """As the services take it."""
        return Asked(self.format, self.purpose, self.lang)


@dataclass(frozen=True)
class Noted:
    """What the audit says of an export beside who, when, purpose, format and number of rows. `facts` hold no names."""

    action: str
    object_type: str
    object_id: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class File:
    """A file to be saved."""

    name: str
    media_type: str
    body: bytes


class Exporter:
    """Writes reports for people."""

    def __init__(self, uow: UnitOfWork, clock: Clock, printer: Printer) -> None:
        self._uow, self._clock, self._printer = uow, clock, printer

    def make(self, who: Principal, asked: Asked, build: Callable[[Mark], Report], noted: Noted) -> File:
        """The report that `build` makes under the mark. Raises invalid `purpose_missing`, and whatever `build` raises.

        The audit record is committed before the file is given away; what fails to be made is not audited.
        """
        purpose = asked.purpose.strip()
        odd = any(unicodedata.category(letter)[0] == "C" for letter in purpose)
        if odd or not 2 <= len(purpose) <= PURPOSE_LIMIT:
            raise invalid("purpose_missing", pointer="/purpose", limit=PURPOSE_LIMIT)
        now = self._clock.now()
        report = build(Mark(who.display_name or who.actor, now, purpose))
        if asked.format is Format.XLSX:
            body, media = spreadsheet.write(report), XLSX
        else:
            body, media = self._printer.render(report.data()), PDF
        with self._uow() as session:
            audit.record(
                session, who, noted.action, noted.object_type, noted.object_id, purpose,
                format=str(asked.format), rows=report.rows, **noted.facts,
            )  # fmt: skip
        return File(f"concord-{report.name}-{shanghai_day(now):%Y%m%d}.{asked.format}", media, body)


def download(file: File) -> Response:
    """The file as an attachment that nobody caches."""
    headers = {
        "Content-Disposition": f"attachment; filename=\"{file.name}\"; filename*=UTF-8''{quote(file.name)}",
        "Cache-Control": "no-store",
    }
    return Response(file.body, media_type=file.media_type, headers=headers)
