"""The trust root: the versioned file by which a verifier says whom he believes (evidence-spec, section 4).

A library value: it is handed in, never looked up. A package neither supplies nor chooses it.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from chain.errors import ChainError
from chain.package import schema as s
from signing import jcs
from signing.errors import InputRefused

if TYPE_CHECKING:
    from signing.eip712 import Domain

REGISTRY: Final = "LaborContractRegistry"
PARTICIPANTS: Final = "ParticipantRegistry"
LOG_CONTRACT: Final = "EvidenceLog"

_vkey = s.pattern(r"[!-*,-~]{1,200}\+[0-9a-f]{8}\+[A-Za-z0-9+/=]{40,100}", "a verifier key name+hash+base64")
_periods = s.array(s.members(address=s.address, valid_from=s.utc, valid_until=s.optional(s.utc)), 0, 100)
_shape = s.members(
    v=s.constant(1),
    version=s.integer(1),
    predecessor=s.optional(s.hex32),
    test=s.boolean,
    log_origin=s.name,
    log_vkey=_vkey,
    chain_id=s.integer(1),
    genesis_hash=s.hex32,
    contracts=s.mapping(s.name, s.members(address=s.address, code_hash=s.hex32), 20),
    web_origins=s.array(s.members(origin=s.name, rp_id=s.name), 0, 20),
    cas=s.array(s.b64(1, 8192), 1, 100),
    tsas=s.array(s.members(name=s.name, certs=s.array(s.b64(1, 8192), 1, 10)), 1, 50),
    identity_issuers=_periods,
    registrars=_periods,
    witnesses=s.array(s.members(name=s.name, vkey=_vkey, address=s.optional(s.address)), 0, 50),
    witness_threshold=s.integer(0, 50),
    judicial=s.array(s.members(chain_id=s.integer(1), address=s.address), 0, 10),
    page_release_keys=s.array(_vkey, 0, 20),
    templates=s.mapping(s.hex32, s.name, 1000),
    renderers=s.array(s.name, 0, 100),
    valid_from=s.utc,
    valid_until=s.optional(s.utc),
)


class TrustRootError(ChainError):
    """The file is not a trust root of this format."""

    def __init__(self, reason: str) -> None:
        super().__init__("trust_root.malformed", reason=reason)

    @property
    def zh(self) -> str:
        """The text in Chinese."""
        return f"信任根文件无法使用：{self.facts['reason']}"

    @property
    def en(self) -> str:
        """The text in English."""
        return f"The trust root file can't be used: {self.facts['reason']}"


@dataclass(frozen=True)
class Period:
    """An address that counts from `valid_from` until `valid_until` (None: still)."""

    address: str
    valid_from: datetime
    valid_until: datetime | None

    def covers(self, moment: datetime) -> bool:
        """Say whether the address counted at `moment`."""
        return self.valid_from <= moment and (self.valid_until is None or moment <= self.valid_until)


@dataclass(frozen=True)
class Witness:
    """A witness's two keys: C2SP cosignature key, and the address of its EIP-712 form."""

    name: str
    vkey: str
    address: str | None


@dataclass(frozen=True)
class TrustRoot:
    """A trust root that has the right shape. `value` is the whole file; the members are its parsed parts."""

    value: dict[str, Any]

    @classmethod
    def parse(cls, data: bytes) -> TrustRoot:
        """Read the canonical file; raises TrustRootError for anything else."""
        try:
            return cls.of(jcs.parse_object(data.rstrip(b"\n"), max_bytes=2_000_000))
        except InputRefused as error:
            raise TrustRootError(str(error)) from error

    @classmethod
    def of(cls, value: Any) -> TrustRoot:
        """Make one from its JSON value; raises TrustRootError for a wrong shape."""
        try:
            _shape(value, "")
        except s.ShapeError as error:
            raise TrustRootError(str(error)) from error
        if value["witness_threshold"] > len(value["witnesses"]):
            raise TrustRootError("/witness_threshold: more than there are witnesses")
        for needed in (REGISTRY, PARTICIPANTS, LOG_CONTRACT):
            if needed not in value["contracts"]:
                raise TrustRootError(f"/contracts: {needed} is missing")
        return cls(value)

    def canonical(self) -> bytes:
        """Return the bytes of the file."""
        return jcs.canonical(self.value)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the canonical bytes, 64 hex characters: what people compare."""
        return hashlib.sha256(self.canonical()).hexdigest()

    @property
    def test(self) -> bool:
        """Whether TEST authorities are trusted here; such verdicts have no legal meaning."""
        return bool(self.value["test"])

    @property
    def log_origin(self) -> str:
        """Name of the log."""
        return str(self.value["log_origin"])

    @property
    def log_vkey(self) -> str:
        """Verifier key of the log's checkpoints and manifests."""
        return str(self.value["log_vkey"])

    @property
    def installation(self) -> dict[str, Any]:
        """What a manifest's `installation` must be equal to."""
        return {key: self.value[key] for key in ("log_origin", "chain_id", "genesis_hash", "contracts")}

    @cached_property
    def cas(self) -> tuple[bytes, ...]:
        """DER of the CAs for signing certificates."""
        return tuple(base64.b64decode(item) for item in self.value["cas"])

    @cached_property
    def tsas(self) -> dict[str, tuple[bytes, ...]]:
        """DER of each TSA's certificates by its name."""
        return {
            tsa["name"]: tuple(base64.b64decode(item) for item in tsa["certs"]) for tsa in self.value["tsas"]
        }

    @cached_property
    def witnesses(self) -> tuple[Witness, ...]:
        """The witnesses whose cosignatures count."""
        return tuple(Witness(w["name"], w["vkey"], w["address"]) for w in self.value["witnesses"])

    @property
    def witness_threshold(self) -> int:
        """How many witnesses a checkpoint needs."""
        return int(self.value["witness_threshold"])

    @cached_property
    def registrars(self) -> tuple[Period, ...]:
        """Wallets that may register organisations."""
        return _read_periods(self.value["registrars"])

    @cached_property
    def identity_issuers(self) -> tuple[Period, ...]:
        """Keys of identity services."""
        return _read_periods(self.value["identity_issuers"])

    @cached_property
    def web_origins(self) -> dict[str, str]:
        """Relying party id by web origin."""
        return {item["origin"]: item["rp_id"] for item in self.value["web_origins"]}

    @property
    def templates(self) -> dict[str, str]:
        """Template id by SHA-256."""
        return dict(self.value["templates"])

    @property
    def valid_from(self) -> datetime:
        """First moment at which packages may have been made under this root."""
        return datetime.fromisoformat(self.value["valid_from"])

    @property
    def valid_until(self) -> datetime | None:
        """Last such moment, if it has ended."""
        text = self.value["valid_until"]
        return None if text is None else datetime.fromisoformat(text)

    def address_of(self, contract: str) -> str:
        """Address of a contract of the installation."""
        return str(self.value["contracts"][contract]["address"])

    def domain(self, contract: str) -> Domain:
        """EIP-712 domain of one of the installation's contracts."""
        from signing.eip712 import Domain

        return Domain(
            name="Concord TEST" if self.test else "Concord",
            chain_id=int(self.value["chain_id"]),
            verifying_contract=self.address_of(contract),
            log_origin=self.log_origin,
        )


def _read_periods(items: list[dict[str, Any]]) -> tuple[Period, ...]:
    return tuple(
        Period(
            item["address"],
            datetime.fromisoformat(item["valid_from"]),
            None if item["valid_until"] is None else datetime.fromisoformat(item["valid_until"]),
        )
        for item in items
    )
