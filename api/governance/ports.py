"""What this slice asks of others; `api.bootstrap.governance` binds it."""

from __future__ import annotations

from typing import Any, Protocol


class Chain(Protocol):
    """The chain's own answers. Every method raises unavailable `governance.chain_unreachable`."""

    def state(self) -> Any:
        """The network contract's state (`chain.gate.GateState`); None on a chain without one."""
        ...

    def account(self) -> Any:
        """The contracts' k-of-n account (`chain.governance_account.AccountState`); None where there is none."""
        ...

    def follow(self) -> bool:
        """Bring the kept events one step nearer to the head; whether more is to come. Nothing without a network."""
        ...
