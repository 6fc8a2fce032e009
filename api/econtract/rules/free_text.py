"""Words in free text that the law forbids: patterns with exceptions, judged sentence by sentence.

Only a pattern whose measured precision on the project's own fixture is at least 0.98 may BLOCK; others WARN and ask
for confirmation. The test `test_free_text.py` measures it. A text without a hit was not checked: patterns find known
wordings, they don't understand a clause.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from api.econtract.model import Clause, Finding, Severity, Terms

_SENTENCE = re.compile(r"[^。；;！!？?\n]+")


@dataclass(frozen=True)
class Pattern:
    """One forbidden wording. `unless` names what makes the same words lawful (negation, quotation, exception)."""

    name: str
    find: re.Pattern[str]
    unless: re.Pattern[str] | None
    severity: Severity


def pattern(name: str, find: str, unless: str = "", *, blocks: bool) -> Pattern:
    """Builds a pattern; `blocks` only where the fixture shows a precision of 0.98."""
    return Pattern(
        name,
        re.compile(find),
        re.compile(unless) if unless else None,
        Severity.BLOCK if blocks else Severity.WARN,
    )


def hits(text: str, patterns: tuple[Pattern, ...]) -> Iterator[tuple[Pattern, str]]:
    """The patterns found in `text`, each with the sentence that holds it."""
    for sentence in _SENTENCE.findall(text):
        for candidate in patterns:
            if candidate.find.search(sentence) and not (
                candidate.unless and candidate.unless.search(sentence)
            ):
                yield candidate, sentence.strip()


def texts(terms: Terms) -> list[Clause]:
    """Every free text of a contract, as (clause id, title, text)."""
    return [
        *(
            Clause(clause, clause, text)
            for clause, text in (
                ("M3", terms.task_completion),
                ("M4", terms.work_content),
                ("M6", terms.pay_terms),
                ("M7", terms.social_insurance),
                ("M8", terms.protection),
                ("M8", terms.hazards),
                ("O1", terms.training_subject),
                ("O2", terms.confidentiality),
                ("O3", terms.noncompete_scope),
                ("O4", terms.supplementary_insurance),
                ("O4", terms.benefits),
            )
            if text.strip()
        ),
        *terms.custom,
    ]


def findings(
    terms: Terms, patterns: tuple[Pattern, ...], *, rule: str, law: str, zh: str, en: str
) -> list[Finding]:
    """One finding for each pattern and sentence, showing the words that were hit."""
    found: list[Finding] = []
    seen: set[tuple[str, str]] = set()
    for clause in texts(terms):
        for candidate, sentence in hits(clause.text, patterns):
            if (clause.id, sentence) in seen:
                continue
            seen.add((clause.id, sentence))
            words = sentence if len(sentence) <= 60 else sentence[:60] + "…"
            warn = candidate.severity is Severity.WARN
            found.append(
                Finding(
                    rule,
                    candidate.severity,
                    law,
                    clause.id,
                    f"“{words}”：{zh}" + ("请确认这句话的意思。" if warn else "请删除或者修改。"),
                    f"“{words}”: {en} "
                    + ("Please confirm what it means." if warn else "Please remove or change it."),
                    {"pattern": candidate.name, "words": words},
                )
            )
    return found
