"""What a story demands of a verifier: exactly its step speaks up, its dependents wait, the rest is silent."""

from __future__ import annotations

from chain.verifier import PLAN
from tests.attacks.evidence.story import Story
from tests.support.engines import Judged

USUAL = {
    15: {"NO_WITNESSES"},
    17: {"NO_CHAIN_RECORD"},
    18: {"NO_JUDICIAL_RECEIPT"},
    20: {"RENDERER_UNAVAILABLE", "TEMPLATE_UNKNOWN"},
    23: {"NO_RELEASE_KEYS", "NO_RELEASE_EVENT"},
    24: {"NO_RENEWAL"},
}
"""How optional steps end in an honest package that lacks what they look at."""


def problems(story: Story, found: Judged) -> list[str]:
    """Return every way in which a verifier's answer is not what the story demands."""
    if found.trouble:
        return [found.trouble]
    wrong = []
    if story.step and found.steps.get(story.step) != (story.outcome.value, story.sub):
        wrong.append(
            f"step {story.step} is {found.steps.get(story.step)}, not {story.outcome.value} {story.sub}"
        )
    for no, (outcome, sub) in found.steps.items():
        if outcome == "passed" or no == story.step:
            continue
        if outcome == "failed" or not (_waits(no, sub, found) or sub in USUAL.get(no, set())):
            wrong.append(f"step {no} is {outcome} {sub}")
    for no, sub in story.expects.items():
        if found.steps.get(no, ("", None))[1] != sub:
            wrong.append(f"step {no} is {found.steps.get(no)}, not {sub!r}")
    if found.verdict != story.ends.value:
        wrong.append(f"the verdict is {found.verdict}, not {story.ends.value}")
    return wrong


def _waits(no: int, sub: str, found: Judged) -> bool:
    """Whether the step waits for the lowest of its own premises that did not pass."""
    step = next(item for item in PLAN if item.no == no)
    open_needs = [
        [need for need in needs if found.steps.get(need, ("",))[0] != "passed"]
        for needs in step.needs.values()
    ]
    return any(missing and sub == f"DEPENDS_ON {min(missing)}" for missing in open_needs)
