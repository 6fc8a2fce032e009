"""Step 17: what the chain's record shows."""

from __future__ import annotations

from typing import Any

from chain.light import TYPE as LIGHT
from chain.package import contents
from chain.trust_root import LOG_CONTRACT, REGISTRY
from chain.verifier.case import Case, moment, text_of
from chain.verifier.outcome import Failed, Passed, Undecided
from chain.verifier.steps import light


def chain_record(case: Case) -> Passed:
    """17. The record of the conclusion, by its type: signed by validators, or receipts under headers that nobody signed."""
    record = case.json.get(contents.CHAIN_RECORD)
    if record is None:
        raise Undecided("NO_CHAIN_RECORD")
    first = type(record.get("v")) is int and record["v"] == 1  # true is no 1 here
    if first and record.get("type") == LIGHT:
        return light.record(case, _judge_logs)
    if not first or record.get("type") != "anvil-mpt" or not isinstance(record.get("receipts"), list):
        raise Undecided("UNSUPPORTED", type=str(record.get("type"))[:40])
    from chain.errors import ChainError
    from chain.state_proofs import verify_receipt_proof

    shown: list[dict[str, Any]] = []
    try:
        for proof in record["receipts"][:50]:
            facts = verify_receipt_proof(proof)
            if not facts.ok:
                raise Failed("STATEMENT_MISMATCH", field="status", block=facts.block_number)
            names = _judge_logs(case, facts.logs)
            when = text_of(moment(facts.timestamp))
            shown.append(
                {"block": facts.block_number, "hash": facts.block_hash.hex(), "time": when, "events": names}
            )
    except (ChainError, KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise Failed("INCLUSION_INVALID", entry=contents.CHAIN_RECORD, reason=str(error)[:200]) from error
    if not shown:
        raise Undecided("NO_CHAIN_RECORD")
    raise Undecided("HEADER_NOT_AUTHENTICATED", receipts=shown)


def _judge_logs(case: Case, logs: Any) -> list[str]:
    """Names of the contracts' events; what they say must be about this package."""
    from chain.abi import load

    known = {case.trust_root.address_of(name).lower(): name for name in (REGISTRY, LOG_CONTRACT)}
    names: list[str] = []
    for log in logs:
        contract = known.get(log.address.lower())
        if contract is None:
            raise Failed("CONTRACT_CODE_UNKNOWN", address=log.address)
        for event in load(contract).events():
            if log.topics and event.topic0 == log.topics[0]:
                names.append(event.name)
                if event.name == "Concluded" and case.kind == contents.CONTRACT:
                    _judge_conclusion(case, log.topics, log.data)
    return names


def _judge_conclusion(case: Case, topics: tuple[bytes, ...], data: bytes) -> None:
    """Concluded(contractId, orgId, commitment indexed; version first in the data): read without an ABI library."""
    expected = {
        "contractId": (bytes.fromhex(case.opening["contract_id"]), topics[1]),
        "commitment": (case.commitment, topics[3]),
        "version": (case.opening["version"], int.from_bytes(data[:32], "big")),
    }
    for name, (mine, found) in expected.items():
        if mine != found:
            raise Failed("STATEMENT_MISMATCH", field=name)
