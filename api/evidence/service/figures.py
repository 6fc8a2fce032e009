"""Figures with proofs: what the registry's counters hold at a block, and the file that proves one of them (spec, 3.5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from api.evidence.model import Package, ProvableFigure, ProvableFigures
from api.evidence.ports import Counters, LogView
from api.evidence.service import assembly
from api.infra import audit
from api.infra.auth import Principal
from api.infra.db import UnitOfWork
from api.kernel.clock import Clock
from api.kernel.errors import forbidden, invalid
from chain.figures import counter_slot, month_number
from chain.package import contents
from chain.trust_root import TrustRoot
from signing import jcs

AT_ONCE = 400
"""Counters read for one page."""


class Figures:
    """Reads counters and makes `figure` packages; the chain itself is asked each time."""

    def __init__(
        self,
        uow: UnitOfWork,
        clock: Clock,
        counters: Counters,
        log_view: LogView,
        trust_root: Callable[[], TrustRoot],
        release: str,
    ) -> None:
        self._uow, self._clock, self._counters, self._log = uow, clock, counters, log_view
        self._trust_root, self._release = trust_root, release

    def read(self, which: Sequence[tuple[int | None, str | None]]) -> ProvableFigures:
        """The counters of these (region, month) pairs, all of one block; None stands for all regions or months.

        Raises invalid for a malformed month or too many pairs, unavailable while the node does not answer.
        """
        if len(which) > AT_ONCE:
            raise invalid("evidence.too_many_figures", limit=AT_ONCE)
        slots = [_slot(region, month) for region, month in which]
        block, values = self._counters.read(slots)
        found = [
            ProvableFigure(region, month, value) for (region, month), value in zip(which, values, strict=True)
        ]
        return ProvableFigures(block, found)

    def package(self, who: Principal, region: int | None, month: str | None) -> Package:
        """The file that proves one counter at the newest final block. Audited; it holds nothing personal."""
        if not who.has("regulator", "court", "auditor"):
            raise forbidden("role_required")
        block, proof, value = self._counters.prove(_slot(region, month))
        subject: dict[str, Any] = {"what": contents.CONCLUDED, "region": region, "month": month}
        statement: dict[str, Any] = {"v": 1, **subject, "value": value, "block": block}
        with self._uow() as session:
            audit.record(
                session,
                who,
                "evidence.figure.exported",
                "figure",
                f"{region or 'all'}/{month or 'all'}",
                block=block,
                value=value,
            )
        name = "-".join(["figure", str(region or "all"), month or "all", f"block{block}"])
        return assembly.seal(
            self._log,
            self._trust_root(),
            {
                contents.FIGURE_STATEMENT: jcs.canonical(statement),
                contents.FIGURE_PROOF: jcs.canonical(dict(proof)),
            },
            kind=contents.FIGURE,
            subject=subject,
            release=self._release,
            now=self._clock.now(),
            filename=f"{name}.zip",
            checkpoint_size=0,
        )


def _slot(region: int | None, month: str | None) -> bytes:
    try:
        month_number(month)
    except ValueError as error:
        raise invalid("evidence.month_malformed", pointer="/month") from error
    if region is not None and not 0 < region < 10**12:
        raise invalid("evidence.region_malformed", pointer="/region")
    return counter_slot(region, month)
