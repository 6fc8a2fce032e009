"""Words of the slice: organisations and their states, scopes, wallets, grants, statements, seals. Pure values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntFlag, StrEnum
from typing import Any

from api.kernel.events import DomainEvent


class OrgState(StrEnum):
    """PENDING waits for review; DISPUTED claims a code that another organisation holds; MERGED took that one over."""

    PENDING = "pending"
    VERIFIED = "verified"
    REJECTED = "rejected"
    DISPUTED = "disputed"
    MERGED = "merged"


class Scope(IntFlag):
    """What an agent may do, as on chain."""

    DRAFT = 1
    SEND = 2
    SIGN = 4


FULL_SCOPE = Scope.DRAFT | Scope.SEND | Scope.SIGN


class MaterialKind(StrEnum):
    """What the review rests on."""

    LICENCE = "licence"
    REPRESENTATIVE_IDENTITY = "representative_identity"
    AUTHORISATION_LETTER = "authorisation_letter"


class WalletKind(StrEnum):
    """Keystore: V3 document held by the platform, unlocked per signature. External: the key never was here."""

    KEYSTORE = "keystore"
    EXTERNAL = "external"


class WalletState(StrEnum):
    """LOST was reported by its holder or the representative; REVOKED was replaced."""

    ACTIVE = "active"
    LOST = "lost"
    REVOKED = "revoked"


class StatementType(StrEnum):
    """The participants' EIP-712 statements, named as their types."""

    REGISTER_ORGANISATION = "RegisterOrganisation"
    REPLACE_REPRESENTATIVE = "ReplaceRepresentative"
    SET_SEAL_KEY = "SetSealKey"
    GRANT_AGENT = "GrantAgent"
    REVOKE_AGENT = "RevokeAgent"

    @property
    def by_registrar(self) -> bool:
        """Whether a registrar signs it (else the organisation's representative)."""
        return self in (StatementType.REGISTER_ORGANISATION, StatementType.REPLACE_REPRESENTATIVE)


class SealMode(StrEnum):
    """Where the seal key lives: PKCS#8 under a passphrase here, or with the organisation."""

    PLATFORM = "platform"
    EXTERNAL = "external"


class PictureState(StrEnum):
    """A seal picture is drawn on documents only after the desk compared it with the registered one."""

    NONE = "none"
    PENDING = "pending"
    APPROVED = "approved"
    REFUSED = "refused"


@dataclass(frozen=True)
class Organisation:
    """An organisation as other slices see it."""

    org_id: str
    name: str
    uscc: str
    kind: str
    region_code: int
    domicile: str
    legal_representative: str
    contact_phone: str
    state: str
    demo: bool


@dataclass(frozen=True)
class AgentAuthority:
    """Who may act for an organisation, in which scope, by which wallet, until when."""

    org_id: str
    account_id: str
    kind: str
    scope: int
    wallet: str | None
    valid_until: datetime | None


@dataclass(frozen=True)
class Wallet:
    """A wallet of an account. `keystore` is the V3 document where the platform holds it."""

    address: str
    org_id: str | None
    account_id: str
    kind: str
    state: str
    keystore: Mapping[str, Any] | None


@dataclass(frozen=True)
class Seal:
    """An organisation's seal: certificate, where its key is, and the approved picture."""

    org_id: str
    mode: str
    certificate: bytes
    chain: tuple[bytes, ...]
    spki: bytes
    encrypted_key: bytes | None
    picture: bytes | None


@dataclass(frozen=True)
class NewAccount:
    """A fresh account's credentials, shown once."""

    account_id: str
    login: str
    one_time_password: str
    totp_uri: str


@dataclass(frozen=True)
class Prepared:
    """A statement ready to be signed. `typed_data` is what eth_signTypedData_v4 takes."""

    statement_id: str
    org_id: str
    type: str
    typed_data: Mapping[str, Any]
    digest: str
    signer: str
    signer_kind: str
    expires_at: datetime


@dataclass(frozen=True)
class Signed:
    """A signed statement and where its call to the registry stands."""

    statement_id: str
    org_id: str
    type: str
    call_id: str
    signed_at: datetime


@dataclass(frozen=True)
class SealKey:
    """A new seal key held here: PKCS#8 PEM under the passphrase, and its certification request."""

    encrypted_key: bytes
    spki: bytes
    request: bytes


@dataclass(frozen=True)
class SealCertificate:
    """What the CA issued, DER; the chain's last member is the root."""

    certificate: bytes
    chain: tuple[bytes, ...]
    spki: bytes


@dataclass(frozen=True)
class Upload:
    """A checked upload: its media type follows from its bytes, never from what the client says."""

    media_type: str
    data: bytes


@dataclass(frozen=True)
class OrganisationVerified(DomainEvent):
    """The desk verified an organisation."""

    org_id: str


@dataclass(frozen=True)
class AgentRevoked(DomainEvent):
    """An agent's authority ended by the representative's statement."""

    org_id: str
    account_id: str
    wallet: str
