"""Wires disposal to the risk slice and the exchange: supporting rows, what happened, whose data it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from api.disposal.model import Outcome
from api.disposal.ports import Incident, Returned, SupportingRow
from api.exchange.rules.catalogue import delivered
from api.kernel.clock import shanghai_day

if TYPE_CHECKING:
    from api.bootstrap.container import Container


class Part:
    """Adapters look the other slice up when they are used: the order of building doesn't matter."""

    def __init__(self, container: Container) -> None:
        self._container = container


class RiskSide(Part):
    """`SupportingRows` and `RiskHistory` on the risk slice and the accepted rows."""

    @property
    def _risk(self) -> Any:
        return self._container.risk

    def open_rows(self, episode: str) -> Sequence[SupportingRow]:
        return [
            SupportingRow(row.point, row.key, row.tier) for row in self._risk.supporting.open_rows(episode)
        ]

    def settle(
        self, session: Any, episode: str, rows: Sequence[SupportingRow], outcome: str, until: date | None
    ) -> None:
        if rows:
            self._risk.supporting.settle(session, episode, rows, OUTCOMES[Outcome(outcome)], until)

    def incidents(self, first: date, last: date) -> Sequence[Incident]:
        exchange = self._container.exchange
        names = ("arrears_clue", "inspection_act", "dispute_case", "court_event")
        rows = {name: exchange.accepted.scan(name).collect().to_dicts() for name in names}
        numbers = sorted({row["enterprise"] for found in rows.values() for row in found})
        towns = {row["enterprise"]: row["town"] or "" for row in exchange.subjects.details(numbers)}
        return incidents_among(rows, towns, first, last)

    def highest_shown(self, enterprise: int, first: date, last: date) -> int:
        return int(self._risk.highest_shown(enterprise, first, last))

    def unwarned(self, month: int) -> Mapping[int, str]:
        found: Mapping[int, str] = self._risk.unwarned()
        return found

    def point_names(self) -> Mapping[str, tuple[str, str]]:
        today = shanghai_day(self._container.clock.now())
        points = self._risk.rulesets.in_force(today).document["points"]
        return {point["id"]: (point["zh"], point["en"]) for point in points}


class Departments(Part):
    """`DataDepartments` on the catalogue of the exchange, its officers, and the points' datasets."""

    def behind(self, rows: Sequence[SupportingRow]) -> Sequence[Returned]:
        catalogue = delivered()
        readers: Mapping[str, Sequence[str]] = self._container.risk.points_of_datasets()
        keys: dict[str, list[str]] = {}
        for row in rows:
            dataset, _, key = row.key.partition(":")
            if dataset in catalogue and key:
                keys.setdefault(dataset, []).append(key)
                continue
            for code in (code for code, points in readers.items() if row.point in points):
                keys.setdefault(code, [])
        officers = self._container.exchange.officers()
        return [
            Returned(
                code,
                catalogue[code].zh,
                catalogue[code].en,
                sorted(
                    {one.account_id for one in officers if one.owner in ("*", catalogue[code].owner.code)}
                ),
                sorted(found),
            )
            for code, found in sorted(keys.items())
        ]


OUTCOMES: Mapping[Outcome, str] = {
    Outcome.CONFIRMED: "confirmed",
    Outcome.PARTLY: "partly_confirmed",
    Outcome.NOT_FOUND: "no_such_enterprise",
    Outcome.DUPLICATE: "duplicate",
    Outcome.REFERRED: "transferred",
    Outcome.FALSE_ALARM: "unfounded",
    Outcome.DATA_ERROR: "wrong_data",
    Outcome.RESOLVED: "resolved",
}
"""The risk slice's words for the outcomes."""


def incidents_among(
    rows: Mapping[str, Sequence[Mapping[str, Any]]], towns: Mapping[int, str], first: date, last: date
) -> list[Incident]:
    """What a warning should have preceded, from accepted rows of four datasets, by day and enterprise.

    arrears: verified clues, and acts of inspection on wages. dispute: one a reference. fled: acts of that kind, and
    missing parties in court. closure with unpaid wages: bankruptcy while an act on wages is not settled.
    """
    found: dict[tuple[str, int, str], Incident] = {}

    def add(kind: str, row: Mapping[str, Any], on: date, persons: Any, key: str) -> None:
        if first <= on <= last:
            town = towns.get(row["enterprise"], "")
            made = Incident(row["enterprise"], kind, on, int(persons or 0), town, key)
            found.setdefault((kind, made.enterprise, key), made)

    unpaid: dict[int, list[tuple[date, date | None]]] = {}
    for row in rows["inspection_act"]:
        if row["kind"] == "wages":
            unpaid.setdefault(row["enterprise"], []).append((row["found_on"], row["settled_on"]))
            add("arrears", row, row["found_on"], row["persons"], row["act_no"])
        elif row["kind"] == "fled":
            add("fled", row, row["found_on"], row["persons"], row["act_no"])
    for row in rows["arrears_clue"]:
        if row["verified"]:
            add("arrears", row, row["received_on"], row["persons"], row["clue_no"])
    for row in sorted(rows["dispute_case"], key=lambda one: (one["accepted_on"], one["case_no"])):
        add("dispute", row, row["accepted_on"], row["persons"], row["dispute_ref"] or row["case_no"])
    for row in rows["court_event"]:
        if row["kind"] == "missing":
            add("fled", row, row["filed_on"], row["persons"], row["case_no"])
        elif row["kind"] == "bankruptcy" and any(
            begun <= row["filed_on"] and (settled is None or settled > row["filed_on"])
            for begun, settled in unpaid.get(row["enterprise"], ())
        ):
            add("closure", row, row["filed_on"], row["persons"], row["case_no"])
    return sorted(found.values(), key=lambda one: (one.on, one.enterprise, one.kind, one.key))
