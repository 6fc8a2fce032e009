"""One throw-away installation with everything secret in hand: keys, CA, TSAs, renderer, trust root."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from chain.checkpoint import LogKey
from chain.trust_root import TrustRoot
from signing import eip712, wallets
from signing.rendering import FontBook, Renderer
from signing.timestamps import Token, check_token
from tests.factories.agreement import agreement
from tests.support.fixed_random import p256_key
from tests.support.fonts import node_fonts
from tests.support.signing_authorities import NOW, Authority, Stamper

ORIGIN = "https://concord.example"
LOG = "log.concord.example/test"


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def at(seconds: float) -> dt.datetime:
    """A moment relative to the worker's signature."""
    return NOW + dt.timedelta(seconds=seconds)


def secret(label: str) -> bytes:
    """A private key that is the same in every run."""
    return hashlib.sha256(b"throw-away " + label.encode()).digest()


@dataclass
class World:
    """One installation with everything secret in hand."""

    name: str = "one"
    log_origin: str = LOG
    chain_id: int = 271828
    renderer: Renderer | None = None
    seed: str | None = None
    """Where all P-256 keys come from; None makes fresh ones."""

    def __post_init__(self) -> None:
        self.ca = Authority("TEST CA", seed=self.of_seed("ca"))
        self.tsa_one = Stamper("tsa-one", seed=self.of_seed("tsa-one"))
        self.tsa_two = Stamper("tsa-two", seed=self.of_seed("tsa-two"))
        self.issuer, self.registrar = secret(self.name + "issuer"), secret(self.name + "registrar")
        self.representative, self.agent = secret(self.name + "representative"), secret(self.name + "agent")
        self.log_key = LogKey.from_seed(self.log_origin, secret(self.name + "log"))
        self.seal_key = p256_key(self.of_seed("seal"))
        self.seal_certificate = self.ca.issue(
            "TEST 示例机械", self.seal_key.public_key(), end=NOW + dt.timedelta(days=365)
        )
        self.org_id = hashlib.sha256(b"org" + self.name.encode()).hexdigest()
        if self.renderer is None:
            self.renderer = Renderer(FontBook.load(node_fonts()))

    def of_seed(self, label: str) -> str | None:
        """The seed of one key of this installation, None where keys are fresh."""
        return None if self.seed is None else f"{self.seed} {self.name} {label}"

    def trust_root(self, **changes: Any) -> TrustRoot:
        period = {"valid_from": "2026-01-01T00:00:00.000Z", "valid_until": None}
        assert self.renderer is not None
        value: dict[str, Any] = {
            "v": 1,
            "version": 1,
            "predecessor": None,
            "test": True,
            "log_origin": self.log_origin,
            "log_vkey": self.log_key.vkey,
            "chain_id": self.chain_id,
            "genesis_hash": hashlib.sha256(self.name.encode()).hexdigest(),
            "contracts": {
                name: {
                    "address": wallets.address_of(secret(self.name + name)),
                    "code_hash": hashlib.sha256(name.encode()).hexdigest(),
                }
                for name in ("LaborContractRegistry", "ParticipantRegistry", "EvidenceLog")
            },
            "web_origins": [{"origin": ORIGIN, "rp_id": "concord.example"}],
            "cas": [b64(item) for item in self.ca.chain],
            "tsas": [
                {"name": tsa.name, "certs": [b64(item) for item in tsa.roots]}
                for tsa in (self.tsa_one, self.tsa_two)
            ],
            "identity_issuers": [{"address": wallets.address_of(self.issuer), **period}],
            "registrars": [{"address": wallets.address_of(self.registrar), **period}],
            "witnesses": [],
            "witness_threshold": 0,
            "judicial": [],
            "page_release_keys": [],
            "root_keys": [],
            "root_threshold": 0,
            "retired_algorithms": [],
            "templates": self.renderer.templates(),
            "renderers": [self.renderer.renderer_id],
            "valid_from": "2026-01-01T00:00:00.000Z",
            "valid_until": None,
        }
        return TrustRoot.of(value | changes)

    def stamp(self, tsa: Stamper, imprint: bytes, when: dt.datetime) -> Token:
        tsa.shift = (when - tsa.moment).total_seconds()
        tsa.calls += 1
        return check_token(tsa.token(imprint), imprint, tsa.roots, tsa=tsa.name)


def as_json(statement: eip712.Statement) -> dict[str, Any]:
    """A statement with snake_case keys and plain hex, as packages hold it."""
    return {
        name: value.hex() if isinstance(value, bytes) else value for name, value in vars(statement).items()
    }


def utc(when: dt.datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03d}Z"


def cose(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The COSE form of a P-256 public key."""
    point = key.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    return bytes.fromhex("a5010203262001215820") + point[1:33] + bytes.fromhex("225820") + point[33:]


def sample_data(contract_id: str) -> dict[str, Any]:
    """The data of a short labour contract between invented parties."""
    data = agreement(origin=ORIGIN, document_no=contract_id[:16])
    data["clauses"].append({"id": "M6", "title": "劳动报酬", "text": "每月 8000.00 元。"})
    return data
