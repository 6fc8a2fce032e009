"""What the anchoring slice asks of others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True)
class Stamp:
    """A checked RFC 3161 token (TimeStampToken DER), whose TSA and time are known."""

    der: bytes
    tsa: str
    time: datetime


class Timestamps(Protocol):
    """A trusted source of time for checkpoints."""

    def stamp(self, imprint: bytes) -> Stamp:
        """A checked token over a SHA-256 imprint; raises any error while no authority behaves."""
        ...


Now = Callable[[], datetime]
Transaction = Callable[[], Any]
"""`with transaction() as session`: commits at the end, rolls back on error."""
