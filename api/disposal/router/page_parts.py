"""What every page of disposal needs: names of things in the visitor's language, units, people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import Request

from api.disposal import texts
from api.disposal.service.command import waiting
from api.disposal.service.facade import Disposal
from api.infra.i18n import translate
from api.infra.web import language

NAMES: dict[str, Any] = {
    "colours": texts.COLOURS,
    "tones": texts.TONES,
    "stages": texts.STAGES,
    "step_names": texts.STEPS,
    "outcomes": texts.OUTCOMES,
    "actions": texts.ACTIONS,
    "measures": texts.MEASURES,
    "bases": texts.BASES,
    "statement_kinds": texts.STATEMENTS,
    "waiting": waiting,
}


def units(disposal: Disposal, request: Request) -> Mapping[str, str]:
    """Names of all units by code."""
    english = language(request) == "en"
    return {unit.code: unit.name_en if english else unit.name for unit in disposal.desk.units()}


def options(request: Request, names: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Choices of a list in the visitor's language."""
    return [(code, translate(language(request), text)) for code, text in names]
