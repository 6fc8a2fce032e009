"""Filters, CSV that no spreadsheet runs, warnings, and a node that does not answer."""

from __future__ import annotations

import csv
import io
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.insight.model import AsOf, ContractFilter, MessageBacklog, NodeFacts
from api.insight.node_http import HttpNodeStatus
from api.insight.rules import csv_text, parse_filter, query_string, region_label, safe_cell, warnings
from api.insight.texts import WARNINGS
from api.kernel.errors import DomainError

AS_OF = AsOf(7, "ab" * 32, "cd" * 32, 9, {"month": "2026-11"})
NODE = NodeFacts(True, 7, 0, 3.0, False, 0, None)


def test_empty_fields_do_not_restrict() -> None:
    assert parse_filter() == ContractFilter()
    assert parse_filter(region="5001", month="2026-11", level="2", state="concluded") == ContractFilter(
        region_prefix="5001", month="2026-11", level=2, state="concluded"
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("month", "2026-13"),
        ("month", "2026-1"),
        ("region", "5001%"),
        ("region", "1"),
        ("org_id", "xyz"),
        ("contract_id", "0" * 63),
        ("state", "DROP"),
        ("wallet", "0x12"),
        ("level", "9"),
    ],
)
def test_malformed_filters_are_refused_with_their_place(field: str, value: str) -> None:
    with pytest.raises(DomainError) as refused:
        parse_filter(**{field: value})  # type: ignore[arg-type]
    assert refused.value.facts["pointer"] == f"/{field}"


def test_a_filter_survives_its_own_links() -> None:
    query = parse_filter(region="500107", month="2026-11")
    assert query_string(query) == "month=2026-11&region=500107"
    assert query_string(query, after="9-1") == "after=9-1&month=2026-11&region=500107"
    assert query_string(query, region_prefix="5") == "month=2026-11&region=5"


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "|cmd", "%0A", '=HYPERLINK("http://x")']
)
def test_cells_that_a_spreadsheet_would_run_are_defused(text: str) -> None:
    assert safe_cell(text).startswith("'")


@given(st.lists(st.text(max_size=12), min_size=1, max_size=4))
def test_no_cell_of_a_csv_begins_like_a_formula(values: list[str]) -> None:
    text = csv_text([f"h{n}" for n in range(len(values))], [values], AS_OF)
    rows = list(csv.reader(io.StringIO(text.replace("\x00", ""), newline="")))
    assert rows[0][:2] == ["block", "7"]
    assert rows[2] == ["query", "month=2026-11"]
    for row in rows:
        for cell in row:
            assert not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))


def test_regions_are_named_as_far_as_known() -> None:
    names = {"500107": "某区", "500000": "某市"}
    assert region_label("500107", names) == "某区"
    assert region_label("500107001", names) == "某区 500107001"
    assert region_label("500108", names) == "某市 500108"
    assert region_label("110101", names) == "110101"


def _anchoring(**changes: Any) -> SimpleNamespace:
    values = {
        "stopped": False,
        "worker_alive": True,
        "oldest_pending_seconds": 1.0,
        "checkpoints_without_token": 0,
    }
    return SimpleNamespace(**{**values, **changes})


def _warned(node: NodeFacts | None = NODE, anchoring: Any = None, **changes: Any) -> list[str]:
    values: dict[str, Any] = {
        "parked": 0,
        "messages": MessageBacklog({}, None),
        "behind": 0,
        "calendar_known": True,
        "oldest_message_seconds": 0.0,
    }
    return warnings(node, anchoring or _anchoring(), **{**values, **changes})


def test_each_trouble_has_a_warning_with_a_text() -> None:
    assert _warned() == []
    cases = {
        "anchoring_stopped": _warned(anchoring=_anchoring(stopped=True)),
        "node_down": _warned(node=None),
        "node_not_ready": _warned(node=NodeFacts(True, 7, 1, 3.0, False, 0, "No space left on device")),
        "worker_down": _warned(anchoring=_anchoring(worker_alive=False)),
        "work_failing": _warned(work_failing=True),
        "calls_parked": _warned(parked=1),
        "anchoring_late": _warned(anchoring=_anchoring(oldest_pending_seconds=601.0)),
        "index_behind": _warned(behind=6),
        "tokens_missing": _warned(anchoring=_anchoring(checkpoints_without_token=4)),
        "witnesses_missing": _warned(anchoring=_anchoring(witnesses=[SimpleNamespace(state="down")])),
        "blocks_slow": _warned(node=NodeFacts(True, 7, 0, 60.0, True, 0, None)),
        "messages_failed": _warned(messages=MessageBacklog({"failed": 1}, None)),
        "messages_late": _warned(oldest_message_seconds=3_601.0),
        "calendar_unknown": _warned(calendar_known=False),
    }
    for code, found in cases.items():
        assert found == [code]
    assert set(cases) == set(WARNINGS)


GOOD = {
    "ready": True,
    "height": 4,
    "pending": 0,
    "ms_per_block": None,
    "ms_per_block_warn": False,
    "restarts": 0,
    "trouble": None,
}


def test_the_nodes_status_is_asked_at_most_every_two_seconds() -> None:
    asked: list[int] = []
    now = [0.0]

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(1)
        return httpx.Response(200, json=GOOD)

    status = HttpNodeStatus("http://node.test", transport=httpx.MockTransport(answer), clock=lambda: now[0])
    first, second = status.read(), status.read()
    assert first is second
    assert first is not None
    assert (first.height, len(asked)) == (4, 1)
    now[0] = 2.5
    status.read()
    assert len(asked) == 2


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"ready": true}', "null"])
def test_a_node_with_strange_answers_counts_as_down(body: str) -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(200, text=body))
    assert HttpNodeStatus("http://node.test", transport=transport).read() is None


def test_a_node_that_is_not_there_counts_as_down() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    assert HttpNodeStatus("http://node.test", transport=httpx.MockTransport(refuse)).read() is None


def test_of_a_networks_validators_the_first_that_is_ready_speaks() -> None:
    facts = {"a.test": {**GOOD, "ready": False, "height": 1}, "c.test": {**GOOD, "height": 3}}

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host not in facts:
            raise httpx.ConnectError("refused")
        return httpx.Response(200, json=facts[request.url.host])

    def height(*names: str) -> int | None:
        found = HttpNodeStatus(
            *(f"http://{n}.test/" for n in names), transport=httpx.MockTransport(answer)
        ).read()
        return None if found is None else found.height

    assert (height("a", "b", "c"), height("b", "a"), height("b")) == (3, 1, None)
