"""Every imagined forgery of a package, judged by every engine: only the step that the story names may speak up."""

from __future__ import annotations

import pytest

from chain.verifier import Outcome
from tests.attacks.evidence.expected import problems
from tests.attacks.evidence.stories import STORIES
from tests.attacks.evidence.story import Made, Scene, Story
from tests.factories.evidence import Forge, World, as_json
from tests.support.engines import Judged, engines

pytestmark = pytest.mark.xdist_group("forged-packages")  # the stories are made once


@pytest.fixture(scope="module")
def made(world: World) -> dict[str, Made]:
    """The package of every story."""
    scene = Scene(world)
    return {story.id: story.make(scene) for story in STORIES}


@pytest.fixture(scope="module", params=engines(), ids=lambda engine: engine.name)
def judged(request: pytest.FixtureRequest, made: dict[str, Made]) -> dict[str, Judged]:
    """Every story judged by one engine."""
    return dict(zip(made, request.param.judge(list(made.values())), strict=True))


def test_the_stories_are_many_and_have_names_of_their_own() -> None:
    assert len({story.id for story in STORIES}) == len(STORIES) >= 120
    assert len([story for story in STORIES if story.negative and story.outcome is Outcome.FAILED]) >= 80
    assert all(story.zh and story.en for story in STORIES)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.id)
def test_exactly_the_named_step_speaks_up(story: Story, judged: dict[str, Judged]) -> None:
    assert not problems(story, judged[story.id]), judged[story.id]


def test_a_story_that_ends_otherwise_is_noticed(judged: dict[str, Judged]) -> None:
    """The check itself can fail: another story's answer is not accepted."""
    stories = [story for story in STORIES if story.step in (5, 13, 16)]
    for story, other in zip(stories, reversed(stories), strict=True):
        if (story.step, story.sub) != (other.step, other.sub):
            assert problems(story, judged[other.id])


def test_as_json_is_what_packages_hold(world: World) -> None:
    """The factory's own statement form, so that a change of names there does not hide in the attacks."""
    assert set(as_json(Forge(world).check_statement)) == {"commitment", "subject", "factors", "level", "time"}
