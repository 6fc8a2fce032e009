"""Step 13: the process chain. Order, completeness, no gap, mandatory events, citations (econtract A.4)."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any, Final

from chain.package import contents
from chain.verifier.case import TOLERANCE, Case, LogEvent, present, text_of
from chain.verifier.outcome import Failed, Passed, Undecided
from signing import eip712, jcs

ZERO: Final = "0" * 64
ENDED: Final = frozenset({"rejected", "change_requested", "withdrawn", "expired", "declined"})
ONCE: Final = ("E06", "sent", "E09", "E10", "E11")
READING: Final = ("E03", "E04", "E07")
SIGNED: Final = ("E09", "E10", "E11")


def process(case: Case) -> Passed:
    """13. The events are the whole stream from its start, unbroken, and tell a complete signing."""
    stream = case.json[contents.STREAM]["stream"]
    if case.kind != contents.SUPERVISION and stream != f"econtract/{case.opening['contract_id']}":
        raise Failed("STREAM_MISMATCH", stream=stream)
    if case.kind == contents.SUPERVISION and stream != case.read_manifest.subject["stream"]:
        raise Failed("STREAM_MISMATCH", stream=stream)
    if not case.stream:
        raise Failed("EVENT_MISSING", event="E06")
    _check_chain(case, stream)
    if case.kind != contents.ONE_CLAUSE:
        _check_citations(case)
    facts: dict[str, Any] = {
        "stream": stream,
        "events": [f"{item.name} {item.event['utc']}" for item in case.stream],
        "last": case.stream[-1].event["utc"],
    }
    if case.kind == contents.CONTRACT:
        facts |= _check_signing(case)
    if case.kind == contents.ONE_CLAUSE:
        facts |= _check_withheld(case)
    disputed = any(item.name == "disputed" for item in case.stream)
    return Passed(facts, "DISPUTED" if disputed else "")


def _check_chain(case: Case, stream: str) -> None:
    """Sequence, hash chain, payload digests, times."""
    prev, latest = ZERO, None
    for number, item in enumerate(case.stream, start=1):
        event = item.event
        if event["stream"] != stream or event["log_origin"] != case.trust_root.log_origin:
            raise Failed("STREAM_MISMATCH", stream=event["stream"], seq=event["seq"])
        if event["seq"] != number or event["prev"] != prev:
            raise Failed("STREAM_GAP", expected=number, found=event["seq"])
        if latest is not None and (latest - item.utc).total_seconds() > TOLERANCE:
            raise Failed("TIME_CONTRADICTION", seq=number, event=event["utc"], before=text_of(latest))
        latest = item.utc if latest is None else max(latest, item.utc)
        prev = item.entry.hex()
    for item in (*case.stream, *case.cited):
        if item.event["payload_schema"] != f"concord:{item.event['type']}":
            raise Failed("PAYLOAD_MISMATCH", type=item.event["type"], seq=item.event["seq"])
        if item.payload is not None and jcs.digest(item.payload).hex() != item.event["payload_digest"]:
            raise Failed("PAYLOAD_MISMATCH", type=item.event["type"], seq=item.event["seq"])


def _cites(item: LogEvent) -> list[dict[str, Any]]:
    found = (item.payload or {}).get("cites", [])
    if not isinstance(found, list) or not all(_is_cite(cite) for cite in found):
        raise Failed("CITATION_MISMATCH", seq=item.event["seq"])
    return found


def _is_cite(value: Any) -> bool:
    """Exactly stream, seq and digest; a boolean is no number, though Python takes it for one."""
    return (
        isinstance(value, dict)
        and set(value) == {"stream", "seq", "digest"}
        and type(value["seq"]) is int
        and isinstance(value["stream"], str)
        and isinstance(value["digest"], str)
    )


def _check_citations(case: Case) -> None:
    """Cited events and citations agree in both directions."""
    wanted = {(cite["stream"], cite["seq"], cite["digest"]) for item in case.stream for cite in _cites(item)}
    given = {(item.event["stream"], item.event["seq"], item.entry.hex()) for item in case.cited}
    if len(given) != len(case.cited) or not given <= wanted:
        raise Failed("CITATION_MISMATCH", streams=sorted(str(item[0]) for item in given - wanted))
    if any(item.event["log_origin"] != case.trust_root.log_origin for item in case.cited):
        raise Failed("STREAM_MISMATCH", field="log_origin")
    if case.kind == contents.CONTRACT and given != wanted:
        missing = sorted(str(item[0]) for item in wanted - given)
        cycle = {(c["stream"], c["seq"], c["digest"]) for item in _final_cycle(case) for c in _cites(item)}
        if cycle - given:
            raise Failed("CITATION_MISMATCH", streams=missing)


def _final_cycle(case: Case) -> list[LogEvent]:
    """The events from the last E06 on: the text that was signed in the end."""
    starts = [number for number, item in enumerate(case.stream) if item.name == "E06"]
    if not starts:
        raise Failed("EVENT_MISSING", event="E06")
    return case.stream[starts[-1] :]


def signing_events(case: Case) -> dict[str, LogEvent]:
    """E09, E10 and E11 of the final cycle of a package that withholds the others' payloads (spec, 13 "clause")."""
    cycle = _final_cycle(case)
    numbers: list[int] = []
    for name in SIGNED:
        found = [number for number, item in enumerate(cycle) if item.name == name]
        if not found:
            raise Failed("EVENT_MISSING", event=name)
        if len(found) > 1:
            raise Failed("ORDER_VIOLATION", event=name, times=len(found))
        numbers += found
    if numbers != sorted(numbers):
        raise Failed("ORDER_VIOLATION", order=[cycle[number].name for number in sorted(numbers)])
    ended = ENDED & {item.name for item in cycle}
    if ended:
        raise Failed("NOT_EFFECTIVE", event=min(ended))
    return {name: cycle[number] for name, number in zip(SIGNED, numbers, strict=True)}


def _check_withheld(case: Case) -> dict[str, Any]:
    """Both signatures and the closing time stand in the stream and name this commitment; nothing else is told."""
    cited = case.cited
    if len(cited) != 1 or cited[0].name != "E01" or cited[0].payload is not None:
        raise Failed("CITATION_MISMATCH", events=[item.name for item in cited])
    if cited[0].event["log_origin"] != case.trust_root.log_origin:
        raise Failed("CITATION_MISMATCH", field="log_origin")
    chosen = signing_events(case)
    for name, item in chosen.items():
        if item.payload is None:
            raise Undecided("PAYLOAD_WITHHELD", event=name)
    shown = {id(item) for item in chosen.values()}
    for item in case.stream:
        if item.payload is not None and id(item) not in shown:
            raise Failed("PAYLOAD_MISMATCH", type=item.event["type"], seq=item.event["seq"])
    commitment = case.commitment.hex()
    attested = eip712.digest(case.domain, case.attestation()).hex()
    expected = {
        "E09": {"commitment": commitment, "attestation_digest": attested},
        "E10": {"commitment": commitment, "wallet": case.json[contents.EMPLOYER_CONSENT]["wallet"]},
        "E11": {"commitment": commitment},
    }
    for name, members in expected.items():
        for member, value in members.items():
            if (chosen[name].payload or {}).get(member) != value:
                raise Failed("BINDING_MISMATCH", event=name, field=member)
    return {"effective": chosen["E11"].event["utc"]}


def _check_signing(case: Case) -> dict[str, Any]:
    cycle = _final_cycle(case)
    found: dict[str, list[int]] = {}
    for number, item in enumerate(cycle):
        found.setdefault(item.name, []).append(number)
    for name in ("E06", "sent", *READING, "E08", "E09", "E10", "E11"):
        if name not in found:
            raise Failed("EVENT_MISSING", event=name)
    for name in ONCE:
        if len(found[name]) != 1:
            raise Failed("ORDER_VIOLATION", event=name, times=len(found[name]))
    ended = ENDED & set(found)
    if ended:
        raise Failed("NOT_EFFECTIVE", event=min(ended))
    intent = max((number for number in found["E08"] if number < found["E09"][0]), default=-1)
    order = [found["sent"][0], max(found[name][0] for name in READING), intent]
    order += [found["E09"][0], found["E10"][0], found["E11"][0]]
    if order != sorted(order) or min(found[name][0] for name in READING) < order[0] or intent < 0:
        raise Failed("ORDER_VIOLATION", order=[cycle[number].name for number in order if number >= 0])
    chosen = {name: cycle[found[name][0]] for name in (*ONCE, "E03")} | {"E08": cycle[intent]}
    for name, item in chosen.items():
        if item.payload is None:
            raise Undecided("PAYLOAD_WITHHELD", event=name)
    _check_cited_parties(case, chosen)
    _check_bindings(case, chosen)
    completion = next((item.event["utc"] for item in cycle if item.name == "E14"), None)
    return {
        "page_release": str((chosen["E08"].payload or {}).get("page_release", "")),
        "effective": chosen["E11"].event["utc"],
        "notified": completion,
    }


def _check_cited_parties(case: Case, chosen: dict[str, LogEvent]) -> None:
    """E06 cites who (E01) and what template (E05); E03 cites who the worker is (E02)."""
    by_place = {(item.event["stream"], item.event["seq"]): item for item in case.cited}
    checked: LogEvent | None = None
    for name, needed in (("E06", ("E01", "E05")), ("E03", ("E02",))):
        cited = [by_place[(cite["stream"], cite["seq"])] for cite in _cites(chosen[name])]
        for wanted in needed:
            if sum(item.name == wanted for item in cited) != 1:
                raise Failed("CITATION_MISMATCH", event=name, cites=wanted)
        checked = next((item for item in cited if item.name == "E02"), checked)
    if checked is not None and (chosen["sent"].utc - checked.utc).total_seconds() > TOLERANCE:
        raise Failed("ORDER_VIOLATION", event="E02", utc=checked.event["utc"])


def _check_bindings(case: Case, chosen: dict[str, LogEvent]) -> None:
    """The events speak of these very signatures, certificates and tokens."""
    pdf = present(case.pdf)
    intent, commitment = case.json[contents.INTENT], case.commitment.hex()
    expected: dict[str, dict[str, Any]] = {
        "E06": {"commitment": commitment, "version": case.opening["version"]},
        "sent": {"commitment": commitment},
        "E08": {"commitment": commitment, "method": intent["method"], "nonce": intent["nonce"]},
        "E09": {
            "commitment": commitment,
            "attestation_digest": eip712.digest(case.domain, case.attestation()).hex(),
        },
        "E10": {"commitment": commitment, "wallet": case.json[contents.EMPLOYER_CONSENT]["wallet"]},
        "E11": {"commitment": commitment},
    }
    times: dict[str, datetime] = {}
    for name, field_name in (("E09", "Worker"), ("E10", "Employer")):
        signature = case.signature(field_name)
        expected[name]["cert_sha256"] = hashlib.sha256(signature.certificate).hexdigest()
        if signature.token is not None:
            expected[name]["token_sha256"] = hashlib.sha256(signature.token.der).hexdigest()
            times[name] = signature.token.gen_time
    if pdf.document_timestamp is not None:
        expected["E11"]["token_sha256"] = hashlib.sha256(pdf.document_timestamp.der).hexdigest()
        times["E11"] = pdf.document_timestamp.gen_time
    for name, members in expected.items():
        payload = chosen[name].payload or {}
        for member, value in members.items():
            if type(payload.get(member)) is not type(value) or payload[member] != value:
                raise Failed("BINDING_MISMATCH", event=name, field=member)
    for name, when in times.items():
        if (when - chosen[name].utc).total_seconds() > TOLERANCE:
            raise Failed("TIME_CONTRADICTION", event=name, utc=chosen[name].event["utc"], token=text_of(when))
