"""Step 18: the court's own chain has accepted the checkpoint (docs/evidence-spec.md, sections 5 and 8).

A header that nobody signed proves nothing, so without the court's seal the step stays open, however consistent the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chain.package import contents
from chain.verifier.case import Case, moment, present, text_of
from chain.verifier.outcome import Failed, Passed, Undecided

if TYPE_CHECKING:
    from chain.state_proofs import ReceiptFacts


def judicial(case: Case) -> Passed:
    """18. A receipt of JudicialAnchor for exactly this checkpoint, in a block that the court has sealed."""
    receipt = case.json.get(contents.JUDICIAL)
    if receipt is None:
        raise Undecided("NO_JUDICIAL_RECEIPT")
    known = [court for court in case.trust_root.judicial if court.chain_id == receipt.get("chain_id")]
    if receipt["type"] != contents.JUDICIAL_TYPE or not known:
        raise Undecided("UNSUPPORTED", type=receipt["type"], chain_id=receipt.get("chain_id"))
    court = next((court for court in known if court.address == receipt["address"]), None)
    if court is None:
        raise Failed("CONTRACT_CODE_UNKNOWN", address=receipt["address"])
    proven = _proven(receipt)
    previous = _accepted(case, court.address, proven)
    facts = {
        "chain_id": court.chain_id,
        "address": court.address,
        "block": proven.block_number,
        "hash": proven.block_hash.hex(),
        "time": text_of(moment(proven.timestamp)),
        "previous_size": previous,
    }
    if receipt["seal"] is None or court.seal_vkey is None:
        raise Undecided("HEADER_NOT_AUTHENTICATED", **facts)
    sealed_by = _sealed(receipt["seal"], court.seal_vkey, court.chain_id, proven)
    return Passed({**facts, "sealed_by": sealed_by})


def _proven(receipt: dict[str, Any]) -> ReceiptFacts:
    from chain.errors import ChainError
    from chain.state_proofs import TYPE, verify_receipt_proof

    try:
        return verify_receipt_proof(
            {
                "v": 1,
                "type": TYPE,
                "kind": "receipt",
                "header": receipt["header"],
                "index": receipt["receipt_index"],
                "nodes": receipt["receipt_proof"],
            }
        )
    except ChainError as error:
        raise Failed("INCLUSION_INVALID", entry=contents.JUDICIAL, reason=str(error)[:200]) from error


def _accepted(case: Case, address: str, proven: ReceiptFacts) -> int:
    """Size of the checkpoint accepted before, from the log that states this package's checkpoint."""
    from chain.judicial_receipt import ACCEPTED_TOPIC

    if not proven.ok:
        raise Failed("STATEMENT_MISMATCH", field="status", block=proven.block_number)
    head = present(case.checkpoint)
    topics = (ACCEPTED_TOPIC, head.size.to_bytes(32, "big"))
    for log in proven.logs:
        if (
            log.address == address
            and log.topics == topics
            and len(log.data) == 64
            and log.data[:32] == head.root
        ):
            return int.from_bytes(log.data[32:], "big")
    raise Failed("STATEMENT_MISMATCH", field="checkpoint", block=proven.block_number)


def _sealed(seal: str, vkey: str, chain_id: int, proven: ReceiptFacts) -> str:
    """Name of the key under the court's seal of exactly this block."""
    from chain.checkpoint import SignedNote, Verifier
    from chain.errors import NoteInvalid
    from chain.judicial_receipt import seal_text

    key = Verifier.parse(vkey)
    try:
        note = SignedNote.parse(seal.encode("utf-8"))
    except NoteInvalid as error:
        raise Failed("FORMAT_FAILURE", entry=contents.JUDICIAL) from error
    if note.text != seal_text(chain_id, proven.block_number, proven.block_hash):
        raise Failed("STATEMENT_MISMATCH", field="seal", block=proven.block_number)
    try:
        key.signature_in(note)
    except NoteInvalid as error:
        raise Failed("SIG_CRYPTO_FAILURE", entry=contents.JUDICIAL) from error
    return key.name
