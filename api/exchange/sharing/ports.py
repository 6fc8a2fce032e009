"""Where shared rows come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import polars as pl

from api.exchange.sharing.model import SharedDataset


class ShareSource(Protocol):
    """The catalogue and the accepted rows."""

    def datasets(self) -> Mapping[str, SharedDataset]:
        """What can be asked for, by code."""
        ...

    def rows(self, dataset: str, fields: Sequence[str], after: str, limit: int) -> tuple[pl.DataFrame, str]:
        """Newest accepted rows with these columns in one fixed order, and the cursor of the next page (empty at the end).

        Types as inside the platform. The cursor is the source's own and tells nothing of the rows; a strange one raises invalid.
        """
        ...
