"""What matching needs of the rest of the exchange, and what it gives to it."""

from __future__ import annotations

from typing import Any, Protocol

import polars as pl

from api.exchange.matching.model import LinkChanged


class SubjectSource(Protocol):
    """The register's enterprises."""

    def subjects(self) -> pl.DataFrame:
        """`enterprise` Int64 (unique), `uscc` String (unique), `name`, `address` String, nullable."""
        ...

    def names(self, enterprises: list[int]) -> dict[int, tuple[str, str, str]]:
        """Code, name and address by number; unknown numbers are left out."""
        ...


class LinkListener(Protocol):
    """Told of every change of a link in the transaction of the decision: corrects the accepted rows and re-scores."""

    def __call__(self, session: Any, change: LinkChanged) -> None:
        """Raise to refuse the decision as a whole."""
        ...
