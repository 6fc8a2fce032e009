"""What the anchoring slice asks of others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from chain.cosignature import Pair


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


class Witness(Protocol):
    """An independent witness of our log (`chain.witness_client.WitnessClient`)."""

    name: str

    def cosign(
        self,
        note: bytes,
        last_size: int,
        known_size: Callable[[], int],
        prove: Callable[[int], Sequence[bytes]],
    ) -> Pair:
        """Its checked pair of signatures on the checkpoint `note`.

        Raises WitnessUnavailable (ask again: it may have cosigned), its subclass WitnessRefuses (an operator must look),
        or WitnessConflict (two histories, or signatures that do not belong together).
        """
        ...


Now = Callable[[], datetime]
Transaction = Callable[[], Any]
"""`with transaction() as session`: commits at the end, rolls back on error."""
