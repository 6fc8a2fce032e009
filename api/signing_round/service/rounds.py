"""Opening, admitting, ending a round; what it says about itself."""

from __future__ import annotations

import json
import secrets

from sqlalchemy.orm import Session

from api.kernel.errors import conflict
from api.kernel.ids import new_id
from api.signing_round import repository, rules
from api.signing_round.model import (
    CloseReason,
    PreparedRound,
    RoundOpened,
    RoundRequest,
    RoundState,
    RoundView,
    Signatory,
    WorkerAdmission,
)
from api.signing_round.service.documents import BASE, Documents
from api.signing_round.service.vault import worker_recipient
from api.signing_round.service.wiring import Wiring, required_round, translated
from api.signing_round.tables import RoundRow
from signing.clauses import Clause, ClauseTree
from signing.commitments import Commitment
from signing.envelopes import new_recipient


class Rounds:
    """The life of a round from its request to its end."""

    def __init__(self, wiring: Wiring, documents: Documents) -> None:
        self._w = wiring
        self._documents = documents

    def prepare(self, request: RoundRequest) -> PreparedRound:
        """Render the document, commit to it and seal it. Slow; needs no transaction.

        Raises the renderer's RenderingError for data that can't be shown, DomainError for anything else.
        """
        rendered = self._w.renderer.render(request.template_id, request.data)
        with translated():
            tree = ClauseTree([Clause(*clause) for clause in request.clauses])
            commitment = Commitment(
                log_origin=self._w.domain.log_origin,
                contract_id=bytes.fromhex(request.contract_id),
                version=request.version,
                prev=bytes.fromhex(request.prev),
                clause_root=tree.root,
                base_pdf_sha256=bytes.fromhex(rendered.sha256),
                template_sha256=bytes.fromhex(rendered.template_sha256),
                renderer_id=rendered.renderer_id,
                salt=secrets.token_bytes(32),
            )
        public, private = new_recipient()
        name = worker_recipient(request.contract_id)
        recipients = {name: public} | self._w.vault.standing(request.org_id, name)
        return PreparedRound(
            round_id=new_id(),
            request=request,
            domain=self._w.domain.typed(),
            commitment=commitment.digest().hex(),
            opening=commitment.opening(),
            clause_root=tree.root.hex(),
            clauses=[tree.leaf(n) for n in range(tree.size)],
            boxes={box.field: [box.page, box.x1, box.y1, box.x2, box.y2] for box in rendered.boxes.values()},
            base=self._documents.seal(rendered.pdf, request.stream, request.version, recipients),
            worker_recipient=(name, public, private),
        )

    def open_round(self, session: Session, prepared: PreparedRound) -> RoundOpened:
        """Store a prepared round in the caller's transaction; the worker's steps wait for `admit_worker`."""
        request = prepared.request
        name, public, private = prepared.worker_recipient
        if repository.recipient(session, name) is None:
            session.add(self._w.vault.row(name, public, private))
        session.add(
            RoundRow(
                id=prepared.round_id,
                kind=request.kind,
                stream=request.stream,
                event_prefix=request.event_prefix,
                contract_id=request.contract_id,
                version=request.version,
                prev=request.prev,
                org_id=request.org_id,
                org_name=request.org_name,
                worker_name=request.worker_name,
                agent_account_id=request.agent_account_id,
                domain=dict(prepared.domain),
                commitment=prepared.commitment,
                opening=json.dumps(prepared.opening),
                clauses=json.dumps(prepared.clauses, ensure_ascii=False),
                boxes={field: list(box) for field, box in prepared.boxes.items()},
                base_length=prepared.base.length,
                base_sha256=prepared.base.sha256,
                current_sha256=prepared.base.sha256,
                revision=BASE,
                state=RoundState.OPEN.value,
                deadline_worker=request.deadline_worker,
                deadline_employer=request.deadline_employer,
                expiry=request.expiry,
                opened_at=self._w.clock.now(),
            )
        )
        session.flush()
        self._documents.keep(session, prepared.round_id, BASE, prepared.base)
        opening = prepared.opening
        return RoundOpened(
            round_id=prepared.round_id,
            commitment=prepared.commitment,
            clause_root=prepared.clause_root,
            base_pdf_sha256=prepared.base.sha256,
            template_sha256=str(opening["template_sha256"]),
            renderer_id=str(opening["renderer_id"]),
        )

    def admit_worker(self, session: Session, round_id: str, admission: WorkerAdmission) -> None:
        """Let the identified worker enter the signing screen. Another person than the one before is refused."""
        row = required_round(session, round_id)
        rules.check_turn(RoundState(row.state), Signatory.WORKER)
        if row.worker_name != admission.name or row.person_id not in (None, admission.person_id):
            raise conflict("signing.another_worker")
        row.person_id = admission.person_id

    def close_round(self, session: Session, round_id: str, reason: str) -> None:
        """End a round without both signatures; conflict when it is too late for this reason."""
        why = CloseReason(reason)
        row = required_round(session, round_id)
        if row.state == RoundState.CLOSED.value and row.closed_reason == why.value:
            return
        if not repository.close(session, round_id, rules.closable_states(why), why.value):
            state = RoundState(required_round(session, round_id).state)
            raise conflict("signing.closed" if state is RoundState.CLOSED else "signing.already_signed")
        repository.drop_attempts(session, round_id)
        if row.conclude_call is not None:
            self._w.registry.void(session, row.conclude_call, why.value)

    def view(self, session: Session, round_id: str) -> RoundView:
        """Where the round stands; not_found for an unknown one."""
        return view_of(required_round(session, round_id))


def view_of(row: RoundRow) -> RoundView:
    """The round as others see it."""
    return RoundView(
        round_id=row.id,
        contract_id=row.contract_id,
        version=row.version,
        org_id=row.org_id,
        state=RoundState(row.state),
        closed_reason=row.closed_reason,
        worker_signed_at=row.worker_signed_at,
        employer_signed_at=row.employer_signed_at,
        completed_at=row.completed_at,
        base_pdf_sha256=row.base_sha256,
        final_pdf_sha256=row.current_sha256 if row.state == RoundState.COMPLETED.value else None,
    )
