"""Decisions about risk warnings: where they stand, the statements over them, and the officers who make them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response

from api.anchoring import schemas
from api.anchoring.model import WarningStepState
from api.anchoring.router.access import (
    Appointer,
    ChainId,
    Officer,
    Prover,
    Sequence,
    Supervision,
    Wallet,
    WarningId,
)
from api.anchoring.router.wiring import Service, place_of
from api.infra.idempotency import IdempotentRoute

api = APIRouter(route_class=IdempotentRoute)
files = APIRouter()
"""Answers that are not kept for a repeated request: they hold a salt, which erasure must be able to destroy."""


@api.get("/anchoring/warnings/{warning}")
def decisions(warning: WarningId, anchoring: Service, _who: Supervision) -> schemas.WarningOut:
    """A warning's decisions on their way to the registry, and its events' places in the log with inclusion proofs."""
    with anchoring.uow.read() as session:
        found = anchoring.warnings.state(session, warning)
        on_chain = anchoring.index.warning_digests(session, found.chain_id)
        events = [
            schemas.WarningEventOut(
                seq=seq,
                type=kind,
                entry=entry,
                state=anchor.state,
                log_index=anchor.log_index,
                transaction=anchor.transaction,
                block_number=anchor.block_number,
                inclusion=_inclusion(
                    anchoring, session, anchor.log_index if anchor.state == "anchored" else None
                ),
            )
            for seq, kind, entry, anchor in anchoring.proofs.anchors(session, f"warning/{warning}")
        ]
    settled = found.state == "anchored" and all(event.state == "anchored" for event in events)
    return schemas.WarningOut(
        warning=found.warning,
        chain_id=found.chain_id,
        town_code=found.town_code,
        status=found.status,
        grade=found.grade,
        state="anchored" if settled else "pending",
        steps=[_step(step, on_chain.get(step.sequence) == step.digest) for step in found.steps],
        events=events,
    )


@api.get("/anchoring/warnings/{warning}/steps/{sequence}/statement")
def statement(warning: WarningId, sequence: Sequence, anchoring: Service, _who: Officer) -> dict[str, Any]:
    """The step as typed data (eth_signTypedData_v4), for the officer's wallet."""
    with anchoring.uow.read() as session:
        return anchoring.warnings.typed_data(session, warning, sequence)


@api.post("/anchoring/warnings/{warning}/steps/{sequence}/statement")
def sign(
    warning: WarningId, sequence: Sequence, body: schemas.SignatureIn, anchoring: Service, who: Officer
) -> schemas.WarningStepOut:
    """The caller's own wallet's signature over the step; a close needs two different officers'. Audited."""
    with anchoring.uow() as session:
        return _step(anchoring.warnings.sign(session, who, warning, sequence, body.raw), on_chain=False)


@files.post("/anchoring/warnings/{warning}/proof", response_class=Response)
def proof(warning: WarningId, body: schemas.ProofIn, anchoring: Service, who: Prover) -> Response:
    """The file by which a court checks the decisions without us (`concord risk verify`); audited with its purpose."""
    with anchoring.uow() as session:
        made = anchoring.proof.make(session, who, warning, body.purpose, body.case_no)
    return proof_file(warning, made)


def proof_file(warning: str, made: bytes) -> Response:
    """A proof as a download."""
    headers = {
        "Content-Disposition": f'attachment; filename="warning-{warning}.json"',
        "Cache-Control": "no-store",
    }
    return Response(made, media_type="application/json", headers=headers)


@api.get("/anchoring/warning-statements")
def waiting(
    anchoring: Service, who: Officer, after: Annotated[str, Query(max_length=120)] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> list[schemas.WaitingOut]:  # fmt: skip
    """Decisions that wait for officers' wallets, oldest first; `after` is `stated_at~warning~sequence` of the last one."""
    with anchoring.uow.read() as session:
        found = anchoring.inbox.waiting(session, who, place_of(after), limit)
    return [schemas.WaitingOut.model_validate(step, from_attributes=True) for step in found]


@api.get("/anchoring/warning-decisions")
def chain_steps(
    anchoring: Service,
    _who: Supervision,
    town: Annotated[str, Query(max_length=9, pattern=r"^[0-9]*$")] = "",
    kind: schemas.StepWord | None = None,
    grade: Annotated[int | None, Query(ge=1, le=4)] = None,
    after: Annotated[str, Query(max_length=40, pattern=r"^([0-9]+-[0-9]+)?$")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> schemas.ChainStepsOut:
    """All decisions as the chain's registry holds them, newest first: no names, warnings under their salted ids."""
    with anchoring.uow.read() as session:
        rows, more = anchoring.index.warning_steps(
            session, town, kind or "", grade, block_place(after), limit
        )
        block = anchoring.index.position(session).block_number
    shown = [schemas.ChainStepOut.model_validate(row, from_attributes=True) for row in rows]
    return schemas.ChainStepsOut(
        as_of_block=block, rows=shown, next="" if more is None else f"{more[0]}-{more[1]}"
    )


def block_place(text: str) -> tuple[int, int] | None:
    """Where a list of the chain goes on: `block-place`."""
    block, _, place = text.partition("-")
    return (int(block), int(place)) if text else None


@api.get("/anchoring/warning-decisions/{chain_id}")
def chain_warning(chain_id: ChainId, anchoring: Service, _who: Supervision) -> schemas.ChainWarningOut:
    """One warning, by its salted id, as the chain's registry holds it."""
    with anchoring.uow.read() as session:
        status, steps = anchoring.index.warning_history(session, chain_id)
        block = anchoring.index.position(session).block_number
    shown = [schemas.ChainStepOut.model_validate(row, from_attributes=True) for row in steps]
    return schemas.ChainWarningOut(as_of_block=block, status=status, steps=shown)


@api.get("/anchoring/warning-officers")
def officers(anchoring: Service, _who: Supervision) -> list[schemas.OfficerOut]:
    """Wallets that decide about warnings, or did."""
    with anchoring.uow.read() as session:
        found = anchoring.warnings.officers.listed(session)
    return [schemas.OfficerOut.model_validate(officer, from_attributes=True) for officer in found]


@api.get("/anchoring/warning-officers/{wallet}/{act}")
def officer_statement(
    wallet: Wallet, act: schemas.OfficerAct, anchoring: Service, _who: Appointer
) -> dict[str, Any]:
    """A registrar's appointment or dismissal of an officer as typed data, for the registrar's wallet."""
    return anchoring.warnings.officers.typed_data(wallet, dismissal=act == "dismissal")


@api.post("/anchoring/warning-officers/{wallet}/holder", status_code=204)
def assign(wallet: Wallet, body: schemas.HolderIn, anchoring: Service, who: Appointer) -> None:
    """Name the holder of a wallet that an older release appointed; audited."""
    with anchoring.uow() as session:
        anchoring.warnings.officers.assign(session, who, wallet, body.account)


@api.post("/anchoring/warning-officers/{wallet}/{act}", status_code=204)
def change_officer(
    wallet: Wallet, act: schemas.OfficerAct, body: schemas.OfficerIn, anchoring: Service, who: Appointer
) -> None:
    """Appoint or dismiss an officer on a registrar's signature; an appointment names whose the wallet is. Audited."""
    with anchoring.uow() as session:
        if act == "dismissal":
            anchoring.warnings.officers.dismiss(session, who, wallet, body.raw)
        else:
            anchoring.warnings.officers.appoint(session, who, wallet, body.account, body.raw)


def _inclusion(anchoring: Service, session: Any, log_index: int | None) -> schemas.InclusionOut | None:
    """Proof against the checkpoint that an evidence package would name; None until one covers the entry."""
    if log_index is None:
        return None
    covering = anchoring.proofs.checkpoint(session, covering=log_index)
    if covering is None:
        return None
    path = anchoring.proofs.inclusion(session, log_index, covering.size)
    return schemas.InclusionOut(
        log_index=log_index, size=covering.size, root=covering.root, path=[node.hex() for node in path]
    )


def _step(step: WarningStepState, on_chain: bool) -> schemas.WarningStepOut:
    return schemas.WarningStepOut.model_validate(
        {**{name: getattr(step, name) for name in step.__dataclass_fields__}, "on_chain": on_chain}
    )
