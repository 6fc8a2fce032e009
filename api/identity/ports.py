"""What the slice asks of other slices; bootstrap binds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class OfficerWallets(Protocol):
    """The wallet with which a review officer signs desk checks (employers slice)."""

    def wallet_of(self, account_id: str) -> tuple[str, Mapping[str, Any] | None] | None:
        """(address, V3 keystore or None for an external wallet) of the officer's active wallet; None without one."""
        ...
