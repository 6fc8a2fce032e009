"""Paper copies (guideline art. 13): ordered at any time, the first always free, each logged and comparable by digest."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC
from zoneinfo import ZoneInfo

from api.evidence import repository, rules
from api.evidence.model import Disclosure, PaperCopy
from api.evidence.service.packages import Packages
from api.evidence.service.printing import Printer
from api.infra.auth import Principal
from api.infra.db import UnitOfWork
from api.kernel.clock import Clock
from api.kernel.errors import not_found
from signing.rendering.attachment import read_attachment

_SHANGHAI = ZoneInfo("Asia/Shanghai")


class PaperCopies:
    """Orders and prints paper copies of concluded contracts."""

    def __init__(
        self,
        uow: UnitOfWork,
        clock: Clock,
        packages: Packages,
        printer: Printer,
        public_origin: str,
        test: bool,
    ) -> None:
        self._uow, self._clock, self._packages = uow, clock, packages
        self._printer, self._origin, self._test = printer, public_origin, test

    def order(self, who: Principal, ref: str, ground: Disclosure | None = None) -> PaperCopy:
        """Record a copy; never refused to a party, never charged."""
        contract, role = self._packages.entitled(who, ref, ground)
        _, material = self._packages.build(who, contract, role)
        sha256 = hashlib.sha256(material.pdf).hexdigest()
        with self._uow() as session:
            earlier = repository.copies_of(session, contract.contract_id)
            copy = PaperCopy(
                contract_id=contract.contract_id,
                number=repository.next_number(session, contract.contract_id),
                holder=role.value,
                free=rules.copy_is_free(earlier, role.value),
                document_sha256=sha256,
                ordered_at=self._clock.now(),
            )
            repository.add_copy(session, copy)
        self._packages.note_access(
            who, contract, role, ground, what="paper_copy", number=copy.number, sha256=sha256
        )
        return copy

    def list(self, who: Principal, ref: str, ground: Disclosure | None = None) -> list[PaperCopy]:
        """The copies that the caller's side has ordered; authorities see all."""
        contract, role = self._packages.entitled(who, ref, ground)
        with self._uow.read() as session:
            copies = repository.copies_of(session, contract.contract_id)
        return [copy for copy in copies if rules.needs_ground(role) or copy.holder == role.value]

    def print(self, who: Principal, ref: str, number: int, *, lang: str) -> bytes:
        """The print version of an ordered copy: cover with digest and QR code, then the pages."""
        copy = next((item for item in self.list(who, ref) if item.number == number), None)
        if copy is None:
            raise not_found()
        contract, role = self._packages.entitled(who, ref)
        _, material = self._packages.build(who, contract, role)
        facts = {
            "lang": lang,
            "title": contract.title or ("劳动合同" if lang == "zh" else "Labour contract"),
            "number": f"{contract.contract_id[:16]}-{copy.number}",
            "date": copy.ordered_at.astimezone(_SHANGHAI).strftime("%Y-%m-%d"),
            "sha256": copy.document_sha256,
            "url": self._lookup_url(material.pdf, material.base_pdf_size),
            "signed": [material.employer_signed_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")],
            "test": self._test,
        }
        return self._printer.print_version(material.pdf, facts)

    def _lookup_url(self, pdf: bytes, base_size: int) -> str:
        """The look-up address that the document itself carries; the verify page where it carries none."""
        data = json.loads(read_attachment(pdf[:base_size]))
        return str(data.get("lookup", {}).get("url") or f"{self._origin}/verify")
