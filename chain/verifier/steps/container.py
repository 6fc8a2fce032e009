"""Steps 1 to 3: the file's structure, its manifest, and whether it is of the trust root's installation."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime

from chain.package import MAX_BYTES, PackageError, contents, manifest, read_package
from chain.package.zip_profile import MANIFEST, MANIFEST_SIGNATURE
from chain.verifier.case import Case, text_of
from chain.verifier.outcome import Failed, Passed, Undecided


def structure(case: Case) -> Passed:
    """1. Every byte of the file is determined by the ZIP profile."""
    if len(case.data) > MAX_BYTES:
        raise Failed("TOO_LARGE", size=len(case.data), limit=MAX_BYTES)
    try:
        case.entries = read_package(case.data)
    except PackageError as error:
        if error.code == "package.too_large":
            raise Failed("TOO_LARGE", size=len(case.data), limit=MAX_BYTES) from error
        raise Failed("PROFILE_ILLEGAL", **error.facts) from error
    return Passed(
        {
            "sha256": hashlib.sha256(case.data).hexdigest(),
            "size": len(case.data),
            "entries": len(case.entries),
        }
    )


def manifest_and_digests(case: Case) -> Passed:
    """2. The manifest lists exactly what is there, every digest matches, every JSON entry has its shape."""
    if MANIFEST not in case.entries:
        raise Failed("ENTRY_MISSING", entry=MANIFEST)
    try:
        found = manifest.parse(case.entries[MANIFEST])
    except contents.ShapeError as error:
        if error.path in ("/format", "/kind", "/v"):
            raise Undecided("FORMAT_UNKNOWN", path=error.path) from error
        raise Failed("MANIFEST_MALFORMED", path=error.path, want=error.want) from error
    sealed = contents.KINDS[found.kind].sealed
    if sealed is not (MANIFEST_SIGNATURE in case.entries):
        raise Failed("ENTRY_MISSING" if sealed else "ENTRY_UNLISTED", entry=MANIFEST_SIGNATURE)
    listed = {item.name: item for item in found.entries}
    present = set(case.entries) - {MANIFEST, MANIFEST_SIGNATURE}
    for name in sorted(set(listed) - present):
        raise Failed("ENTRY_MISSING", entry=name)
    for name in sorted(present - set(listed)):
        raise Failed("ENTRY_UNLISTED", entry=name)
    for name, item in listed.items():
        content = case.entries[name]
        if len(content) != item.size or hashlib.sha256(content).hexdigest() != item.sha256:
            raise Failed("HASH_FAILURE", entry=name)
    problem = contents.KINDS[found.kind].problem(present)
    if problem:
        raise Failed("ENTRY_MISSING" if problem[0] == "missing" else "ENTRY_UNLISTED", entry=problem[1])
    for name in sorted(present & set(contents.SHAPES)):
        try:
            case.json[name] = contents.read_json(name, case.entries[name])
        except contents.ShapeError as error:
            raise Failed("ENTRY_MALFORMED", entry=name, path=error.path, want=error.want) from error
    case.manifest = found
    return Passed({"kind": found.kind, "entries": len(listed), "subject": dict(found.subject)})


def installation(case: Case) -> Passed:
    """3. The package is of the trust root's installation, sealed by its log key, within the root's period.

    A single clause is packed by whoever holds the whole: nobody has sealed it, and nothing rests on who packed it.
    """
    from chain.checkpoint import SignedNote, Verifier
    from chain.errors import NoteInvalid

    root, found = case.trust_root, case.read_manifest
    sealed = contents.KINDS[found.kind].sealed
    facts = {
        "trust_root": root.fingerprint,
        "trust_root_version": root.value["version"],
        "test": root.test,
        "log_origin": root.log_origin,
        **(_producer(found.producer["release"]) if sealed else {"sealed": False}),
        "code": {name: item["code_hash"] for name, item in sorted(found.installation["contracts"].items())},
        "created": found.created,
    }
    for key in ("log_origin", "chain_id", "genesis_hash"):
        if found.installation[key] != root.value[key]:
            raise Failed("WRONG_INSTALLATION", field=key, **facts)
    if found.installation["contracts"] != root.value["contracts"]:
        raise Failed("CONTRACT_CODE_UNKNOWN", **facts)
    try:
        if sealed:
            note = SignedNote.parse(case.entries[MANIFEST_SIGNATURE])
            if len(note.signatures) != 1 or note.text != manifest.note_text(
                case.entries[MANIFEST], root.log_origin
            ):
                raise NoteInvalid("another text")
            Verifier.parse(root.log_vkey).signature_in(note)
    except NoteInvalid as error:
        raise Failed("SIG_CRYPTO_FAILURE", entry=MANIFEST_SIGNATURE, **facts) from error
    created = datetime.fromisoformat(found.created)
    if created < root.valid_from or (root.valid_until is not None and created > root.valid_until):
        raise Undecided("TRUST_ROOT_OUT_OF_PERIOD", valid_from=text_of(root.valid_from), **facts)
    return Passed(facts)


def _producer(release: str) -> dict[str, str]:
    """The running release as the package names it: version, and the digest of its source where it is given."""
    version, _, source = release.partition("+")
    known = re.fullmatch(r"[0-9a-f]{64}", source) is not None
    return {"release": version, "source_sha256": source} if known else {"release": release}
