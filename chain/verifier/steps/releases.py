"""Step 23: the signing page and the template were released, by a release key, before they were used (spec 3.3)."""

from __future__ import annotations

from typing import Any

from chain.releases import PAGE, STREAMS, TEMPLATE, ReleaseRefused, read_event
from chain.verifier.case import TOLERANCE, Case, LogEvent
from chain.verifier.outcome import Failed, Judgement, Passed, Undecided


def releases(case: Case) -> Passed:
    """23. What the worker's page was, and what typeset the contract. Both are judged; a failure counts first."""
    using = _users(case)
    wanted = {
        PAGE: str((using[PAGE].payload or {}).get("page_release", "")),
        TEMPLATE: str(case.opening["template_sha256"]),
    }
    facts: dict[str, Any] = {}
    ended: list[Judgement] = []
    for kind, digest in wanted.items():
        try:
            facts[kind] = _judge(case, kind, using[kind], digest)
        except Judgement as judgement:
            ended.append(judgement)
    if ended:
        raise next((item for item in ended if isinstance(item, Failed)), ended[0])
    return Passed(facts)


def released_template(case: Case) -> str | None:
    """Id of the contract's template if a release in the package names it under a key of the root (for step 20)."""
    try:
        user = _users(case)[TEMPLATE]
        item = _cited(case, TEMPLATE, user)
        if item is None or not case.trust_root.release_keys:
            return None
        facts = _read(case, TEMPLATE, item, case.opening["template_sha256"])
    except (Judgement, LookupError, TypeError, ValueError):
        return None
    return str(facts["id"])


def _users(case: Case) -> dict[str, LogEvent]:
    """The event that used each: the last E08 before E09, the last E06 (step 13 has found them)."""
    start = max(number for number, item in enumerate(case.stream) if item.name == "E06")
    signed = next(number for number, item in enumerate(case.stream) if number > start and item.name == "E09")
    intent = max(
        number for number, item in enumerate(case.stream) if start < number < signed and item.name == "E08"
    )
    return {PAGE: case.stream[intent], TEMPLATE: case.stream[start]}


def _cited(case: Case, kind: str, user: LogEvent) -> LogEvent | None:
    cites = [(cite["stream"], cite["seq"], cite["digest"]) for cite in (user.payload or {}).get("cites", [])]
    found = [
        item
        for item in case.cited
        if item.event["stream"] == STREAMS[kind]
        and (item.event["stream"], item.event["seq"], item.entry.hex()) in cites
    ]
    if len(found) > 1:
        raise Failed("CITATION_MISMATCH", item=kind, releases=len(found))
    return found[0] if found else None


def _judge(case: Case, kind: str, user: LogEvent, digest: str) -> dict[str, Any]:
    item = _cited(case, kind, user)
    if item is None and kind == TEMPLATE and digest in case.trust_root.templates:
        return {"id": case.trust_root.templates[digest], "named_by": "trust root"}
    if not case.trust_root.release_keys:
        raise Undecided("NO_RELEASE_KEYS", item=kind)
    if item is None:
        raise Undecided("NO_RELEASE_EVENT", item=kind, digest=digest)
    facts = _read(case, kind, item, digest)
    logged, used = _index(case, item), _index(case, user)
    if logged >= used:
        raise Failed("RELEASE_AFTER_USE", item=kind, released=logged, used=used)
    if (item.utc - user.utc).total_seconds() > TOLERANCE:
        raise Failed("TIME_CONTRADICTION", item=kind, released=item.event["utc"], used=user.event["utc"])
    return facts | {"log_index": logged}


def _read(case: Case, kind: str, item: LogEvent, digest: str) -> dict[str, Any]:
    if item.payload is None:
        raise Undecided("PAYLOAD_WITHHELD", item=kind, event=item.event["type"])
    root = case.trust_root
    try:
        release, key = read_event(item.event, item.payload, kind, root.log_origin, root.release_keys)
    except ReleaseRefused as error:
        raise Failed(error.sub_indication, item=kind, reason=error.reason) from error
    if release.digest != digest:
        raise Failed("RELEASE_MISMATCH", item=kind, released=release.digest, used=digest)
    return {
        "id": release.id,
        "number": release.number,
        "digest": release.digest,
        "key": key,
        "released": item.event["utc"],
    }


def _index(case: Case, wanted: LogEvent) -> int:
    """The event's place in the log, as step 16 has verified it."""
    for item, index in zip((*case.stream, *case.cited), case.log_indices, strict=True):
        if item is wanted:
            return index
    raise LookupError("the event is not one of this package")
