"""What the slice needs from others. Bootstrap binds; adapters raise DomainError."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date
from typing import Any, Protocol

from api.kernel.events import Json
from api.rights.model import Certificate, EndedContract, Leftovers


class Contracts(Protocol):
    """Contracts whose term is over (econtract slice)."""

    def ended(self, session: Any, before: date, limit: int) -> Sequence[EndedContract]:
        """Contracts that ended before that day and were not erased; disputed ones are left out."""
        ...

    def tell(self, session: Any, contract: EndedContract, due: date) -> None:
        """Announce to worker and employer that the platform's copy will be erased, and how to keep one's own."""
        ...


class Holdings(Protocol):
    """Everything that the platform holds about a contract, over all slices."""

    def destroy(self, session: Any, contract_id: str, stream: str, *, replay: bool) -> Leftovers:
        """Destroy keys, salts and texts in the caller's transaction.

        Conflict `anchoring.not_anchored_yet` while an event waits for the chain, unless `replay`: a restored
        installation repeats what was certified before. Calling it again destroys what is left.
        """
        ...

    def log_range(self, session: Any, stream: str) -> Mapping[str, Json]:
        """`{entries, first_index, last_index}` of the stream in the log: what stays provable."""
        ...

    def remove_blob(self, cid: str) -> None:
        """Remove stored blocks; unknown ones are no error. Raises unavailable."""
        ...

    def forget_person(self, ref: str) -> None:
        """Have the identity service forget a person; an unknown one is no error. Raises unavailable."""
        ...

    def settle(self) -> None:
        """Have what was deleted leave the disk. Raises unavailable `rights.disk_busy` while somebody still reads it."""
        ...


class Certifier(Protocol):
    """Signs certificates with the log's key and checks them."""

    def certify(self, facts: Mapping[str, Json]) -> Certificate:
        """Canonical JSON of the facts and the signed note over its digest."""
        ...

    def check(self, certificate: Certificate) -> Mapping[str, Any]:
        """The facts of a certificate of this installation; raises integrity `rights.certificate_wrong`."""
        ...


class Ledger(Protocol):
    """The file of certificates that outlives the database: what a restored backup replays."""

    def append(self, certificate: Certificate) -> None:
        """Fully on disk when it returns; the same certificate twice is kept once."""
        ...

    def turn(self) -> AbstractContextManager[None]:
        """Waits until no other process of this installation is inside."""
        ...

    def to_replay(self) -> Sequence[Certificate]:
        """Certificates that a restore laid down for replay."""
        ...

    def replayed(self) -> None:
        """All of them are carried out."""
        ...
