"""Steps 19 and 20: the clauses that both signed, and whether the PDF says what its data says."""

from __future__ import annotations

from typing import Any

from chain.package import contents
from chain.verifier.case import Case
from chain.verifier.outcome import Failed, Passed, Undecided
from chain.verifier.steps.releases import released_template
from signing import jcs
from signing.clauses import Clause, ClauseTree
from signing.errors import InputRefused


def _attached_data(case: Case) -> bytes:
    from signing.rendering.attachment import read_attachment
    from signing.rendering.errors import RenderingError

    try:
        return read_attachment(case.base_pdf)
    except RenderingError as error:
        raise Failed("FORMAT_FAILURE", entry=contents.PDF, attachment="contract.json") from error


def clauses(case: Case) -> Passed:
    """19. The salted clauses have the committed root and are those of the attached data, word for word."""
    items: list[dict[str, Any]] = case.json[contents.CLAUSES]["clauses"]
    if [item["n"] for item in items] != list(range(1, len(items) + 1)):
        raise Failed("HASH_FAILURE", field="n")
    tree = ClauseTree(
        [Clause(item["id"], item["title"], item["text"]) for item in items],
        [bytes.fromhex(item["salt"]) for item in items],
    )
    if tree.root.hex() != case.opening["clause_root"]:
        raise Failed("HASH_FAILURE", entry=contents.CLAUSES, root=tree.root.hex())
    if len({item["salt"] for item in items}) != len(items):
        raise Failed("HASH_FAILURE", entry=contents.CLAUSES, field="salt")
    try:
        data: Any = jcs.parse_object(_attached_data(case), max_bytes=4_000_000)
        attached = [(item["id"], item["title"], item["text"]) for item in data["clauses"]]
    except (InputRefused, KeyError, TypeError) as error:
        raise Failed("CLAUSE_TEXT_DIFFERS", reason="contract.json") from error
    if attached != [(item["id"], item["title"], item["text"]) for item in items]:
        raise Failed("CLAUSE_TEXT_DIFFERS")
    return Passed({"clauses": len(items), "root": tree.root.hex()})


def rendering(case: Case) -> Passed:
    """20. The template that the trust root or a release names makes the same base PDF from the attached data."""
    opening = case.opening
    template = case.trust_root.templates.get(opening["template_sha256"]) or released_template(case)
    if template is None:
        raise Undecided("TEMPLATE_UNKNOWN", template_sha256=opening["template_sha256"])
    if case.render is None:
        raise Undecided("RENDERER_UNAVAILABLE", renderer_id=opening["renderer_id"])
    found = case.render(
        template_sha256=opening["template_sha256"],
        renderer_id=opening["renderer_id"],
        data_json=_attached_data(case),
    )
    if found.outcome in ("unavailable", "failed"):
        raise Undecided("RENDERER_UNAVAILABLE", reason=found.reason, **found.facts)
    if found.outcome != "rendered" or found.base_pdf_sha256 != opening["base_pdf_sha256"]:
        raise Failed("RENDERING_DIFFERS", reason=found.reason, rendered=found.base_pdf_sha256)
    return Passed({"template": template, "renderer_id": opening["renderer_id"]})
