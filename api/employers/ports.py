"""What the slice needs from others. Bootstrap binds: accounts to identity, statements, keystores and seals to `signing`,
registry calls to anchoring. Adapters raise DomainError, never an error of their own library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from api.employers.model import NewAccount, SealCertificate, SealKey


class Accounts(Protocol):
    """Login accounts of representatives and agents."""

    def create(
        self, *, login: str, display_name: str, phone: str, id_number: str, org_id: str, role: str
    ) -> NewAccount:
        """Create an account with one role in one organisation; conflict when the login is taken."""
        ...

    def display_name(self, account_id: str) -> str:
        """The name under which an account is shown."""
        ...

    def disable(self, account_id: str) -> None:
        """The account can no longer log in; unknown accounts are ignored."""
        ...

    def enable(self, account_id: str, org_id: str, role: str) -> None:
        """Attach the account to an organisation in a role."""
        ...


class Statements(Protocol):
    """EIP-712 statements in the domain of this installation's ParticipantRegistry. Field names as in Solidity."""

    def typed_data(self, type_name: str, message: Mapping[str, Any]) -> dict[str, Any]:
        """The whole of eth_signTypedData_v4's argument."""
        ...

    def digest(self, type_name: str, message: Mapping[str, Any]) -> bytes:
        """32 bytes that a wallet signs."""
        ...

    def text_digest(self, text: str) -> bytes:
        """EIP-191 digest of a text (personal_sign)."""
        ...

    def recover(self, digest: bytes, signature: bytes) -> str:
        """EIP-55 address of the signer; invalid for malformed signatures and high s."""
        ...

    def checksum(self, address: str) -> str:
        """EIP-55 spelling of an address; invalid for anything else."""
        ...

    def is_registrar(self, address: str) -> bool:
        """Whether the chain knows the address as a registrar's."""
        ...


class Keystores(Protocol):
    """V3 keystores: made here or brought along, unlocked for one signature."""

    def create(self, passphrase: str) -> tuple[str, dict[str, Any]]:
        """A fresh wallet: address and document. Invalid for a weak passphrase."""
        ...

    def check(self, document: Mapping[str, Any]) -> str:
        """The address of a document that was brought along; invalid for another form or a weak cost."""
        ...

    def sign(self, document: Mapping[str, Any], passphrase: str, digest: bytes) -> bytes:
        """65 bytes r‖s‖v; forbidden for a wrong passphrase."""
        ...


class SealAuthority(Protocol):
    """Seal keys and the CA that certifies them (guideline art. 8)."""

    def new_key(self, passphrase: str, organisation: str, uscc: str) -> SealKey:
        """A P-256 key under the passphrase with its request. Invalid for a weak passphrase."""
        ...

    def check_request(self, request: bytes) -> bytes:
        """SubjectPublicKeyInfo of a PKCS#10 request whose proof of possession holds; invalid otherwise."""
        ...

    def certify(self, request: bytes, *, name: str, uscc: str, org_id: str) -> SealCertificate:
        """Have the certificate issued for the organisation as reviewed. Unavailable when the CA does not answer."""
        ...


class RegistryCalls(Protocol):
    """Calls to the ParticipantRegistry, queued in the caller's transaction and sent in the order of their organisation."""

    def register_organisation(
        self,
        session: Any,
        *,
        org_id: str,
        region_code: int,
        representative: str,
        seal_key_hash: str | None,
        nonce: int,
        registrar: str,
        signature: bytes,
    ) -> str:
        """Queue the registration; returns the call's id."""
        ...

    def replace_representative(
        self, session: Any, *, org_id: str, representative: str, nonce: int, registrar: str, signature: bytes
    ) -> str:
        """Queue the replacement of the representative's wallet."""
        ...

    def set_seal_key(
        self, session: Any, *, org_id: str, seal_key_hash: str, nonce: int, signature: bytes
    ) -> str:
        """Queue the naming of the seal key."""
        ...

    def grant_agent(
        self,
        session: Any,
        *,
        org_id: str,
        agent: str,
        scope: int,
        valid_until: int,
        nonce: int,
        signature: bytes,
    ) -> str:
        """Queue an agent's authorisation."""
        ...

    def revoke_agent(self, session: Any, *, org_id: str, agent: str, nonce: int, signature: bytes) -> str:
        """Queue an agent's revocation."""
        ...
