"""Steps 14 to 16: checkpoint with its token, witnesses, inclusion of every event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chain.package import contents
from chain.package.proofs import LogProof
from chain.verifier.case import TOLERANCE, Case, present, text_of
from chain.verifier.outcome import Failed, Passed, Undecided

if TYPE_CHECKING:
    from signing.timestamps import Token


def checkpoint(case: Case) -> Passed:
    """14. The log's key signed the checkpoint, and a TSA of the trust root dated it after all events."""
    from chain.checkpoint import Checkpoint, SignedNote, Verifier, token_imprint
    from chain.errors import NoteInvalid

    data, log = case.entries[contents.CHECKPOINT], Verifier.parse(case.trust_root.log_vkey)
    try:
        note = SignedNote.parse(data)
        found = Checkpoint.parse(note.text)
    except NoteInvalid as error:
        raise Failed("FORMAT_FAILURE", entry=contents.CHECKPOINT) from error
    if found.origin != case.trust_root.log_origin:
        raise Failed("WRONG_INSTALLATION", field="origin", origin=found.origin)
    try:
        log.signature_in(note)
        imprint = token_imprint(data, log)
    except NoteInvalid as error:
        raise Failed("SIG_CRYPTO_FAILURE", entry=contents.CHECKPOINT) from error
    if note.signatures[0].key_id != log.key_id or found.size < 1:
        raise Failed("FORMAT_FAILURE", entry=contents.CHECKPOINT)
    token = judge_token(case, case.entries[contents.CHECKPOINT_TOKEN], imprint)
    latest = max((item.utc for item in (*case.stream, *case.cited)), default=None)
    if latest is not None and (latest - token.gen_time).total_seconds() > TOLERANCE:
        raise Failed("TIME_CONTRADICTION", event=text_of(latest), token=text_of(token.gen_time))
    case.checkpoint = found
    return Passed(
        {
            "origin": found.origin,
            "size": found.size,
            "root": found.root.hex(),
            "time": text_of(token.gen_time),
            "tsa": token.tsa,
        }
    )


def judge_token(case: Case, der: bytes, imprint: bytes) -> Token:
    """Return the token if a TSA of the trust root made it over `imprint`."""
    from signing.errors import SigningError
    from signing.timestamps import check_token

    reasons: list[str] = []
    for name, roots in case.trust_root.tsas.items():
        try:
            return check_token(der, imprint, roots, tsa=name)
        except SigningError as error:
            reasons.append(error.code)
    untrusted = bool(reasons) and all("untrusted" in code for code in reasons)
    raise Failed("TIMESTAMP_UNTRUSTED" if untrusted else "TIMESTAMP_INVALID", reasons=sorted(set(reasons)))


def witnesses(case: Case) -> Passed:
    """15. Independent witnesses have cosigned the same body (C2SP cosignature/v1); each counts once."""
    from chain.checkpoint import SignedNote
    from chain.cosignature import WitnessVerifier
    from chain.errors import NoteInvalid

    known, threshold = case.trust_root.witnesses, case.trust_root.witness_threshold
    if not known:
        raise Undecided("NO_WITNESSES", valid=0, threshold=threshold)
    note = SignedNote.parse(case.entries[contents.CHECKPOINT])
    valid: set[str] = set()
    for witness in known:
        key = WitnessVerifier.parse(witness.vkey)
        if not any(line.name == key.name and line.key_id == key.key_id for line in note.signatures):
            continue
        try:
            key.cosigned_at(note)
        except NoteInvalid as error:
            raise Failed("SIG_CRYPTO_FAILURE", witness=witness.name) from error
        valid.add(witness.name)
    facts = {"valid": len(valid), "witnesses": sorted(valid), "threshold": threshold}
    if len(valid) < max(threshold, 1):
        raise Undecided("WITNESS_QUORUM_MISSING", **facts)
    return Passed(facts)


def inclusion(case: Case) -> Passed:
    """16. Each event's entry is in the log of the checkpoint, each stream in its own order."""
    from chain.errors import ProofInvalid
    from chain.merkle import leaf_hash, verify_inclusion

    head, note = present(case.checkpoint), case.entries[contents.CHECKPOINT]
    events = [*case.stream, *case.cited]
    names = sorted(name for name in case.entries if name.startswith("log/proofs/"))
    if names != [contents.proof_name(number) for number in range(1, len(events) + 1)]:
        raise Failed("INCLUSION_INVALID", proofs=len(names), events=len(events))
    indices: list[int] = []
    for name, item in zip(names, events, strict=True):
        try:
            proof = LogProof.parse(case.entries[name])
        except ValueError as error:
            raise Failed("FORMAT_FAILURE", entry=name) from error
        if proof.checkpoint != note:
            raise Failed("CHECKPOINT_DIFFERS", entry=name)
        try:
            verify_inclusion(leaf_hash(item.entry), proof.index, head.size, proof.path, head.root)
        except ProofInvalid as error:
            raise Failed(
                "INCLUSION_INVALID", entry=name, event=item.event["type"], seq=item.event["seq"]
            ) from error
        indices.append(proof.index)
    own = indices[: len(case.stream)]
    if own != sorted(set(own)) or len(set(indices)) != len(indices):
        raise Failed("LOG_ORDER_VIOLATION", indices=own)
    return Passed({"events": len(events), "first_index": min(indices), "last_index": max(indices)})
