"""`concord bench`: ratios between two things in the same run, and counts; tables go to docs/benchmarks.md.

Absolute times on shared machines are noise: they are shown beside a baseline of the same run and gate nothing.
"""

from __future__ import annotations

from importlib import import_module

import typer

app = typer.Typer(no_args_is_help=True, help="量测（比值与计数）/ measure ratios and counts")

SECTIONS = (
    "signing",
    "anchoring",
    "verification",
    "supervision",
    "evidence",
    "judicial",
    "height",
    "fuzz",
    "network",
    "light",
    "risk",
    "risk_intake",
    "risk_pages",
    "risk_pass",
    "risk_nightly",
    "risk_backtest",
    "risk_correction",
    "risk_scoring",
)

for _name in SECTIONS:
    app.command(_name.replace("_", "-"))(import_module(f"scripts.bench.{_name}").run)
