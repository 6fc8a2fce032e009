"""Step 22: a figure is what a counter of the registry holds, by a proof of that storage slot (spec, 3.5)."""

from __future__ import annotations

from typing import Any

from chain.figures import counter_slot
from chain.light import TYPE as LIGHT
from chain.package import contents
from chain.trust_root import REGISTRY
from chain.verifier.case import Case, moment, text_of
from chain.verifier.outcome import Failed, Passed, Undecided
from chain.verifier.steps import light


def figure(case: Case) -> Passed:
    """22. Statement, slot, account, code and value agree; a header that nobody signed leaves it open."""
    from chain.errors import ChainError
    from chain.state_proofs import TYPE, verify_storage_proof

    stated, proof = case.json[contents.FIGURE_STATEMENT], case.json[contents.FIGURE_PROOF]
    for name, value in case.read_manifest.subject.items():
        if stated[name] != value:
            raise Failed("STATEMENT_MISMATCH", entry=contents.FIGURE_STATEMENT, field=name)
    if proof.get("type") == LIGHT:
        return light.figure(case)
    if proof.get("type") != TYPE:
        raise Undecided("UNSUPPORTED", type=str(proof.get("type"))[:40])
    try:
        found = verify_storage_proof(proof)
    except ChainError as error:
        raise Failed("INCLUSION_INVALID", entry=contents.FIGURE_PROOF, reason=str(error)[:200]) from error
    registry = case.trust_root.value["contracts"][REGISTRY]
    if found.address.lower() != registry["address"].lower():
        raise Failed("CONTRACT_CODE_UNKNOWN", field="address", address=found.address)
    if found.code_hash.hex() != registry["code_hash"]:
        raise Failed("CONTRACT_CODE_UNKNOWN", field="code_hash", code_hash=found.code_hash.hex())
    slot = counter_slot(stated["region"], stated["month"])
    if len(proof["slots"]) != 1 or set(found.values) != {slot}:
        raise Failed("SLOT_MISMATCH", expected=slot.hex(), found=sorted(item.hex() for item in found.values))
    for name, value in (("value", found.values[slot]), ("block", found.block_number)):
        if stated[name] != value:
            raise Failed("STATEMENT_MISMATCH", entry=contents.FIGURE_STATEMENT, field=name, proven=value)
    facts: dict[str, Any] = {name: stated[name] for name in ("what", "region", "month", "value", "block")}
    facts |= {"hash": found.block_hash.hex(), "time": text_of(moment(found.timestamp)), "slot": slot.hex()}
    # Every check above holds for a chain of anybody's own making as well: only a signed header could end this in "passed".
    raise Undecided("HEADER_NOT_AUTHENTICATED", **facts)
