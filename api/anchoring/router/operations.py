"""The outbox for those who run and supervise the platform: anchors, parked calls, alarms."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends

from api.anchoring import schemas
from api.anchoring.router.wiring import Service
from api.infra.auth import Principal, require
from api.kernel.errors import not_found

api = APIRouter()

Supervision = Annotated[Principal, Depends(require("operator", "regulator", "auditor"))]
Operations = Annotated[Principal, Depends(require("operator"))]


@api.get("/anchors/{stream:path}")
def anchors(stream: str, anchoring: Service, _who: Supervision) -> schemas.AnchorsOut:
    """Where each event of a stream stands on its way into the log."""
    with anchoring.uow.read() as session:
        found = anchoring.proofs.anchors(session, stream)
    if not found:
        raise not_found()
    events = [
        schemas.AnchorOut(
            seq=seq,
            type=kind,
            entry=entry,
            state=anchor.state,
            log_index=anchor.log_index,
            transaction=anchor.transaction,
            block_number=anchor.block_number,
        )
        for seq, kind, entry, anchor in found
    ]
    state = "anchored" if all(event.state == "anchored" for event in events) else "pending"
    return schemas.AnchorsOut(stream=stream, state=state, events=events)


@api.get("/anchoring/status")
def status(anchoring: Service, _who: Supervision) -> schemas.StatusOut:
    """What is pending, parked and behind; open alarms."""
    with anchoring.uow.read() as session:
        return schemas.StatusOut.model_validate(anchoring.operator.status(session), from_attributes=True)


@api.get("/anchoring/witnesses")
def witnesses(anchoring: Service, _who: Supervision) -> list[schemas.WitnessOut]:
    """Every witness of the log: what it cosigned last, how far it is behind, and what is wrong with it, if anything."""
    with anchoring.uow.read() as session:
        found = anchoring.operator.witnesses(session)
    return [schemas.WitnessOut.model_validate(state, from_attributes=True) for state in found]


@api.get("/anchoring/calls")
def calls(anchoring: Service, _who: Operations, state: str = "parked") -> list[schemas.CallOut]:
    """Registry calls in a state (several separated by commas)."""
    with anchoring.uow.read() as session:
        found = anchoring.operator.calls(session, tuple(state.split(",")))
    return [schemas.CallOut(**asdict(call)) for call in found]


@api.post("/anchoring/calls/{call_id}/retry", status_code=204)
def retry(call_id: str, anchoring: Service, who: Operations) -> None:
    """Put a parked registry call back into the queue."""
    with anchoring.uow() as session:
        anchoring.operator.retry(session, who, call_id)


@api.post("/anchoring/judicial/{size}/retry", status_code=204)
def retry_checkpoint(size: int, anchoring: Service, who: Operations) -> None:
    """Send a checkpoint that the judicial chain refused on its way again."""
    with anchoring.uow() as session:
        anchoring.operator.retry_checkpoint(session, who, size)


@api.post("/anchoring/calls/{call_id}/void", status_code=204)
def void(call_id: str, body: schemas.ReasonIn, anchoring: Service, who: Operations) -> None:
    """Give a parked registry call up."""
    with anchoring.uow() as session:
        anchoring.operator.void(session, who, call_id, body.reason)


@api.post("/anchoring/alarms/{alarm_id}/clear", status_code=204)
def clear(alarm_id: str, body: schemas.ReasonIn, anchoring: Service, who: Operations) -> None:
    """Close an alarm after it was looked into."""
    with anchoring.uow() as session:
        anchoring.operator.clear_alarm(session, who, alarm_id, body.reason)
