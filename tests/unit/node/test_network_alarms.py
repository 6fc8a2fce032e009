"""Which facts about a network are alarms, and how bad they are."""

from __future__ import annotations

from typing import Any

import pytest

from node.network.alarms import _TEXTS, CODES, Alarm, judge, spare

NAMES = ("hr", "court", "union", "notary")


def node(name: str = "hr", **changed: Any) -> dict[str, Any]:
    return {
        "member": name, "pid": 7, "height": 100, "head_age": 1.0, "peers": 3, "catching_up": False,
        "memory_mb": 250, "disk_free_mb": 90_000, "missing_validators": 0, "byzantine_validators": 0, "rounds": 0,
    } | changed  # fmt: skip


def codes(*nodes: dict[str, Any], members: int = 4, **more: Any) -> dict[str, bool]:
    return {a.code.removeprefix("network."): a.critical for a in judge(nodes, members, **more)}


def test_four_that_are_well_raise_nothing() -> None:
    assert codes(*(node(name) for name in NAMES)) == {}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"height": None, "head_age": None, "peers": None}, {"node_down": True, "halted": True}),
        ({"head_age": 30.1}, {"halted": True}),
        ({"head_age": 30.0}, {}),
        ({"peers": 2}, {"peers_few": False}),
        ({"disk_free_mb": 4_999}, {"disk_low": False}),
        ({"disk_free_mb": 499}, {"disk_full": True}),
        ({"memory_mb": 401}, {"memory_high": False}),
        ({"head_age": -2.1}, {"clock_behind": False}),
        ({"missing_validators": 1}, {"no_spare": False}),
        ({"byzantine_validators": 1}, {"double_signer": True}),
        ({"missing_validators": None, "byzantine_validators": None}, {}),
    ],
)
def test_one_fact_one_alarm(changed: dict[str, Any], expected: dict[str, bool]) -> None:
    assert codes(node(**changed)) == expected


def test_the_newest_head_of_all_decides_whether_the_network_stands() -> None:
    assert codes(node(head_age=90.0, height=70), node("court")) == {"node_behind": False}


def test_of_seven_one_may_be_missing_and_two_may_not_be_followed() -> None:
    assert [spare(n) for n in (1, 3, 4, 6, 7, 10)] == [0, 0, 1, 1, 2, 3]
    assert codes(node(peers=6, missing_validators=1), members=7) == {"validator_missing": False}
    assert codes(node(peers=6, missing_validators=2), members=7) == {"no_spare": False}


def test_a_single_member_has_no_spare_and_no_alarm_about_it() -> None:
    assert codes(node(peers=0), members=1) == {}


def test_critical_ones_come_first() -> None:
    found = judge([node(peers=1, disk_free_mb=1)], 4, suspended=["union"])
    assert [alarm.critical for alarm in found] == [True, True, False]


def test_every_text_is_in_both_languages_and_takes_its_facts() -> None:
    every = judge(
        [
            node(height=None, head_age=None, peers=None, disk_free_mb=1),
            node("court", head_age=99.0, peers=1, disk_free_mb=900, memory_mb=999, byzantine_validators=1),
            node("union", head_age=99.0, height=1, missing_validators=1),
        ],
        7,
        suspended=["union"],
    ) + judge([node(missing_validators=1, head_age=-9.0)], 4)
    assert {alarm.code for alarm in every} == set(CODES)
    for alarm in every:
        told = alarm.as_facts()
        assert "{" not in told["text_zh"] + told["text_en"]
        assert any("一" <= sign <= "鿿" for sign in told["text_zh"])
        assert told["text_en"].isascii()
    assert len(_TEXTS) == len(CODES)


def test_an_alarm_says_who_and_how_much() -> None:
    chinese, english = Alarm("network.node_behind", False, {"member": "hr", "blocks": 21}).texts
    assert (chinese, english) == ("节点 hr 落后 21 个区块", "the node of hr is 21 blocks behind the others")
