"""Signed notes: the published example of C2SP, strictness of the reader, keys."""

from __future__ import annotations

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chain.checkpoint import (
    COSIGNATURE,
    Checkpoint,
    LogKey,
    NoteSignature,
    SignedNote,
    Verifier,
    key_id,
    open_checkpoint,
    token_imprint,
)
from chain.cosignature import WitnessVerifier, cosigned_message
from chain.errors import NoteInvalid

KEY = LogKey.from_seed("example.test/log", bytes(range(32)))
CHECKPOINT = Checkpoint("example.test/log", 42, hashlib.sha256(b"root").digest())


def test_note_of_golang_sumdb_documentation_verifies() -> None:
    # The example of golang.org/x/mod/sumdb/note, which C2SP signed-note generalises.
    verifier = Verifier.parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    note = (
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n"
        "\n"
        "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    ).encode()
    parsed = SignedNote.parse(note)
    verifier.signature_in(parsed)
    assert parsed.encode() == note


def test_sign_open_and_vkey_round_trip() -> None:
    note = KEY.sign_checkpoint(CHECKPOINT)
    verifier = Verifier.parse(KEY.vkey)
    assert verifier == KEY.verifier
    assert open_checkpoint(note, verifier) == CHECKPOINT
    assert note.startswith(
        b"example.test/log\n42\n" + base64.b64encode(CHECKPOINT.root) + b"\n\n\xe2\x80\x94 example.test/log "
    )
    assert KEY.sign_checkpoint(CHECKPOINT) == note


def test_token_imprint_ignores_later_cosignatures() -> None:
    note = KEY.sign_checkpoint(CHECKPOINT)
    parsed = SignedNote.parse(note)
    witness = NoteSignature("witness.test", key_id("witness.test", COSIGNATURE, bytes(32)), bytes(72))
    cosigned = SignedNote(parsed.text, (witness, *parsed.signatures)).encode()
    assert (
        token_imprint(cosigned, KEY.verifier)
        == token_imprint(note, KEY.verifier)
        == hashlib.sha256(note).digest()
    )
    assert open_checkpoint(cosigned, KEY.verifier) == CHECKPOINT


@pytest.mark.parametrize(
    "change",
    [
        lambda n: n.replace(b"\n42\n", b"\n43\n"),
        lambda n: n.replace(b"\n42\n", b"\n042\n"),
        lambda n: n.replace(b"\n42\n", b"\n+42\n"),
        lambda n: n.replace(b"\n42\n", b"\r\n42\n"),
        lambda n: n.replace(b"\n\n", b"\n"),
        lambda n: n[:-1],
        lambda n: n + b"\n",
        lambda n: n + n.split(b"\n\n")[1],
        lambda n: n.replace("—".encode(), b"--"),
        lambda n: n.replace(b"example.test/log\n", b"other.test/log\n", 1),
        lambda n: n.replace(b"=\n\n", b"\n\n"),
        lambda n: b"\xff" + n,
        lambda n: b"",
        lambda n: n[:-6] + b"AAAA=\n",
        lambda n: b"x" * 70_000 + n,
    ],
)
def test_changed_notes_are_refused(change) -> None:  # type: ignore[no-untyped-def]
    note = KEY.sign_checkpoint(CHECKPOINT)
    changed = change(note)
    assert changed != note
    with pytest.raises(NoteInvalid):
        open_checkpoint(changed, KEY.verifier)


def test_a_note_of_another_key_or_log_is_refused() -> None:
    stranger = LogKey.from_seed("example.test/log", bytes(32))
    with pytest.raises(NoteInvalid):
        open_checkpoint(stranger.sign_checkpoint(CHECKPOINT), KEY.verifier)
    with pytest.raises(NoteInvalid):
        KEY.sign_checkpoint(Checkpoint("other.test/log", 1, bytes(32)))


@pytest.mark.parametrize(
    "body", [b"o\n0\nAAAA\n", b"o\n1\n", b"o o\n0\n" + base64.b64encode(bytes(32)) + b"\n"]
)
def test_malformed_bodies_are_refused(body: bytes) -> None:
    with pytest.raises(NoteInvalid):
        Checkpoint.parse(body)


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "name",
        "name+00000000+" + base64.b64encode(b"\x01" + bytes(32)).decode(),
        "PeterNeumann+c74f20a3+AhpC2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ],
)
def test_malformed_vkeys_are_refused(vkey: str) -> None:
    with pytest.raises(NoteInvalid):
        Verifier.parse(vkey)


def test_manifest_notes_can_never_be_checkpoints() -> None:
    note = KEY.sign_note(b"concord-evidence-manifest/v1\nexample.test/log\nab\n")
    KEY.verifier.signature_in(SignedNote.parse(note))
    with pytest.raises(NoteInvalid):
        open_checkpoint(note, KEY.verifier)
    with pytest.raises(NoteInvalid):
        KEY.sign_note(CHECKPOINT.body())


def test_cosignature_of_a_witness_verifies_and_is_bound_to_time_and_text() -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes([7] * 32))
    public = key.public_key().public_bytes_raw()
    vkey = (
        f"witness.test+{key_id('witness.test', COSIGNATURE, public).hex()}+"
        + base64.b64encode(b"\x04" + public).decode()
    )
    witness = WitnessVerifier.parse(vkey)
    body = CHECKPOINT.body()
    good = (1_700_000_000).to_bytes(8, "big") + key.sign(cosigned_message(body, 1_700_000_000))
    note = SignedNote(body, (KEY.sign(body), NoteSignature("witness.test", witness.key_id, good)))
    assert witness.cosigned_at(SignedNote.parse(note.encode())) == 1_700_000_000
    for blob in (good[:-1], (1_700_000_001).to_bytes(8, "big") + good[8:], good[:-1] + bytes([good[-1] ^ 1])):
        with pytest.raises(NoteInvalid):
            witness.cosigned_at(SignedNote(body, (NoteSignature("witness.test", witness.key_id, blob),)))
    with pytest.raises(NoteInvalid):
        witness.cosigned_at(SignedNote(body, (KEY.sign(body),)))
    with pytest.raises(NoteInvalid):
        WitnessVerifier.parse(KEY.vkey)
