"""The dictionary's own rules, and that points, dictionary and computation speak of the same facts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from api.risk.facts import Fact, dictionary, dictionary_names, fact_of, lint_points
from api.risk.facts.datasets import DATASETS
from api.risk.facts.lexicon import SURE, DictionaryError, lint, read
from api.risk.spec.delivered import delivered
from api.risk.spec.model import atom_facts, atoms, facts_of
from tests.unit.risk_facts.accepted import COLUMNS, District, facts

_FACT: dict[str, Any] = {
    "name": "some_fact",
    "zh": "某事实",
    "en": "Some fact",
    "unit": "cases",
    "grain": "enterprise_month",
    "datasets": ["si_month"],
    "window": "latest",
    "worse": "up",
    "formula_zh": "公式",
    "formula_en": "a formula",
}


def test_every_fact_is_computed_and_nothing_else() -> None:
    names = [name for name in facts(District()) if name not in ("enterprise", "month")]
    assert set(names) == dictionary_names()
    assert len(names) == len(set(names))


def test_every_fact_names_a_dataset_of_the_catalogue_and_both_languages() -> None:
    assert lint(dictionary()) == []
    assert all(fact.datasets for fact in dictionary().values())
    assert all(
        any("\u4e00" <= sign <= "\u9fff" for sign in fact.zh + fact.formula_zh)
        for fact in dictionary().values()
    )
    assert set(COLUMNS) == set(DATASETS)


def test_every_fact_of_a_point_is_in_the_dictionary() -> None:
    assert lint_points({point.id: facts_of(point) for point in delivered().points}) == []
    assert lint_points({"XX01": ["no_such_fact"]}) == ["XX01 reads no_such_fact, which no dataset gives"]


def test_a_point_needs_every_fact_that_its_colours_read() -> None:
    """Else an unknown fact would lower a light in silence."""
    for point in delivered().points:
        read_facts = {
            fact.removesuffix(SURE)
            for condition in point.tiers.values()
            for atom in atoms(condition)
            for fact in atom_facts(atom)
        }
        assert set(point.needs) == read_facts, point.id


def test_red_reads_twins_alone_and_no_other_colour_does() -> None:
    for point in delivered().points:
        for tier, condition in point.tiers.items():
            for atom in atoms(condition):
                assert all(fact.endswith(SURE) == (tier.name == "RED") for fact in atom_facts(atom)), point.id


def test_weights_sum_to_ten_thousand() -> None:
    points = delivered().points
    assert len(points) == 27
    assert sum(point.weight_bp for point in points) == 10_000
    by_dimension: dict[str, int] = {}
    for point in points:
        by_dimension[point.id[:2]] = by_dimension.get(point.id[:2], 0) + point.weight_bp
    assert by_dimension == {
        "LY": 1500,
        "GZ": 3000,
        "SB": 1500,
        "QY": 1500,
        "AQ": 700,
        "JY": 1300,
        "ZZ": 500,
    }


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"datasets": []}, "some_fact names no dataset"),
        ({"datasets": ["si_month", "horoscope"]}, "some_fact names an unknown dataset: horoscope"),
        ({"name": "some_sure"}, "some_sure is the name of a twin"),
        ({"worse": "neutral", "sure": True}, "some_fact has a twin but no direction"),
    ],
)
def test_faults(tmp_path: Path, change: dict[str, Any], fault: str) -> None:
    (tmp_path / "a.json").write_text(json.dumps([{**_FACT, **change}]), "utf-8")
    with pytest.raises(DictionaryError) as error:
        read(tmp_path)
    assert error.value.faults == (fault,)


def test_a_name_stands_once(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps([_FACT, _FACT]), "utf-8")
    with pytest.raises(DictionaryError, match="stands twice"):
        read(tmp_path)


def test_a_twin_is_its_fact() -> None:
    assert isinstance(fact_of("staff"), Fact)
    assert fact_of("wage_overdue_days_sure") is fact_of("wage_overdue_days")
    for name in ("nothing", "expired_unsigned_sure_sure", "union_has_sure"):
        with pytest.raises(KeyError):
            fact_of(name)
