"""How a light proof ends without holding."""

from __future__ import annotations

from typing import Any

from chain.errors import ChainError


class LightRefused(ChainError):
    """The proof does not hold. `sub_indication` is one of evidence-spec 5.4; the class says how the step ends."""

    def __init__(self, sub_indication: str, reason: str, **facts: Any) -> None:
        super().__init__("proof.invalid", reason=reason, **facts)
        self.sub_indication = sub_indication
        self.reason = reason


class Contradiction(LightRefused):
    """The proof contradicts itself, or what it is said to prove: failed."""


class Gap(LightRefused):
    """Something is missing between the trust root and what is to be proven: indeterminate."""
