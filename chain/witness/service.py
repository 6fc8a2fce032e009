"""What a witness does with a checkpoint: check, remember, and only then sign (C2SP tlog-witness, add-checkpoint).

Why dying anywhere is safe: before the new checkpoint is on disk nothing was signed; after that only this checkpoint, or
one that extends it, is ever signed. Whoever did not get the answer asks again and gets a cosignature of the same thing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chain.checkpoint import Checkpoint, NoteSignature, Verifier
from chain.cosignature import MAX_TIME, bridge_digest
from chain.errors import NoteInvalid, ProofInvalid
from chain.merkle.verification import verify_consistency
from chain.witness.errors import Refused
from chain.witness.identity import WitnessKeys
from chain.witness.memory import Memory, Seen
from chain.witness.submission import Submission
from signing.wallets import sign_digest

if TYPE_CHECKING:
    from signing.eip712 import Domain


@dataclass(frozen=True)
class Cosigned:
    """A pair of signatures of one moment over one checkpoint; the bridge form only where a judicial chain is set up."""

    name: str
    time: int
    line: NoteSignature
    bridge: bytes | None


class Witness:
    """Cosigns the checkpoints of the logs it was told of."""

    def __init__(
        self,
        keys: WitnessKeys,
        memory: Memory,
        logs: Iterable[Verifier],
        bridges: Mapping[str, Domain],
        now: Callable[[], float],
    ) -> None:
        self.name = keys.cosigner.verifier.name
        self._keys = keys
        self._memory = memory
        self._logs: dict[str, list[Verifier]] = {}
        for log in logs:
            self._logs.setdefault(log.name, []).append(log)
        self._bridges = bridges
        self._now = now

    def add_checkpoint(self, body: bytes) -> Cosigned:
        """Cosign the checkpoint in a request's body; raises Refused with the status that the specification names."""
        try:
            submission = Submission.parse(body)
        except NoteInvalid as exc:
            raise Refused(400, exc.en) from exc
        new, now = submission.checkpoint, min(max(int(self._now()), 0), MAX_TIME)
        self._check_signature(submission)
        if submission.old_size > new.size:
            raise Refused(400, "the old size is larger than the checkpoint's")
        try:
            time = self._memory.advance(
                submission.note.encode(), new, now, lambda last: _check(last, submission)
            )
        except Refused as refused:
            if refused.status == 422 or refused.size == submission.old_size:
                self._memory.keep_refusal(new.origin, now, refused.reason, body)
            raise
        return self._sign(submission.note.text, new, time)

    def _check_signature(self, submission: Submission) -> None:
        trusted = self._logs.get(submission.checkpoint.origin)
        if trusted is None:
            raise Refused(404, "this witness does not know a log of this origin")
        for log in trusted:
            try:
                log.signature_in(submission.note)
            except NoteInvalid:
                continue
            return
        raise Refused(403, "the checkpoint is not signed by the log's key")

    def _sign(self, text: bytes, checkpoint: Checkpoint, time: int) -> Cosigned:
        domain = self._bridges.get(checkpoint.origin)
        bridge = None
        if domain is not None:
            bridge = sign_digest(self._keys.bridge, bridge_digest(domain, checkpoint, time))
        return Cosigned(self.name, time, self._keys.cosigner.cosign(text, time), bridge)


def _check(last: Seen, submission: Submission) -> None:
    """Refuse unless the submitted checkpoint extends, or is, the last one."""
    new = submission.checkpoint
    if submission.old_size != last.size:
        raise Refused(409, "the old size is not that of the last checkpoint", last.size)
    if last.size == 0 < new.size:
        # Every log extends the empty one; the specification asks for an empty proof.
        if submission.proof:
            raise Refused(422, "the proof from size 0 is not empty")
        return
    if last.size == new.size and not submission.proof and last.root != new.root:
        raise Refused(409, "another root was cosigned at this size", last.size)
    try:
        verify_consistency(last.size, last.root, new.size, new.root, submission.proof)
    except ProofInvalid as exc:
        raise Refused(422, exc.en) from exc
