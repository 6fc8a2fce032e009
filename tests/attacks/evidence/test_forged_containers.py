"""Forgeries of the file itself, of its manifest, of its installation and of its witnesses (steps 1 to 3 and 15)."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import zipfile
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chain.checkpoint import LogKey, NoteSignature, SignedNote, key_id
from chain.package import contents, manifest, write_package
from chain.verifier import Outcome, Report, verify
from signing import jcs
from tests.factories.evidence import Forge, World, b64, secret
from tests.support.signing_authorities import NOW

LATER = NOW + dt.timedelta(hours=1)


def _ends(report: Report, step: int, sub: str, outcome: Outcome = Outcome.FAILED) -> None:
    found = report.step(step)
    assert found is not None
    assert (found.outcome, found.sub_indication) == (outcome, sub), found
    assert [item.no for item in report.steps if item.outcome is Outcome.FAILED] == (
        [step] if outcome is Outcome.FAILED else []
    )
    assert report.verdict is outcome
    for item in report.steps:
        if item.no > step and step <= 3:
            assert item.sub_indication.startswith("DEPENDS_ON"), item


@pytest.fixture(scope="module")
def forge(world: World) -> Forge:
    return Forge(world)


def _sign(forge: Forge, made: bytes, key: LogKey | None = None) -> bytes:
    text = manifest.note_text(made, forge.world.log_origin)
    return SignedNote(text, ((key or forge.world.log_key).sign(text),)).encode()


def _resealed(forge: Forge, files: dict[str, bytes], **members: Any) -> bytes:
    """The platform seals whatever it likes, without the checks of our own writer."""
    value: Any = jcs.parse_object(forge.sealed["manifest.json"])
    value["entries"] = [
        {"name": name, "size": len(files[name]), "sha256": hashlib.sha256(files[name]).hexdigest()}
        for name in sorted(files)
    ]
    made = jcs.canonical(value | members)
    return write_package({"manifest.json": made, "manifest.sig": _sign(forge, made), **files})


def _files(forge: Forge) -> dict[str, bytes]:
    return dict(forge.files)


def test_one_byte_of_the_pdf_is_changed_without_resealing(forge: Forge) -> None:
    entries = dict(forge.sealed)
    pdf = bytearray(entries[contents.PDF])
    pdf[500] ^= 1
    entries[contents.PDF] = bytes(pdf)
    report = verify(write_package(entries), forge.root, now=LATER)
    _ends(report, 2, "HASH_FAILURE")
    step = report.step(2)
    assert step is not None
    assert step.facts["entry"] == contents.PDF


def test_a_package_brings_its_own_trust_root(forge: Forge) -> None:
    files = _files(forge) | {"trust-root.json": forge.root.canonical()}
    _ends(verify(_resealed(forge, files), forge.root, now=LATER), 2, "ENTRY_UNLISTED")


def test_an_entry_is_not_in_the_manifest(forge: Forge) -> None:
    package = write_package(forge.sealed | {"extra.txt": b"x"})
    _ends(verify(package, forge.root, now=LATER), 2, "ENTRY_UNLISTED")


def test_an_entry_is_left_out(forge: Forge) -> None:
    entries = {name: data for name, data in forge.sealed.items() if name != contents.ATTESTATION}
    _ends(verify(write_package(entries), forge.root, now=LATER), 2, "ENTRY_MISSING")


def test_an_entry_is_left_out_of_package_and_manifest(forge: Forge) -> None:
    files = _files(forge)
    del files[contents.SEAL_BINDING]
    _ends(verify(_resealed(forge, files), forge.root, now=LATER), 2, "ENTRY_MISSING")


def test_a_json_entry_in_another_spelling(forge: Forge) -> None:
    files = _files(forge)
    files[contents.OPENING] = files[contents.OPENING].replace(b'":', b'": ', 1)
    _ends(verify(_resealed(forge, files), forge.root, now=LATER), 2, "ENTRY_MALFORMED")


def test_a_statement_with_an_extra_member(forge: Forge) -> None:
    files = _files(forge)
    value: Any = jcs.parse_object(files[contents.CHECK])
    files[contents.CHECK] = jcs.canonical(value | {"note": "x"})
    _ends(verify(_resealed(forge, files), forge.root, now=LATER), 2, "ENTRY_MALFORMED")


def test_both_consents_claim_the_employers_role(forge: Forge) -> None:
    files = _files(forge)
    value: Any = jcs.parse_object(files[contents.WORKER_CONSENT])
    value["consent"]["role"] = 1
    files[contents.WORKER_CONSENT] = jcs.canonical(value)
    _ends(verify(_resealed(forge, files), forge.root, now=LATER), 2, "ENTRY_MALFORMED")


def test_an_unknown_format_is_not_judged(forge: Forge) -> None:
    report = verify(_resealed(forge, _files(forge), format="concord.evidence/2"), forge.root, now=LATER)
    _ends(report, 2, "FORMAT_UNKNOWN", Outcome.INDETERMINATE)


def test_the_manifest_is_sealed_by_another_key(forge: Forge) -> None:
    entries = dict(forge.sealed)
    other = LogKey.from_seed(forge.world.log_origin, secret("forger"))
    entries["manifest.sig"] = _sign(forge, entries["manifest.json"], other)
    _ends(verify(write_package(entries), forge.root, now=LATER), 3, "SIG_CRYPTO_FAILURE")


def test_a_checkpoint_serves_as_seal_of_the_manifest(forge: Forge) -> None:
    entries = dict(forge.sealed) | {"manifest.sig": forge.checkpoint_note}
    _ends(verify(write_package(entries), forge.root, now=LATER), 3, "SIG_CRYPTO_FAILURE")


def test_a_package_of_another_installation(stranger: World, world: World) -> None:
    _ends(verify(Forge(stranger).package, world.trust_root(), now=LATER), 3, "WRONG_INSTALLATION")


def test_contracts_with_other_code(forge: Forge, world: World) -> None:
    known = world.trust_root().value["contracts"]
    other = {name: item | {"code_hash": "ab" * 32} for name, item in known.items()}
    report = verify(forge.package, world.trust_root(contracts=other), now=LATER)
    _ends(report, 3, "CONTRACT_CODE_UNKNOWN")


def test_a_trust_root_that_had_ended(forge: Forge, world: World) -> None:
    root = world.trust_root(valid_until="2026-02-01T00:00:00.000Z")
    _ends(verify(forge.package, root, now=LATER), 3, "TRUST_ROOT_OUT_OF_PERIOD", Outcome.INDETERMINATE)


def _rezip(package: bytes, **options: Any) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as source, zipfile.ZipFile(out, "w", **options) as target:
        for item in source.infolist():
            target.writestr(item.filename, source.read(item.filename))
    return out.getvalue()


def _hostile(package: bytes) -> dict[str, bytes]:
    first = package.index(b"manifest.json")
    doubled = io.BytesIO(package)
    with zipfile.ZipFile(doubled, "a") as target, pytest.warns(UserWarning, match="Duplicate"):
        target.writestr("manifest.json", b"{}")
    traversal = io.BytesIO()
    with zipfile.ZipFile(traversal, "w") as target:
        target.writestr("../../etc/cron.d/x", b"x")
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("manifest.json", bytes(50_000_000))
    return {
        "deflated": _rezip(package, compression=zipfile.ZIP_DEFLATED),
        "other-dates": _rezip(package),
        "prefixed": b"#!/bin/sh\n" + package,
        "suffixed": package + b"\n",
        "commented": package[:-2] + b"\x01\x00x",
        "doubled": doubled.getvalue(),
        "traversal": traversal.getvalue(),
        "bomb": bomb.getvalue(),
        "cut": package[: len(package) // 2],
        "empty": b"",
        "name-in-one-header-only": package[:first] + b"Manifest.json" + package[first + 13 :],
        "pdf": b"%PDF-1.7\n%%EOF\n",
    }


@pytest.mark.parametrize(
    "trick",
    ["deflated", "other-dates", "prefixed", "suffixed", "commented", "doubled", "traversal", "bomb", "cut", "empty",
     "name-in-one-header-only", "pdf"],
)  # fmt: skip
def test_zip_tricks_fail_at_the_structure(forge: Forge, trick: str) -> None:
    _ends(verify(_hostile(forge.package)[trick], forge.root, now=LATER), 1, "PROFILE_ILLEGAL")


def test_a_changed_byte_names_the_entry_it_stands_in(forge: Forge) -> None:
    package = bytearray(forge.package)
    package[forge.package.index(b"%PDF-") + 9000] ^= 1
    step = verify(bytes(package), forge.root, now=LATER).step(1)
    assert step is not None
    assert (step.sub_indication, step.facts["entry"]) == ("PROFILE_ILLEGAL", contents.PDF)


def test_more_than_twenty_megabytes(forge: Forge) -> None:
    _ends(verify(bytes(20_000_001), forge.root, now=LATER), 1, "TOO_LARGE")


# --- witnesses -------------------------------------------------------------------------------------------------


def _witness(name: str) -> tuple[Ed25519PrivateKey, dict[str, Any], bytes]:
    key = Ed25519PrivateKey.from_private_bytes(secret("witness" + name))
    public = key.public_key().public_bytes_raw()
    identifier = key_id(name, 0x04, public)
    vkey = f"{name}+{identifier.hex()}+{b64(bytes([4]) + public)}"
    return key, {"name": name, "vkey": vkey, "address": None}, identifier


def _cosigned(names: list[str], body_change: bytes = b"") -> Any:
    def change(note: bytes, forge: Forge) -> bytes:
        parsed = SignedNote.parse(note)
        lines = list(parsed.signatures)
        for name in names:
            key, _, identifier = _witness(name)
            time = int(NOW.timestamp()) + 630
            signature = key.sign(b"cosignature/v1\ntime %d\n" % time + parsed.text + body_change)
            lines.append(NoteSignature(name, identifier, time.to_bytes(8, "big") + signature))
        return SignedNote(parsed.text, tuple(lines)).encode()

    return change


def _root_with(world: World, names: list[str], threshold: int) -> Any:
    return world.trust_root(witnesses=[_witness(name)[1] for name in names], witness_threshold=threshold)


def test_a_forged_cosignature_fails(world: World) -> None:
    forge = Forge(world, changes={"checkpoint_file": _cosigned(["court"], b"other body")})
    report = verify(forge.package, _root_with(world, ["court", "union"], 1), now=LATER)
    _ends(report, 15, "SIG_CRYPTO_FAILURE")


def test_too_few_witnesses_leave_it_open(world: World) -> None:
    forge = Forge(world, changes={"checkpoint_file": _cosigned(["court"])})
    report = verify(forge.package, _root_with(world, ["court", "union", "notary"], 2), now=LATER)
    _ends(report, 15, "WITNESS_QUORUM_MISSING", Outcome.INDETERMINATE)


def test_the_same_witness_twice_counts_once(world: World) -> None:
    forge = Forge(world, changes={"checkpoint_file": _cosigned(["court", "court"])})
    report = verify(forge.package, _root_with(world, ["court", "union"], 2), now=LATER)
    _ends(report, 14, "FORMAT_FAILURE")


def test_a_quorum_of_witnesses_passes(world: World) -> None:
    forge = Forge(world, changes={"checkpoint_file": _cosigned(["court", "notary", "stranger"])})
    report = verify(forge.package, _root_with(world, ["court", "union", "notary"], 2), now=LATER)
    step = report.step(15)
    assert step is not None
    assert step.outcome is Outcome.PASSED
    assert step.facts["witnesses"] == ["court", "notary"]
    assert report.verdict is Outcome.PASSED
