"""How often a whole contract asks the database, over HTTP: a query in a loop, or a lost unit of work, shows here."""

from __future__ import annotations

import time

import pytest

from api.evidence.service.releases import SETTLED
from scripts.bench.signing import database_traffic
from tests.integration.platform.conftest import World

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.slow]

TRANSACTIONS, STATEMENTS = 89, 284
"""Of one contract, from draft to EFFECTIVE, by an employer that has signed before. A change is meant, or a mistake."""


def test_transactions_and_statements_of_a_whole_contract(world: World) -> None:
    """Only the API process counts. Once a minute it keeps house, and a contract that takes longer than the releases are
    remembered asks for them again: the quietest contract is the contract's own, and none may ask less."""
    url = world.platform.installation.url("api")
    contract = world.contract()
    last = contract.play(world.worker())  # the organisation's first makes its keys and its binding
    found: list[tuple[float, ...]] = []
    for _attempt in range(6):
        # A registry call names the organisation's earlier contracts that are not on chain yet: there are none.
        contract.effective(last)
        time.sleep(
            SETTLED
        )  # what is remembered of releases has run out: the contract asks for both lists anew
        first, before = database_traffic(url), database_traffic(url)
        last = contract.play(world.worker())
        after = database_traffic(url)
        asked = [b - a for a, b in zip(first, before, strict=True)]  # by the question itself
        found.append(tuple(b - a - c for a, b, c in zip(before, after, asked, strict=True)))
        if len(found) >= 2 and min(found) == (TRANSACTIONS, STATEMENTS):
            break
    assert min(found) == (TRANSACTIONS, STATEMENTS), found
