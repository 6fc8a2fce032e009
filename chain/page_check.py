"""Is the signing page that a platform serves the one that its log says was released? Judged from outside.

Everything is compared with the trust root that the user holds: the release event's signature, its inclusion in the log under a
checkpoint of the log's key (and its witnesses, where the root asks for them), and each served file, byte for byte. What a server
shows to one visitor only can't be seen from elsewhere: the page's own digest in event E08 is what binds each signature.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from chain.checkpoint import SignedNote, Verifier, open_checkpoint
from chain.cosignature import WitnessVerifier
from chain.errors import ChainError, NoteInvalid, ProofInvalid
from chain.merkle import leaf_hash, verify_inclusion
from chain.package import contents
from chain.package import schema as s
from chain.package.proofs import LogProof
from chain.releases import PAGE, Release, ReleaseRefused, read_event
from chain.trust_root import TrustRoot
from signing import jcs
from signing.errors import InputRefused

MAX_FILE: Final = 20_000_000
FACTS_PATH: Final = "/releases/page"
PAGE_PATH: Final = "/signing-page"

Fetch = Callable[[str], bytes]
"""The bytes at a path of the platform; raises PageUnreachable."""

_shape = s.members(
    v=s.constant(1),
    kind=s.constant(PAGE),
    id=s.name,
    digest=s.hex32,
    event=contents.EVENT,
    payload=s.mapping(s.text(100), s.anything),
    proof=s.optional(s.text(64_000)),
)


class PageUnreachable(Exception):
    """An answer could not be had."""


class PageMissing(PageUnreachable):
    """The platform answered that it has no such thing."""


@dataclass
class PageCheck:
    """passed, failed or indeterminate, why, and what was compared."""

    verdict: str = "passed"
    code: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    differing: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The result as JSON."""
        return {"verdict": self.verdict, "code": self.code, "facts": self.facts, "differing": self.differing}


class _Ended(Exception):
    def __init__(self, verdict: str, code: str, **facts: Any) -> None:
        self.verdict, self.code, self.facts = verdict, code, facts


def check_page(fetch: Fetch, root: TrustRoot, *, digest: str | None = None) -> PageCheck:
    """Compare what is served with what was released. `digest`: the release in the address that the user opened.

    Raises PageUnreachable when the platform does not answer; everything else is a verdict.
    """
    result = PageCheck(facts={"trust_root": root.fingerprint, "test": root.test})
    try:
        release = _released(fetch, root, result)
        if digest is not None and digest != release.digest:
            raise _Ended("failed", "ANOTHER_RELEASE_SERVED", opened=digest)
        result.facts["files"] = len(release.files)
        for path, expected in release.files:
            try:
                served = hashlib.sha256(fetch(f"{PAGE_PATH}/{release.digest}/{path}")).hexdigest()
            except PageMissing:
                served = "missing"
            if served != expected:
                result.differing.append(path)
        if result.differing:
            raise _Ended("failed", "FILES_DIFFER")
    except _Ended as end:
        result.verdict, result.code = end.verdict, end.code
        result.facts |= end.facts
    return result


def _released(fetch: Fetch, root: TrustRoot, result: PageCheck) -> Release:
    if not root.release_keys:
        raise _Ended("indeterminate", "NO_RELEASE_KEYS")
    try:
        told: Any = jcs.parse_object(fetch(FACTS_PATH), max_bytes=1_000_000)
        _shape(told, "")
    except PageMissing as error:
        raise _Ended("indeterminate", "NO_RELEASE_EVENT", reason=str(error)) from error
    except (s.ShapeError, InputRefused) as error:
        raise _Ended("failed", "RELEASE_MALFORMED", reason=str(error)[:200]) from error
    event, payload = told["event"], told["payload"]
    if (
        event["log_origin"] != root.log_origin
        or jcs.digest(payload).hex() != event["payload_digest"]
        or event["payload_schema"] != f"concord:{event['type']}"
    ):
        raise _Ended("failed", "PAYLOAD_MISMATCH")
    try:
        release, key = read_event(event, payload, PAGE, root.log_origin, root.release_keys)
    except ReleaseRefused as error:
        raise _Ended("failed", error.sub_indication, reason=error.reason) from error
    result.facts |= {
        "digest": release.digest,
        "number": release.number,
        "released": event["utc"],
        "key": key,
    }
    if told["proof"] is None:
        raise _Ended("indeterminate", "NO_CHECKPOINT_YET")
    _check_log(told["proof"].encode("utf-8"), jcs.digest(event), root, result)
    return release


def _check_log(data: bytes, entry: bytes, root: TrustRoot, result: PageCheck) -> None:
    """The event is in the log under a checkpoint that the log's key, and enough witnesses, have signed."""
    try:
        proof = LogProof.parse(data)
        head = open_checkpoint(proof.checkpoint, Verifier.parse(root.log_vkey))
    except NoteInvalid as error:
        raise _Ended("failed", "SIG_CRYPTO_FAILURE", reason=str(error)) from error
    except (ChainError, ValueError) as error:
        raise _Ended("failed", "FORMAT_FAILURE", reason=str(error)[:200]) from error
    try:
        verify_inclusion(leaf_hash(entry), proof.index, head.size, proof.path, head.root)
    except ProofInvalid as error:
        raise _Ended("failed", "INCLUSION_INVALID", reason=str(error)) from error
    result.facts |= {"log_index": proof.index, "checkpoint_size": head.size}
    note = SignedNote.parse(proof.checkpoint)
    valid: list[str] = []
    for witness in root.witnesses:
        key = WitnessVerifier.parse(witness.vkey)
        if any(line.name == key.name and line.key_id == key.key_id for line in note.signatures):
            try:
                key.cosigned_at(note)
            except NoteInvalid as error:
                raise _Ended("failed", "SIG_CRYPTO_FAILURE", witness=witness.name) from error
            valid.append(witness.name)
    result.facts["witnesses"] = valid
    if len(valid) < root.witness_threshold:
        raise _Ended("indeterminate", "WITNESS_QUORUM_MISSING", threshold=root.witness_threshold)
