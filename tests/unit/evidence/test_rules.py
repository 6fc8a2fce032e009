"""Who may have a contract's evidence."""

from __future__ import annotations

import pytest

from api.evidence import rules
from api.evidence.model import Contract, Disclosure, Entitlement, Requester

CONTRACT = Contract("ab" * 32, "a" * 26, 1, "EFFECTIVE", "org-1", "person-1", "round-1")


def who(kind: str, *roles: str, org_id: str | None = None, person_id: str | None = None) -> Requester:
    return Requester(kind, "actor", frozenset(roles), org_id, person_id)


@pytest.mark.parametrize(
    ("requester", "expected"),
    [
        (who("worker", "worker", person_id="person-1"), Entitlement.WORKER),
        (who("worker", "worker", person_id="person-2"), None),
        (who("worker", "worker"), None),
        (who("employer", "agent", org_id="org-1"), Entitlement.EMPLOYER),
        (who("employer", "representative", org_id="org-1"), Entitlement.EMPLOYER),
        (who("machine", org_id="org-1"), Entitlement.EMPLOYER),
        (who("employer", "agent", org_id="org-2"), None),
        (who("employer", "agent"), None),
        (who("staff", "court"), Entitlement.COURT),
        (who("staff", "regulator"), Entitlement.REGULATOR),
        (who("staff", "operator"), None),
        (who("staff", "review_officer"), None),
        (who("staff", "auditor"), None),
        (who("anonymous"), None),
    ],
)
def test_entitlement(requester: Requester, expected: Entitlement | None) -> None:
    assert rules.entitlement(requester, CONTRACT) == expected


def test_a_contract_without_a_worker_is_nobodys() -> None:
    open_contract = Contract("ab" * 32, "a" * 26, 1, "SENT", "org-1", None, "round-1")
    assert rules.entitlement(who("worker", "worker"), open_contract) is None


@pytest.mark.parametrize(
    ("ground", "enough"),
    [
        (None, False),
        (Disclosure("", "purpose"), False),
        (Disclosure("  ", "purpose"), False),
        (Disclosure("case", "abc"), False),
        (Disclosure("case", "    "), False),
        (Disclosure("c" * 81, "purpose"), False),
        (Disclosure("case", "p" * 401), False),
        (Disclosure("case", "审理案件"), True),
    ],
)
def test_grounds(ground: Disclosure | None, enough: bool) -> None:
    assert rules.ground_is_sufficient(ground) is enough


def test_only_the_parties_own_reading_enters_the_stream() -> None:
    assert {role for role in Entitlement if rules.leaves_a_trace_in_the_stream(role)} == {
        Entitlement.WORKER,
        Entitlement.EMPLOYER,
    }


@pytest.mark.parametrize(("anchors", "count"), [([], 0), ([None], 0), ([0, 5, None, 7], 2), ([3, 4], 2)])
def test_only_the_anchored_beginning_of_a_stream_is_told(anchors: list[int | None], count: int) -> None:
    assert rules.covered(anchors) == count


def test_every_copy_is_free() -> None:
    assert rules.copy_is_free([], "worker")


@pytest.mark.parametrize(
    ("count", "least", "lengths"),
    [(10, 10, [10]), (12, 10, [12, 11, 10]), (100, 10, [100, 99, 98, 97, 96, 95, 94, 93, 92, 10])],
)
def test_newer_events_are_dropped_before_a_package_waits(count: int, least: int, lengths: list[int]) -> None:
    assert rules.lengths_to_try(count, least) == lengths
