"""Pages of decisions about warnings for those who sign: what waits for a wallet, one decision, one warning and its proof."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from api.anchoring import texts
from api.anchoring.model import WarningState
from api.anchoring.router.access import PROVERS, Officer, Prover, Sequence, Supervision, WarningId
from api.anchoring.router.warnings import proof_file
from api.anchoring.router.wiring import Service, place_of, place_text, signature_bytes, town_names
from api.anchoring.rules import DECIDERS
from api.anchoring.service import Anchoring
from api.infra.auth import Principal
from api.infra.i18n import N_
from api.infra.problems import text_of
from api.infra.web import language, page, redirect
from api.kernel.errors import DomainError

pages = APIRouter()
Text = Annotated[str, Form()]
AT_ONCE = 30
NAMES: dict[str, Any] = {
    "steps": texts.STEP_NAMES,
    "statuses": texts.STATUS_NAMES,
    "states": texts.STATE_NAMES,
    "state_tones": texts.STATE_TONES,
    "colours": texts.COLOUR_NAMES,
    "tones": texts.COLOUR_TONES,
}


@pages.get("/decisions")
def inbox(
    request: Request, anchoring: Service, who: Officer, after: Annotated[str, Query(max_length=120)] = ""
) -> Response:
    """Decisions that wait for wallets, oldest first."""
    with anchoring.uow.read() as session:
        found = list(anchoring.inbox.waiting(session, who, place_of(after), AT_ONCE + 1))
        count, oldest, by_rules = anchoring.inbox.counts(session)
        wallet = anchoring.warnings.officers.wallet_of(session, who)
    rows = found[:AT_ONCE]
    return page(
        request, "anchoring/decisions.html", rows=rows, count=count, oldest=oldest, by_rules=by_rules,
        wallet=wallet, first=not after, next=place_text(rows[-1]) if len(found) > AT_ONCE else "",
        subjects=anchoring.subjects.named(who, [row.warning for row in rows]), **NAMES,
    )  # fmt: skip


@pages.get("/decisions/warnings/{warning}/steps/{sequence}")
def step(
    request: Request, anchoring: Service, who: Officer, warning: WarningId, sequence: Sequence
) -> Response:
    """One decision in words and as typed data, to be signed by the officer's own wallet."""
    return _step(request, anchoring, who, warning, sequence, [])


def _step(
    request: Request,
    anchoring: Anchoring,
    who: Principal,
    warning: str,
    sequence: int,
    errors: list[tuple[str, str]],
) -> Response:
    with anchoring.uow.read() as session:
        typed = anchoring.warnings.typed_data(session, warning, sequence)
        found = anchoring.warnings.state(session, warning)
        wallet = anchoring.warnings.officers.wallet_of(session, who)
    shown = found.steps[sequence - 1]
    return page(
        request, "anchoring/step.html", status=422 if errors else 200, found=found, step=shown, wallet=wallet,
        signed=wallet is not None and wallet in (shown.officer, shown.reviewer), errors=errors,
        typed_data=json.dumps(typed, ensure_ascii=False, indent=1),
        subject=anchoring.subjects.named(who, [warning]).get(warning), towns=town_names(request, anchoring), **NAMES,
    )  # fmt: skip


@pages.post("/decisions/warnings/{warning}/steps/{sequence}")
def sign(
    request: Request,
    anchoring: Service,
    who: Officer,
    warning: WarningId,
    sequence: Sequence,
    signature: Text = "",
) -> Response:
    """Hand in the wallet's signature; the next decision that waits follows."""
    try:
        with anchoring.uow() as session:
            anchoring.warnings.sign(session, who, warning, sequence, signature_bytes(signature))
    except DomainError as error:
        if error.code == "anchoring.warning_unknown":
            raise
        return _step(request, anchoring, who, warning, sequence, [("signature", _said(request, error))])
    return redirect(request, "/decisions", notice=N_("已签名，将按顺序上链。"))


@pages.get("/decisions/warnings/{warning}")
def warning(request: Request, anchoring: Service, who: Supervision, warning: WarningId) -> Response:
    """Where a warning's decisions and events stand; those entitled can have the proof."""
    return _warning(request, anchoring, who, warning, [])


def _warning(
    request: Request, anchoring: Anchoring, who: Principal, warning: str, errors: list[tuple[str, str]]
) -> Response:
    with anchoring.uow.read() as session:
        found: WarningState = anchoring.warnings.state(session, warning)
        on_chain = anchoring.index.warning_digests(session, found.chain_id)
        events = anchoring.proofs.anchors(session, f"warning/{warning}")
    return page(
        request, "anchoring/warning.html", status=422 if errors else 200, found=found, events=events,
        on_chain={step.sequence for step in found.steps if on_chain.get(step.sequence) == step.digest},
        indexed=bool(on_chain), event_names=texts.EVENT_NAMES, may_sign=who.has(*DECIDERS), may_prove=who.has(*PROVERS),
        errors=errors, subject=anchoring.subjects.named(who, [warning]).get(warning),
        towns=town_names(request, anchoring), **NAMES,
    )  # fmt: skip


@pages.post("/decisions/warnings/{warning}/proof")
def proof(
    request: Request,
    anchoring: Service,
    who: Prover,
    warning: WarningId,
    purpose: Text = "",
    case_no: Text = "",
) -> Response:
    """The proof as a file; its purpose is audited."""
    try:
        with anchoring.uow() as session:
            made = anchoring.proof.make(session, who, warning, purpose, case_no)
    except DomainError as error:
        if error.code == "anchoring.warning_unknown":
            raise
        return _warning(request, anchoring, who, warning, [("purpose", _said(request, error))])
    return proof_file(warning, made)


def _said(request: Request, error: DomainError) -> str:
    return text_of(error.code, error.facts, language(request))
