"""A verification result in the words and colours of the page."""

from __future__ import annotations

from typing import Any, Final

from chain.verifier.exhibit import exhibit
from chain.verifier.outcome import Outcome
from chain.verifier.texts import OUTCOME_TEXTS, VERDICT_TEXTS, step_text, sub_text

TONES: Final = {"passed": "success", "indeterminate": "warning", "failed": "danger"}
LONGEST: Final = 600


def shown(result: dict[str, Any], lang: str) -> dict[str, Any]:
    """The result for the template: every text in `lang`, every fact as plain text."""
    which = 0 if lang == "zh" else 1
    verdict = Outcome(result["verdict"])
    steps = []
    for step in result["steps"]:
        outcome = Outcome(step["outcome"])
        steps.append(
            {
                "no": step["no"],
                "text": step_text(step["no"], lang),
                "outcome": OUTCOME_TEXTS[outcome][which],
                "tone": TONES[outcome.value],
                "code": step["sub_indication"],
                "reason": sub_text(step["sub_indication"], step["facts"], lang),
                "facts": [(name, _plain(value)) for name, value in step["facts"].items()],
            }
        )
    return {
        "tone": TONES[verdict.value],
        "text": VERDICT_TEXTS[verdict][which],
        "verdict": verdict.value,
        "steps": steps,
        "exhibit": exhibit(result, lang),
    }


def _plain(value: Any) -> str:
    """A fact as text; long ones are cut, since they come from a stranger's file."""
    if isinstance(value, (list, tuple)):
        value = "; ".join(_plain(item) for item in value)
    elif isinstance(value, dict):
        value = ", ".join(f"{name} {_plain(item)}" for name, item in value.items())
    text = str(value)
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"
