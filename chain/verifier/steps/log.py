"""Steps 14 to 16: checkpoint with its token, witnesses, inclusion of every event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chain.package import contents
from chain.package.proofs import read_heads
from chain.verifier.case import TOLERANCE, Case, moment, present, text_of, unpack
from chain.verifier.outcome import Failed, Passed, Undecided

if TYPE_CHECKING:
    from chain.checkpoint import SignedNote
    from chain.trust_root import Witness
    from signing.eip712 import Domain
    from signing.timestamps import Token

INVALID: Final = -1


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
    case.checkpoint, case.checkpoint_token = found, token
    return Passed(
        {
            "origin": found.origin,
            "size": found.size,
            "root": found.root.hex(),
            "time": text_of(token.gen_time),
            "tsa": token.tsa,
        }
    )


def judge_token(case: Case, der: bytes, imprint: bytes, algorithm: str = "sha256") -> Token:
    """Return the token if a TSA of the trust root made it over `imprint`, a digest by `algorithm`."""
    from signing.errors import SigningError
    from signing.timestamps import check_token

    reasons: list[str] = []
    for name, roots in case.trust_root.tsas.items():
        try:
            return check_token(der, imprint, roots, tsa=name, algorithm=algorithm)
        except SigningError as error:
            reasons.append(error.code)
    untrusted = bool(reasons) and all("untrusted" in code for code in reasons)
    raise Failed("TIMESTAMP_UNTRUSTED" if untrusted else "TIMESTAMP_INVALID", reasons=sorted(set(reasons)))


def witnesses(case: Case) -> Passed:
    """15. Independent witnesses have cosigned the same body, in both of their forms; each counts once."""
    from chain.checkpoint import SignedNote

    known, threshold = case.trust_root.witnesses, case.trust_root.witness_threshold
    if not known:
        raise Undecided("NO_WITNESSES", valid=0, threshold=threshold)
    note = SignedNote.parse(case.entries[contents.CHECKPOINT])
    pairs, domains = _bridge_entries(case), _bridge_domains(case)
    times: dict[str, int] = {}
    bridged: list[str] = []
    for witness in known:
        time = _cosigned_at(note, witness.vkey)
        entry = pairs.get(witness.name) if witness.address is not None and domains else None
        if entry is not None:
            if time is None or time == INVALID or not _is_pair(case, witness, entry, time, domains):
                raise Failed("COSIGNATURE_PAIR_DIFFERS", witness=witness.name)
            bridged.append(witness.name)
        if time == INVALID:
            raise Failed("SIG_CRYPTO_FAILURE", witness=witness.name)
        if time is not None:
            times[witness.name] = time
    facts = {
        "valid": len(times),
        "witnesses": sorted(times),
        "threshold": threshold,
        "times": {name: text_of(moment(time)) for name, time in sorted(times.items())},
        "bridged": sorted(bridged),
    }
    if len(times) < max(threshold, 1):
        raise Undecided("WITNESS_QUORUM_MISSING", **facts)
    return Passed(facts)


def _cosigned_at(note: SignedNote, vkey: str) -> int | None:
    """When a witness cosigned: None without a line of his, INVALID for one that does not verify."""
    from chain.cosignature import WitnessVerifier
    from chain.errors import NoteInvalid

    key = WitnessVerifier.parse(vkey)
    if not any(line.name == key.name and line.key_id == key.key_id for line in note.signatures):
        return None
    try:
        return key.cosigned_at(note)
    except NoteInvalid:
        return INVALID


def _bridge_entries(case: Case) -> dict[str, dict[str, Any]]:
    items = case.json.get(contents.BRIDGE, {}).get("cosignatures", [])
    names = [item["name"] for item in items]
    if names != sorted(set(names)):
        raise Failed("FORMAT_FAILURE", entry=contents.BRIDGE)
    return dict(zip(names, items, strict=True))


def _bridge_domains(case: Case) -> list[Domain]:
    from chain.cosignature import bridge_domain

    root = case.trust_root
    return [
        bridge_domain(item["chain_id"], item["address"], root.log_origin, test=root.test)
        for item in root.value["judicial"]
    ]


def _is_pair(case: Case, witness: Witness, entry: dict[str, Any], time: int, domains: list[Domain]) -> bool:
    """Whether a bridge entry is of the same witness, time and checkpoint as his cosignature line."""
    from chain.cosignature import bridge_digest
    from signing import wallets
    from signing.errors import SigningError

    head = present(case.checkpoint)
    for domain in domains:
        try:
            wallets.verify(
                bridge_digest(domain, head, time), unpack(entry["signature"]), str(witness.address)
            )
        except SigningError:
            continue
        return bool(entry["time"] == time)
    return False


def inclusion(case: Case) -> Passed:
    """16. Each event's entry is in the log of the checkpoint, each stream in its own order."""
    from chain.errors import ProofInvalid
    from chain.merkle import leaf_hash, verify_inclusion

    head = present(case.checkpoint)
    events = [*case.stream, *case.cited]
    try:
        heads = read_heads(case.entries[contents.PROOFS], case.entries[contents.CHECKPOINT])
    except ValueError as error:
        raise Failed("FORMAT_FAILURE", entry=contents.PROOFS) from error
    if len(heads) != len(events):
        raise Failed("INCLUSION_INVALID", proofs=len(heads), events=len(events))
    indices: list[int] = []
    for place, item in enumerate(events):
        try:
            proof = heads.proof(place)
        except ValueError as error:
            raise Failed("FORMAT_FAILURE", entry=contents.PROOFS, proof=place + 1) from error
        try:
            verify_inclusion(leaf_hash(item.entry), proof.index, head.size, proof.path, head.root)
        except ProofInvalid as error:
            raise Failed(
                "INCLUSION_INVALID", proof=place + 1, event=item.event["type"], seq=item.event["seq"]
            ) from error
        indices.append(proof.index)
    own = indices[: len(case.stream)]
    if own != sorted(set(own)) or len(set(indices)) != len(indices):
        raise Failed("LOG_ORDER_VIOLATION", indices=own)
    case.log_indices = tuple(indices)
    return Passed({"events": len(events), "first_index": min(indices), "last_index": max(indices)})
