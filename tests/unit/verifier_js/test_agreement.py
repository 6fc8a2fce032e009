"""Where two languages read one file differently: booleans and numbers, lists as keys, other encodings of JSON."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.attacks.evidence.story import LATER, Made
from tests.factories.evidence import Forge, World
from tests.support.engines import JavaScript, Judged, Python
from tests.support.evidence_world import world

__all__ = ["world"]

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or not (ROOT / "node_modules").is_dir(),
    reason="node or node_modules is not installed (npm ci)",
)

Story = list[tuple[str, Any, dict[str, Any]]]


def _payload(event: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    def altered(story: Story, _: Forge) -> Story:
        return [
            (name, when, change(dict(payload)) if name == event else payload) for name, when, payload in story
        ]

    return {"story": altered}


def _cite(change: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    return _payload(
        "E03", lambda payload: payload | {"cites": [change(dict(item)) for item in payload["cites"]]}
    )


CASES: dict[str, tuple[dict[str, Any], int, tuple[str, str]]] = {
    "a number that is true": (
        _payload("E06", lambda payload: payload | {"version": True}),
        13,
        ("failed", "BINDING_MISMATCH"),
    ),
    "a cited place that is true": (
        _cite(lambda cite: cite | {"seq": True}),
        13,
        ("failed", "CITATION_MISMATCH"),
    ),
    "a cited place that is a list": (
        _cite(lambda cite: cite | {"seq": [1]}),
        13,
        ("failed", "CITATION_MISMATCH"),
    ),
    "a cited stream that is an object": (
        _cite(lambda cite: cite | {"stream": {}}),
        13,
        ("failed", "CITATION_MISMATCH"),
    ),
    "a citation with one more member": (
        _cite(lambda cite: cite | {"x": 1}),
        13,
        ("failed", "CITATION_MISMATCH"),
    ),
    "citations that are no list": (
        _payload("E04", lambda payload: payload | {"cites": {}}),
        13,
        ("failed", "CITATION_MISMATCH"),
    ),
    "a member that objects inherit": (
        _payload("E07", lambda payload: payload | {"__proto__": {"cites": [1]}, "constructor": 1}),
        13,
        ("passed", ""),
    ),
}


@pytest.fixture(scope="module")
def judged(world: World) -> dict[str, tuple[Judged, Judged]]:
    made = []
    for changes, _no, _end in CASES.values():
        forge = Forge(world, changes=changes)
        made.append(Made(forge.package, forge.root, LATER))
    pairs = zip(Python().judge(made), JavaScript().judge(made), strict=True)
    return dict(zip(CASES, pairs, strict=True))


@pytest.mark.parametrize("name", CASES)
def test_both_verifiers_read_it_the_same_way(name: str, judged: dict[str, tuple[Judged, Judged]]) -> None:
    _changes, no, end = CASES[name]
    first, second = judged[name]
    assert first.steps[no] == end
    assert first.compared == second.compared
