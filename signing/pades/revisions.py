"""The revisions of a file: begins with the base, then one signature each, then only DSS and document timestamps.

This answers what no outside tool answers alone (DESIGN §8): whether somebody added content in the very revision that
gets signed, or after the last signature. Every step from one revision to the next is judged once, by pyHanko's
difference analysis with rules that allow new signature fields, validation material and nothing else; fields must lie
in their reserved boxes and no other annotation may exist.
"""

from __future__ import annotations

import hashlib
from io import BytesIO
from typing import Any, Final

from signing.pades.model import Box, Expected, ExpectedSigner, Problem, Scope

_FIELD_KEYS: Final = frozenset(
    {"/FT", "/T", "/V", "/Ff", "/Type", "/Subtype", "/Rect", "/P", "/F", "/AP", "/MK", "/DA"}
)


class Structure:
    """The readable structure of one file, and what is wrong with it."""

    def __init__(self, pdf: bytes, expected: Expected) -> None:
        from pyhanko.pdf_utils.reader import PdfFileReader

        self.problems: list[Problem] = []
        self.pdf = pdf
        self.expected = expected
        self.reader = PdfFileReader(BytesIO(pdf), strict=True)
        self.revisions: int = self.reader.xrefs.total_revisions
        embedded = list(self.reader.embedded_signatures)
        self.timestamps: list[Any] = [item for item in embedded if item.sig_object_type == "/DocTimeStamp"]
        self.signatures: list[Any] = [item for item in embedded if item.sig_object_type != "/DocTimeStamp"]
        self.base: Any = None
        self.base_ok = False
        self.tail_clean = False

    def add(self, code: str, field: str = "", text: str = "") -> None:
        """Note a problem."""
        self.problems.append(Problem(code, field, text[:300]))

    def release(self) -> None:
        """Let go of what was read: the parts of a file refer to each other and to it, and would wait for the collector."""
        whole = self.reader
        for part in (*whole._historical_resolver_cache.values(), whole, self.base):
            if part is not None:
                vars(part).clear()
        self.signatures, self.timestamps = [], []

    def check(self, scope: Scope = Scope.WHOLE) -> None:
        """Run every structural check of the scope; findings are in `problems`."""
        if self.reader.encrypted:
            self.add("pdf.encrypted")
            return
        if self.reader.xrefs.hybrid_xrefs_present:
            self.add("pdf.hybrid")
            return
        self._check_base()
        if self._check_names():
            if scope is Scope.WHOLE:
                self._check_steps()
            self._check_fields()
            self._check_coverage()

    def _check_base(self) -> None:
        """The file begins with the base revision, and that is its revision 0 (no shadow document behind it)."""
        from pyhanko.pdf_utils.misc import PdfError
        from pyhanko.pdf_utils.reader import PdfFileReader

        base = self.pdf[: self.expected.base_length]
        if (
            len(base) != self.expected.base_length
            or hashlib.sha256(base).digest() != self.expected.base_sha256
        ):
            self.add("pdf.base_differs")
            return
        try:
            self.base = PdfFileReader(BytesIO(base), strict=True)
            alone = self.base.xrefs.total_revisions == 1
            start = self.base.xrefs.get_startxref_for_revision(0)
        except PdfError as error:
            self.add("pdf.base_differs", text=str(error))
            return
        if not alone or self.reader.xrefs.get_startxref_for_revision(0) != start:
            self.add("pdf.base_bypassed")
            return
        self.base_ok = True

    def _check_names(self) -> bool:
        wanted = [signer.field for signer in self.expected.signers]
        found = [item.field_name for item in self.signatures]
        for name in wanted:
            if name not in found:
                self.add("pdf.signature_missing", name)
        for name in found:
            if name not in wanted:
                self.add("pdf.signature_unexpected", str(name))
        if sorted(wanted) == sorted(map(str, found)) and wanted != found:
            self.add("pdf.signature_order")
        if self.expected.document_timestamp and not self.timestamps:
            self.add("pdf.timestamp_missing")
        return wanted == found

    def _check_steps(self) -> None:
        """Judge each step between revisions: first the expected signatures in order, then only DSS and timestamps."""
        from pyhanko.pdf_utils.misc import PdfError
        from pyhanko.sign.diff_analysis import ModificationLevel, SuspiciousModification

        from signing.pades.policy import strict_policy

        policy = strict_policy()
        signers = self.expected.signers
        clean = True
        for step in range(1, self.revisions):
            field = signers[step - 1].field if step <= len(signers) else ""
            try:
                result = policy.apply(
                    old=self.reader.get_historical_resolver(step - 1),
                    new=self.reader.get_historical_resolver(step),
                )
            except (SuspiciousModification, PdfError) as error:
                self.add("pdf.changed", field, str(error))
                clean = False
                continue
            if field and set(result.changed_form_fields) != {field}:
                self.add("pdf.changed", field, f"fields {sorted(result.changed_form_fields)}")
            if not field and result.modification_level > ModificationLevel.LTA_UPDATES:
                self.add("pdf.changed", text=f"revision {step} changes more than validation material")
                clean = False
        if self.revisions <= len(signers):
            self.add("pdf.changed", text="a signature shares its revision with another")
        self.tail_clean = clean

    def _check_fields(self) -> None:
        """Fields have a plain shape and lie in their boxes; pages bear no other annotation added by us."""
        known: dict[Any, str] = {}
        for signer, item in zip(self.expected.signers, self.signatures, strict=True):
            self._check_field(signer, item)
            known[item.sig_field.container_ref] = signer.field
        for item in self.timestamps:
            field = item.sig_field
            name = str(item.field_name)
            if "/Kids" in field or any(float(value) for value in field.get("/Rect", ())):
                self.add("pdf.field_shape", name)
            known[field.container_ref] = name
        self._check_annotations(known)

    def _check_field(self, signer: ExpectedSigner, item: Any) -> None:
        field = item.sig_field
        extra = set(map(str, field.keys())) - _FIELD_KEYS
        if extra:
            self.add("pdf.field_shape", signer.field, ", ".join(sorted(extra)))
        if item.sig_object.get("/SubFilter") != "/ETSI.CAdES.detached":
            self.add("pdf.subfilter", signer.field)
        try:
            x1, y1, x2, y2 = (float(value) for value in field["/Rect"])
            page = self._page_of(field.container_ref)
        except (KeyError, ValueError, TypeError):
            self.add("pdf.box_differs", signer.field)
            return
        if page is None or not signer.box.near(Box(page, x1, y1, x2, y2)):
            self.add("pdf.box_differs", signer.field, f"page {page}, {x1} {y1} {x2} {y2}")

    def _page_of(self, reference: Any) -> int | None:
        for number, entries in enumerate(_annotations(self.reader)):
            if reference in entries:
                return number
        return None

    def _check_annotations(self, known: dict[Any, str]) -> None:
        """A widget on a page is one of the known fields, on one page only; base annotations are links at most."""
        if not self.base_ok:
            return
        before = {
            (entry.idnum, entry.generation) for page in _annotations(self.base) for entry in page if entry
        }
        seen: set[Any] = set()
        for page in _annotations(self.reader):
            for entry in page:
                if entry in known:
                    if entry in seen:
                        self.add("pdf.field_shape", known[entry], "drawn twice")
                    seen.add(entry)
                elif entry is None or (entry.idnum, entry.generation) not in before:
                    self.add("pdf.annotation_foreign", text=str(entry))

    def _check_coverage(self) -> None:
        """Signature k covers revision k whole; timestamps cover theirs."""
        from pyhanko.sign.validation.status import SignatureCoverageLevel

        for index, item in enumerate([*self.signatures, *self.timestamps]):
            name = str(item.field_name)
            level = item.evaluate_signature_coverage()
            if level < SignatureCoverageLevel.ENTIRE_REVISION:
                self.add("pdf.coverage", name)
            if index < len(self.signatures) and item.signed_revision != index + 1:
                self.add("pdf.coverage", name, f"revision {item.signed_revision}")


def _annotations(reader: Any) -> list[list[Any]]:
    """References of each page's annotations, in page order; None for an annotation that is not a reference."""
    pages: list[list[Any]] = []
    for number in range(min(int(reader.root["/Pages"]["/Count"]), 500)):
        page = reader.find_page_for_modification(number)[0].get_object()
        pages.append([getattr(entry, "reference", None) for entry in page.get("/Annots", ())])
    return pages
