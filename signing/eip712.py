"""EIP-712 statements of the platform: domain, struct hashes, 66-byte preimages, typed data for wallets.

The statements and their type strings are those of the contracts (LaborContractRegistry, ParticipantRegistry). Words
are encoded here by hand (uint, address, bytes32, string only), so that verifying needs neither web3 nor eth-account.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import IntFlag
from functools import cache
from typing import Any, ClassVar, Final, TypeVar

from Crypto.Hash import keccak as _keccak

from signing.errors import InputRefused

ROLE_EMPLOYER: Final = 1
ROLE_WORKER: Final = 2

_DOMAIN_FIELDS: Final = (
    ("name", "string"),
    ("version", "string"),
    ("chainId", "uint256"),
    ("verifyingContract", "address"),
    ("salt", "bytes32"),
)
_HEX = re.compile(r"0x[0-9a-fA-F]*")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


S = TypeVar("S", bound="Statement")


class Factor(IntFlag):
    """What an identity check rests on (`factors` of IdentityCheck)."""

    PROVIDER = 1
    """Name, ID number and phone confirmed together by the identity provider."""
    OTP = 2
    """One-time password sent and checked by the identity service."""
    REAL_PERSON = 4
    DESK = 8
    PASSKEY = 16


def keccak256(data: bytes) -> bytes:
    """Return Keccak-256 of `data` (the hash of Ethereum, not SHA3-256)."""
    return _keccak.new(digest_bits=256, data=data).digest()


def checksum_address(address: str) -> str:
    """Return the EIP-55 spelling; raises InputRefused for a wrong form or, in mixed case, a wrong checksum."""
    if not isinstance(address, str) or not _ADDRESS.fullmatch(address):
        raise InputRefused("wallet.address_refused", address=str(address)[:50])
    plain = address[2:].lower()
    sums = keccak256(plain.encode()).hex()
    spelled = "0x" + "".join(c.upper() if int(sums[i], 16) >= 8 else c for i, c in enumerate(plain))
    if address[2:] not in (plain, plain.upper()) and address != spelled:
        raise InputRefused("wallet.address_refused", address=address)
    return spelled


@dataclass(frozen=True)
class Domain:
    """The EIP-712 domain of one contract of one installation; salt = SHA-256(log origin)."""

    name: str
    chain_id: int
    verifying_contract: str
    log_origin: str
    version: str = "1"

    @property
    def salt(self) -> bytes:
        """SHA-256 of the log origin, which ties signatures to this installation's log."""
        return hashlib.sha256(self.log_origin.encode()).digest()

    def separator(self) -> bytes:
        """Return the 32-byte domain separator."""
        return _separator(self)

    def typed(self) -> dict[str, Any]:
        """Return the domain as JSON of eth_signTypedData_v4."""
        return {
            "name": self.name,
            "version": self.version,
            "chainId": self.chain_id,
            "verifyingContract": checksum_address(self.verifying_contract),
            "salt": "0x" + self.salt.hex(),
        }


@cache
def _separator(domain: Domain) -> bytes:
    encoded = b"".join(
        [
            keccak256(_type_string("EIP712Domain", _DOMAIN_FIELDS).encode()),
            keccak256(domain.name.encode()),
            keccak256(domain.version.encode()),
            _word("chainId", "uint256", domain.chain_id),
            _word("verifyingContract", "address", domain.verifying_contract),
            domain.salt,
        ]
    )
    return keccak256(encoded)


class Statement:
    """A signable struct. Subclasses are frozen dataclasses whose fields stand in the order of LAYOUT.

    LAYOUT pairs each Solidity field name with its type; dataclass fields carry the same values in that order
    (bytes for bytes32, int for uintN, text for address and string).
    """

    LAYOUT: ClassVar[tuple[tuple[str, str], ...]]

    @classmethod
    def type_string(cls) -> str:
        """Return the EIP-712 type, `Name(type field,…)`."""
        return _type_string(cls.__name__, cls.LAYOUT)

    def values(self) -> tuple[bytes | int | str, ...]:
        """Return the field values in the order of LAYOUT."""
        return tuple(getattr(self, field.name) for field in fields(self))  # type: ignore[arg-type]

    def check(self) -> None:
        """Raise InputRefused unless every field fits its type."""
        for (name, kind), value in zip(self.LAYOUT, self.values(), strict=True):
            _word(name, kind, value)


@dataclass(frozen=True)
class Consent(Statement):
    """A party's consent to one commitment; role 1 employer, 2 worker; expiry in unix seconds."""

    LAYOUT = (
        ("commitment", "bytes32"),
        ("contractId", "bytes32"),
        ("version", "uint32"),
        ("prev", "bytes32"),
        ("role", "uint8"),
        ("signerKeyHash", "bytes32"),
        ("expiry", "uint64"),
    )
    commitment: bytes
    contract_id: bytes
    version: int
    prev: bytes
    role: int
    signer_key_hash: bytes
    expiry: int


@dataclass(frozen=True)
class IdentityCheck(Statement):
    """The identity service's word before the text is shown: who this is, by which factors, at which level."""

    LAYOUT = (
        ("commitment", "bytes32"),
        ("subject", "bytes32"),
        ("factors", "uint16"),
        ("level", "uint8"),
        ("time", "uint64"),
    )
    commitment: bytes
    subject: bytes
    factors: int
    level: int
    time: int


@dataclass(frozen=True)
class Attestation(Statement):
    """The identity service's key statement: this key, for this contract, by this person, on this intent."""

    LAYOUT = (
        ("commitment", "bytes32"),
        ("contractId", "bytes32"),
        ("signerKeyHash", "bytes32"),
        ("subject", "bytes32"),
        ("level", "uint8"),
        ("checkDigest", "bytes32"),
        ("time", "uint64"),
    )
    commitment: bytes
    contract_id: bytes
    signer_key_hash: bytes
    subject: bytes
    level: int
    check_digest: bytes
    time: int


@dataclass(frozen=True)
class RegisterOrganisation(Statement):
    """A registrar registers an organisation (ParticipantRegistry)."""

    LAYOUT = (
        ("orgId", "bytes32"),
        ("regionCode", "uint64"),
        ("representative", "address"),
        ("sealKeyHash", "bytes32"),
        ("nonce", "uint64"),
    )
    org_id: bytes
    region_code: int
    representative: str
    seal_key_hash: bytes
    nonce: int


@dataclass(frozen=True)
class ReplaceRepresentative(Statement):
    """A registrar replaces the legal representative's wallet."""

    LAYOUT = (("orgId", "bytes32"), ("representative", "address"), ("nonce", "uint64"))
    org_id: bytes
    representative: str
    nonce: int


@dataclass(frozen=True)
class SetSealKey(Statement):
    """The legal representative names the organisation's seal key."""

    LAYOUT = (("orgId", "bytes32"), ("sealKeyHash", "bytes32"), ("nonce", "uint64"))
    org_id: bytes
    seal_key_hash: bytes
    nonce: int


@dataclass(frozen=True)
class GrantAgent(Statement):
    """The legal representative grants an agent's wallet a scope (1 draft, 2 send, 4 sign) until a time."""

    LAYOUT = (
        ("orgId", "bytes32"),
        ("agent", "address"),
        ("scope", "uint8"),
        ("validUntil", "uint64"),
        ("nonce", "uint64"),
    )
    org_id: bytes
    agent: str
    scope: int
    valid_until: int
    nonce: int


@dataclass(frozen=True)
class RevokeAgent(Statement):
    """The legal representative takes an agent's authority back."""

    LAYOUT = (("orgId", "bytes32"), ("agent", "address"), ("nonce", "uint64"))
    org_id: bytes
    agent: str
    nonce: int


@dataclass(frozen=True)
class WitnessedCheckpoint(Statement):
    """A witness's word to the judicial chain (JudicialAnchor's domain): the log's root at a size, seen at unix `time`."""

    LAYOUT = (("origin", "string"), ("size", "uint64"), ("root", "bytes32"), ("time", "uint64"))
    origin: str
    size: int
    root: bytes
    time: int


def struct_hash(statement: Statement) -> bytes:
    """Return hashStruct(statement) of EIP-712."""
    words = [_type_hash(type(statement))]
    for (name, kind), value in zip(statement.LAYOUT, statement.values(), strict=True):
        words.append(_word(name, kind, value))
    return keccak256(b"".join(words))


def preimage(domain: Domain, statement: Statement) -> bytes:
    """Return the 66 bytes 0x1901 ‖ domain separator ‖ struct hash, which a P-256 key signs (first byte 0x19)."""
    return b"\x19\x01" + domain.separator() + struct_hash(statement)


def digest(domain: Domain, statement: Statement) -> bytes:
    """Return the EIP-712 digest, which a secp256k1 wallet signs."""
    return keccak256(preimage(domain, statement))


def message(statement: Statement) -> dict[str, str | int]:
    """Return the statement as the `message` of typed data (bytes32 as 0x hex, addresses in EIP-55)."""
    shown: dict[str, str | int] = {}
    for (name, kind), value in zip(statement.LAYOUT, statement.values(), strict=True):
        _word(name, kind, value)
        if isinstance(value, bytes):
            shown[name] = "0x" + value.hex()
        elif kind == "address":
            shown[name] = checksum_address(str(value))
        else:
            shown[name] = value
    return shown


def typed_data(domain: Domain, statement: Statement) -> dict[str, Any]:
    """Return the JSON that a wallet takes in eth_signTypedData_v4."""
    return {
        "types": {
            "EIP712Domain": [{"name": name, "type": kind} for name, kind in _DOMAIN_FIELDS],
            type(statement).__name__: [{"name": name, "type": kind} for name, kind in statement.LAYOUT],
        },
        "primaryType": type(statement).__name__,
        "domain": domain.typed(),
        "message": message(statement),
    }


def from_message(kind: type[S], value: Mapping[str, object]) -> S:
    """Read a statement from a typed-data message (or the same with plain 64-hex digests).

    Raises InputRefused for missing, superfluous or malformed fields.
    """
    names = {name for name, _ in kind.LAYOUT}
    if set(value) != names:
        raise InputRefused("eip712.fields_differ", fields=", ".join(sorted(set(value) ^ names)))
    read: list[Any] = []
    for name, type_name in kind.LAYOUT:
        item = value[name]
        if type_name == "bytes32":
            read.append(_read_bytes32(name, item))
        elif type_name == "address":
            read.append(checksum_address(str(item)))
        elif type_name == "string":
            read.append(item)
        else:
            read.append(_read_integer(name, type_name, item))
    made = kind(*read)
    made.check()
    return made


def _read_bytes32(name: str, item: object) -> bytes:
    if isinstance(item, bytes) and len(item) == 32:
        return item
    if isinstance(item, str):
        plain = item[2:] if item.startswith("0x") else item
        if len(plain) == 64 and _HEX.fullmatch("0x" + plain):
            return bytes.fromhex(plain)
    raise InputRefused("eip712.field_refused", field=name, type="bytes32")


def _read_integer(name: str, kind: str, item: object) -> int:
    if isinstance(item, str) and item.isascii() and item.isdigit() and len(item) <= 78:
        return int(item)
    if isinstance(item, int) and not isinstance(item, bool):
        return item
    raise InputRefused("eip712.field_refused", field=name, type=kind)


def _type_string(name: str, layout: tuple[tuple[str, str], ...]) -> str:
    return f"{name}({','.join(f'{kind} {field}' for field, kind in layout)})"


def _type_hash(kind: type[Statement]) -> bytes:
    return _hash_of_type(kind.type_string())


@cache
def _hash_of_type(type_string: str) -> bytes:
    return keccak256(type_string.encode())


def _word(name: str, kind: str, value: object) -> bytes:
    """Encode one value as the 32-byte word that EIP-712 hashes."""
    if kind == "bytes32" and isinstance(value, bytes) and len(value) == 32:
        return value
    if kind == "address" and isinstance(value, str):
        return bytes.fromhex(checksum_address(value)[2:]).rjust(32, b"\0")
    if kind == "string" and isinstance(value, str):
        return keccak256(value.encode())
    whole = isinstance(value, int) and not isinstance(value, bool)
    if kind.startswith("uint") and whole and 0 <= value < 1 << int(kind[4:]):  # type: ignore[operator]
        return value.to_bytes(32, "big")  # type: ignore[attr-defined, no-any-return]
    raise InputRefused("eip712.field_refused", field=name, type=kind)


__all__ = [
    "ROLE_EMPLOYER",
    "ROLE_WORKER",
    "Attestation",
    "Consent",
    "Domain",
    "Factor",
    "GrantAgent",
    "IdentityCheck",
    "RegisterOrganisation",
    "ReplaceRepresentative",
    "RevokeAgent",
    "SetSealKey",
    "Statement",
    "WitnessedCheckpoint",
    "checksum_address",
    "digest",
    "from_message",
    "keccak256",
    "message",
    "preimage",
    "struct_hash",
    "typed_data",
]
