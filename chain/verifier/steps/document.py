"""Steps 4 to 7: base revision, PDF signatures, their timestamps, their certificates at that time."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from chain.package import contents
from chain.verifier.case import Case, present, text_of
from chain.verifier.outcome import Failed, Passed, Undecided
from signing import jcs
from signing.errors import InputRefused

if TYPE_CHECKING:
    from signing.pades import Box, PdfFacts, Problem, SignatureFacts

SIGNERS: Final = ("Worker", "Employer")
_BOX_MEMBERS: Final = {"field", "page", "x1", "y1", "x2", "y2"}


def commitment(case: Case) -> Passed:
    """4. The opening names this log, contract and version, and the PDF begins with the base revision."""
    opening, subject = case.opening, case.read_manifest.subject
    agree = {
        "log_origin": opening["log_origin"] == case.trust_root.log_origin,
        "contract_id": opening["contract_id"] == subject["contract_id"],
        "version": opening["version"] == subject["version"],
    }
    for name, holds in agree.items():
        if not holds:
            raise Failed("COMMITMENT_MISMATCH", field=name)
    pdf, base = case.entries[contents.PDF], case.base_pdf
    digest = hashlib.sha256(base).hexdigest()
    if len(base) >= len(pdf) or not base.endswith(b"%%EOF\n") or digest != opening["base_pdf_sha256"]:
        raise Failed("BASE_REVISION_MISMATCH", base_pdf_sha256=digest)
    return Passed(
        {
            "commitment": case.commitment.hex(),
            "contract_id": opening["contract_id"],
            "version": opening["version"],
            "base_pdf_sha256": digest,
        }
    )


def reserved_boxes(base: bytes) -> dict[str, Box]:
    """The reserved places, read from the base revision itself: both parties signed them."""
    from signing.pades import Box
    from signing.rendering.attachment import BOXES, read_attachment
    from signing.rendering.errors import RenderingError

    try:
        value: Any = jcs.loads(read_attachment(base, BOXES))
        items = value["boxes"]
        boxes = {}
        for item in items:
            if set(item) != _BOX_MEMBERS or any(
                type(item[key]) is not int for key in _BOX_MEMBERS - {"field"}
            ):
                raise KeyError("box")
            corners = (item[key] / 1000 for key in ("x1", "y1", "x2", "y2"))
            boxes[str(item["field"])] = Box(item["page"], *corners)
    except (RenderingError, InputRefused, KeyError, TypeError) as error:
        raise Undecided("BOXES_UNKNOWN") from error
    return boxes


def document(case: Case) -> Passed:
    """5. Exactly the expected signatures over exactly this text, and nothing else in the file."""
    from chain.verifier.pdf_layout import read_layout
    from chain.verifier.pdf_objects import check_objects
    from signing.pades import Anchors, Expected, ExpectedSigner, validate
    from signing.x509 import TrustAnchors

    layout = read_layout(case.entries[contents.PDF], len(case.base_pdf))
    for signature in layout.signatures:
        if signature.timestamp:
            _check_token_form(signature.package)
    boxes = reserved_boxes(case.base_pdf)
    if set(SIGNERS) - set(boxes):
        raise Undecided("BOXES_UNKNOWN", fields=sorted(boxes))
    check_objects(case.entries[contents.PDF], layout)
    extra = {
        suffix: tuple(
            content
            for name, content in case.entries.items()
            if name.startswith("revocation/") and name.endswith(suffix)
        )
        for suffix in (".crl", ".ocsp")
    }
    anchors = Anchors(
        TrustAnchors(case.trust_root.cas, crls=extra[".crl"], ocsps=extra[".ocsp"]), case.trust_root.tsas
    )
    expected = Expected(
        base_sha256=bytes.fromhex(case.opening["base_pdf_sha256"]),
        base_length=len(case.base_pdf),
        signers=tuple(ExpectedSigner(name, boxes[name]) for name in SIGNERS),
        document_timestamp=True,
    )
    case.pdf = facts = validate(case.entries[contents.PDF], expected, anchors, case.now)
    wrong = [item for item in facts.problems if _step_of(item) == 5]
    if wrong:
        raise Failed(_sub_indication(wrong[0]), field=wrong[0].field, problems=_texts(wrong))
    if tuple(item.field for item in facts.signatures) != SIGNERS:
        raise Failed("SIGNER_SET_MISMATCH", fields=[item.field for item in facts.signatures])
    for item in facts.signatures:
        if not (item.digest_ok and item.signature_ok and item.coverage_ok):
            raise Failed("HASH_FAILURE" if not item.digest_ok else "SIG_CRYPTO_FAILURE", field=item.field)
    if not (facts.base_ok and facts.last_revision_clean):
        raise Failed("MODIFIED_AFTER_SIGNING")
    return Passed(
        {
            "signers": [
                {"field": item.field, "subject": item.path.subject if item.path else ""}
                for item in facts.signatures
            ],
            "sha256": hashlib.sha256(case.entries[contents.PDF]).hexdigest(),
        }
    )


def _check_token_form(package: bytes) -> None:
    """A document timestamp that is no token is no form of a file; what a token proves is step 6."""
    from signing.errors import SigningError
    from signing.timestamps import token_time

    try:
        token_time(package)
    except SigningError as error:
        raise Failed("FORMAT_FAILURE", field="DocumentTimestamp") from error


def timestamps(case: Case) -> Passed:
    """6. Every signature is dated by a TSA of the trust root; the document by another one, last."""
    facts = present(case.pdf)
    _fail_first(facts, 6)
    tokens = [(item.field, item.token) for item in facts.signatures]
    tokens.append(("DocumentTimestamp", facts.document_timestamp))
    shown: dict[str, str] = {}
    for field, token in tokens:
        if token is None:
            raise Failed("NO_SIGNATURE_TIMESTAMP", field=field)
        shown[field] = f"{text_of(token.gen_time)} {token.tsa}"
    return Passed(shown)


def certificates(case: Case) -> Passed:
    """7. Both certificates led to a CA of the trust root, valid and not revoked when their token was made."""
    facts = present(case.pdf)
    _fail_first(facts, 7)
    shown: list[dict[str, Any]] = []
    for item in facts.signatures:
        if item.path is None:
            raise Failed("NO_CERTIFICATE_CHAIN_FOUND", field=item.field)
        if item.path.problem is not None:
            _judge_path(item)
        _check_constraints(item)
        shown.append(
            {
                "field": item.field,
                "subject": item.path.subject,
                "issuer": item.path.issuer,
                "serial": item.path.serial,
                "not_before": text_of(item.path.not_before),
                "not_after": text_of(item.path.not_after),
                "revocation_checked": item.path.revocation_checked,
            }
        )
    return Passed({"certificates": shown})


def _texts(problems: list[Problem]) -> list[str]:
    return [f"{item.field or 'file'}: {item.code}" for item in problems][:20]


def _judge_path(item: SignatureFacts) -> None:
    path = present(item.path)
    sub = _CERTIFICATE_SUBS.get(str(path.problem), "CERTIFICATE_CONSTRAINTS")
    if sub == "EXPIRED" and path.moment < path.not_before:
        sub = "NOT_YET_VALID"
    kind = Undecided if sub == "TRY_LATER" else Failed
    raise kind(sub, field=item.field, subject=path.subject, reason=path.reason)


def _check_constraints(item: SignatureFacts) -> None:
    """Name and policy constraints of authorities between are not judged here (evidence-spec, section 5.3)."""
    from signing.x509 import load_certificate

    path = present(item.path)
    for der in path.path[1:-1]:
        between = load_certificate(der)
        if (
            between.name_constraints_value
            or between.policy_constraints_value
            or between.inhibit_any_policy_value
        ):
            raise Undecided("UNSUPPORTED", field=item.field, subject=between.subject.human_friendly)


def _fail_first(facts: PdfFacts, step: int) -> None:
    wrong = [item for item in facts.problems if _step_of(item) == step]
    if not wrong:
        return
    if step == 7:
        for signature in facts.signatures:
            if signature.path is not None and signature.path.problem is not None:
                _judge_path(signature)
    sub = _sub_indication(wrong[0])
    kind = Undecided if sub == "TRY_LATER" else Failed
    raise kind(sub, field=wrong[0].field, problems=_texts(wrong))


_CERTIFICATE_SUBS: Final = {
    "certificate.expired": "EXPIRED",
    "certificate.not_yet_valid": "NOT_YET_VALID",
    "certificate.revoked": "REVOKED",
    "certificate.issuer_unknown": "NO_CERTIFICATE_CHAIN_FOUND",
    "certificate.path_invalid": "NO_CERTIFICATE_CHAIN_FOUND",
    "certificate.revocation_unknown": "TRY_LATER",
    "certificate.usage": "CERTIFICATE_CONSTRAINTS",
}


def _step_of(problem: Problem) -> int:
    """Which step a problem of the PDF belongs to."""
    if problem.code.startswith("timestamp.") or problem.code == "pdf.timestamp_missing":
        return 6
    if problem.code in _CERTIFICATE_SUBS:
        return 7
    return 5


def _sub_indication(problem: Problem) -> str:
    code = problem.code
    if code in _CERTIFICATE_SUBS:
        return _CERTIFICATE_SUBS[code]
    return _PROBLEM_SUBS.get(code, "TIMESTAMP_INVALID" if _step_of(problem) == 6 else "FORMAT_FAILURE")


_PROBLEM_SUBS: Final = {
    "pdf.unreadable": "MODIFIED_AFTER_SIGNING",
    "pdf.base_differs": "BASE_REVISION_MISMATCH",
    "pdf.base_bypassed": "BASE_REVISION_MISMATCH",
    "pdf.changed": "MODIFIED_AFTER_SIGNING",
    "pdf.annotation_foreign": "MODIFIED_AFTER_SIGNING",
    "pdf.field_shape": "MODIFIED_AFTER_SIGNING",
    "pdf.coverage": "MODIFIED_AFTER_SIGNING",
    "pdf.box_differs": "OUTSIDE_RESERVED_BOX",
    "pdf.signature_missing": "SIGNER_SET_MISMATCH",
    "pdf.signature_unexpected": "SIGNER_SET_MISMATCH",
    "pdf.signature_order": "SIGNER_SET_MISMATCH",
    "pdf.timestamp_missing": "NO_SIGNATURE_TIMESTAMP",
    "cms.digest_differs": "HASH_FAILURE",
    "cms.signature_wrong": "SIG_CRYPTO_FAILURE",
    "timestamp.missing": "NO_SIGNATURE_TIMESTAMP",
    "timestamp.signer_untrusted": "TIMESTAMP_UNTRUSTED",
    "timestamp.order": "TIMESTAMP_ORDER_FAILURE",
    "timestamp.same_authority": "SAME_TSA",
    "timestamp.future": "TIME_CONTRADICTION",
}
