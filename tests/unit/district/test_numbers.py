"""Two things that an enterprise lives on one day are two numbers: a department never gives one twice by accident."""

from __future__ import annotations

import datetime as dt

from scripts.district.acts import MAKERS, Event, Scene
from scripts.district.draws import Draws
from scripts.district.events import KEYS

DAY = dt.date(2025, 1, 20)
OCCASIONS = [
    (14_000, False), (14_001, False), (13_000, False), (114_000, False), (50_000, False), (50_000, True), (50_001, True)
]  # fmt: skip
"""Ordinary ones (month and turn), and acts of a story; one enterprise, all on one day."""


def _events() -> list[Event]:
    draws = Draws(1)
    scenes = [
        Scene(draws, draws.key(6201), 6201, 40, 500_000, DAY, tag, told=told) for tag, told in OCCASIONS
    ]
    return [event for make in MAKERS.values() for scene in scenes for event in make(scene, {})]


def test_no_number_stands_for_two_things() -> None:
    numbers = [(event.dataset, str(event.values[KEYS[event.dataset]])) for event in _events()]
    assert {dataset for dataset, _ in numbers} == set(KEYS)
    assert len(numbers) == len(set(numbers))


def test_one_dispute_goes_under_one_reference_of_its_own() -> None:
    firsts = [
        event.values["dispute_ref"]
        for event in _events()
        if event.dataset == "dispute_case" and event.values["stage"] == "mediation"
    ]
    assert len(set(firsts)) == len(OCCASIONS)
