"""The judge's report: one page made from what the verifier found, in the order in which a court asks."""

from chain.verifier.report.arrangement import JudgeReport, ReportItem, ReportSection, arrange
from chain.verifier.report.sheet import Sheet

__all__ = ["JudgeReport", "ReportItem", "ReportSection", "Sheet", "arrange"]
