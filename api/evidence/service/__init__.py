"""The evidence service: one object for pages, API and other slices' pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from api.evidence.model import Disclosure, Package, PaperCopy
from api.evidence.service.disclosure import Disclosures
from api.evidence.service.figures import Figures
from api.evidence.service.packages import Packages
from api.evidence.service.paper import PaperCopies
from api.evidence.service.printing import Printer
from api.evidence.service.publications import Publications
from api.evidence.service.verification import Verification
from api.infra.auth import Principal
from api.kernel.clock import Clock
from api.kernel.errors import unavailable
from chain.trust_root import TrustRoot
from chain.verifier.report import JudgeReport, arrange


class EvidenceService:
    """What others call; the work is done by its parts."""

    def __init__(
        self,
        packages: Packages,
        paper: PaperCopies,
        verification: Verification,
        printer: Printer,
        trust_root: Callable[[], TrustRoot | None],
        clock: Clock,
        publications: Publications | None = None,
        *,
        disclosures: Disclosures,
        figures: Figures,
    ) -> None:
        self.figures, self._disclosures = figures, disclosures
        self.publications = publications
        self._packages, self._paper, self._verification = packages, paper, verification
        self._printer, self._trust_root, self._clock = printer, trust_root, clock

    def package(
        self, who: Principal, ref: str, *, case_no: str | None = None, purpose: str | None = None
    ) -> Package:
        """The evidence package of a contract (26-character id or 64-hex contract id)."""
        return self._packages.package(who, ref, _ground(case_no, purpose))

    def clause_package(self, who: Principal, ref: str, number: int) -> Package:
        """A package that shows one clause of a contract, for its worker or its employer."""
        return self._disclosures.clause(who, ref, number)

    def supervision_package(
        self, who: Principal, contract_id: str, *, case_no: str | None = None, purpose: str | None = None
    ) -> Package:
        """One contract's events with inclusion proofs, without text or payloads."""
        return self._packages.supervision(who, contract_id, _ground(case_no, purpose))

    def report(
        self,
        who: Principal,
        ref: str,
        *,
        lang: str = "zh",
        case_no: str | None = None,
        purpose: str | None = None,
    ) -> JudgeReport:
        """The evidence report: the package is built and verified in a child process."""
        package = self._packages.package(who, ref, _ground(case_no, purpose))
        result = self._verification.verify(package.data)
        return arrange(result, self.trust_root(), package.sha256, lang=lang, now=self._clock.now())

    def report_pdf(
        self,
        who: Principal,
        ref: str,
        *,
        lang: str = "zh",
        case_no: str | None = None,
        purpose: str | None = None,
    ) -> bytes:
        """The report as PDF."""
        return self._printer.report(self.report(who, ref, lang=lang, case_no=case_no, purpose=purpose))

    def order_paper_copy(self, who: Principal, ref: str) -> PaperCopy:
        """Order a paper copy; free."""
        return self._paper.order(who, ref)

    def paper_copies(self, who: Principal, ref: str) -> list[PaperCopy]:
        """Copies ordered by the caller's side."""
        return self._paper.list(who, ref)

    def paper_copy_pdf(self, who: Principal, ref: str, number: int, *, lang: str = "zh") -> bytes:
        """The print version of an ordered copy."""
        return self._paper.print(who, ref, number, lang=lang)

    def verify(self, data: bytes) -> dict[str, Any]:
        """Verify uploaded bytes: `{verdict, steps}`."""
        return self._verification.verify(data)

    def trust_root(self) -> TrustRoot:
        """The published trust root; raises unavailable while there is none."""
        root = self._trust_root()
        if root is None:
            raise unavailable("evidence.trust_root_missing")
        return root

    def trust_root_bytes(self) -> bytes:
        """The file."""
        return self.trust_root().canonical()

    def trust_root_fingerprint(self) -> str:
        """SHA-256 of the file, 64 hex characters."""
        return self.trust_root().fingerprint


def _ground(case_no: str | None, purpose: str | None) -> Disclosure | None:
    return Disclosure(case_no, purpose) if case_no and purpose else None
