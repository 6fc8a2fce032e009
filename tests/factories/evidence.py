"""Whole synthetic evidence packages with throw-away keys, for tests of format and verifier and for attacks.

`World` is one installation (its keys, CA, TSAs, renderer). `Forge` makes one package part by part; `changes` maps a
part's name to a function `(value, forge) -> value`, so an attack alters one part and everything made later (digests,
signatures, log, manifest) is made honestly over the altered part, as a cheating platform would.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from chain.checkpoint import Checkpoint, LogKey, SignedNote
from chain.merkle import MemoryTiles, Tree, leaf_hash
from chain.package import contents, manifest, write_package
from chain.package.proofs import LogProof
from chain.trust_root import PARTICIPANTS, REGISTRY, TrustRoot
from signing import eip712, jcs, p256, wallets, webauthn_check
from signing.clauses import Clause, ClauseTree
from signing.pades import Box, add_dss, finish, prepare, signed_attributes, timestamp_document
from signing.rendering import FontBook, Rendered, Renderer
from signing.timestamps import Token, check_token
from tests.support.signing_authorities import NOW, Authority, Stamper, der, spki

ROOT = Path(__file__).resolve().parents[2]
ORIGIN = "https://concord.example"
LOG = "log.concord.example/test"
Change = Callable[[Any, "Forge"], Any]


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def at(seconds: float) -> dt.datetime:
    """A moment relative to the worker's signature."""
    return NOW + dt.timedelta(seconds=seconds)


def secret(label: str) -> bytes:
    """A private key that is the same in every run."""
    return hashlib.sha256(b"throw-away " + label.encode()).digest()


def npm_fonts() -> list[Path]:
    return FontBook.npm(ROOT / "node_modules")


@dataclass
class World:
    """One installation with everything secret in hand."""

    name: str = "one"
    log_origin: str = LOG
    chain_id: int = 271828
    renderer: Renderer | None = None

    def __post_init__(self) -> None:
        self.ca = Authority("TEST CA")
        self.tsa_one, self.tsa_two = Stamper("tsa-one"), Stamper("tsa-two")
        self.issuer, self.registrar = secret(self.name + "issuer"), secret(self.name + "registrar")
        self.representative, self.agent = secret(self.name + "representative"), secret(self.name + "agent")
        self.log_key = LogKey.from_seed(self.log_origin, secret(self.name + "log"))
        self.seal_key = ec.generate_private_key(ec.SECP256R1())
        self.seal_certificate = self.ca.issue(
            "TEST 示例机械", self.seal_key.public_key(), end=NOW + dt.timedelta(days=365)
        )
        self.org_id = hashlib.sha256(b"org" + self.name.encode()).hexdigest()
        if self.renderer is None:
            self.renderer = Renderer(FontBook.load(npm_fonts()))

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


def part(build: Callable[[Forge], Any]) -> cached_property[Any]:
    """A cached part that `changes` may alter."""
    name = build.__name__

    def value(self: Forge) -> Any:
        made = build(self)
        return self.changes[name](made, self) if name in self.changes else made

    return cached_property(value)


@dataclass
class Forge:
    """One contract's package in the making."""

    world: World
    passkey: bool = False
    by_agent: bool = True
    changes: dict[str, Change] = field(default_factory=dict)
    label: str = "contract"

    def __post_init__(self) -> None:
        for name, prop in vars(type(self)).items():
            if isinstance(prop, cached_property) and prop.attrname is None:
                prop.__set_name__(type(self), name)
        self.root = self.world.trust_root()
        self.domain, self.participants = self.root.domain(REGISTRY), self.root.domain(PARTICIPANTS)
        self.contract_id = hashlib.sha256(self.label.encode()).hexdigest()
        self.worker_key = ec.generate_private_key(ec.SECP256R1())
        self.passkey_key = ec.generate_private_key(ec.SECP256R1())
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
        raw = self.worker_key.sign(
            eip712.preimage(self.domain, self.worker_consent_statement), ec.ECDSA(hashes.SHA256())
        )
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
        signature = self.world.seal_key.sign(jcs.canonical(statement), ec.ECDSA(hashes.SHA256()))
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
        signature = self.passkey_key.sign(
            authenticator + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256())
        )
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
        signature = key.sign(attributes, ec.ECDSA(hashes.SHA256()))
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

    # --- events and log

    def event(
        self, stream: str, seq: int, name: str, when: dt.datetime, prev: str, payload: dict[str, Any]
    ) -> dict[str, Any]:
        slice_name = "identity" if name == "passkey" else "econtract"
        full = payload | {"blind": hashlib.sha256(f"{stream}{seq}".encode()).hexdigest()}
        event = {
            "v": 1,
            "suite": 4,
            "log_origin": self.world.log_origin,
            "stream": stream,
            "seq": seq,
            "type": f"{slice_name}.{name}/1",
            "actor": "actor-1",
            "role": "platform",
            "utc": utc(when),
            "payload_schema": f"concord:{slice_name}.{name}/1",
            "payload_digest": jcs.digest(full).hex(),
            "prev": prev,
            "salt": hashlib.sha256(f"salt{stream}{seq}{self.label}".encode()).hexdigest(),
        }
        return {"event": event, "payload": full}

    @part
    def cited_story(self) -> list[tuple[str, int, str, dt.datetime, dict[str, Any]]]:
        story = [
            (f"employer/{self.world.org_id}", 1, "E01", at(-90000), {"org_id": self.world.org_id}),
            ("person/p1", 1, "E02", at(-600), {"level": 2}),
            ("template/concord-labour-fixed", 1, "E05", at(-80000), {"version": "1.0.0"}),
        ]
        if self.passkey:
            digest = hashlib.sha256(cose(self.passkey_key)).hexdigest()
            story.append(("person/p1", 2, "passkey", at(-500), {"credential_sha256": digest}))
        return story

    @part
    def cited(self) -> list[dict[str, Any]]:
        prev: dict[str, str] = {}
        made = []
        for stream, seq, name, when, payload in self.cited_story:
            item = self.event(stream, seq, name, when, prev.get(stream, "0" * 64), payload)
            prev[stream] = jcs.digest(item["event"]).hex()
            made.append(item)
        return made

    def cite(self, *names: str) -> list[dict[str, Any]]:
        return [
            {
                "stream": item["event"]["stream"],
                "seq": item["event"]["seq"],
                "digest": jcs.digest(item["event"]).hex(),
            }
            for item in self.cited
            if item["event"]["type"].partition(".")[2].partition("/")[0] in names
        ]

    @part
    def story(self) -> list[tuple[str, dt.datetime, dict[str, Any]]]:
        """The contract's own events: name, time, payload."""
        commitment = self.commitment.hex()
        intent = {"method": self.intent["method"], "nonce": self.nonce}
        return [
            (
                "E06",
                at(-3700),
                {
                    "commitment": commitment,
                    "version": self.opening["version"],
                    "cites": self.cite("E01", "E05"),
                },
            ),
            ("sent", at(-3600), {"commitment": commitment}),
            ("E03", at(-400), {"cites": self.cite("E02")}),
            ("E04", at(-399), {}),
            ("E07", at(-398), {"seconds": 120}),
            (
                "E08",
                at(1),
                {
                    "commitment": commitment,
                    "page_release": "ab" * 32,
                    "cites": self.cite("passkey"),
                    **intent,
                },
            ),
            (
                "E09",
                at(2),
                {
                    "commitment": commitment,
                    "cert_sha256": hashlib.sha256(self.worker_certificate).hexdigest(),
                    "token_sha256": self.worker_signed[1].sha256,
                    "attestation_digest": eip712.digest(self.domain, self.attestation_statement).hex(),
                },
            ),
            (
                "E10",
                at(601),
                {
                    "commitment": commitment,
                    "cert_sha256": hashlib.sha256(self.world.seal_certificate).hexdigest(),
                    "token_sha256": self.employer_signed[1].sha256,
                    "wallet": self.wallet,
                },
            ),
            ("E11", at(611), {"commitment": commitment, "token_sha256": self.finished[1].sha256}),
            ("E14", at(612), {"channel": "sms"}),
        ]

    @part
    def stream(self) -> list[dict[str, Any]]:
        made, prev, name = [], "0" * 64, f"econtract/{self.contract_id}"
        for seq, (kind, when, payload) in enumerate(self.story, start=1):
            item = self.event(name, seq, kind, when, prev, payload)
            prev = jcs.digest(item["event"]).hex()
            made.append(item)
        return made

    @property
    def entries(self) -> list[bytes]:
        return [jcs.digest(item["event"]) for item in (*self.stream, *self.cited)]

    @part
    def log(self) -> tuple[Tree, list[int]]:
        """The log: strangers' entries between ours. Returns the tree and our indices."""
        store = MemoryTiles()
        leaves, places = [], []
        for number, entry in enumerate(self.entries):
            leaves.append(leaf_hash(hashlib.sha256(b"stranger%d" % number).digest()))
            places.append(len(leaves))
            leaves.append(leaf_hash(entry))
        growth = Tree(store, 0).append(leaves)
        store.write(growth.tiles)
        return Tree(store, len(leaves)), places

    @part
    def checkpoint_note(self) -> bytes:
        tree, _ = self.log
        return self.world.log_key.sign_checkpoint(Checkpoint(self.world.log_origin, tree.size, tree.root()))

    @part
    def checkpoint_token(self) -> bytes:
        imprint = hashlib.sha256(self.checkpoint_note).digest()
        return self.world.stamp(self.world.tsa_one, imprint, at(620)).der

    @part
    def checkpoint_file(self) -> bytes:
        """The note as it stands in the package: witnesses may add lines."""
        return self.checkpoint_note

    @part
    def proofs(self) -> list[LogProof]:
        tree, places = self.log
        return [LogProof.of(index, tree.prove_inclusion(index), self.checkpoint_file) for index in places]

    # --- the file

    @part
    def files(self) -> dict[str, bytes]:
        value = {
            contents.OPENING: self.opening,
            contents.CLAUSES: {"v": 1, "clauses": self.clauses},
            contents.CHECK: self.check,
            contents.ATTESTATION: self.attestation,
            contents.WORKER_CONSENT: self.worker_consent,
            contents.EMPLOYER_CONSENT: self.employer_consent,
            contents.SEAL_BINDING: self.seal_binding,
            contents.AUTHORITY: self.authority,
            contents.INTENT: self.intent,
            contents.STREAM: {"v": 1, "stream": f"econtract/{self.contract_id}", "events": self.stream},
            contents.CITED: {"v": 1, "events": self.cited},
        }
        files = {name: jcs.canonical(item) for name, item in value.items()}
        files[contents.PDF] = self.finished[0]
        return files | self.log_files

    @property
    def log_files(self) -> dict[str, bytes]:
        files = {
            contents.CHECKPOINT: self.checkpoint_file,
            contents.CHECKPOINT_TOKEN: self.checkpoint_token,
        }
        for number, proof in enumerate(self.proofs, start=1):
            files[contents.proof_name(number)] = proof.encode()
        return files

    def seal(self, files: dict[str, bytes], kind: str, subject: dict[str, Any]) -> dict[str, bytes]:
        """Manifest and signature over files, by the log's key."""
        made = manifest.build(
            kind=kind,
            installation=self.root.installation,
            producer={"name": "concord", "release": "0.1.0"},
            subject=subject,
            created=utc(at(700)),
            files=files,
        )
        text = manifest.note_text(made, self.world.log_origin)
        note = SignedNote(text, (self.world.log_key.sign(text),)).encode()
        return {"manifest.json": made, "manifest.sig": note} | files

    @part
    def sealed(self) -> dict[str, bytes]:
        subject = {
            "contract_id": self.contract_id,
            "version": self.opening["version"],
            "base_pdf_size": len(self.base),
        }
        return self.seal(self.files, contents.CONTRACT, subject)

    @property
    def package(self) -> bytes:
        return write_package(self.sealed)

    @property
    def supervision(self) -> bytes:
        """The regulator's export of the same contract, without payloads."""
        files = {
            contents.STREAM: jcs.canonical(
                {
                    "v": 1,
                    "stream": f"econtract/{self.contract_id}",
                    "events": [item | {"payload": None} for item in self.stream],
                }
            ),
            contents.CITED: jcs.canonical({"v": 1, "events": []}),
        }
        own = {
            name: data
            for name, data in self.log_files.items()
            if not name.startswith("log/proofs/") or int(name[11:16]) <= len(self.stream)
        }
        subject = {"stream": f"econtract/{self.contract_id}"}
        return write_package(self.seal(files | own, contents.SUPERVISION, subject))


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
    return {
        "v": 1,
        "schema": "concord:econtract.document/1",
        "lang": "zh",
        "test": True,
        "date": "2026-11-22",
        "title": "劳动合同书",
        "subtitle": "固定期限",
        "document_no": contract_id[:16],
        "version": 1,
        "lookup": {"code": "abcdefghijklmnopqrst234567", "url": f"{ORIGIN}/d/abcdefghijklmnopqrst234567"},
        "text_template": {"id": "concord-labour-fixed", "version": "1.0.0", "sha256": "0" * 64},
        "parties": [
            {"role": "employer", "label": "甲方（用人单位）", "rows": [["名称", "示例机械（测试）"]]},
            {"role": "worker", "label": "乙方（劳动者）", "rows": [["姓名", "李小龘"]]},
        ],
        "key_facts": [{"id": "pay", "label": "劳动报酬", "value": "每月 8000.00 元"}],
        "clauses": [
            {"id": "M3", "title": "合同期限", "text": "自2026年12月1日起。\n试用期两个月。"},
            {"id": "M4", "title": "工作内容", "text": "数控操作。"},
            {"id": "M6", "title": "劳动报酬", "text": "每月 8000.00 元。"},
        ],
        "notices": ["双方平等自愿订立本合同。"],
        "signatures": [
            {"field": "Worker", "label": "乙方（劳动者）签名"},
            {"field": "Employer", "label": "甲方（用人单位）盖章"},
        ],
        "facts": {"monthly_pay": "8000.00"},
    }


__all__ = ["Forge", "World", "as_json", "at", "b64", "cose", "der", "npm_fonts", "utc"]
