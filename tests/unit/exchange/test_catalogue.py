"""The delivered catalogue is whole, and the lint finds what is wrong with one."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from api.exchange.model import Grain, Kind
from api.exchange.rules.catalogue import FOLDER, CatalogueError, dataset_of, delivered, lint, parse
from api.exchange.service.accepted import schema_of
from api.exchange.texts import RULE_TEXTS
from api.kernel.errors import DomainError


def raw(code: str = "water") -> dict[str, Any]:
    data: dict[str, Any] = json.loads((FOLDER / f"{code}.json").read_text("utf-8"))
    return data


def test_there_are_datasets_of_every_grain_and_kind() -> None:
    found = delivered()
    assert len(found) == 28
    assert {what.grain for what in found.values()} == set(Grain)
    assert {what.kind for what in found.values()} == set(Kind)
    assert len({what.owner.code for what in found.values()}) >= 12
    assert lint(found.values()) == []
    assert all(schema_of(what) for what in found.values())


def test_an_unknown_dataset_is_not_found() -> None:
    with pytest.raises(DomainError, match="dataset_unknown"):
        dataset_of("nothing")


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"key": ["meter"]}, "key names unknown columns"),
        ({"date": "usage"}, "date column"),
        ({"interval_days": 7}, "interval"),
        ({"sensitivity": 5}, "sensitivity"),
        ({"basis": {"zh": "某条例", "en": "a regulation"}}, "legal basis"),
        ({"code": "Water"}, "snake case"),
    ],
)
def test_the_lint_names_the_fault(change: dict[str, Any], word: str) -> None:
    assert word in "; ".join(lint([parse({**raw(), **change})]))


def test_the_lint_finds_faults_of_columns() -> None:
    water = dataset_of("water")
    bad = [replace(column, values={"a": "b"}, mask="?", at_most="nobody") for column in water.columns]
    text = "; ".join(lint([replace(water, columns=tuple(bad))]))
    for word in ("enumeration", "mask", "compared with nobody"):
        assert word in text
    assert lint([water, water]) == ["water: twice"]


def test_an_unknown_or_missing_key_is_an_error() -> None:
    with pytest.raises(CatalogueError):
        parse({**raw(), "extra": 1})
    without = raw()
    del without["basis"]
    with pytest.raises(CatalogueError):
        parse(without)


def test_every_text_belongs_to_a_rule_of_the_code() -> None:
    folder = FOLDER.parent
    paths = [*(folder / "rules").glob("*.py"), folder / "service" / "checking.py"]
    text = "".join(path.read_text("utf-8") for path in paths)
    assert [rule for rule in RULE_TEXTS if f'"{rule}"' not in text] == []
