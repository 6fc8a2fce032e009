"""A generated district played through the product, month by month, as it would have lived it: for the honest report.

A clock stands still until the play moves it. Each file goes through the real intake on its day of sending; when a month's
files are in, its monthly run and the correction run go through the real engine, over the real database; what waits is
signed. Then people do their part: whoever is warned of is visited after the target of its colour (domain C.4), found to be
true where a story of the labels is being lived, and closed as unfounded where none is, so that an enterprise can be warned
of again. The labels are read by these visitors alone. Nothing is written on chain: the events wait in the outbox.

Every step is noted when it is done, and every step may be done twice: a play that is broken off goes on where it was.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import select

from api.bootstrap import risk as risk_wiring
from api.bootstrap.container import Container
from api.exchange.model import Channel, Mode, Request
from api.infra.auth import Principal
from api.infra.settings import Settings
from api.kernel.clock import SHANGHAI, FixedClock, SystemClock, shanghai_day
from api.migrations.run import upgrade
from api.parameters.service import ParametersService
from api.risk.episodes.closure import Decided
from api.risk.episodes.force import Outcome
from api.risk.runs.issuing import Issuing
from api.risk.tables import EpisodeRow, RunRow, StandingRow, WarningRow
from scripts.district.calendar import Month
from scripts.district.generate import LABELS, MANIFEST
from scripts.district.report import COLUMNS, GRADES, UNLAWFUL, Planted, read_habits, read_stories

WARNINGS, COLOURED, NOTES = "warnings.csv", "coloured.json", "played.jsonl"
VISIT = {1: 63, 2: 42, 3: 28, 4: 21}
"""Days from the warning to its closure when nothing is found: the targets of C.4, 45 / 30 / 20 / 15 working days."""
AFTERMATH = dt.timedelta(days=180)
"""So long after its harm, or after its onset where it has none, a story is found to be true."""
KEPT = dt.timedelta(days=90)
ANALYST = Principal(kind="staff", account_id="district-play", roles=frozenset({"operator", "risk_analyst"}))
_SECOND = "district-play-visitor"
_CHUNK = 1 << 20
Say = Callable[[str], None]


class PlayError(Exception):
    """A file was refused or a step is impossible; the text says which."""


@dataclass(frozen=True)
class Turn:
    """A month of the play: its files by day, and the evening on which it is scored."""

    month: Month
    files: Sequence[Mapping[str, Any]]
    day: dt.date


def turns(manifest: Mapping[str, Any]) -> list[Turn]:
    """The manifest's files by the month in which their period ends, oldest first."""
    months: dict[str, list[Mapping[str, Any]]] = {}
    for file in manifest["files"]:
        months.setdefault(file["period"][1][:7], []).append(file)
    return [
        Turn(Month.parse(text), files, max(dt.date.fromisoformat(file["sent_on"]) for file in files))
        for text, files in sorted(months.items())
    ]


class Play:
    """One district in one folder: `district` is what `concord district generate` made, `folder` the product's data."""

    def __init__(self, district: Path, folder: Path, say: Say = lambda _: None) -> None:
        self._district, self._folder, self._say = district, folder, say
        self._manifest: dict[str, Any] = json.loads((district / MANIFEST).read_text("utf-8"))
        self._stories: dict[str, list[Planted]] = {}
        self._habits = read_habits(district / LABELS)
        for story in read_stories(district / LABELS):
            self._stories.setdefault(story.uscc, []).append(story)
        folder.mkdir(parents=True, exist_ok=True)
        self._clock = FixedClock(dt.datetime(2000, 1, 1, tzinfo=dt.UTC))
        self._done = {note["step"] for note in self._notes()}
        self._said = [note for note in self._notes() if note["step"].startswith("warning/")]

    def run(self) -> Path:
        """Play everything that is not played yet; returns the CSV of warnings. Raises PlayError."""
        key = self._folder / "field.key"
        if not key.exists():
            key.write_text(secrets.token_hex(32), "ascii")
            key.chmod(0o600)
        settings = Settings(data_dir=self._folder / "data", field_key_file=key)
        settings.data_dir.mkdir(exist_ok=True)
        upgrade(settings.effective_database_url)
        container = Container(settings, self._clock)
        # Yearly figures are looked up by the day that they hold for; that they were entered later is no matter here.
        container.__dict__["parameters"] = ParametersService(container.uow, SystemClock(), settings.hotline)
        # The registry on chain is told nothing: there is no chain here.
        container.risk.__dict__["issuing"] = Issuing(container.bus, container.recorder)
        risk_wiring.subscribe(container)
        try:
            for turn in turns(self._manifest):
                self._turn(container, turn)
            return self._export(container)
        finally:
            container.close()

    # -- one month

    def _turn(self, container: Container, turn: Turn) -> None:
        month = turn.month.number
        if f"month/{month}" in self._done:
            return
        accepted = 0
        for file in turn.files:
            accepted += self._deliver(container, file)
        self._move(turn.day, 20)
        runs = container.risk.runs
        runs.resume()
        # As of the month's last day, up to which all files reach: feeds that come weekly in life come monthly here.
        run = runs.complete(runs.start_monthly(month, turn.month.last, ANALYST.actor).id)
        while (correction := runs.start_correction(ANALYST.actor)) is not None:
            runs.complete(correction.id)
        raised = self._sign(container, turn.day)
        closed = self._visit(container, turn.day)
        self._note(f"month/{month}", run=run.id)
        self._say(f"{month}: {accepted} 行 · {run.firms} 户 · 预警 {raised} · 销号 {closed}")

    def _move(self, day: dt.date, hour: int) -> None:
        moment = dt.datetime.combine(day, dt.time(hour), SHANGHAI)
        # A correction is sent a day after its file, so days may come out of order within a month: time does not go back.
        if moment > self._clock.now():
            self._clock.advance(moment - self._clock.now())

    def _deliver(self, container: Container, file: Mapping[str, Any]) -> int:
        step = f"file/{file['path']}"
        if step in self._done:
            return 0
        self._move(dt.date.fromisoformat(file["sent_on"]), 9)
        first, last = (dt.date.fromisoformat(day) for day in file["period"])
        request = Request(
            file["dataset"], Mode(file["mode"]), False, Channel.COMMAND, Path(file["path"]).name,
            first, last, file["rows"], file["sha256"],
        )  # fmt: skip
        batch = container.exchange.intake.receive(
            request, _chunks(self._district / file["path"]), ANALYST.actor
        )
        if batch.state.value != "committed" and file["rows"]:
            raise PlayError(f"{file['path']}: {batch.state.value} {batch.problem}")
        self._note(step, accepted=batch.new + batch.changed, quarantined=batch.quarantined)
        return int(batch.new + batch.changed)

    # -- what people do

    def _sign(self, container: Container, day: dt.date) -> int:
        """Sign what waits; each first signature and each raise is one line of the report."""
        with container.uow.read() as session:
            waiting = session.execute(
                select(WarningRow.id, WarningRow.pending, WarningRow.episode_id, StandingRow.enterprise, StandingRow.memory)
                .join(StandingRow, StandingRow.enterprise == WarningRow.enterprise)
                .where(WarningRow.pending > 0)
                .order_by(WarningRow.id)
            ).all()  # fmt: skip
        names = container.exchange.subjects.details([row.enterprise for row in waiting])
        codes = {row["enterprise"]: row["uscc"] for row in names}
        for row in waiting:
            self._said_once(
                f"warning/{row.episode_id}/{row.pending}",
                episode=row.episode_id,
                uscc=codes[row.enterprise],
                issued_on=day.isoformat(),
                grade=row.pending,
                points=" ".join(sorted(row.memory["supports"])),
            )
            container.risk.warnings.sign(ANALYST, row.id, row.pending)
        return len(waiting)

    def _visit(self, container: Container, day: dt.date) -> int:
        """Close what was found to be nothing, and what is over: unfounded, or resolved with a reason that expires."""
        warnings = container.risk.warnings
        with container.uow.read() as session:
            episodes = session.execute(
                select(EpisodeRow.id, EpisodeRow.enterprise, EpisodeRow.clocks_from, EpisodeRow.grade)
                .where(EpisodeRow.closed_at.is_(None))
                .order_by(EpisodeRow.id)
            ).all()
        due = [row for row in episodes if (day - row.clocks_from).days >= VISIT[row.grade]]
        names = container.exchange.subjects.details([row.enterprise for row in due])
        codes = {row["enterprise"]: row["uscc"] for row in names}
        closed = 0
        for row in due:
            if self._true(codes[row.enterprise], day):
                continue
            decided = [
                self._decided(codes[row.enterprise], item.point, item.key, day)
                for item in warnings.open_rows(row.id)
            ]
            warnings.close(ANALYST, row.id, decided, _SECOND)
            closed += 1
        return closed

    def _decided(self, uscc: str, point: str, key: str, day: dt.date) -> Decided:
        """A habit is confirmed; what a story left is resolved for a while; everything else is unfounded."""
        if point in self._habits.get(uscc, ()):
            return Decided(point, key, Outcome.CONFIRMED)
        if any(story.onset <= day for story in self._stories.get(uscc, ())):
            return Decided(point, key, Outcome.RESOLVED, day + KEPT, "核查后无异常")
        return Decided(point, key, Outcome.UNFOUNDED)

    def _true(self, uscc: str, day: dt.date) -> bool:
        """Whether a visitor finds trouble: a harmful or unlawful story that has begun and is not long over."""
        return any(
            story.onset <= day <= (story.harm_on or story.onset) + AFTERMATH
            for story in self._stories.get(uscc, ())
            if story.harm_on is not None or story.story in UNLAWFUL
        )

    # -- what comes out

    def _export(self, container: Container) -> Path:
        with container.uow.read() as session:
            closed = {
                row.id: shanghai_day(row.closed_at).isoformat()
                for row in session.execute(select(EpisodeRow.id, EpisodeRow.closed_at))
                if row.closed_at is not None
            }
            months = session.execute(
                select(RunRow.month, RunRow.file).where(RunRow.kind == "monthly").order_by(RunRow.month)
            ).all()
        names = {grade: name for name, grade in GRADES.items()}
        path = self._folder / WARNINGS
        with path.open("w", encoding="utf-8", newline="") as file:
            out = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            out.writeheader()
            for note in sorted(self._said, key=lambda note: (note["issued_on"], note["uscc"])):
                row = {name: note.get(name, "") for name in COLUMNS}
                out.writerow(
                    row | {"grade": names[note["grade"]], "closed_on": closed.get(note["episode"], "")}
                )
        decisions = self._folder / "data" / "risk" / "decisions"
        found = self._coloured(container, [decisions / row.file for row in months])
        (self._folder / COLOURED).write_text(json.dumps(found, indent=1) + "\n", "utf-8")
        return path

    def _coloured(self, container: Container, files: Sequence[Path]) -> dict[str, Any]:
        """Of the enterprises that live no story: firm-months by grade and by tier of each point, 0 none … 4 red, 5 unknown,
        6 not applicable. What colours them is ordinary untidiness alone."""
        subjects = container.exchange.subjects.subjects()
        quiet = subjects.filter(~pl.col("uscc").is_in(list(self._stories)))["enterprise"]
        rules = container.risk.rulesets.in_force(shanghai_day(self._clock.now()))
        points = [point["id"] for point in rules.document["points"]]
        grades, tiers = [0] * 5, {point: [0] * 7 for point in points}
        for path in files:
            frame = pl.read_parquet(path).filter(pl.col("enterprise").is_in(quiet.implode()))
            for grade, count in frame["raw_grade"].value_counts().iter_rows():
                grades[grade] += count
            for place, point in enumerate(points):
                packed = pl.col("tiers_a" if place < 14 else "tiers_b") // 16 ** (place % 14) % 16
                for tier, count in frame.select(tier=packed)["tier"].value_counts().iter_rows():
                    tiers[point][tier] += count
        return {"firms": quiet.len(), "months": len(files), "grades": grades, "points": tiers}

    # -- notes

    def _notes(self) -> Iterator[dict[str, Any]]:
        path = self._folder / NOTES
        if not path.exists():
            return
        for line in path.read_text("utf-8").splitlines():
            try:
                yield json.loads(line)
            except ValueError:
                continue  # cut by a kill: the step is done again

    def _note(self, step: str, **facts: Any) -> None:
        with (self._folder / NOTES).open("a", encoding="utf-8") as file:
            file.write("\n" + json.dumps({"step": step, **facts}, ensure_ascii=False))
        self._done.add(step)

    def _said_once(self, step: str, **facts: Any) -> None:
        if step not in self._done:
            self._note(step, **facts)
            self._said.append({"step": step, **facts})


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk
