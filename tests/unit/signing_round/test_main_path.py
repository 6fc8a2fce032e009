"""Worker, employer, document timestamp: what is recorded, kept, and handed to the evidence."""

from __future__ import annotations

import hashlib

from api.signing_round.model import Opener, RoundCompleted, RoundSigned, RoundState
from signing import jcs
from signing.commitments import Commitment
from signing.pades import validate
from tests.support.signing_rounds import DOMAIN, PERSON, Bench


def test_the_whole_path(bench: Bench) -> None:
    round_id = bench.open()
    worker = bench.sign_worker(round_id)
    assert worker.state is RoundState.WORKER_SIGNED
    employer = bench.sign_employer(round_id)
    assert employer.state is RoundState.COMPLETED
    assert bench.recorder.types() == ["E08", "E09", "E10", "E11"]
    assert [type(event) for event in bench.heard] == [RoundSigned, RoundSigned, RoundCompleted]

    material = bench.service.evidence_material(round_id, Opener("x", "worker", "evidence"))
    row_pdf = material.final_pdf
    commitment = Commitment.from_opening(dict(material.opening))
    assert hashlib.sha256(row_pdf[: material.base_length]).hexdigest() == material.base_pdf_sha256
    assert commitment.base_pdf_sha256.hex() == material.base_pdf_sha256
    assert bench.recorder.payload("E11")["document_sha256"] == hashlib.sha256(row_pdf).hexdigest()
    with bench.db.read() as session:
        view = bench.service.view(session, round_id)
    assert view.final_pdf_sha256 == hashlib.sha256(row_pdf).hexdigest()

    e08, e09, e10 = (bench.recorder.payload(kind) for kind in ("E08", "E09", "E10"))
    assert e08["method"] == "otp"
    assert e08["page_release"] == bench.service.wiring.page_release()[0]
    assert e09["commitment"] == e10["commitment"] == commitment.digest().hex()
    assert e10["wallet"] == material.wallet == bench.organisations.address
    call = next(iter(bench.registry.calls.values()))
    assert call["state"] == "pending"
    assert call["worker_signature"] == __import__("base64").b64decode(
        str(material.worker_consent["signature"])
    )


def test_the_final_file_is_valid_for_anyone(bench: Bench) -> None:
    round_id = bench.open()
    bench.sign_worker(round_id)
    bench.sign_employer(round_id)
    pdf = bench.service.current_pdf(round_id, Opener(PERSON, "worker", "download"))
    with bench.db.read() as session:
        from api.signing_round.service.wiring import required_round

        row = required_round(session, round_id)
    wiring = bench.service.wiring
    facts = validate(pdf, wiring.expected(row, 2, stamped=True), wiring.anchors, bench.clock.now())
    assert facts.problems == ()
    assert facts.document_timestamp is not None
    assert facts.document_timestamp.tsa != facts.signatures[1].token.tsa  # type: ignore[union-attr]


def test_a_later_contract_uses_the_stored_binding(bench: Bench) -> None:
    first = bench.open()
    bench.sign_worker(first)
    bench.sign_employer(first)
    second = bench.open()
    bench.sign_worker(second)
    prepared = bench.service.employer.prepare(second, bench.agent)
    assert prepared.binding is None


def test_statements_have_the_shapes_of_the_package(bench: Bench) -> None:
    round_id = bench.open()
    bench.sign_worker(round_id)
    bench.sign_employer(round_id)
    material = bench.service.evidence_material(round_id, Opener("x", "worker", "evidence"))
    for statement in (
        material.identity_check,
        material.attestation,
        material.worker_consent,
        material.employer_consent,
        material.seal_binding,
        material.intent,
    ):
        assert jcs.canonical(dict(statement))
    assert set(material.identity_check["statement"]) == {"commitment", "subject", "factors", "level", "time"}  # type: ignore[arg-type]
    assert set(material.attestation["statement"]) == {  # type: ignore[arg-type]
        "commitment", "contract_id", "signer_key_hash", "subject", "level", "check_digest", "time",
    }  # fmt: skip
    assert material.intent == {"v": 1, "method": "otp", "nonce": bench.recorder.payload("E08")["nonce"]}
    assert material.seal_binding["statement"]["log_origin"] == DOMAIN.log_origin  # type: ignore[index, call-overload]


def test_openings_are_recorded_once_a_reading(bench: Bench) -> None:
    round_id = bench.open()
    opener = Opener(PERSON, "worker", "reading")
    for number in (1, 1):
        assert bench.service.page_image(round_id, number, opener, final=False)[:4] == b"\x89PNG"
    assert bench.recorder.types() == ["opened"]
    bench.service.base_pdf(round_id, Opener("officer", "regulator", "case 7"))
    assert [draft.stream.split("/")[0] for draft in bench.recorder.kept] == ["econtract", "person"]
    assert len(bench.service.openings(round_id)) == 2


def test_nothing_readable_lies_in_the_store(bench: Bench) -> None:
    round_id = bench.open()
    bench.sign_worker(round_id)
    for path in bench.folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert b"%PDF" not in data, path
            assert "李小龘".encode() not in data, path
    assert round_id
