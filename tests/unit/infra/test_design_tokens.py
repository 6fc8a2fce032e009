"""The colours of the design system are legible: WCAG 2.2, 1.4.3 (text 4.5:1) and 1.4.11 (controls 3:1)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
STATIC = ROOT / "api" / "infra" / "web" / "static"
TOKENS = dict(
    re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6});", (STATIC / "tokens.css").read_text(encoding="utf-8"))
)

TEXT_ON = [
    (text, ground)
    for text in ("ink", "ink-2", "ink-3", "primary", "primary-strong", "danger")
    for ground in ("paper", "surface", "sunken")
] + [
    ("on-primary", "primary"),
    ("on-primary", "primary-strong"),
    ("seal", "paper"),
    ("primary-strong", "primary-soft"),
    ("ink", "primary-soft"),
    ("ink-2", "info-soft"),
    ("ink-2", "success-soft"),
    ("ink-2", "warning-soft"),
    ("ink-2", "danger-soft"),
    ("info", "info-soft"),
    ("success", "success-soft"),
    ("success", "paper"),
    ("warning", "warning-soft"),
    ("danger", "danger-soft"),
]
CONTROL_ON = [
    ("line-strong", "surface"),
    ("line-strong", "paper"),
    ("focus", "paper"),
    ("focus", "primary-soft"),
]


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(TOKENS[one]), luminance(TOKENS[other])), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("text", "ground"), TEXT_ON)
def test_text_is_legible(text: str, ground: str) -> None:
    assert contrast(text, ground) >= 4.5


@pytest.mark.parametrize(("control", "ground"), CONTROL_ON)
def test_edges_of_controls_are_visible(control: str, ground: str) -> None:
    assert contrast(control, ground) >= 3


def test_stylesheets_use_only_declared_tokens() -> None:
    declared = set(re.findall(r"^\s*--([\w-]+):", (STATIC / "tokens.css").read_text(encoding="utf-8"), re.M))
    for sheet in ROOT.glob("api/**/static/**/*.css"):
        used = set(re.findall(r"var\(--([\w-]+)", sheet.read_text(encoding="utf-8")))
        local = set(re.findall(r"--([\w-]+):", sheet.read_text(encoding="utf-8")))
        assert used <= declared | local, f"{sheet.name}: {sorted(used - declared - local)}"


def test_every_token_is_described() -> None:
    text = (ROOT / "docs" / "design-system.md").read_text(encoding="utf-8")
    declared = set(re.findall(r"^\s*--([\w-]+):", (STATIC / "tokens.css").read_text(encoding="utf-8"), re.M))
    missing = {
        name for name in declared if f"`{name}`" not in text and not name.startswith(("space-", "text-"))
    }
    assert not missing, f"docs/design-system.md does not describe {sorted(missing)}"
