"""Measured precision of the free-text patterns on our own fixture: unlawful wordings, and lawful ones that look alike."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import pytest

from api.econtract.model import Clause, Severity, Terms
from api.econtract.rules import free_text, r12_penalty, r14_deposit, r15_void, r18_termination
from api.econtract.rules.free_text import Pattern, hits

RULES: dict[str, tuple[Pattern, ...]] = {
    "R12": r12_penalty.PATTERNS,
    "R14": r14_deposit.PATTERNS,
    "R15": r15_void.PATTERNS,
    "R18": r18_termination.PATTERNS,
}
SENTENCES: list[tuple[str | None, str]] = [
    (rule, text) for rule, text in json.loads((Path(__file__).parent / "sentences.json").read_text("utf-8"))
]
BLOCKING_PRECISION = 0.98


def test_the_fixture_is_large_and_half_lawful() -> None:
    lawful = [text for rule, text in SENTENCES if rule is None]
    assert len(SENTENCES) >= 80
    assert len(lawful) * 2 >= len(SENTENCES)
    assert len({text for _, text in SENTENCES}) == len(SENTENCES)


def measured() -> dict[tuple[str, str], tuple[int, int]]:
    counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for label, text in SENTENCES:
        for rule, patterns in RULES.items():
            for found, _ in hits(text, patterns):
                counts[rule, found.name][0 if label is not None else 1] += 1
    return {key: (right, wrong) for key, (right, wrong) in counts.items()}


@pytest.mark.parametrize(
    ("rule", "pattern"), [(rule, found) for rule, patterns in RULES.items() for found in patterns], ids=str
)
def test_a_blocking_pattern_has_the_needed_precision(rule: str, pattern: Pattern) -> None:
    right, wrong = measured().get((rule, pattern.name), (0, 0))
    assert right > 0, f"{pattern.name} is hit by no sentence of the fixture"
    if pattern.severity is Severity.BLOCK:
        assert right / (right + wrong) >= BLOCKING_PRECISION, f"{pattern.name}: {right} right, {wrong} wrong"


@pytest.mark.parametrize(("label", "text"), [(label, text) for label, text in SENTENCES if label is not None])
def test_unlawful_sentences_are_found_by_their_rule(label: str, text: str) -> None:
    assert list(hits(text, RULES[label])), text


@pytest.mark.parametrize("text", [text for label, text in SENTENCES if label is None])
def test_lawful_sentences_never_block(text: str) -> None:
    found = [found for patterns in RULES.values() for found, _ in hits(text, patterns)]
    assert not [found.name for found in found if found.severity is Severity.BLOCK]


def test_a_hit_shows_its_words_and_its_clause() -> None:
    terms = Terms(custom=(Clause("C1", "其他", "双方友好合作。乙方入职时须缴纳押金500元。"),))
    (finding,) = free_text.findings(terms, RULES["R14"], rule="R14", law="x", zh="z", en="e")
    assert finding.clause == "C1"
    assert finding.facts["words"] == "乙方入职时须缴纳押金500元"
    assert "缴纳押金" in finding.zh
