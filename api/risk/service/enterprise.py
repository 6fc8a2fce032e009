"""The file of one enterprise: standing, reasons, what happened, what people decided, its cases and where the data come from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy.orm import Session

from api.infra.auth import Principal
from api.infra.db import UnitOfWork
from api.kernel.clock import SHANGHAI, Clock, shanghai_day
from api.kernel.errors import not_found
from api.risk import reading, repository
from api.risk.episodes.grading import Grading
from api.risk.model import RuleSetRef, Run
from api.risk.ports import CaseLine, Cases, Directory, FactRows, People, Places, Reasons, Sources
from api.risk.rules import sight_of
from api.risk.service.desk import displayed
from api.risk.service.explaining import lit, nearest
from api.risk.service.spoken import Seen, spoken
from api.risk.tables import ChangeRow, JudgementRow, SettledRow, StandingRow
from api.risk.views import EnterpriseFile, Judged, Moment, PointFile

LOG = 100
JUDGEMENTS = 50


class EnterpriseFiles:
    """Reads only; the number of statements is the same for every enterprise."""

    def __init__(
        self, uow: UnitOfWork, clock: Clock, reasons: Reasons, sources: Sources, directory: Directory,
        cases: Cases, places: Places, people: People,
    ) -> None:  # fmt: skip
        self._uow, self._clock = uow, clock
        self._reasons, self._sources, self._directory = reasons, sources, directory
        self._cases, self._places, self._people = cases, places, people

    def file(self, who: Principal, enterprise: int) -> EnterpriseFile:
        """Everything about it; another street's enterprise is not found unless the reader answers for a case of it.

        Raises not_found, forbidden.
        """
        today = shanghai_day(self._clock.now())
        with self._uow.read() as session:
            standing, run, ruleset = self._standing(session, who, enterprise)
            judged = reading.every_judgement(session, enterprise, JUDGEMENTS)
            episodes = reading.episodes(session, enterprise)
            log = reading.changes(session, enterprise, LOG + 1)
            settled = reading.settlements(session, enterprise)
            name, uscc = self._directory.named([enterprise]).get(enterprise, ("", ""))
            cases = self._cases.of_enterprise(who, enterprise)
            sources = self._sources.standings(today)
            names = self._people.names({row.author for row in judged})
            place = self._places.names().get(standing.town, (standing.town, standing.town))
            tree = self._reasons.explain(ruleset, run, enterprise)
        tiers = Grading.of(ruleset.document).unpack(standing.tiers_a, standing.tiers_b)
        explained = lit(tree)
        said = [row for row in judged if _state(row, today) == "holds"]
        seen = displayed(standing, said)
        if tree:
            grades = Seen(seen, standing.shown, standing.raw, standing.effective, standing.memory)
            tree = {**tree, "sentence": spoken(tree, grades)}
        shown_log = log[:LOG]
        return EnterpriseFile(
            standing=standing,
            name=name,
            uscc=uscc,
            place=place,
            displayed=seen,
            tiers=tiers,
            as_of=date.fromisoformat(tree["as_of"]) if "as_of" in tree else standing.as_of,
            month=run.month,
            episodes=episodes,
            log=shown_log,
            judged=[Judged(row, names.get(row.author, ""), _state(row, today)) for row in judged],
            settled=settled,
            explanation=tree,
            changes=nearest(tree),
            differing=[point for point, tier in explained.items() if tiers.get(point) != tier],
            cases=cases,
            sources=sources,
            timeline=timeline(shown_log, episodes, cases, judged, settled, today),
            log_more=len(log) > LOG,
            input_hash=run.input_hash,
            ruleset_hash=run.ruleset_hash,
        )

    def behind(self, file: EnterpriseFile, points: Sequence[str]) -> Mapping[str, Sequence[FactRows]]:
        """Accepted rows behind these control points of a file that the reader was given, by point."""
        with self._uow.read():
            return {
                point: self._reasons.behind(file.explanation, file.standing.enterprise, point)
                for point in points
            }

    def point(self, who: Principal, enterprise: int, point: str) -> PointFile:
        """One control point with the accepted rows behind it. Raises not_found, forbidden."""
        with self._uow.read() as session:
            _standing, run, ruleset = self._standing(session, who, enterprise)
            name, uscc = self._directory.named([enterprise]).get(enterprise, ("", ""))
            opened = self._sources.opened_by(who.account_id or "")
            tree = self._reasons.explain(ruleset, run, enterprise)
            behind = self._reasons.behind(tree, enterprise, point)
        for dimension in tree.get("dimensions", ()):
            for found in dimension["points"]:
                if found["id"] == point:
                    return PointFile(
                        enterprise, name or uscc, found, dimension, tree["facts"],
                        {one["id"]: (one["zh"], one["en"]) for d in tree["dimensions"] for one in d["points"]},
                        date.fromisoformat(tree["as_of"]), tree["month"], behind, frozenset(opened),
                    )  # fmt: skip
        raise not_found()

    def _standing(
        self, session: Session, who: Principal, enterprise: int
    ) -> tuple[StandingRow, Run, RuleSetRef]:
        sight = sight_of(who.roles, who.attributes)
        standing = reading.standing(session, enterprise)
        if standing is None:
            raise not_found()
        # Who answers for a case by the address where an enterprise works must know why it is warned of.
        if not sight.covers(standing.town) and not self._cases.owned(who, enterprise):
            raise not_found()
        run = reading.run_behind(session, standing)
        if run is None:
            raise not_found()
        used = repository.used_ruleset(session, run.ruleset_hash)
        ruleset = RuleSetRef(used.name, used.version, used.hash, used.document)
        return standing, repository.run_of(run), ruleset


def _state(row: JudgementRow, today: date) -> str:
    if row.withdrawn_at is not None:
        return "withdrawn"
    return "holds" if row.expires_on >= today else "expired"


def timeline(
    log: Sequence[ChangeRow],
    episodes: Sequence[Any],
    cases: Sequence[CaseLine],
    judged: Sequence[JudgementRow],
    settled: Sequence[SettledRow],
    today: date,
) -> list[Moment]:
    """What happened, newest first. A change of which people see nothing is in it, too: corrections show their effect."""
    found = [
        Moment(row.at, row.reason, {"row": row, "seen": row.shown_before != row.shown_after}) for row in log
    ]
    by_episode: dict[str, list[SettledRow]] = defaultdict(list)
    for row in settled:
        by_episode[row.episode_id].append(row)
    for episode, warning in episodes:
        facts = {"episode": episode, "warning": warning, "settled": by_episode[episode.id]}
        found += [
            Moment(at, kind, facts)
            for at, kind in (
                (warning.created_at, "opened"),
                (warning.issued_at, "issued"),
                (warning.raised_at, "raised"),
                (warning.confirmed_at, "confirmed"),
                (episode.closed_at, "closed"),
            )
            if at is not None
        ]
    for case in cases:
        found.append(Moment(case.issued_at, "case_opened", {"case": case}))
        if case.closed_at is not None:
            found.append(Moment(case.closed_at, "case_closed", {"case": case}))
    found += [moment for row in judged for moment in _judged(row, today)]
    return sorted(found, key=lambda moment: moment.at, reverse=True)


def _judged(row: JudgementRow, today: date) -> Iterator[Moment]:
    facts: Mapping[str, Any] = {"judgement": row}
    yield Moment(row.made_at, row.kind, facts)
    if row.withdrawn_at is not None:
        yield Moment(row.withdrawn_at, "withdrawn", facts)
    elif row.expires_on < today:
        yield Moment(_end(row.expires_on), "expired", facts)


def _end(day: date) -> datetime:
    """The moment at which a day ends in China."""
    return datetime.combine(day + timedelta(days=1), time(), SHANGHAI).astimezone(UTC)
