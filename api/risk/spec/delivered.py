"""The rule set that comes with the software: its frame in `delivered.json`, one file per control point in `api/risk/points`."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from api.risk.spec.document import RuleSetDoc, parse, read_document
from api.risk.spec.model import RuleSet, RuleSetError

_FRAME = Path(__file__).parent / "delivered.json"
POINTS = Path(__file__).parent.parent / "points"


def assemble(folder: Path, frame: dict[str, Any] | None = None) -> RuleSetDoc:
    """Put a rule set together from a folder of point files; each file is named after its point.

    Raises RuleSetError when a file's name and content differ, DocumentError when the form is wrong.
    """
    whole = dict(frame) if frame is not None else delivered_frame()
    points = []
    for path in sorted(folder.glob("*.json")):
        point = json.loads(path.read_text("utf-8"))
        if not isinstance(point, dict) or point.get("id") != path.stem:
            raise RuleSetError(f"{path.name} holds another point than its name says")
        points.append(point)
    return read_document({**whole, "points": points})


def delivered_frame() -> dict[str, Any]:
    """Everything of the delivered rule set but its points."""
    frame: dict[str, Any] = json.loads(_FRAME.read_text("utf-8"))
    return frame


@cache
def delivered_document() -> RuleSetDoc:
    """The delivered rule set as document."""
    return assemble(POINTS)


@cache
def delivered() -> RuleSet:
    """The delivered rule set, parsed."""
    return parse(delivered_document())
