"""A point's conditions as a form: parts added and taken away, what cannot be read, merging, and the way to the spreadsheet."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.bootstrap.risk_rules import Names
from api.kernel.errors import DomainError
from api.risk.rulesets import parts, point_form, sections, sheet
from api.risk.rulesets.editing import FieldsError, Texts
from api.risk.spec.delivered import delivered_document
from api.risk.spec.document import read_document, rule_set_hash
from api.risk.spec.model import MAX_POINTS

FACTS = Names()
DOCUMENT = delivered_document().model_dump(mode="json")
POINTS = [point["id"] for point in DOCUMENT["points"]]


def of(document: dict[str, Any], point: str) -> dict[str, Any]:
    return next(one for one in document["points"] if one["id"] == point)


def form(document: dict[str, Any], point: str) -> Texts:
    """What the page of a point sends."""
    texts = point_form.read(document, point, FACTS)
    section = sections.of_texts(document, "point", point, texts, FACTS)
    listed = ",".join(row.fact for row in sections.fact_rows(section, FACTS, "zh"))
    return {**texts, "slots": ",".join(section.slots), "listed": listed}


def sent(document: dict[str, Any], point: str, fields: Texts) -> tuple[Texts, parts.Slots]:
    return point_form.typed(fields, point_form.scope(document, point, FACTS))


def press(document: dict[str, Any], point: str, fields: Texts, do: str, kind: str = "") -> Texts:
    """The form after a press of a button."""
    texts, slots = sent(document, point, fields)
    after, made = point_form.pressed(texts, slots, do, kind, FACTS)
    section = sections.of_texts(document, "point", point, after, FACTS, made)
    listed = ",".join(row.fact for row in sections.fact_rows(section, FACTS, "zh"))
    return {**after, "slots": ",".join(made), "listed": listed}


def saved(document: dict[str, Any], point: str, fields: Texts) -> dict[str, Any]:
    return point_form.write(document, point, sent(document, point, fields)[0], FACTS)


@pytest.mark.parametrize("point", POINTS)
def test_a_form_sent_back_unchanged_is_the_same_point(point: str) -> None:
    assert saved(DOCUMENT, point, form(DOCUMENT, point)) == DOCUMENT


def test_a_part_is_added_to_a_single_condition_and_to_a_group() -> None:
    fields = press(DOCUMENT, "JY05", form(DOCUMENT, "JY05"), "add:yellow", "fact")
    assert (fields["yellow-kind"], fields["yellow-2-fact"]) == ("any", "")
    fields |= {"yellow-2-fact": "wage_account_frozen", "yellow-2-op": "eq", "yellow-2-value": "1"}
    fields = press(DOCUMENT, "JY05", fields, "add:orange", "share")
    assert fields["yellow-2-fact"] == "wage_account_frozen"
    fields |= {"orange-3-num": "wage_overdue_fen", "orange-3-den": "wage_order_fen", "orange-3-bp": "12.5"}
    made = saved(DOCUMENT, "JY05", fields)
    tiers = of(made, "JY05")["tiers"]
    old = of(DOCUMENT, "JY05")["tiers"]
    frozen = {"op": "eq", "fact": "wage_account_frozen", "value": 1}
    assert tiers["yellow"] == {"op": "any", "of": [old["yellow"], frozen]}
    share = {
        "op": "ratio_ge",
        "num": "wage_overdue_fen",
        "den": "wage_order_fen",
        "bp": 1250,
        "persons": None,
    }
    assert tiers["orange"] == {"op": "any", "of": [*old["orange"]["of"], share]}
    assert of(made, "JY05")["needs"][-2:] == ["wage_order_fen", "wage_overdue_fen"]
    read_document(made)


def test_tiers_are_added_copied_and_removed() -> None:
    fields = press(DOCUMENT, "JY05", form(DOCUMENT, "JY05"), "remove:not_applicable")
    fields = press(DOCUMENT, "JY05", fields, "remove:blue")
    made = saved(DOCUMENT, "JY05", fields)
    assert of(made, "JY05")["tiers"]["blue"] is None
    assert of(made, "JY05")["not_applicable"] is None
    fields = press(DOCUMENT, "JY05", fields, "add:blue", "copy-yellow")
    fields |= {"blue-value": "20"}
    blue = of(saved(DOCUMENT, "JY05", fields), "JY05")["tiers"]["blue"]
    assert blue == {"op": "ge", "fact": "loan_overdue_days", "value": 20}


def test_the_last_colour_stays() -> None:
    fields = form(DOCUMENT, "JY05")
    for colour in ("red", "orange", "yellow", "blue"):
        fields = press(DOCUMENT, "JY05", fields, f"remove:{colour}")
    with pytest.raises(FieldsError) as refused:
        saved(DOCUMENT, "JY05", fields)
    assert refused.value.problems == {"slots": ("colour_missing", {})}


def test_a_group_goes_with_its_last_part_and_a_level_can_be_put_round_and_taken_off() -> None:
    fields = press(DOCUMENT, "JY05", form(DOCUMENT, "JY05"), "wrap:red-1")
    assert (fields["red-1-kind"], fields["red-1-1-fact"]) == ("any", "loan_overdue_days_sure")
    assert saved(DOCUMENT, "JY05", press(DOCUMENT, "JY05", fields, "unwrap:red-1")) == DOCUMENT
    fields = press(DOCUMENT, "JY05", fields, "remove:red-1-1")
    assert (fields["red-1-kind"], fields["red-1-fact"]) == ("fact", "base_account_frozen_sure")
    assert "red-2-kind" not in fields
    fields = press(DOCUMENT, "JY05", fields, "remove:red-1")
    assert "red" not in fields["slots"].split(",")


def test_a_negation_gets_its_second_part_inside() -> None:
    fields = press(DOCUMENT, "JY05", form(DOCUMENT, "JY05"), "wrap:blue") | {"blue-kind": "not"}
    fields = press(DOCUMENT, "JY05", fields, "add:blue", "tier")
    fields |= {"blue-1-2-point": "GZ01", "blue-1-2-colour": "red"}
    blue = of(saved(DOCUMENT, "JY05", fields), "JY05")["tiers"]["blue"]
    days = of(DOCUMENT, "JY05")["tiers"]["blue"]
    tier = {"op": "tier_ge", "point": "GZ01", "colour": "red"}
    assert blue == {"op": "not", "of": {"op": "any", "of": [days, tier]}}


def test_a_fact_that_no_condition_reads_any_more_is_needed_no_more() -> None:
    fields = press(DOCUMENT, "JY05", form(DOCUMENT, "JY05"), "remove:orange-2")
    point = of(saved(DOCUMENT, "JY05", fields), "JY05")
    assert "wage_account_frozen" not in point["needs"]
    assert point["needs"] == [n for n in of(DOCUMENT, "JY05")["needs"] if n != "wage_account_frozen"]


def test_a_fact_chosen_and_saved_at_once_is_needed_and_one_unticked_is_not() -> None:
    fields = form(DOCUMENT, "JY05") | {"yellow-fact": "tax_arrears_months", "yellow-value": "2"}
    del fields["needs-loan_overdue_days"]
    needs = of(saved(DOCUMENT, "JY05", fields), "JY05")["needs"]
    assert "tax_arrears_months" in needs
    assert "loan_overdue_days" not in needs


def test_a_declared_direction() -> None:
    fields = form(DOCUMENT, "JY05") | {"worse-loan_overdue_days": "up"}
    assert of(saved(DOCUMENT, "JY05", fields), "JY05")["worse"] == {"loan_overdue_days": "up"}
    with pytest.raises(DomainError, match="malformed"):
        saved(DOCUMENT, "JY05", fields | {"worse-loan_overdue_days": "sideways"})


@pytest.mark.parametrize(
    ("change", "name", "code"),
    [
        ({"yellow-fact": "no_such_fact"}, "yellow-fact", "fact_malformed"),
        ({"yellow-fact": ""}, "yellow-fact", "fact_missing"),
        ({"yellow-op": "ratio_ge"}, "yellow-op", "choice_malformed"),
        ({"yellow-op": "like"}, "yellow-op", "choice_malformed"),
        ({"yellow-value": "1.5"}, "yellow-value", "number_too_fine"),
        ({"yellow-value": "100000000000001"}, "yellow-value", "number_out_of_range"),
        ({"yellow-value": "many"}, "yellow-value", "number_malformed"),
        ({"orange-2-value": "2"}, "orange-2-value", "flag_malformed"),
        ({"orange-2-op": "gt"}, "orange-2-value", "flag_malformed"),
        ({"orange-kind": "not"}, "orange-kind", "not_of_one"),
    ],
)
def test_what_cannot_be_read_is_named_by_its_field(change: Texts, name: str, code: str) -> None:
    with pytest.raises(FieldsError) as refused:
        saved(DOCUMENT, "JY05", form(DOCUMENT, "JY05") | change)
    assert {key: found for key, (found, _) in refused.value.problems.items()} == {name: code}


@pytest.mark.parametrize(
    ("change", "name", "code"),
    [
        ({"blue-num": "base_account_frozen"}, "blue-num", "share_of_flag"),
        ({"blue-den": ""}, "blue-den", "fact_missing"),
        ({"blue-persons": "wage_overdue_fen"}, "blue-persons", "floor_malformed"),
        ({"blue-persons": "nobody"}, "blue-persons", "fact_malformed"),
        ({"blue-op": "ratio_eq"}, "blue-op", "choice_malformed"),
        ({"blue-bp": "900.01"}, "blue-bp", "number_out_of_range"),
    ],
)
def test_what_a_share_cannot_be(change: Texts, name: str, code: str) -> None:
    with pytest.raises(FieldsError) as refused:
        saved(DOCUMENT, "LY05", form(DOCUMENT, "LY05") | change)
    assert {key: found for key, (found, _) in refused.value.problems.items()} == {name: code}


@pytest.mark.parametrize(("point", "code"), [("XX99", "point_malformed"), ("", "point_missing")])
def test_what_another_points_tier_cannot_be(point: str, code: str) -> None:
    fields = press(DOCUMENT, "JY05", form(DOCUMENT, "JY05"), "add:orange", "tier") | {"orange-3-point": point}
    with pytest.raises(FieldsError) as refused:
        saved(DOCUMENT, "JY05", fields)
    assert refused.value.problems["orange-3-point"][0] == code


def test_a_fact_that_the_dictionary_lost_stays_until_somebody_changes_it() -> None:
    document = copy.deepcopy(DOCUMENT)
    of(document, "JY05")["tiers"]["yellow"]["fact"] = "gone_fact"
    assert saved(document, "JY05", form(document, "JY05")) == document


@pytest.mark.parametrize(
    "change",
    [
        {"red-9-kind": "fact"},
        {"red-1-kind": "formula"},
        {"slots": "red"},
        {"slots": ""},
        {"needs-no_such_fact": "1"},
        {"red-1-1-kind": "fact"},
    ],
)
def test_a_form_that_no_page_sends_is_refused(change: Texts) -> None:
    with pytest.raises(DomainError, match="malformed"):
        sent(DOCUMENT, "JY05", form(DOCUMENT, "JY05") | change)


def test_ten_thousand_parts_are_refused_unread() -> None:
    many = {f"red-{n}-{key}": "" for n in range(1, 10_001) for key in ("kind", "fact", "op", "value")}
    with pytest.raises(DomainError) as refused:
        sent(DOCUMENT, "JY05", form(DOCUMENT, "JY05") | many)
    assert refused.value.code == "risk.rule_set_parts"
    deep = {"red" + "-1" * level + "-kind": "any" for level in range(60)}
    with pytest.raises(DomainError) as refused:
        parts.typed(deep)
    assert refused.value.code == "risk.rule_set_parts"


@pytest.mark.parametrize(
    "do",
    ["", "add", "add:", "add:green", "remove:red-9", "remove:red-0", "remove:red-1-1", "eat:red", "unwrap:red",
     "choose:red", "wrap:red-01", "remove:purple", "add:red-1-1", "remove:red-100", "add:red;x"],
)  # fmt: skip
def test_a_press_that_no_page_offers_is_refused(do: str) -> None:
    with pytest.raises(DomainError, match="malformed"):
        press(DOCUMENT, "JY05", form(DOCUMENT, "JY05"), do, "fact")
    with pytest.raises(DomainError, match="malformed"):
        press(DOCUMENT, "JY05", form(DOCUMENT, "JY05"), "add:red", "formula")


def test_there_is_no_room_for_more_than_a_page_holds() -> None:
    fields = form(DOCUMENT, "JY05")
    for _ in range(18):
        fields = press(DOCUMENT, "JY05", fields, "add:red", "fact")
    with pytest.raises(DomainError) as refused:
        press(DOCUMENT, "JY05", fields, "add:red", "fact")
    assert refused.value.code == "risk.rule_set_parts"
    fields = form(DOCUMENT, "JY05")
    for _ in range(7):
        fields = press(DOCUMENT, "JY05", fields, "wrap:blue")
    with pytest.raises(DomainError):
        press(DOCUMENT, "JY05", fields, "wrap:blue")
    read_document(saved(DOCUMENT, "JY05", fields))


def test_parts_added_by_one_and_numbers_changed_by_another_in_other_colours_merge() -> None:
    before = point_form.read(DOCUMENT, "JY05", FACTS)
    mine = sent(DOCUMENT, "JY05", press(DOCUMENT, "JY05", form(DOCUMENT, "JY05"), "remove:orange-1"))[0]
    theirs = {**before, "red-1-value": "120", "yellow-value": "40"}
    found = point_form.merge(before, mine, theirs)
    assert (found.mine, found.taken) == ({}, {"red-1-value": "120", "yellow-value": "40"})
    made = of(point_form.write(DOCUMENT, "JY05", found.texts, FACTS), "JY05")["tiers"]
    assert (made["red"]["of"][0]["value"], made["yellow"]["value"], len(made["orange"]["of"])) == (120, 40, 1)


def test_a_condition_that_both_rebuilt_stays_mine_and_is_named() -> None:
    before = point_form.read(DOCUMENT, "JY05", FACTS)
    start = form(DOCUMENT, "JY05")
    mine = sent(DOCUMENT, "JY05", press(DOCUMENT, "JY05", start, "remove:orange-1"))[0]
    theirs = {**before, "orange-1-value": "70"}
    found = point_form.merge(before, mine, theirs)
    assert (set(found.mine), found.taken) == ({"orange"}, {})
    assert found.texts["orange-1-fact"] == "wage_account_frozen"
    assert set(point_form.merge(before, theirs, mine).mine) == {"orange"}
    alone = point_form.merge(before, before, mine)
    assert (set(alone.taken), alone.texts) == ({"orange"}, mine)
    gone = sent(DOCUMENT, "JY05", press(DOCUMENT, "JY05", start, "remove:orange"))[0]
    assert point_form.merge(before, gone, before).texts == gone
    assert set(point_form.merge(before, gone, theirs).mine) == {"orange"}


_names = sorted(FACTS.names())
_presses = st.lists(
    st.tuples(
        st.sampled_from(("add", "add", "add", "remove", "wrap", "unwrap", "choose")),
        st.sampled_from(parts.SLOTS),
        st.lists(st.integers(1, 3), max_size=2),
        st.sampled_from((*parts.NEW_KINDS, "copy-red", "copy-blue")),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(POINTS), _presses, st.data())
def test_a_draft_edited_on_the_page_goes_through_the_spreadsheet_unchanged(
    point: str, presses: list[tuple[str, str, list[int], str]], data: st.DataObject
) -> None:
    fields = form(DOCUMENT, point)
    for verb, slot, steps, kind in presses:
        name = "-".join([slot, *map(str, steps)])
        try:
            fields = press(DOCUMENT, point, fields, f"{verb}:{name}", kind)
        except DomainError as refused:
            if refused.code not in ("malformed", "risk.rule_set_parts"):  # a place that is not there
                raise
    for name, text in fields.items():
        key = name.rpartition("-")[2]
        if text or name.startswith(("needs-", "worse-")) or key not in parts.CHOSEN | {"value", "bp"}:
            continue
        plain = [n for n in _names if not name.endswith(("num", "den")) or n not in FACTS.flags()]
        if key in ("fact", "num", "den"):
            fields[name] = data.draw(st.sampled_from(plain))
        elif key == "point":
            fields[name] = data.draw(st.sampled_from(POINTS))
        elif key in ("value", "bp"):
            fields[name] = "1"
    try:
        made = saved(DOCUMENT, point, fields)
    except FieldsError as refused:
        if {code for code, _ in refused.problems.values()} - {"colour_missing", "flag_malformed"}:
            raise
        return
    document = read_document(made)
    back = read_document(sheet.read(sheet.write(document)))
    assert rule_set_hash(back) == rule_set_hash(document)
    assert back.model_dump(mode="json") == {**made, "points": sorted(made["points"], key=lambda p: p["no"])}
    assert saved(made, point, form(made, point)) == made  # and the page shows what was saved
    assert len(back.points) <= MAX_POINTS
