"""What the slice needs from others. Bootstrap binds; adapters raise DomainError."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from api.kernel.events import EventRef
from api.signing_round.model import WorkerSession


class Sessions(Protocol):
    """Identified workers (identity slice)."""

    def signing_session(self, session_id: str) -> WorkerSession | None:
        """The worker's signing session, or None."""
        ...

    def phone_masked(self, person_id: str) -> str:
        """The worker's number as a page may show it: asked where it is shown, for it is sealed at rest."""
        ...

    def passkey_event(self, person_id: str, credential_id: str) -> EventRef | None:
        """The identity event that committed the credential (base64url id), cited by E08."""
        ...


class Wallet(Protocol):
    """An employer's wallet."""

    @property
    def address(self) -> str:
        """EIP-55 address."""
        ...

    @property
    def kind(self) -> str:
        """`keystore` or `external`."""
        ...

    @property
    def keystore(self) -> Mapping[str, Any] | None:
        """V3 document where the platform holds it."""
        ...


class Seal(Protocol):
    """An organisation's seal."""

    @property
    def mode(self) -> str:
        """`platform` (PKCS#8 held here under a passphrase) or `external`."""
        ...

    @property
    def certificate(self) -> bytes:
        """DER."""
        ...

    @property
    def chain(self) -> tuple[bytes, ...]:
        """Issuers, root last, DER."""
        ...

    @property
    def encrypted_key(self) -> bytes | None:
        """PKCS#8 PEM under the passphrase."""
        ...

    @property
    def picture(self) -> bytes | None:
        """Approved PNG of the registered seal."""
        ...


class Authority(Protocol):
    """What an account may do for an organisation now."""

    @property
    def kind(self) -> str:
        """`representative` or `agent`."""
        ...

    @property
    def scope(self) -> int:
        """Bits 1 draft, 2 send, 4 sign."""
        ...

    @property
    def wallet(self) -> str | None:
        """The account's active wallet."""
        ...


class Employers(Protocol):
    """Organisations, wallets, seals (employers slice)."""

    def authority(self, org_id: str, account_id: str, need: int, *, wallet: str | None = None) -> Authority:
        """Raises forbidden when the account may not do this now, or the wallet is not its active one."""
        ...

    def wallet(self, address: str) -> Wallet:
        """Raises not_found."""
        ...

    def seal(self, org_id: str) -> Seal:
        """Raises conflict when the organisation has none."""
        ...


class ConcludeCalls(Protocol):
    """The registry's `conclude`, queued at E10, released at E11 (anchoring slice)."""

    def conclude(
        self,
        session: Any,
        *,
        commitment: str,
        contract_id: str,
        version: int,
        prev: str,
        expiry: int,
        org_id: str,
        wallet: str,
        wallet_signature: bytes,
        worker_spki: bytes,
        worker_signature: bytes,
        subject: str,
        level: int,
        check_digest: str,
        attested_at: int,
        attestation_signature: bytes,
        hold: bool = True,
    ) -> str:
        """Queue the call in the caller's transaction; returns its id."""
        ...

    def release(self, session: Any, call_id: str) -> None:
        """Let a held call go; harmless when it is already on its way."""
        ...

    def void(self, session: Any, call_id: str, reason: str) -> None:
        """Take a call back that was not staged yet."""
        ...
