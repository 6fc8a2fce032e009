"""Writes docs/control-points.md from the point files and the dictionary: `python -m tests.unit.risk_points.document`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from api.risk.facts import dictionary, fact_of
from api.risk.facts.datasets import DATASETS
from api.risk.facts.lexicon import SURE
from api.risk.spec.delivered import POINTS, delivered_frame

TARGET = Path(__file__).parents[3] / "docs" / "control-points.md"
DIMENSIONS = {
    "LY": "劳动用工 Employment",
    "GZ": "工资发放 Wages",
    "SB": "社会保险 Social insurance",
    "QY": "权益维护 Rights",
    "AQ": "安全生产 Safety",
    "JY": "稳定经营 Operation",
    "ZZ": "组织机制 Organs",
}
SIGNS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<", "eq": "="}

INTRODUCTION = """# The 27 control points

Written from `api/risk/points/*.json` and `api/risk/facts/dictionary/*.json` by `python -m tests.unit.risk_points.document`;
a test compares this page with them. No list of points or thresholds was ever published: weights and thresholds are proposals
of this project, and a district changes them in a rule set of its own. Only what "basis" names is law.

## How to read it

- A tier is the highest colour whose condition holds. A point is *unknown* (未知) while a fact that it needs is, unless its red
  condition holds already; *not applicable* (不涉及) counts as covered. Unknown is never "no risk".
- `a ÷ b ≥ 5 %` compares whole numbers by cross-multiplication. A rate with `(persons)` colours only from {floors} persons for
  blue, yellow, orange, red, so that one person of a small firm is blue and no more.
- Red conditions read the milder twin of each fact, without the rows that were matched by a name alone. They are written here
  without that suffix.
- Windows roll with the day that the run speaks for: months are calendar months, days are days, one month of a day count is 30
  days. The first day of a window is left out, its last day counted. Days since a date run to the last day that the data can
  know.
- Month datasets are read at the newest month that they cover completely, when they are fresh. Two returns that are compared with
  each other (tax and insurance) are read at the same month.
- An enterprise without a row: zero or ended in an *exhaustive* dataset, none in an *event* dataset, unknown in a *partial* one.
  A single missing month after a reported one is unknown: it is more often a rejected row than an end. For `staff` the month
  before serves then.
- The median of an even count is floor((a + b) / 2) of the two in the middle. Every division rounds down. Money is fen.
- Water, power and gas (JY02) are compared with the mean of the three months before, times the season: the month's median change
  in the industry section (of twenty enterprises or more, else the district's; frozen with the month's run), or the enterprise's
  own change into the same month of last year, whichever is lower, and never above the mean. The Spring Festival moves between
  January and February: a month that it touches (five days or more between a week before and the Lantern Festival) is compared
  with the months that it touched last year, one that it touched only last year with none, and in a touched month a fall counts
  as far as the month before shows it too. With less than two of the three months known the fall is unknown.
- Falls of money (GZ03, SB03) are measured in persons as well, persons × fall ÷ whole, because floors count persons.
"""


def render() -> str:
    """The page."""
    frame = delivered_frame()
    floors = " / ".join(str(frame["person_floors"][colour]) for colour in ("blue", "yellow", "orange", "red"))
    points = sorted(
        (json.loads(path.read_text("utf-8")) for path in POINTS.glob("*.json")), key=lambda p: p["no"]
    )
    lines = [INTRODUCTION.replace("{floors}", floors)]
    for code, title in DIMENSIONS.items():
        own = [point for point in points if point["dimension"] == code]
        lines += [f"## {title} ({sum(point['weight_bp'] for point in own)} bp)", ""]
        for point in own:
            lines += _point(point)
    lines += [
        "## Facts",
        "",
        "| Fact | 名称 | Unit | Window | Datasets | 公式 | Formula | Not applicable |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for fact in dictionary().values():
        cells = (
            f"`{fact.name}`",
            f"{fact.zh}<br>{fact.en}",
            fact.unit,
            fact.window,
            "<br>".join(fact.datasets),
            fact.formula_zh,
            fact.formula_en,
            fact.not_applicable or "",
        )
        lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        "## Datasets that facts read",
        "",
        "| Dataset | Kind | Grain | Points |",
        "|---|---|---|---|",
    ]
    for dataset in DATASETS.values():
        used = [p["id"] for p in points if dataset.code in _datasets(p)]
        lines.append(
            f"| {dataset.code} | {dataset.kind} | {dataset.grain} | {', '.join(used) or 'shown only'} |"
        )
    return "\n".join(lines) + "\n"


def _point(point: dict[str, Any]) -> list[str]:
    lines = [
        f"### {point['no']} · {point['id']} {point['zh']} · {point['en']} ({point['weight_bp']} bp)",
        "",
        f"Basis: {point['basis']}. Datasets: {', '.join(_datasets(point))}.",
        "",
    ]
    lines += [
        f"- **{colour}**: {_text(condition)}" for colour, condition in point["tiers"].items() if condition
    ]
    if point["not_applicable"]:
        lines.append(f"- not applicable: {_text(point['not_applicable'])}")
    return [*lines, ""]


def _datasets(point: dict[str, Any]) -> list[str]:
    return list(dict.fromkeys(code for fact in point["needs"] for code in fact_of(fact).datasets))


def _name(fact: str) -> str:
    return f"`{fact.removesuffix(SURE)}`"


def _text(condition: dict[str, Any]) -> str:
    match condition["op"]:
        case "all" | "any" as op:
            word = " and " if op == "all" else " or "
            return word.join(
                f"({_text(part)})" if part["op"] in ("all", "any") else _text(part)
                for part in condition["of"]
            )
        case "tier_ge":
            return f"{condition['point']} at least {condition['colour']}"
        case op if op.startswith("ratio_"):
            whole, rest = divmod(condition["bp"], 100)
            percent = f"{whole}.{rest:02d}".rstrip("0").rstrip(".")
            persons = f" (persons: {_name(condition['persons'])})" if condition["persons"] else ""
            return (
                f"{_name(condition['num'])} ÷ {_name(condition['den'])} {SIGNS[op[6:]]} {percent} %{persons}"
            )
        case op:
            return f"{_name(condition['fact'])} {SIGNS[op]} {condition['value']:,}"


if __name__ == "__main__":
    TARGET.write_text(render(), "utf-8")
