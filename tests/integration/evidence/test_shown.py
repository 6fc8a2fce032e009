"""One clause and one figure as the service hands them out: to whom, and what is recorded where."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from api.infra.auth import Principal
from api.kernel.errors import DomainError, ErrorKind
from chain.verifier import Outcome, verify
from tests.integration.evidence.conftest import Desk
from tests.support.signing_authorities import NOW

Who = Callable[..., Principal]
LATER = NOW + dt.timedelta(hours=2)
STREET = 500112013


def test_a_worker_shows_his_pay_and_his_employer_is_not_told(desk: Desk, who: Who) -> None:
    made = desk.service.clause_package(who("worker", "worker", person_id="p1"), desk.forge.contract_id, 3)
    report = verify(made.data, desk.forge.root, now=LATER)
    assert report.verdict is Outcome.PASSED, report.to_json()
    assert made.filename == f"clause-3-{desk.forge.contract_id[:16]}-v1.zip"
    draft = desk.notebook.drafts[-1]
    assert (draft.stream, draft.type) == ("person/p1", "evidence.clause_shown/1")
    assert draft.payload == {"contract_id": desk.forge.contract_id, "clause": 3, "sha256": made.sha256}
    assert not [item for item in desk.notebook.drafts if item.stream.startswith("econtract/")]
    assert desk.contracts.shown == []
    assert desk.rounds.opened == [("worker", "clause")]
    row = desk.audited()[-1]
    assert (row.action, row.facts["by"], row.facts["clause"]) == ("evidence.clause.shown", "worker", 3)


def test_what_an_employer_shows_is_an_event_and_the_worker_sees_it(desk: Desk, who: Who) -> None:
    agent = who("employer", "agent", org_id=desk.forge.world.org_id)
    made = desk.service.clause_package(agent, "a" * 26, 1)
    assert verify(made.data, desk.forge.root, now=LATER).verdict is Outcome.PASSED
    draft = desk.notebook.drafts[-1]
    assert (draft.stream, draft.type) == (f"econtract/{desk.forge.contract_id}", "econtract.E15/1")
    assert draft.payload == {"what": "clause", "by": "employer", "clause": 1, "sha256": made.sha256}
    assert desk.contracts.shown == [1]


@pytest.mark.parametrize(
    ("person", "kind", "code"),
    [
        ({"kind": "worker", "roles": ("worker",), "person_id": "p2"}, ErrorKind.NOT_FOUND, "not_found"),
        ({"kind": "employer", "roles": ("agent",), "org_id": "ab" * 32}, ErrorKind.NOT_FOUND, "not_found"),
        ({"kind": "staff", "roles": ("court",)}, ErrorKind.FORBIDDEN, "evidence.parties_only"),
        ({"kind": "staff", "roles": ("regulator",)}, ErrorKind.FORBIDDEN, "evidence.parties_only"),
    ],
)
def test_nobody_else_is_given_a_clause(
    desk: Desk, who: Who, person: dict[str, object], kind: ErrorKind, code: str
) -> None:
    known = {name: value for name, value in person.items() if name not in ("kind", "roles")}
    with pytest.raises(DomainError) as caught:
        desk.service.clause_package(
            who(person["kind"], *person["roles"], **known),
            desk.forge.contract_id,
            1,  # type: ignore[misc]
        )
    assert (caught.value.kind, caught.value.code) == (kind, code)
    assert not desk.notebook.drafts
    assert not desk.rounds.opened


def test_a_system_without_the_scope_to_read_is_refused(desk: Desk) -> None:
    org = desk.forge.world.org_id
    system = Principal(
        kind="machine", account_id="m", roles=frozenset({"agent"}), org_id=org, scopes=frozenset({"draft"})
    )
    with pytest.raises(DomainError) as caught:
        desk.service.clause_package(system, desk.forge.contract_id, 1)
    assert caught.value.kind is ErrorKind.FORBIDDEN
    reader = Principal(
        kind="machine", account_id="m", roles=frozenset({"agent"}), org_id=org, scopes=frozenset({"read"})
    )
    assert desk.service.clause_package(reader, desk.forge.contract_id, 1).data


def test_a_clause_that_is_not_there_is_not_recorded(desk: Desk, who: Who) -> None:
    with pytest.raises(DomainError) as caught:
        desk.service.clause_package(who("worker", "worker", person_id="p1"), desk.forge.contract_id, 9)
    assert (caught.value.kind, caught.value.code) == (ErrorKind.NOT_FOUND, "evidence.clause_unknown")
    assert not desk.notebook.drafts


def test_before_both_have_signed_no_clause_is_shown(desk: Desk, who: Who) -> None:
    desk.contracts.state = "WORKER_SIGNED"
    with pytest.raises(DomainError) as caught:
        desk.service.clause_package(who("worker", "worker", person_id="p1"), desk.forge.contract_id, 1)
    assert caught.value.code == "evidence.not_effective"


# -- figures


def test_counters_are_read_in_one_block(desk: Desk) -> None:
    found = desk.service.figures.read([(None, None), (STREET, "2026-11"), (STREET, "2026-12")])
    assert (found.block, [item.value for item in found.figures]) == (7, [99, 12, 0])


def test_a_figure_is_exported_with_its_proof(desk: Desk, who: Who) -> None:
    made = desk.service.figures.package(who("staff", "regulator"), STREET, "2026-11")
    assert made.filename == "figure-500112013-2026-11-block7.zip"
    report = verify(made.data, desk.forge.root, now=LATER)
    step = report.step(22)
    assert step is not None
    assert (report.verdict, step.sub_indication) == (Outcome.INDETERMINATE, "HEADER_NOT_AUTHENTICATED")
    assert (step.facts["value"], step.facts["block"]) == (12, 7)
    row = desk.audited()[-1]
    assert (row.action, row.object_id, row.facts["value"]) == (
        "evidence.figure.exported",
        "500112013/2026-11",
        12,
    )


def test_figures_are_for_supervision(desk: Desk, who: Who) -> None:
    with pytest.raises(DomainError) as caught:
        desk.service.figures.package(who("employer", "agent", org_id="ab" * 32), None, None)
    assert caught.value.kind is ErrorKind.FORBIDDEN


def test_malformed_figures_and_a_node_that_is_away(desk: Desk, who: Who) -> None:
    for region, month in ((STREET, "2026-13"), (0, None), (10**12, None)):
        with pytest.raises(DomainError) as caught:
            desk.service.figures.package(who("staff", "regulator"), region, month)
        assert caught.value.kind is ErrorKind.INVALID
    with pytest.raises(DomainError):
        desk.service.figures.read([(None, None)] * 401)
    desk.counters.down = True
    with pytest.raises(DomainError) as caught:
        desk.service.figures.read([(None, None)])
    assert (caught.value.kind, caught.value.code) == (ErrorKind.UNAVAILABLE, "evidence.chain_unreachable")
