"""Whole synthetic evidence packages with throw-away keys, for tests of format and verifier and for attacks.

`Forge` makes one package part by part; `changes` maps a part's name to a function `(value, forge) -> value`, so an
attack alters one part and everything made later (digests, signatures, log, manifest) is made honestly over the
altered part, as a cheating platform would.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Any

from chain.checkpoint import Checkpoint, SignedNote
from chain.merkle import MemoryTiles, Tree, leaf_hash
from chain.package import contents, manifest, write_package
from chain.package.proofs import LogProof, write_heads
from signing import eip712, jcs
from tests.factories.signed_parts import SignedParts, part
from tests.factories.world import World, as_json, at, b64, cose, secret, utc


@dataclass
class Forge(SignedParts):
    """One contract's package in the making: the signed parts, then events, log and file."""

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
        return {
            contents.CHECKPOINT: self.checkpoint_file,
            contents.CHECKPOINT_TOKEN: self.checkpoint_token,
            contents.PROOFS: write_heads(self.proofs),
        }

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
        own = self.log_files | {contents.PROOFS: write_heads(self.proofs[: len(self.stream)])}
        subject = {"stream": f"econtract/{self.contract_id}"}
        return write_package(self.seal(files | own, contents.SUPERVISION, subject))


__all__ = ["Forge", "World", "as_json", "at", "b64", "cose", "secret", "utc"]
