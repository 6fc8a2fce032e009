"""Erasure of a contract's rounds: document keys, what was signed on the way, who signed (PIPL art. 47).

The state and digests of a round stay: they are in the log anyway and tell nothing without what they are digests of.
"""

from __future__ import annotations

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from api.signing_round.service.vault import worker_recipient
from api.signing_round.tables import AttemptRow, DocumentRow, OpeningRow, RecipientRow, RoundRow


def destroy(session: Session, contract_id: str) -> tuple[int, tuple[str, ...]]:
    """Destroy the keys and texts of a contract's rounds in the caller's transaction.

    Returns how many rows went and the CIDs of the stored blocks, which nothing opens any more.
    """
    ids = list(session.scalars(select(RoundRow.id).where(RoundRow.contract_id == contract_id)))
    cids = tuple(session.scalars(select(DocumentRow.cid).where(DocumentRow.round_id.in_(ids))))
    rows = 0
    for statement in (
        delete(DocumentRow).where(DocumentRow.round_id.in_(ids)),
        delete(AttemptRow).where(AttemptRow.round_id.in_(ids)),
        delete(OpeningRow).where(OpeningRow.round_id.in_(ids)),
        delete(RecipientRow).where(RecipientRow.name == worker_recipient(contract_id)),
        update(RoundRow)
        .where(RoundRow.id.in_(ids))
        .values(worker_name="", opening="", clauses="", person_id=None, boxes={}, domain={}),
    ):
        done = session.execute(statement.execution_options(synchronize_session=False))
        rows += int(done.rowcount)  # type: ignore[attr-defined]
    return rows, cids
