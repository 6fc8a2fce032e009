"""Rows that came before their enterprise: after each commit to the register they are looked at again, without anybody's doing.

A dataset remembers the oldest register that a row of it was matched against. Where the register has gone on, the rows
without an enterprise (and only they) are matched; batches of which a row finds one now are asked for, in the transaction
that notes the register's state, and `Intake.resume` does them one by one. Killed anywhere, the next round does it again.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import structlog

from api.exchange import repository
from api.exchange.model import Dataset
from api.exchange.ports import Matcher
from api.exchange.rules.catalogue import dataset_of
from api.exchange.service.accepted import AcceptedRows
from api.exchange.service.intake import Intake
from api.exchange.service.subjects import REGISTER
from api.infra.db import UnitOfWork

log = structlog.get_logger(__name__)
AT_ONCE = 4
"""Datasets a round: the worker has other work, too."""


class LateRegister:
    """Finds the batches that a newer register concerns."""

    def __init__(
        self,
        uow: UnitOfWork,
        accepted: AcceptedRows,
        matcher: Callable[[Dataset], Matcher],
        intake: Intake,
    ) -> None:
        self._uow, self._accepted, self._matcher, self._intake = uow, accepted, matcher, intake

    def ask(self, limit: int = AT_ONCE) -> int:
        """Have batches matched again that a newer register concerns, of at most `limit` datasets; how many datasets."""
        with self._uow.read() as session:
            register_seq = repository.sequence(session, REGISTER)
            behind = repository.behind_register(session, REGISTER)[:limit]
        for code, seq in behind:
            found = self._found(dataset_of(code))
            with self._uow() as session:
                if repository.sequence(session, code) != seq:
                    continue  # something came in meanwhile: the next round looks at that, too
                repository.register_seen(session, code, register_seq, whole=True)
                self._intake.rematch(session, found)
            log.info("exchange.dataset.rematched", dataset=code, batches=len(found))
        return len(behind)

    def _found(self, dataset: Dataset) -> list[str]:
        """Batches of which a row without an enterprise has one by the register of now."""
        with self._uow.read() as session:
            segments = repository.segments(session, dataset.code)
            if not repository.with_unmatched(session, dataset.code):
                return []
        address = (
            pl.col("address") if "address" in dataset.names else pl.lit(None, pl.String).alias("address")
        )
        rows = (
            self._accepted.newest(dataset, segments)
            .filter(pl.col("enterprise").is_null())
            .select("_batch", "uscc", "name", address)
            .unique(maintain_order=True)
            .collect()
        )
        linked, _ = self._matcher(dataset).match(rows.select("uscc", "name", "address"))
        return sorted(rows["_batch"].filter(linked["enterprise"].is_not_null()).unique())
