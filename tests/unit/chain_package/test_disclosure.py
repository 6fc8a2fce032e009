"""One clause out of a package: what comes along, what stays behind, and when nothing is shown at all."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from chain.package import contents, read_package, write_package
from chain.package.disclosure import DisclosureRefused, disclose
from chain.package.manifest import parse
from chain.verifier import Outcome, verify
from signing import jcs
from signing.clauses import ClauseTree
from tests.factories.disclosed import FigureForge, TextForge
from tests.factories.evidence import Forge, World
from tests.support.evidence_world import world
from tests.support.signing_authorities import NOW

__all__ = ["world"]
LATER = NOW + dt.timedelta(hours=1)


@pytest.fixture(scope="module")
def contract(world: World) -> Forge:
    return Forge(world)


def _payloads(package: bytes) -> dict[str, Any]:
    stream = contents.read_json(contents.STREAM, read_package(package)[contents.STREAM])
    return {item["event"]["type"]: item["payload"] for item in stream["events"]}


def test_every_clause_of_a_real_contract_can_be_shown(contract: Forge) -> None:
    for number in (1, 2, 3):
        shown = disclose(contract.package, number, now=LATER)
        report = verify(shown, contract.root, now=LATER)
        assert report.verdict is Outcome.PASSED, report.to_json()
        step = report.step(21)
        assert step is not None
        expected = contract.data["clauses"][number - 1]
        assert (step.facts["n"], step.facts["of"]) == (number, 3)
        assert (step.facts["title"], step.facts["text"]) == (expected["title"], expected["text"])
        assert len(shown) < 40_000


def test_nothing_comes_along_but_what_the_clause_needs(contract: Forge) -> None:
    shown = disclose(contract.package, 3, now=LATER)
    entries = read_package(shown)
    assert set(entries) == {
        "manifest.json", contents.SHOWN_CLAUSE, contents.OPENING, contents.CHECK, contents.ATTESTATION,
        contents.WORKER_CONSENT, contents.EMPLOYER_CONSENT, contents.AUTHORITY, contents.STREAM, contents.CITED,
        contents.CHECKPOINT, contents.CHECKPOINT_TOKEN, contents.PROOFS,
    }  # fmt: skip
    assert "李小龘".encode() not in shown
    assert contract.data["lookup"]["code"].encode() not in shown
    for clause in contract.clauses[:2]:
        assert clause["text"].encode() not in shown
        assert clause["salt"].encode() not in shown
    told = {kind for kind, payload in _payloads(shown).items() if payload is not None}
    assert told == {"econtract.E09/1", "econtract.E10/1", "econtract.E11/1"}


def test_payloads_of_an_earlier_text_stay_hidden(world: World) -> None:
    """Only the signatures under the text that stands are told, not those of a text before it."""

    def twice(story: list[Any], forge: Forge) -> list[Any]:
        first = [(name, when - dt.timedelta(days=1), dict(payload)) for name, when, payload in story[:-1]]
        return [*first, *story]

    shown = disclose(TextForge(world, changes={"story": twice}).package, 1, now=LATER)
    stream = contents.read_json(contents.STREAM, read_package(shown)[contents.STREAM])["events"]
    told = [item["event"]["seq"] for item in stream if item["payload"] is not None]
    assert told == [16, 17, 18]


def test_the_same_clause_is_the_same_file(contract: Forge) -> None:
    assert disclose(contract.package, 2, now=LATER) == disclose(contract.package, 2, now=LATER)


def test_the_court_s_receipt_comes_along(contract: Forge) -> None:
    receipt, bridge = jcs.canonical({"v": 1, "type": "later"}), jcs.canonical({"v": 1, "cosignatures": []})
    entries = contract.sealed | {contents.JUDICIAL: receipt, contents.BRIDGE: bridge}
    shown = read_package(disclose(write_package(entries), 1, now=LATER))
    assert (shown[contents.JUDICIAL], shown[contents.BRIDGE]) == (receipt, bridge)


@pytest.mark.parametrize("number", [0, 4, -1])
def test_a_clause_that_is_not_there(contract: Forge, number: int) -> None:
    with pytest.raises(DisclosureRefused) as refused:
        disclose(contract.package, number, now=LATER)
    assert refused.value.code == "clause.unknown"
    assert "3" in refused.value.zh
    assert "3" in refused.value.en


def test_salts_that_occur_twice_are_refused(world: World) -> None:
    """To show one clause would hand over the salt of another, which could then be guessed."""

    def same(tree: ClauseTree, forge: Any) -> ClauseTree:
        return ClauseTree(tree.clauses, [tree.salts[0]] * tree.size)

    with pytest.raises(DisclosureRefused) as refused:
        disclose(TextForge(world, changes={"tree": same}).package, 1, now=LATER)
    assert refused.value.code == "clause.salt_reused"


def _changed(contract: Forge, name: str, data: bytes | None) -> bytes:
    entries = {key: value for key, value in contract.sealed.items() if key != name}
    return write_package(entries if data is None else entries | {name: data})


def test_what_is_no_contract_s_package_is_refused(contract: Forge, world: World) -> None:
    other = jcs.canonical({"v": 1, "clauses": [dict(item) | {"text": "x"} for item in contract.clauses]})
    without = jcs.canonical({"v": 1, "events": []})
    for package in (
        b"",
        b"PK\x03\x04",
        contract.package[:-1],
        contract.supervision,
        FigureForge(world).package(),
        disclose(contract.package, 1, now=LATER),
        _changed(contract, contents.CLAUSES, other),
        _changed(contract, contents.CLAUSES, b"{}"),
        _changed(contract, contents.CLAUSES, None),
        _changed(contract, contents.CITED, without),
        _changed(contract, contents.PROOFS, b"nonsense"),
        _changed(contract, contents.PROOFS, b""),
        _changed(contract, contents.PROOFS, None),
        _changed(contract, "manifest.json", None),
    ):
        with pytest.raises(DisclosureRefused) as refused:
            disclose(package, 1, now=LATER)
        assert refused.value.code == "clause.package_unusable"
        assert refused.value.zh
        assert refused.value.en


def test_the_manifest_says_who_may_have_made_it(contract: Forge) -> None:
    found = parse(read_package(disclose(contract.package, 1, now=LATER))["manifest.json"])
    assert found.kind == contents.ONE_CLAUSE
    assert found.subject == {"contract_id": contract.contract_id, "version": 1, "clause": 1}
    assert found.created == "2026-11-22T09:00:00.000Z"
