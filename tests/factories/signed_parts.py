"""What the parties sign, forged part by part: text, commitment, statements, consents, and the signed PDF."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from chain.trust_root import PARTICIPANTS, REGISTRY
from signing import eip712, jcs, p256, wallets, webauthn_check
from signing.clauses import Clause, ClauseTree
from signing.pades import Box, add_dss, finish, prepare, signed_attributes, timestamp_document
from signing.rendering import Rendered
from signing.timestamps import Token
from tests.factories.world import ORIGIN, World, as_json, at, b64, cose, sample_data, secret, utc
from tests.support.fixed_random import ECDSA, p256_key
from tests.support.signing_authorities import Stamper, spki

Change = Callable[[Any, Any], Any]


def part(build: Callable[[Any], Any]) -> cached_property[Any]:
    """A cached part that `changes` may alter."""
    name = build.__name__

    def value(self: SignedParts) -> Any:
        made = build(self)
        return self.changes[name](made, self) if name in self.changes else made

    return cached_property(value)


@dataclass
class SignedParts:
    """Text, statements and signed PDF of one contract in the making."""

    world: World
    passkey: bool = False
    by_agent: bool = True
    changes: dict[str, Change] = field(default_factory=dict)
    label: str = "contract"

    def __post_init__(self) -> None:
        for owner in type(self).__mro__:
            for name, prop in vars(owner).items():
                if isinstance(prop, cached_property) and prop.attrname is None:
                    prop.__set_name__(owner, name)
        self.root = self.world.trust_root()
        self.domain, self.participants = self.root.domain(REGISTRY), self.root.domain(PARTICIPANTS)
        self.contract_id = hashlib.sha256(self.label.encode()).hexdigest()
        self.worker_key = p256_key(self.world.of_seed(f"worker {self.label}"))
        self.passkey_key = p256_key(self.world.of_seed(f"passkey {self.label}"))
        self.nonce = hashlib.sha256(b"nonce" + self.label.encode()).hexdigest()

    # --- text and commitment

    @part
    def data(self) -> dict[str, Any]:
        return sample_data(self.contract_id)

    @part
    def rendered(self) -> Rendered:
        assert self.world.renderer is not None
        return self.world.renderer.render("agreement/1", self.data)

    @part
    def base(self) -> bytes:
        return self.rendered.pdf

    @part
    def clauses(self) -> list[dict[str, Any]]:
        tree = self.tree
        return [dict(tree.leaf(number)) for number in range(tree.size)]

    @part
    def tree(self) -> ClauseTree:
        items = [Clause(item["id"], item["title"], item["text"]) for item in self.data["clauses"]]
        return ClauseTree(items, [hashlib.sha256(b"salt%d" % n).digest() for n in range(len(items))])

    @part
    def opening(self) -> dict[str, Any]:
        return {
            "v": 1,
            "log_origin": self.world.log_origin,
            "contract_id": self.contract_id,
            "version": 1,
            "prev": "0" * 64,
            "clause_root": self.tree.root.hex(),
            "base_pdf_sha256": hashlib.sha256(self.base).hexdigest(),
            "template_sha256": self.rendered.template_sha256,
            "renderer_id": self.rendered.renderer_id,
            "salt": hashlib.sha256(b"opening" + self.label.encode()).hexdigest(),
        }

    @property
    def commitment(self) -> bytes:
        return jcs.digest(self.opening)

    # --- statements

    def _statement(
        self, key: bytes, domain: eip712.Domain, statement: eip712.Statement, name: str
    ) -> dict[str, Any]:
        signature = wallets.sign_digest(key, eip712.digest(domain, statement))
        return {"v": 1, name: as_json(statement), "signature": b64(signature)}

    @part
    def check_statement(self) -> eip712.IdentityCheck:
        factors = 3 | (16 if self.passkey else 0)
        return eip712.IdentityCheck(self.commitment, secret("subject"), factors, 2, int(at(-600).timestamp()))

    @part
    def check(self) -> dict[str, Any]:
        return self._statement(self.world.issuer, self.domain, self.check_statement, "statement")

    @part
    def attestation_statement(self) -> eip712.Attestation:
        return eip712.Attestation(
            commitment=self.commitment,
            contract_id=bytes.fromhex(self.contract_id),
            signer_key_hash=hashlib.sha256(spki(self.worker_key)).digest(),
            subject=self.check_statement.subject,
            level=self.check_statement.level,
            check_digest=eip712.digest(self.domain, self.check_statement),
            time=int(at(-5).timestamp()),
        )

    @part
    def attestation(self) -> dict[str, Any]:
        return self._statement(self.world.issuer, self.domain, self.attestation_statement, "statement")

    def consent(self, role: int, key_hash: bytes) -> eip712.Consent:
        return eip712.Consent(
            commitment=self.commitment,
            contract_id=bytes.fromhex(self.contract_id),
            version=self.opening["version"],
            prev=bytes.fromhex(self.opening["prev"]),
            role=role,
            signer_key_hash=key_hash,
            expiry=int(at(86400 * 20).timestamp()),
        )

    @part
    def worker_consent_statement(self) -> eip712.Consent:
        return self.consent(2, hashlib.sha256(spki(self.worker_key)).digest())

    @part
    def worker_consent(self) -> dict[str, Any]:
        raw = self.worker_key.sign(eip712.preimage(self.domain, self.worker_consent_statement), ECDSA)
        return {
            "v": 1,
            "consent": as_json(self.worker_consent_statement),
            "spki": b64(spki(self.worker_key)),
            "signature": b64(p256.low_s(p256.to_raw(raw))),
        }

    @property
    def wallet_key(self) -> bytes:
        return self.world.agent if self.by_agent else self.world.representative

    @property
    def wallet(self) -> str:
        return wallets.address_of(self.wallet_key)

    @part
    def employer_consent_statement(self) -> eip712.Consent:
        return self.consent(1, wallets.key_hash(self.wallet))

    @part
    def employer_consent(self) -> dict[str, Any]:
        made = self._statement(self.wallet_key, self.domain, self.employer_consent_statement, "consent")
        return made | {"wallet": self.wallet}

    @part
    def seal_binding(self) -> dict[str, Any]:
        statement = {
            "v": 1,
            "kind": "concord.seal-binding/1",
            "log_origin": self.world.log_origin,
            "org_id": self.world.org_id,
            "wallet": self.wallet,
            "seal_cert_sha256": hashlib.sha256(self.world.seal_certificate).hexdigest(),
            "utc": utc(at(590)),
        }
        signature = self.world.seal_key.sign(jcs.canonical(statement), ECDSA)
        return {"v": 1, "statement": statement, "signature": b64(signature)}

    def role_statement(self, key: bytes, statement: eip712.Statement) -> dict[str, Any]:
        signature = wallets.sign_digest(key, eip712.digest(self.participants, statement))
        return {
            "type": type(statement).__name__,
            "message": as_json(statement),
            "signature": b64(signature),
        }

    @part
    def authority_statements(self) -> list[tuple[bytes, eip712.Statement]]:
        world, org = self.world, bytes.fromhex(self.world.org_id)
        seal = hashlib.sha256(spki(world.seal_key)).digest()
        until = int(at(86400).timestamp())
        return [
            (
                world.registrar,
                eip712.RegisterOrganisation(
                    org, 500112013, wallets.address_of(world.representative), bytes(32), 1
                ),
            ),
            (world.representative, eip712.SetSealKey(org, seal, 2)),
            (world.representative, eip712.GrantAgent(org, wallets.address_of(world.agent), 6, until, 3)),
        ]

    @part
    def authority(self) -> dict[str, Any]:
        return {
            "v": 1,
            "statements": [self.role_statement(key, item) for key, item in self.authority_statements],
        }

    @part
    def client_data(self) -> dict[str, Any]:
        challenge = webauthn_check.signing_challenge(
            eip712.digest(self.domain, self.worker_consent_statement),
            spki(self.worker_key),
            bytes.fromhex(self.nonce),
        )
        text = base64.urlsafe_b64encode(challenge).rstrip(b"=").decode()
        return {"type": "webauthn.get", "challenge": text, "origin": ORIGIN, "crossOrigin": False}

    @part
    def intent(self) -> dict[str, Any]:
        if not self.passkey:
            return {"v": 1, "method": "otp", "nonce": self.nonce}
        client = json.dumps(self.client_data).encode()
        authenticator = hashlib.sha256(b"concord.example").digest() + b"\x05" + bytes(4)
        signature = self.passkey_key.sign(authenticator + hashlib.sha256(client).digest(), ECDSA)
        return {
            "v": 1,
            "method": "passkey",
            "nonce": self.nonce,
            "credential_id": b64(b"credential-1"),
            "public_key": b64(cose(self.passkey_key)),
            "authenticator_data": b64(authenticator),
            "client_data_json": b64(client),
            "signature": b64(signature),
        }

    # --- the PDF

    @part
    def worker_certificate(self) -> bytes:
        return self.world.ca.issue("TEST 李小龘", self.worker_key.public_key())

    def sign_pdf(
        self, pdf: bytes, name: str, key: Any, certificate: bytes, when: dt.datetime, tsa: Stamper
    ) -> tuple[bytes, Token]:
        assert self.world.renderer is not None
        box = self.rendered.boxes[name]
        stamp = self.world.renderer.stamp(["TEST", name], width=box.width, height=box.height, test=True)
        place = Box(box.page, box.x1, box.y1, box.x2, box.y2)
        prepared = prepare(pdf, field=name, box=place, stamp_pdf=stamp, moment=when)
        attributes = signed_attributes(prepared.digest, certificate)
        signature = key.sign(attributes, ECDSA)
        token = self.world.stamp(tsa, hashlib.sha256(signature).digest(), when)
        done = finish(
            prepared,
            attributes=attributes,
            signature=signature,
            certificate=certificate,
            chain=self.world.ca.chain,
            token=token,
        )
        return done, token

    @part
    def worker_signed(self) -> tuple[bytes, Token]:
        return self.sign_pdf(
            self.base, "Worker", self.worker_key, self.worker_certificate, at(0), self.world.tsa_one
        )

    @part
    def employer_signed(self) -> tuple[bytes, Token]:
        return self.sign_pdf(
            self.worker_signed[0],
            "Employer",
            self.world.seal_key,
            self.world.seal_certificate,
            at(600),
            self.world.tsa_one,
        )

    @part
    def with_dss(self) -> bytes:
        ca = self.world.ca
        certificates = (self.worker_certificate, self.world.seal_certificate)
        return add_dss(
            self.employer_signed[0],
            certificates=ca.chain,
            crls=[ca.crl()],
            ocsps=[ca.ocsp(item) for item in certificates],
        )

    @part
    def finished(self) -> tuple[bytes, Token]:
        return timestamp_document(
            self.with_dss, lambda imprint: self.world.stamp(self.world.tsa_two, imprint, at(610))
        )
