"""The smaller scope of a validation: for a file this process wrote over a revision it knows, and for nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pyhanko.sign.diff_analysis import StandardDiffPolicy

from signing.pades import Anchors, Expected, Prepared, Scope, validate
from tests.support.signing_authorities import NOW, Authority, Stamper
from tests.support.signing_documents import Ceremony


@pytest.fixture
def desk(authority: Authority, stampers: tuple[Stamper, Stamper]) -> Ceremony:
    return Ceremony(authority, *stampers)


def _worker_only(desk: Ceremony) -> Expected:
    return replace(desk.expected, signers=desk.expected.signers[:1], document_timestamp=False)


def _anchors(desk: Ceremony) -> Anchors:
    """With the worker's revocation facts, which the file does not hold yet."""
    return replace(desk.anchors, cas=desk.authority.anchors(desk.worker_certificate))


def test_an_own_step_is_validated_without_comparing_revisions(
    monkeypatch: pytest.MonkeyPatch, desk: Ceremony
) -> None:
    monkeypatch.setattr(StandardDiffPolicy, "apply", None)
    pdf = desk.sign_worker()
    facts = validate(pdf, _worker_only(desk), _anchors(desk), NOW, Scope.OWN_STEP)
    assert facts.ok
    assert not facts.last_revision_clean
    assert not validate(pdf, _worker_only(desk), _anchors(desk), NOW).ok


def test_an_own_step_still_needs_base_signature_certificate_and_token(desk: Ceremony) -> None:
    pdf, expected = desk.sign_worker(), _worker_only(desk)

    def codes(data: bytes, wanted: Expected = expected, **changed: object) -> set[str]:
        anchors = replace(_anchors(desk), **changed)
        return {problem.code for problem in validate(data, wanted, anchors, NOW, Scope.OWN_STEP).problems}

    assert codes(pdf) == set()
    assert "pdf.base_differs" in codes(_flipped(pdf, 40))
    assert codes(_flipped(pdf, len(desk.base) + 30))
    other = replace(expected.signers[0], spki_sha256=bytes(32))
    assert "cms.key_differs" in codes(pdf, replace(expected, signers=(other,)))
    assert "pdf.signature_missing" in codes(desk.base)
    assert codes(pdf, tsas={}) == {"timestamp.signer_untrusted"}
    bare = replace(_anchors(desk).cas, crls=(), ocsps=())
    assert codes(pdf, cas=bare) == {"certificate.revocation_unknown"}


def _flipped(pdf: bytes, at: int) -> bytes:
    return pdf[:at] + bytes([pdf[at] ^ 1]) + pdf[at + 1 :]


def test_what_became_of_a_prepared_file() -> None:
    prepared = Prepared(b"head<0000>tail", b"", 4, 10)
    assert prepared.became(b"head<AB00>tail")
    assert not prepared.became(b"Head<AB00>tail")
    assert not prepared.became(b"head<AB00>tAil")
    assert not prepared.became(b"head<AB00>tail ")
