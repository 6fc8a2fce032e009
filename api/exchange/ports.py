"""What this slice asks of others; `api.bootstrap.exchange` binds it."""

from __future__ import annotations

from typing import Any, Protocol

import polars as pl


class Matcher(Protocol):
    """Finds the enterprises that rows are about."""

    def match(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Rows `uscc, name, address` (String, nullable) → as many rows, in the same order, of `enterprise` Int64 (null:
        none found), `method` String, `probable` Boolean (only by name); and what a person should look at, in the
        matcher's own form. Writes nothing."""
        ...

    def keep(self, session: Any, dataset: str, batch_id: str, doubts: pl.DataFrame) -> None:
        """Put the second frame of `match` before people, in the transaction that commits the batch."""
        ...

    def forget(self, session: Any, batch_id: str) -> None:
        """Take a withdrawn batch's open doubts back, in the withdrawing transaction."""
        ...


class ChangeListener(Protocol):
    """Is told, in the committing transaction, which enterprise-months may look different now."""

    def rows_changed(self, session: Any, dataset: str, batch_id: str, pairs: pl.DataFrame) -> None:
        """`pairs`: distinct `enterprise` Int64 and `month` Int32 (YYYYMM)."""
        ...
