"""Erasure of what the slice keeps of a contract's identification, and of a person without contracts (PIPL art. 47)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from api.identity.tables import CheckRow, ConsentRow, PasskeyRow, PersonRow, ReportRow, SessionRow
from api.kernel.ids import new_id


@dataclass(frozen=True)
class Forgotten:
    """A person who was forgotten: his reference at the identity service and his event stream."""

    rows: int
    ref: str | None
    stream: str


def forget_checks(session: Session, contract_id: str) -> int:
    """Empty the identity checks and reports of one contract; the number of rows."""
    rows = 0
    for statement in (
        update(CheckRow)
        .where(CheckRow.contract_id == contract_id)
        .values(
            service_session="",
            name="",
            id_number="",
            phone="",
            statement=None,
            provider=None,
            subject=None,
            person_id=None,
        ),
        update(ReportRow).where(ReportRow.contract_id == contract_id).values(note="", person_id=None),
    ):
        done = session.execute(statement.execution_options(synchronize_session=False))
        rows += int(done.rowcount)  # type: ignore[attr-defined]
    return rows


def forget_person(session: Session, person_id: str) -> Forgotten | None:
    """Empty a person's row and end everything that leads to him; None for an unknown one.

    The row stays as a shell because authorities' accesses to his data must stay provable for three years
    (网络数据安全管理条例 art. 12); it names nobody.
    """
    person = session.get(PersonRow, person_id)
    if person is None:
        return None
    ref, rows = person.ref, 1
    person.ref, person.name, person.id_number, person.phone = None, "", "", ""
    person.id_hash, person.phone_hash, person.level = f"erased/{new_id()}", "", 0
    for model in (SessionRow, PasskeyRow, ConsentRow):
        done = session.execute(
            delete(model).where(model.person_id == person_id).execution_options(synchronize_session=False)
        )
        rows += int(done.rowcount)  # type: ignore[attr-defined]
    checks = update(CheckRow).where(CheckRow.person_id == person_id)
    emptied = session.execute(
        checks.values(
            service_session="", name="", id_number="", phone="", statement=None, provider=None, person_id=None
        ).execution_options(synchronize_session=False)
    )
    rows += int(emptied.rowcount)  # type: ignore[attr-defined]
    return Forgotten(rows, ref, f"person/{person_id}")
