"""The spreadsheet: an exact round trip, no formulas, and problems named by sheet, row and column."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from api.kernel.errors import DomainError
from api.risk.rulesets import sheet
from api.risk.spec.delivered import POINTS, assemble
from api.risk.spec.document import RuleSetDoc, read_document, rule_set_hash
from tests.unit.risk_scoring.rule_sets import (
    WEIGHTS,
    at,
    checked,
    delivered_points,
    every,
    plain_document,
    real_document,
    share,
)

REAL = checked(real_document())
Tables = dict[str, list[list[Any]]]


def tables(content: bytes) -> Tables:
    book = CalamineWorkbook.from_filelike(BytesIO(content))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def as_book(made: Tables) -> bytes:
    target = BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        for name, lines in made.items():
            page = book.add_worksheet(name)
            for number, line in enumerate(lines):
                for column, value in enumerate(line):
                    if isinstance(value, str):
                        page.write_string(number, column, value)
                    else:
                        page.write(number, column, value)
    return target.getvalue()


def again(document: RuleSetDoc) -> RuleSetDoc:
    return read_document(sheet.read(sheet.write(document)))


@pytest.mark.parametrize(
    "document",
    [REAL, checked(plain_document(patterns=[])), *(assemble(POINTS) for _ in delivered_points())],
    ids=lambda d: rule_set_hash(d)[:8],
)
def test_a_round_trip_keeps_the_hash(document: RuleSetDoc) -> None:
    assert rule_set_hash(again(document)) == rule_set_hash(document)


_leaves = st.one_of(
    st.builds(
        at, st.sampled_from(("ge", "gt", "le", "lt", "eq")), st.just("x"), st.integers(-(10**14), 10**14)
    ),
    st.builds(
        share,
        st.sampled_from(("ge", "lt")),
        st.just("n"),
        st.just("d"),
        st.integers(0, 90_000),
        st.sampled_from((None, "n")),
    ),
    st.just({"op": "tier_ge", "point": "ZZ02", "colour": "red"}),
)
_trees = st.recursive(
    _leaves,
    lambda inner: (
        st.builds(lambda parts: every(*parts), st.lists(inner, min_size=1, max_size=4))
        | st.builds(lambda part: {"op": "not", "of": part}, inner)
    ),
    max_leaves=12,
)
_texts = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), max_size=40
) | st.sampled_from(
    ("=1+1", "@x", "+cmd|' /C calc'!A0", "_x0041_", "  spaces  ", "<a>&\"'", "𠮷", "1.0", "true")
)


@settings(max_examples=80, deadline=None)
@given(_trees, _texts, _texts)
def test_any_condition_and_any_text_survives(tree: dict[str, Any], zh: str, basis: str) -> None:
    document = plain_document()
    document["points"][0] |= {
        "tiers": {"blue": tree},
        "zh": zh,
        "basis": basis,
        "worse": {"x": "up", "a": "down"},
    }
    made = checked(document)
    assert rule_set_hash(again(made)) == rule_set_hash(made)


def test_no_cell_is_a_formula() -> None:
    document = plain_document()
    document["points"][0]["zh"] = '=HYPERLINK("http://x","y")'
    with zipfile.ZipFile(BytesIO(sheet.write(checked(document)))) as packed:
        pages = [packed.read(name) for name in packed.namelist() if "worksheets/" in name]
    assert len(pages) == len(sheet.SHEETS)
    assert not any(b"<f>" in page for page in pages)
    assert not any(b"hyperlink" in page for page in pages)


def test_a_changed_cell_is_a_changed_rule() -> None:
    made = tables(sheet.write(REAL))
    row = next(r for r in made["conditions"] if r[:3] == ["GZ01", "blue", "1"])
    row[made["conditions"][0].index("value")] = 3
    changed = read_document(sheet.read(as_book(made)))
    assert rule_set_hash(changed) != rule_set_hash(REAL)
    point = next(p for p in changed.points if p.id == "GZ01")
    assert point.tiers.blue.value == 3  # type: ignore[union-attr]


def column(name: str, title: str) -> int:
    return sheet.SHEETS[name].index(title)


def put(name: str, line: int, title: str, value: Any) -> Callable[[Tables], None]:
    def change(made: Tables) -> None:
        made[name][line][column(name, title)] = value

    return change


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda made: made.pop("points"), ("points", 0, "")),
        (lambda made: made["points"][0].reverse(), ("points", 1, "")),
        (put("points", 3, "weight_bp", 12.5), ("points", 4, "weight_bp")),
        (put("points", 3, "weight_bp", "many"), ("points", 4, "weight_bp")),
        (put("points", 3, "weight_bp", True), ("points", 4, "weight_bp")),
        (put("points", 3, "zh", 7), ("points", 4, "zh")),
        (put("conditions", 1, "node", "2"), ("conditions", 2, "node")),
        (put("conditions", 1, "node", "x.y"), ("conditions", 2, "node")),
        (put("conditions", 2, "for", "blue"), ("conditions", 3, "node")),
        (put("conditions", 1, "point", "XX01"), ("conditions", 1, "point")),
        (lambda made: made["conditions"].append(["GZ01", "blue", "1.1", "ge", "a", 1, "", "", "", "", "", ""]),
         ("conditions", None, "node")),
        (lambda made: made["conditions"].append(["GZ01", "red", "1.9", "ge", "a", 1, "", "", "", "", "", ""]),
         ("conditions", None, "node")),
        (put("set", 3, "text", "many"), ("set", 1, "coverage_floor_bp")),
        (put("set", 1, "key", "other"), ("set", 1, "key")),
    ],
)  # fmt: skip
def test_a_wrong_sheet_is_refused_with_its_place(
    change: Callable[[Tables], Any], place: tuple[Any, ...]
) -> None:
    made = tables(sheet.write(REAL))
    change(made)
    with pytest.raises(DomainError) as refused:
        sheet.read(as_book(made))
    facts = refused.value.facts
    assert (refused.value.code, facts["sheet"], facts["column"]) == (
        "risk.rule_set_sheet",
        place[0],
        place[2],
    )
    assert place[1] is None or facts["row"] == place[1]


@pytest.mark.parametrize("content", [b"", b"no,xlsx", b"PK\x03\x04 broken", sheet.write(REAL)[:2_000]])
def test_what_is_no_workbook_is_refused(content: bytes) -> None:
    with pytest.raises(DomainError, match="rule_set_sheet"):
        sheet.read(content)


def test_a_file_that_swells_is_refused_unopened() -> None:
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * (sheet.MAX_UNPACKED + 1))
    with pytest.raises(DomainError) as refused:
        sheet.read(target.getvalue())
    assert refused.value.facts["reason"] == "too large when unpacked"


def test_every_finding_and_every_error_has_two_texts() -> None:
    import re
    from pathlib import Path

    from api.risk.rulesets.texts import ACTION_NAMES, FINDINGS, TEXTS

    folder = Path(sheet.__file__).parent
    source = (folder.parent / "spec" / "lint.py").read_text("utf-8")
    codes = set(re.findall(r'(?:_error|_warning)\(\s*"([a-z_]+)"', source)) | {"gap", "inversion"}
    codes |= set(re.findall(r'UNDECIDED, "([a-z_]+)"', source))
    assert codes == set(FINDINGS)
    raised = {
        c
        for path in folder.glob("*.py")
        for c in re.findall(r'"(risk\.rule_set_[a-z_]+)"', path.read_text("utf-8"))
    }
    assert raised - set(ACTION_NAMES) <= set(TEXTS)
    assert all(zh and en and zh != en for zh, en in [*TEXTS.values(), *FINDINGS.values()])
    assert len(WEIGHTS) == 27
