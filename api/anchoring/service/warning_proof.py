"""The proof of a warning's decisions as a file, for a court or a regulator; checked offline by `chain.warning_proof`.

It names the salt, so whoever has it can find the warning on chain: making one needs a purpose and is audited.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from api.anchoring.model import StoredEvent
from api.anchoring.repository import warnings as repository
from api.anchoring.service.proofs import Proofs
from api.anchoring.service.warnings import missing_signatures, on_chain
from api.infra import audit
from api.infra.auth import Principal
from api.kernel.errors import conflict, invalid, not_found
from chain.warning_proof import FORMAT
from chain.warning_rules import StepKind
from signing import jcs
from signing.eip712 import Domain

PURPOSE_LIMIT = 400


class WarningProofs:
    """Makes proofs of what is signed; what still waits for a signature proves nothing and is left out."""

    def __init__(self, proofs: Proofs, domain: Callable[[], Domain]) -> None:
        self._proofs, self._domain = proofs, domain

    def make(self, session: Session, who: Principal, warning: str, purpose: str, case_no: str) -> bytes:
        """The file (canonical JSON); audited with purpose and case number.

        Raises DomainError: `anchoring.purpose_missing` (invalid), `anchoring.warning_unknown`, `anchoring.warning_erased`
        (not_found), `anchoring.warning_unsigned` (conflict: nobody has signed the first step yet).
        """
        text, number = purpose.strip(), case_no.strip()
        if not text or len(text) > PURPOSE_LIMIT or len(number) > 80:
            raise invalid("anchoring.purpose_missing", pointer="/purpose", limit=PURPOSE_LIMIT)
        found = repository.find(session, warning)
        if found is None:
            raise not_found("anchoring.warning_unknown")
        chain_id, domain, steps = on_chain(found), self._domain(), []
        for row in repository.steps_of(session, warning):
            if missing_signatures(row):
                break
            steps.append(_step(row))
        if not steps:
            raise conflict("anchoring.warning_unsigned")
        notes: dict[str, str] = {}
        events = [
            self._event(session, event, notes) for event in self._proofs.events(session, f"warning/{warning}")
        ]
        audit.record(
            session,
            who,
            "anchoring.warning_proof_made",
            "warning",
            warning,
            text,
            number or None,
            steps=len(steps),
        )
        return jcs.canonical(
            {
                "format": FORMAT,
                "installation": {
                    "domain_name": domain.name,
                    "chain_id": domain.chain_id,
                    "contract": domain.verifying_contract,
                    "log_origin": domain.log_origin,
                },
                "warning": {
                    "id": warning,
                    "salt": (found.salt or b"").hex(),
                    "chain_id": chain_id,
                    "town_code": found.town_code,
                },
                "steps": steps,
                "events": events,
                "checkpoints": notes,
            }
        )

    def _event(self, session: Session, event: StoredEvent, notes: dict[str, str]) -> dict[str, Any]:
        if event.body is None or event.payload_bytes is None:
            raise not_found("anchoring.warning_erased")
        inclusion = None
        index = event.anchor.log_index if event.anchor.state == "anchored" else None
        covering = None if index is None else self._proofs.checkpoint(session, covering=index)
        if index is not None and covering is not None:
            path = self._proofs.inclusion(session, index, covering.size)
            notes[str(covering.size)] = covering.note.decode()
            inclusion = {"log_index": index, "size": covering.size, "path": [node.hex() for node in path]}
        return {"body": event.body.decode(), "payload": event.payload_bytes.decode(), "inclusion": inclusion}


def _step(row: Any) -> dict[str, Any]:
    return {
        "sequence": row.sequence,
        "kind": StepKind(row.kind).name.lower(),
        "grade": row.grade,
        "automatic": row.automatic,
        "input_hash": row.input_hash,
        "rule_set_hash": row.rule_set_hash,
        "prev": row.prev,
        "time": int(row.stated_at.timestamp()),
        "digest": row.digest,
        "officer": row.officer,
        "officer_signature": (row.officer_signature or b"").hex(),
        "reviewer": row.reviewer,
        "reviewer_signature": (row.reviewer_signature or b"").hex(),
    }
