"""What the evidence slice asks of others. Bootstrap binds; objects are read by their attributes only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from api.evidence.model import Contract, Disclosure, Entitlement, SigningMaterial


class AnchorView(Protocol):
    """Where an entry stands in the log."""

    @property
    def state(self) -> str:
        """pending, staged, broadcast or anchored."""
        ...

    @property
    def log_index(self) -> int | None:
        """Index in the log once anchored."""
        ...


class EventView(Protocol):
    """A recorded event; `body` is its canonical bytes, None once erased."""

    @property
    def stream(self) -> str:
        """Its stream."""
        ...

    @property
    def seq(self) -> int:
        """Its number in the stream."""
        ...

    @property
    def type(self) -> str:
        """Its type, `econtract.E09/1`."""
        ...

    @property
    def body(self) -> bytes | None:
        """Canonical bytes."""
        ...

    @property
    def payload(self) -> Mapping[str, Any] | None:
        """Its payload, None once erased."""
        ...

    @property
    def anchor(self) -> AnchorView:
        """Where it stands."""
        ...


class CosignatureView(Protocol):
    """A witness's pair of signatures on a checkpoint."""

    @property
    def witness(self) -> str:
        """The witness's name."""
        ...

    @property
    def time(self) -> int:
        """Unix seconds, the same in both signatures."""
        ...

    @property
    def bridge(self) -> bytes | None:
        """The EIP-712 form (65 bytes), None where no judicial chain was set up."""
        ...


class CheckpointView(Protocol):
    """A signed checkpoint with its token."""

    @property
    def size(self) -> int:
        """Tree size."""
        ...

    @property
    def note(self) -> bytes:
        """The signed note, cosignatures included."""
        ...

    @property
    def token(self) -> bytes | None:
        """RFC 3161 token (DER), None while none was to be had."""
        ...

    @property
    def cosignatures(self) -> Sequence[CosignatureView]:
        """The witnesses' pairs whose lines the note bears, by ascending names."""
        ...

    @property
    def judicial(self) -> Mapping[str, Any] | None:
        """The judicial chain's receipt (E13) of this checkpoint, None while there is none."""
        ...

    @property
    def renewals(self) -> Sequence[bytes]:
        """Newer tokens (DER): the first over the bytes of `token`, each over the one before."""
        ...


class LogView(Protocol):
    """The log of the installation (anchoring). `session` is the caller's transaction."""

    def events(self, session: Any, stream: str) -> Sequence[EventView]:
        """All events of a stream in order."""
        ...

    def event(self, session: Any, stream: str, seq: int) -> EventView:
        """One event; raises not_found."""
        ...

    def inclusion(self, session: Any, log_index: int, size: int) -> Sequence[bytes]:
        """Path of the entry at `log_index` in the tree of `size`."""
        ...

    def checkpoint(self, session: Any, covering: int) -> CheckpointView | None:
        """The smallest checkpoint (with a token if any has one) that holds `covering`."""
        ...

    def receipts(self, session: Any, contract_id: str | None, log_index: int) -> Sequence[Mapping[str, Any]]:
        """Receipt proofs of the append that brought `log_index` and of the contract's conclusion, as far as known."""
        ...

    def sign_note(self, text: bytes) -> bytes:
        """The signed note of `text` by the log's key."""
        ...


class Contracts(Protocol):
    """Facts of contracts (econtract)."""

    def find(self, ref: str) -> Contract | None:
        """By 26-character id or 64-hex contract id."""
        ...

    def tell_worker(self, session: Any, who: Any, contract: Contract, ground: Disclosure) -> None:
        """Let the worker see which authority (`who`, the principal) read his contract, and when; nobody else."""
        ...

    def tell_worker_of_showing(self, session: Any, contract: Contract, number: int) -> None:
        """Let the worker see that his employer made a file that shows clause `number` of the contract."""
        ...


class Rounds(Protocol):
    """What was signed (signing_round)."""

    def material(
        self, round_id: str, who: Any, role: Entitlement, purpose: str = "evidence"
    ) -> SigningMaterial:
        """All parts of a completed round; raises conflict while it is not complete.

        Opens a sealed text with the key of the caller's side (`who`, the principal) for `purpose` and records that: call
        it outside of any transaction.
        """
        ...


class Counters(Protocol):
    """The registry's counters on the chain; raises unavailable while the node does not answer."""

    def read(self, slots: Sequence[bytes]) -> tuple[int, Sequence[int]]:
        """Number of the newest final block, and the values of storage slots in it."""
        ...

    def prove(self, slot: bytes) -> tuple[int, Mapping[str, Any], int]:
        """Number of the newest final block, a storage proof of the slot in it (JSON), and its value."""
        ...


class Authorities(Protocol):
    """Signed statements behind an employer's wallet (employers)."""

    def statements(self, org_id: str, wallet: str, at: datetime) -> Sequence[Mapping[str, Any]]:
        """Registration, replacements, seal key and grants as they stood at `at`, in the order of their nonces."""
        ...
