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

from chain.checkpoint import ED25519, split_vkey
from chain.errors import ChainError, NoteInvalid
from chain.light.shape import NETWORK
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
    "network",
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
    judicial=s.array(
        s.members(
            chain_id=s.integer(1),
            genesis_hash=s.hex32,
            address=s.address,
            code_hash=s.hex32,
            seal_vkey=s.optional(_vkey),
        ),
        0,
        10,
    ),
    page_release_keys=s.array(_vkey, 0, 20),
    root_keys=s.array(_vkey, 0, 20),
    root_threshold=s.integer(0, 20),
    retired_algorithms=s.array(s.members(name=s.name, **{"from": s.utc}), 0, 100),
    templates=s.mapping(s.hex32, s.name, 1000),
    renderers=s.array(s.name, 0, 100),
    valid_from=s.utc,
    valid_until=s.optional(s.utc),
    network=NETWORK,
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
class JudicialChain:
    """A court's chain: where its JudicialAnchor is, which code it has, and the key that seals its blocks."""

    chain_id: int
    genesis_hash: str
    address: str
    code_hash: str
    seal_vkey: str | None


@dataclass(frozen=True)
class ValidatorNetwork:
    """The validator network's name, its trusted header hashes by height, and for how many seconds old keys are safe."""

    chain_id: str
    trusting_period: int
    headers: dict[int, str]


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
        """Make one from its JSON value; raises TrustRootError for a wrong shape or a damaged certificate."""
        try:
            _shape(value, "")
        except s.ShapeError as error:
            raise TrustRootError(str(error)) from error
        if value["witness_threshold"] > len(value["witnesses"]):
            raise TrustRootError("/witness_threshold: more than there are witnesses")
        if len({item["name"] for item in value["witnesses"]}) != len(value["witnesses"]):
            raise TrustRootError("/witnesses: the same witness twice")
        if len({item["name"] for item in value["tsas"]}) != len(value["tsas"]):
            raise TrustRootError("/tsas: the same name twice")
        if not min(1, len(value["root_keys"])) <= value["root_threshold"] <= len(value["root_keys"]):
            raise TrustRootError("/root_threshold: from 1 to the number of root keys; 0 where there are none")
        for member in ("page_release_keys", "root_keys"):
            _check_keys(value[member], f"/{member}")
        heights = [item["height"] for item in value.get("network", {}).get("headers", [])]
        if heights != sorted(set(heights)):
            raise TrustRootError("/network/headers: not in strictly ascending order of heights")
        for needed in (REGISTRY, PARTICIPANTS, LOG_CONTRACT):
            if needed not in value["contracts"]:
                raise TrustRootError(f"/contracts: {needed} is missing")
        root = cls(value)
        _check_certificates("/cas", root.cas)
        for name, certificates in root.tsas.items():
            _check_certificates(f"/tsas: {name}", certificates)
        return root

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
    def judicial(self) -> tuple[JudicialChain, ...]:
        """The judicial chains whose receipts count."""
        return tuple(JudicialChain(**item) for item in self.value["judicial"])

    @cached_property
    def network(self) -> ValidatorNetwork | None:
        """The validator network whose headers count, None where the installation has none."""
        found = self.value.get("network")
        if found is None:
            return None
        headers = {item["height"]: item["hash"] for item in found["headers"]}
        return ValidatorNetwork(found["chain_id"], found["trusting_period"], headers)

    @property
    def release_keys(self) -> tuple[str, ...]:
        """Verifier keys that may release signing pages and document templates."""
        return tuple(self.value["page_release_keys"])

    @property
    def root_keys(self) -> tuple[str, ...]:
        """Verifier keys that sign this root's successor (and, for the first version, this root itself)."""
        return tuple(self.value["root_keys"])

    @property
    def root_threshold(self) -> int:
        """How many different root keys must sign; 0 when there are none, and then nothing can be signed."""
        return int(self.value["root_threshold"])

    @cached_property
    def retired_algorithms(self) -> dict[str, datetime]:
        """Since when an algorithm no longer counts, by its name in the suite texts."""
        return {
            item["name"]: datetime.fromisoformat(item["from"]) for item in self.value["retired_algorithms"]
        }

    @property
    def version(self) -> int:
        """Number of this root in its succession, from 1."""
        return int(self.value["version"])

    @property
    def predecessor(self) -> str | None:
        """Fingerprint of the root before this one, None for the first."""
        found = self.value["predecessor"]
        return None if found is None else str(found)

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


def _check_certificates(path: str, certificates: tuple[bytes, ...]) -> None:
    """Damage to the verifier's own file shows here, and not as a verdict about evidence (evidence-spec, section 4.2)."""
    from signing.anchors import check_anchors

    try:
        check_anchors(certificates)
    except InputRefused as error:
        raise TrustRootError(f"{path}: a certificate is damaged") from error


def _check_keys(vkeys: list[str], path: str) -> None:
    """Ed25519 keys of a right form, each once (a key listed twice would count twice)."""
    seen: set[bytes] = set()
    for number, vkey in enumerate(vkeys):
        try:
            _, public = split_vkey(vkey, ED25519)
        except NoteInvalid as error:
            raise TrustRootError(f"{path}/{number}: {error}") from error
        if public in seen:
            raise TrustRootError(f"{path}/{number}: the same key twice")
        seen.add(public)


def _read_periods(items: list[dict[str, Any]]) -> tuple[Period, ...]:
    return tuple(
        Period(
            item["address"],
            datetime.fromisoformat(item["valid_from"]),
            None if item["valid_until"] is None else datetime.fromisoformat(item["valid_until"]),
        )
        for item in items
    )
