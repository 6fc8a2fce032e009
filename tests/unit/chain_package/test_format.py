"""Names, sizes, manifest and proofs of the package format."""

from __future__ import annotations

import hashlib

import pytest

from chain.package import PackageError, contents, manifest, read_package, write_package
from chain.package.proofs import LogProof, read_heads, write_heads
from chain.package.schema import ShapeError

INSTALLATION = {"log_origin": "log.example", "chain_id": 1, "genesis_hash": "ab" * 32, "contracts": {}}
PRODUCER = {"name": "concord", "release": "1"}


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/a",
        "a/",
        "a//b",
        "../a",
        "a/../b",
        "A",
        "a b",
        "ä",
        "a\\b",
        ".hidden",
        "a/.b",
        "x..y",
        "c" * 101,
        "a\x00b",
    ],
)
def test_names_outside_of_the_profile_are_refused(name: str) -> None:
    with pytest.raises(PackageError):
        write_package({name: b""})


def test_the_manifest_comes_first_then_names_in_order() -> None:
    data = write_package({"z": b"", "a": b"", "manifest.sig": b"", "manifest.json": b""})
    assert list(read_package(data)) == ["manifest.json", "manifest.sig", "a", "z"]


def test_more_than_twenty_megabytes_can_not_be_written() -> None:
    with pytest.raises(PackageError) as caught:
        write_package({"a": bytes(20_000_001)})
    assert caught.value.code == "package.too_large"
    assert "20 MB" in caught.value.zh
    assert "20 MB" in caught.value.en


def test_too_many_entries_are_refused() -> None:
    with pytest.raises(PackageError):
        write_package({f"a{number}": b"" for number in range(501)})


def _supervision(**changes: bytes) -> dict[str, bytes]:
    files = {
        contents.STREAM: b"1",
        contents.CITED: b"2",
        contents.CHECKPOINT: b"3",
        contents.CHECKPOINT_TOKEN: b"4",
        contents.PROOFS: b"5",
    }
    return files | changes


def _build(files: dict[str, bytes], **changes: object) -> bytes:
    arguments: dict[str, object] = {
        "kind": "supervision",
        "installation": INSTALLATION,
        "producer": PRODUCER,
        "subject": {"stream": "econtract/1"},
        "created": "2026-11-22T08:00:00.000Z",
        "files": files,
    }
    return manifest.build(**(arguments | changes))  # type: ignore[arg-type]


def test_a_manifest_lists_exactly_its_files() -> None:
    found = manifest.parse(_build(_supervision()))
    assert [item.name for item in found.entries] == sorted(_supervision())
    assert found.entries[0].sha256 == hashlib.sha256(b"2").hexdigest()


def test_a_manifest_is_not_built_for_an_incomplete_package() -> None:
    files = _supervision()
    del files[contents.CITED]
    with pytest.raises(ShapeError, match="missing"):
        _build(files)


def test_a_manifest_is_not_built_with_foreign_files() -> None:
    with pytest.raises(ShapeError, match="foreign"):
        _build(_supervision(**{"trust-root.json": b"{}"}))


@pytest.mark.parametrize(
    "change",
    [{"kind": "other"}, {"created": "2026-13-40T99:00:00.000Z"}, {"subject": {"stream": "a", "more": 1}}],
)
def test_a_manifest_of_another_shape_is_refused(change: dict[str, object]) -> None:
    with pytest.raises((ShapeError, KeyError)):
        _build(_supervision(), **change)


def test_a_manifest_with_unordered_entries_is_refused() -> None:
    good = _build(_supervision())
    first, second = b'"events/cited.json"', b'"events/stream.json"'
    swapped = good.replace(first, b"@").replace(second, first).replace(b"@", second)
    with pytest.raises(ShapeError, match="ascending"):
        manifest.parse(swapped)


def test_the_signed_text_can_never_be_a_checkpoint() -> None:
    from chain.checkpoint import Checkpoint
    from chain.errors import NoteInvalid

    text = manifest.note_text(b"{}", "log.example")
    with pytest.raises(NoteInvalid):
        Checkpoint.parse(text)


def test_a_proof_is_read_back() -> None:
    proof = LogProof.of(7, [bytes(32), b"\x01" * 32], b"log\n8\nroot\n\n\xe2\x80\x94 log sig\n")
    assert LogProof.parse(proof.encode()) == proof


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"@v1", b"@v2"),
        (b"index 7", b"index 07"),
        (b"index 7", b"index -1"),
        (b"index 7\n", b""),
        (b"AAAA=", b"AAAB="),
        (b"\n\n", b"\n"),
    ],
)
def test_a_proof_in_another_form_is_refused(old: bytes, new: bytes) -> None:
    data = LogProof.of(7, [bytes(32)], b"log").encode()
    assert old in data
    with pytest.raises(ValueError, match=r"."):
        LogProof.parse(data.replace(old, new, 1))


def test_proofs_share_their_checkpoint() -> None:
    note = b"log\n8\nroot\n\n\xe2\x80\x94 log sig\n"
    proofs = [LogProof.of(0, [], note), LogProof.of(7, [bytes(32), b"\x01" * 32], note)]
    heads = read_heads(write_heads(proofs), note)
    assert heads.all() == tuple(proofs)
    assert [text + b"\n\n" + note for text in heads.texts] == [proof.encode() for proof in proofs]
    assert len(read_heads(b"", note)) == 0
    assert len(read_heads(b"\n" * 1_000_000, note)) == 1001


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_proofs_without_an_end_are_refused(cut: int) -> None:
    data = write_heads([LogProof.of(7, [bytes(32)], b"log")])
    with pytest.raises(ValueError, match="no end"):
        read_heads(data[:-cut], b"log")
