"""All stories, in the order of the steps."""

from __future__ import annotations

from tests.attacks.evidence.stories import (
    container,
    disclosed,
    document,
    figures,
    good,
    light,
    light_records,
    log,
    longevity,
    process,
    records,
    releases,
    shadow,
    spliced,
    statements,
    witnesses,
)
from tests.attacks.evidence.story import Story

STORIES: tuple[Story, ...] = (
    *good.STORIES,
    *witnesses.GOOD,
    *records.GOOD,
    *container.STORIES,
    *document.STORIES,
    *shadow.STORIES,
    *spliced.STORIES,
    *statements.STORIES,
    *process.STORIES,
    *log.STORIES,
    *releases.STORIES,
    *witnesses.STORIES,
    *records.STORIES,
    *disclosed.STORIES,
    *figures.STORIES,
    *light.STORIES,
    *light_records.STORIES,
    *longevity.STORIES,
)
