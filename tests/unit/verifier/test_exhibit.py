"""What was shown stands beside the verdict, and only where it held."""

from __future__ import annotations

import datetime as dt
from typing import Any

from chain.verifier import verify
from chain.verifier.exhibit import exhibit
from tests.factories.disclosed import FigureForge, TextForge, put_json, repacked
from tests.factories.evidence import Forge, World
from tests.support.signing_authorities import NOW

LATER = NOW + dt.timedelta(hours=1)


def _judged(package: bytes, forge: Any) -> dict[str, Any]:
    return verify(package, forge.root, now=LATER).to_json()


def test_a_clause_is_repeated_in_full(world: World) -> None:
    forge = TextForge(world)
    result = _judged(forge.clause(3), forge)
    assert exhibit(result, "zh") == ("第 3 条（共 3 条）劳动报酬", "每月 8000.00 元。")
    assert exhibit(result, "en") == ("Clause 3 of 3: 劳动报酬", "每月 8000.00 元。")


def test_a_clause_can_not_write_to_the_terminal(world: World) -> None:
    def escape(data: dict[str, Any], forge: Any) -> dict[str, Any]:
        return data | {"clauses": [{"id": "M1", "title": "a\x1b[2J", "text": "one\ntwo\x07\u202e"}]}

    forge = TextForge(world, changes={"data": escape})
    assert exhibit(_judged(forge.clause(1), forge), "en") == (
        "Clause 1 of 1: a\ufffd[2J",
        "one\ntwo\ufffd\ufffd",
    )


def test_a_clause_that_did_not_hold_is_never_repeated(world: World) -> None:
    forge = TextForge(world)
    files = put_json("clause/clause.json", lambda value: value | {"count": 4})(forge.clause_files())
    result = _judged(repacked(forge, files), forge)
    assert result["verdict"] == "failed"
    assert exhibit(result, "zh") is None


def test_a_figure_says_what_it_counts(world: World) -> None:
    forge = FigureForge(world)
    found = exhibit(_judged(forge.package(), forge), "zh")
    assert found is not None
    assert found[0] == "登记的合同版本数：12"
    assert found[1].startswith("区划 500112013，月份 2026-11，截至区块 7（2026-")
    whole = FigureForge(world, region=None, month=None)
    shown = exhibit(_judged(whole.package(), whole), "en")
    assert shown is not None
    assert shown[1].startswith("region all, month all, as of block 7")
    lie = forge.package(statement=forge.statement | {"value": 13})
    assert exhibit(_judged(lie, forge), "zh") is None


def test_other_packages_show_nothing_by_themselves(good: Forge) -> None:
    assert exhibit(_judged(good.package, good), "zh") is None
    assert exhibit(_judged(b"nonsense", good), "zh") is None
