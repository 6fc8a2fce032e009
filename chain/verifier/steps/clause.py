"""Step 21: one clause, shown by itself, belongs to the contract that both sides signed (spec, 3.4)."""

from __future__ import annotations

from chain.package import contents
from chain.verifier.case import TOLERANCE, Case, moment, text_of
from chain.verifier.outcome import Failed, Passed
from chain.verifier.steps.authority import check_registered_stream, standing
from chain.verifier.steps.process import signing_events
from chain.verifier.steps.statements import check_expiry, employers_word, workers_word
from signing.clauses import ClauseProof


def clause(case: Case) -> Passed:
    """21. The clause is a leaf of the committed tree; worker and employer consented to that commitment."""
    shown = _check_clause(case)
    events = signing_events(case)
    signed = events["E09"].utc
    consent = workers_word(case)
    check_expiry(consent, signed)
    attested = case.attestation().time
    if attested - signed.timestamp() > TOLERANCE:
        raise Failed("TIME_CONTRADICTION", attested=text_of(moment(attested)), event=text_of(signed))
    closed = events["E10"].utc
    consent, wallet = employers_word(case)
    check_expiry(consent, closed)
    org_id: str = case.json[contents.AUTHORITY]["statements"][0]["message"]["org_id"]
    _, facts = standing(case, org_id, wallet, closed)
    check_registered_stream(case, org_id)
    return Passed(
        {
            "n": shown.n + 1,
            "of": shown.size,
            "title": shown.leaf["title"],
            "text": shown.leaf["text"],
            "commitment": case.commitment.hex(),
            "worker_recorded": text_of(signed),
            "employer_recorded": text_of(closed),
            **facts,
        }
    )


def _check_clause(case: Case) -> ClauseProof:
    """The shown leaf stands at its place of the tree whose root the commitment binds."""
    opening, subject, entry = case.opening, case.read_manifest.subject, case.json[contents.SHOWN_CLAUSE]
    agree = {
        "log_origin": opening["log_origin"] == case.trust_root.log_origin,
        "contract_id": opening["contract_id"] == subject["contract_id"],
        "version": opening["version"] == subject["version"],
    }
    for name, holds in agree.items():
        if not holds:
            raise Failed("COMMITMENT_MISMATCH", field=name)
    leaf = entry["clause"]
    if not leaf["n"] == subject["clause"] <= entry["count"]:
        raise Failed("STATEMENT_MISMATCH", entry=contents.SHOWN_CLAUSE, field="n")
    path = tuple(bytes.fromhex(node) for node in entry["path"])
    proof = ClauseProof(n=leaf["n"] - 1, size=entry["count"], leaf=leaf, path=path)
    if not proof.matches(bytes.fromhex(opening["clause_root"])):
        raise Failed("CLAUSE_NOT_COMMITTED", n=leaf["n"], of=entry["count"])
    if leaf["salt"] == opening["salt"]:
        raise Failed("HASH_FAILURE", entry=contents.SHOWN_CLAUSE, field="salt")
    return proof
