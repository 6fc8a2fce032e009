"""Reports that leave the house: one shape for spreadsheet and paper, marked with who took it, when and for what, audited.

Slices say what a report holds (`Report`); this package writes it as XLSX, has it typeset as PDF/A and records the audit
line before the file is given away. The typesetter itself is bound by `api.bootstrap.reports`.
"""

from api.infra.reports.exporting import Asked, AskedIn, Exporter, File, Format, Noted, download
from api.infra.reports.model import UNKNOWN, Cell, Mark, Printer, Report, Spoke, Table

__all__ = [
    "UNKNOWN",
    "Asked",
    "AskedIn",
    "Cell",
    "Exporter",
    "File",
    "Format",
    "Mark",
    "Noted",
    "Printer",
    "Report",
    "Spoke",
    "Table",
    "download",
]
