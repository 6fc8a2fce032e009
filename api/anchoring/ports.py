"""What the anchoring slice asks of others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from api.anchoring.model import Holder
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


class WarningStep(Protocol):
    """A decision about a risk warning, as the slice that decided hands it over for the registry on chain.

    Nothing in it names or describes an enterprise. `warning` is that slice's own opaque id: its stream of evidence events
    is `warning/<id>`, and only a salted hash of it goes on chain.
    """

    @property
    def warning(self) -> str:
        """Opaque id, 1 to 64 characters of A-Z, a-z, 0-9, '_' and '-'."""
        ...

    @property
    def kind(self) -> str:
        """issue, raise, confirm, lift, close or reopen."""
        ...

    @property
    def grade(self) -> int:
        """The grade that the step leaves the warning with: 1 blue, 2 yellow, 3 orange, 4 red."""
        ...

    @property
    def town_code(self) -> int:
        """Nine digits, six for sole traders; the same for every step of a warning."""
        ...

    @property
    def input_hash(self) -> str:
        """SHA-256 (64 hex) of the snapshot of the data that was looked at."""
        ...

    @property
    def rule_set_hash(self) -> str:
        """SHA-256 (64 hex) of the rule set in force."""
        ...

    @property
    def automatic(self) -> bool:
        """The rules issue a red warning by themselves; the key of the rule run signs, and a person must confirm or lift."""
        ...


class Staff(Protocol):
    """Logins of staff, as the identity slice keeps them."""

    def deciders(self) -> Sequence[Holder]:
        """Active logins whose roles decide about warnings, by login."""
        ...


class Messenger(Protocol):
    """Sends a message to an account."""

    def queue(self, session: Any, account: str, text: str, dedup: str) -> None:
        """Queue a message in the caller's transaction; the same `dedup` again sends nothing."""
        ...


class Subjects(Protocol):
    """Who a warning is about, for the people who may see it. Never leaves the pages of the platform."""

    def named(self, who: Any, warnings: Sequence[str]) -> Mapping[str, tuple[str, str]]:
        """Name and page of the enterprise by warning; those that `who` (a Principal) may not see are left out."""
        ...


class Places(Protocol):
    """Towns and subdistricts. What is signed and anchored is the code; the name is for the reader."""

    def names(self) -> Mapping[str, tuple[str, str]]:
        """Chinese and English name of every town of today by its nine digits; one question to the database."""
        ...


Now = Callable[[], datetime]
Transaction = Callable[[], Any]
"""`with transaction() as session`: commits at the end, rolls back on error."""
