"""One clause out of a contract's package: proven to belong to what both signed, with everything else left out (spec, 3.4).

Pure: bytes in, bytes out, no key and no network. Whoever holds a contract's package can show a clause of it, without
asking or telling anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from chain.errors import ChainError
from chain.package import contents, manifest
from chain.package.proofs import read_heads, write_heads
from chain.package.zip_profile import (
    MANIFEST,
    MANIFEST_SIGNATURE,
    PackageError,
    read_package,
    write_package,
)
from signing import jcs
from signing.clauses import Clause, ClauseTree

SIGNED: Final = ("E09", "E10", "E11")
"""Events of the final cycle whose payloads tie the signatures to the commitment; all other payloads are withheld."""
_COPIED: Final[tuple[str, ...]] = (
    contents.OPENING,
    contents.CHECK,
    contents.ATTESTATION,
    contents.WORKER_CONSENT,
    contents.EMPLOYER_CONSENT,
    contents.AUTHORITY,
    contents.CHECKPOINT,
    contents.CHECKPOINT_TOKEN,
)
_TEXTS: Final[dict[str, tuple[str, str]]] = {
    "clause.package_unusable": (
        "这不是可用的合同证据包：{reason}。请用从平台下载的完整证据包。",
        "Not a usable evidence package of a contract: {reason}. Use the whole package as downloaded.",
    ),
    "clause.unknown": (
        "合同没有第 {n} 条，共 {count} 条。",
        "The contract has no clause {n}; it has {count}.",
    ),
    "clause.salt_reused": (
        "这份证据包中有条款使用了相同的盐，出示一条会泄露另一条，因此拒绝制作。",
        "Clauses of this package share a salt: to show one would betray another, so none is shown.",
    ),
}


class DisclosureRefused(ChainError):
    """No clause is shown; `code` is clause.package_unusable, clause.unknown or clause.salt_reused."""

    @property
    def zh(self) -> str:
        """The text in Chinese."""
        return _TEXTS[self.code][0].format(**self.facts)

    @property
    def en(self) -> str:
        """The text in English."""
        return _TEXTS[self.code][1].format(**self.facts)


def _unusable(reason: str) -> DisclosureRefused:
    return DisclosureRefused("clause.package_unusable", reason=reason)


def disclose(package: bytes, number: int, *, now: datetime) -> bytes:
    """Return a `clause` package that shows clause `number` (from 1) of a `contract` package, and nothing of the others.

    The contract's package is believed as far as its shape and the clause tree's root go; what it proves is for the
    verifier to say. Its size depends on the number of clauses and on the shown one alone, never on what is hidden.
    Raises DisclosureRefused.
    """
    entries, found = _read(package)
    opening = contents.read_json(contents.OPENING, entries[contents.OPENING])
    clauses: list[dict[str, Any]] = contents.read_json(contents.CLAUSES, entries[contents.CLAUSES])["clauses"]
    files = {
        name: entries[name] for name in (*_COPIED, contents.JUDICIAL, contents.BRIDGE) if name in entries
    }
    files[contents.SHOWN_CLAUSE] = jcs.canonical(_shown(clauses, number, opening))
    files |= _events(entries)
    made = manifest.build(
        kind=contents.ONE_CLAUSE,
        installation=found.installation,
        producer=found.producer,
        subject={"contract_id": opening["contract_id"], "version": opening["version"], "clause": number},
        created=now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}Z",
        files=files,
    )
    return write_package({MANIFEST: made, **files})


def _read(package: bytes) -> tuple[dict[str, bytes], manifest.Manifest]:
    try:
        entries = read_package(package)
        found = manifest.parse(entries.get(MANIFEST, b""))
        if found.kind != contents.CONTRACT:
            raise _unusable(f"kind {found.kind}")
        problem = contents.KINDS[found.kind].problem(set(entries) - {MANIFEST, MANIFEST_SIGNATURE})
        if problem is not None:
            raise _unusable(f"{problem[1]} ({problem[0]})")
        for name in (contents.OPENING, contents.CLAUSES, contents.STREAM, contents.CITED):
            contents.read_json(name, entries[name])
    except PackageError as error:
        raise _unusable(str(error.facts.get("reason", error.code))) from error
    except contents.ShapeError as error:
        raise _unusable(f"{error.path}: {error.want}") from error
    return entries, found


def _shown(clauses: list[dict[str, Any]], number: int, opening: Mapping[str, Any]) -> dict[str, Any]:
    if not 1 <= number <= len(clauses):
        raise DisclosureRefused("clause.unknown", n=number, count=len(clauses))
    salts = [item["salt"] for item in clauses]
    if len({*salts, opening["salt"]}) != len(salts) + 1:
        raise DisclosureRefused("clause.salt_reused")
    tree = ClauseTree(
        [Clause(item["id"], item["title"], item["text"]) for item in clauses],
        [bytes.fromhex(salt) for salt in salts],
    )
    if tree.root.hex() != opening["clause_root"] or [item["n"] for item in clauses] != list(
        range(1, len(clauses) + 1)
    ):
        raise _unusable("the clauses are not those of the commitment")
    proof = tree.disclose(number - 1)
    return {
        "v": 1,
        "count": proof.size,
        "clause": dict(proof.leaf),
        "path": [node.hex() for node in proof.path],
    }


def _name(item: Mapping[str, Any]) -> str:
    return str(item["event"]["type"]).partition(".")[2].partition("/")[0]


def _registration(cycle: list[dict[str, Any]], cited: list[dict[str, Any]]) -> int:
    """Place of the event E01 that the final cycle's E06 cites: when the employer was registered."""
    cites = (cycle[0]["payload"] or {}).get("cites", []) if cycle else []
    wanted = [(cite.get("stream"), cite.get("seq")) for cite in cites if isinstance(cite, dict)]
    for place, item in enumerate(cited):
        if _name(item) == "E01" and (item["event"]["stream"], item["event"]["seq"]) in wanted:
            return place
    raise _unusable("its events don't tell a signing")


def _events(entries: Mapping[str, bytes]) -> dict[str, bytes]:
    """The stream with payloads withheld, the registration event, and the inclusion proofs of what is left."""
    stream = contents.read_json(contents.STREAM, entries[contents.STREAM])
    cited = contents.read_json(contents.CITED, entries[contents.CITED])["events"]
    own = stream["events"]
    start = max((place for place, item in enumerate(own) if _name(item) == "E06"), default=len(own))
    shown = [
        {
            "event": item["event"],
            "payload": item["payload"] if place > start and _name(item) in SIGNED else None,
        }
        for place, item in enumerate(own)
    ]
    registration = _registration(own[start:], cited)
    files = {
        contents.STREAM: jcs.canonical({"v": 1, "stream": stream["stream"], "events": shown}),
        contents.CITED: jcs.canonical(
            {"v": 1, "events": [{"event": cited[registration]["event"], "payload": None}]}
        ),
    }
    try:
        proofs = read_heads(entries[contents.PROOFS], entries[contents.CHECKPOINT]).all()
    except ValueError as error:
        raise _unusable(contents.PROOFS) from error
    if len(proofs) != len(own) + len(cited):
        raise _unusable(contents.PROOFS)
    files[contents.PROOFS] = write_heads([*proofs[: len(own)], proofs[len(own) + registration]])
    return files
