"""What departments write down on one occasion: a dispute, a penalty, an accident, with what becomes known of it later."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from scripts.district.draws import Draws

_PREFIX: Final = {
    "market_penalty": "CF",
    "market_abnormal": "YC",
    "si_injury": "GS",
    "court_event": "FY",
    "dispute_case": "ZC",
    "inspection_act": "JC",
    "arrears_clue": "XS",
    "group_event": "QT",
    "credit_list": "XY",
    "accident": "SG",
    "safety_penalty": "AJ",
    "environment_penalty": "HJ",
    "occupational_disease": "ZYB",
}


CLAIMS: Final = ("wages", "severance", "overtime", "insurance", "contract")
"""What workers claim; disputes of one claim are counted together."""


@dataclass(frozen=True)
class Event:
    """One recorded thing. `later`: the columns that are empty until a day."""

    dataset: str
    serial: int
    on: dt.date
    values: dict[str, Any]
    later: dict[str, dt.date] = field(default_factory=dict)

    def known(self, until: dt.date) -> dict[str, Any]:
        """The row as the department knew it on that day."""
        return {
            name: None if self.later.get(name, until) > until else value
            for name, value in self.values.items()
        }


@dataclass(frozen=True)
class Scene:
    """One occasion: chance of its own, the enterprise, its day. `tag`: which of the enterprise's; `told`: a story's."""

    draws: Draws
    key: int
    serial: int
    workers: int
    wage: int
    on: dt.date
    tag: int
    told: bool = False

    @property
    def number(self) -> str:
        """What no other occasion of the enterprise has, on whatever day a department writes it down."""
        return f"{self.serial:06d}{'S' if self.told else 'M'}{self.tag:06d}"

    def below(self, limit: int, name: str) -> int:
        return self.draws.below(limit, name, self.tag, self.key)

    def after(self, least: int, span: int, name: str) -> dt.date:
        return self.on + dt.timedelta(days=least + self.below(span, name))


def _number(dataset: str, scene: Scene, suffix: int = 0) -> str:
    return f"{_PREFIX[dataset]}{scene.on:%Y%m%d}{scene.number}{suffix}"


def _dispute(scene: Scene, given: dict[str, Any]) -> Iterator[Event]:
    persons = given.get("persons", 1)
    claim = given.get("claim") or CLAIMS[scene.below(len(CLAIMS), "claim")]
    ref = f"ZY{scene.on:%Y%m%d}{scene.number}"
    decided = scene.after(20, 40, "decided")
    due = decided + dt.timedelta(days=15)
    performs = scene.below(100, "performs")
    performed = due + dt.timedelta(
        days=scene.below(4, "early") - 3 if performs < 92 else scene.below(40, "late") + 1
    )
    settled = scene.below(100, "settled") < 65
    values = {
        "case_no": _number("dispute_case", scene),
        "accepted_on": scene.on,
        "stage": given.get("stage", "mediation"),
        "dispute_ref": ref,
        "persons": persons,
        "claim": claim,
        "perform_due_on": due if settled else None,
        "performed_on": performed if settled else None,
    }
    yield Event(
        "dispute_case", scene.serial, scene.on, values, {"perform_due_on": decided, "performed_on": performed}
    )
    if not settled and "stage" not in given:
        follow = scene.after(30, 40, "arbitration")
        yield Event(
            "dispute_case",
            scene.serial,
            follow,
            values
            | {"case_no": _number("dispute_case", scene, 1), "accepted_on": follow, "stage": "arbitration"},
        )
        if scene.below(100, "sues") < 30:
            filed = follow + dt.timedelta(days=60)
            row = {
                "case_no": _number("court_event", scene, 2),
                "filed_on": filed,
                "kind": "labour",
                "dispute_ref": ref,
                "persons": persons,
                "ended_on": None,
                "unpaid_end": None,
            }
            yield Event("court_event", scene.serial, filed, row)


def _court(scene: Scene, given: dict[str, Any]) -> Iterator[Event]:
    drawn = scene.below(10, "court kind")
    kind = given.get("kind") or ("debt" if drawn < 7 else "enforcement" if drawn < 9 else "dishonest")
    ended = scene.after(60, 120, "court end")
    # One enforcement in ten is a worker's; the others are creditors'.
    labour = kind == "enforcement" and given.get("labour", scene.below(10, "whose enforcement") == 0)
    values = {
        "case_no": _number("court_event", scene),
        "filed_on": scene.on,
        "kind": kind,
        "dispute_ref": f"ZY{scene.on:%Y%m%d}{scene.number}" if labour else None,
        "persons": given.get("persons", 0),
        "ended_on": ended,
        "unpaid_end": kind == "enforcement" and scene.below(10, "unpaid") < 4,
    }
    yield Event("court_event", scene.serial, scene.on, values, {"ended_on": ended, "unpaid_end": ended})


def _inspection(scene: Scene, given: dict[str, Any]) -> Iterator[Event]:
    kind = (
        given.get("kind") or ("contract", "insurance", "hours", "other", "wages")[scene.below(5, "act kind")]
    )
    persons = given.get("persons", 1 + scene.below(3, "act persons"))
    settled = scene.after(5, 25, "act settled")
    state = given.get("state") or ("corrected" if scene.below(100, "act state") < 88 else "punished")
    values = {
        "act_no": _number("inspection_act", scene),
        "found_on": scene.on,
        "kind": kind,
        "state": state,
        "persons": persons,
        "amount": persons * scene.wage * (2 if given.get("persons") else 1) // 100 * 100
        if kind in ("wages", "fled")
        else 0,
        "due_on": scene.after(15, 1, "act due"),
        "settled_on": settled if state in ("corrected", "punished") else None,
    }
    yield Event("inspection_act", scene.serial, scene.on, values, {"settled_on": settled})


def _clue(scene: Scene, given: dict[str, Any]) -> Iterator[Event]:
    checked = scene.after(2, 6, "clue checked")
    channel = (
        given.get("channel") or ("12333", "12345", "12345", "platform", "letters")[scene.below(5, "channel")]
    )
    verified = given.get("verified", scene.below(100, "clue true") < 25)
    closed = scene.after(4, 20, "clue closed") if not given.get("verified") else None
    before = scene.on.replace(day=1) - dt.timedelta(days=1)
    values = {
        "clue_no": _number("arrears_clue", scene),
        "received_on": scene.on,
        "channel": channel,
        "persons": given.get("persons", 1 + (scene.below(10, "clue persons") == 0)),
        "verified": verified,
        "unpaid_period": before.year * 100 + before.month,
        "closed_on": closed,
    }
    yield Event(
        "arrears_clue",
        scene.serial,
        scene.on,
        values,
        {"verified": checked} | ({"closed_on": closed} if closed else {}),
    )


def _penalty(dataset: str) -> Callable[[Scene, dict[str, Any]], Iterator[Event]]:
    def made(scene: Scene, given: dict[str, Any]) -> Iterator[Event]:
        drawn = scene.below(100, "penalty kind")
        kind = "penalty" if drawn < 40 else "hazard" if drawn < 97 else "stop"
        due = scene.after(15, 15, "fix by")
        fixed = due + dt.timedelta(
            days=scene.below(12, "fixed") - 10
            if scene.below(100, "in time") < 85
            else scene.below(30, "fixed late") + 1
        )
        values = {
            "penalty_no": _number(dataset, scene),
            "kind": kind,
            "decided_on": scene.on,
            "due_on": due,
            "fixed_on": fixed,
        }
        if kind == "penalty":
            values |= {"due_on": None, "fixed_on": None}
        yield Event(dataset, scene.serial, scene.on, values, {} if kind == "penalty" else {"fixed_on": fixed})

    return made


def _market_penalty(scene: Scene, given: dict[str, Any]) -> Iterator[Event]:
    reason = ("未亮照经营", "广告用语不当", "计量器具未检定", "标签不合规")[scene.below(4, "reason")]
    amount = (500 + scene.below(200, "fine") * 100) * 100
    yield Event(
        "market_penalty",
        scene.serial,
        scene.on,
        {
            "penalty_no": _number("market_penalty", scene),
            "decided_on": scene.on,
            "amount": amount,
            "reason": reason,
        },
    )


def _abnormal(scene: Scene, given: dict[str, Any]) -> Iterator[Event]:
    removed = (
        scene.after(30, 150, "removed") if "kind" not in given and scene.below(100, "cures") < 70 else None
    )
    values = {
        "listing_no": _number("market_abnormal", scene),
        "kind": given.get("kind", "abnormal"),
        "listed_on": scene.on,
        "removed_on": removed,
    }
    yield Event("market_abnormal", scene.serial, scene.on, values, {"removed_on": removed} if removed else {})


def _injury(scene: Scene, given: dict[str, Any]) -> Iterator[Event]:
    kind = "occupational" if scene.below(100, "injury kind") < 3 else "injury"
    yield Event(
        "si_injury",
        scene.serial,
        scene.on,
        {"injury_no": _number("si_injury", scene), "occurred_on": scene.on, "kind": kind},
    )


def _group(scene: Scene, given: dict[str, Any]) -> Iterator[Event]:
    kind = given.get("kind") or ("petition", "petition", "petition", "online")[scene.below(4, "group kind")]
    persons = given.get("persons", 3 + scene.below(6, "group persons"))
    values = {
        "event_no": _number("group_event", scene),
        "occurred_on": scene.on,
        "kind": kind,
        "persons": persons,
        "claim": given.get("claim", "wages"),
    }
    yield Event("group_event", scene.serial, scene.on, values)


def _credit(scene: Scene, given: dict[str, Any]) -> Iterator[Event]:
    drawn = scene.below(100, "credit kind")
    kind = "grade_a" if drawn < 60 else "grade_b" if drawn < 92 else "grade_c"
    yield Event(
        "credit_list",
        scene.serial,
        scene.on,
        {"list_no": _number("credit_list", scene), "kind": kind, "listed_on": scene.on, "removed_on": None},
    )


def _accident(scene: Scene, given: dict[str, Any]) -> Iterator[Event]:
    drawn = scene.below(100, "accident")
    deaths, serious = (1 if drawn == 0 else 0), (1 if 0 < drawn < 15 else 0)
    loss = (10_000 + scene.below(400, "loss") * 1_000) * 100
    values = {
        "accident_no": _number("accident", scene),
        "occurred_on": scene.on,
        "deaths": deaths,
        "serious": serious,
        "loss_amount": loss,
        "minor": 1 + scene.below(2, "minor"),
    }
    yield Event("accident", scene.serial, scene.on, values)


def _disease(scene: Scene, given: dict[str, Any]) -> Iterator[Event]:
    yield Event(
        "occupational_disease",
        scene.serial,
        scene.on,
        {"case_no": _number("occupational_disease", scene), "diagnosed_on": scene.on, "persons": 1},
    )


MAKERS: Final[dict[str, Callable[[Scene, dict[str, Any]], Iterator[Event]]]] = {
    "dispute_case": _dispute,
    "court_event": _court,
    "inspection_act": _inspection,
    "arrears_clue": _clue,
    "safety_penalty": _penalty("safety_penalty"),
    "environment_penalty": _penalty("environment_penalty"),
    "market_penalty": _market_penalty,
    "market_abnormal": _abnormal,
    "si_injury": _injury,
    "group_event": _group,
    "credit_list": _credit,
    "accident": _accident,
    "occupational_disease": _disease,
}
