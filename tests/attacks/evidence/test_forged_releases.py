"""What was shown to the worker: every forgery of a release ends at step 23, and only there."""

from __future__ import annotations

import pytest

from chain.verifier import Outcome, verify
from tests.attacks.evidence.stories.releases import STORIES
from tests.attacks.evidence.story import Scene, Story
from tests.factories.evidence import World


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.id)
def test_a_forged_release_ends_at_step_23(story: Story, world: World) -> None:
    made = story.make(Scene(world))
    report = verify(made.package, made.root, now=made.now)
    shown = [(item.no, item.outcome.value, item.sub_indication, dict(item.facts)) for item in report.steps]
    assert report.verdict is story.ends, shown
    step = report.step(23)
    assert step is not None
    expected = (story.outcome, story.sub) if story.negative else (Outcome.PASSED, "")
    assert (step.outcome, step.sub_indication) == expected, dict(step.facts)
    others = [item for item in report.steps if item.outcome is Outcome.FAILED and item.no != 23]
    assert not others, shown
