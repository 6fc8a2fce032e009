"""The slice's service as the container offers it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from api.disposal.rules.law_periods import Computed
from api.disposal.service.boards import Boards
from api.disposal.service.cases import Cases
from api.disposal.service.command import Command
from api.disposal.service.context import Context
from api.disposal.service.desk import Desk
from api.disposal.service.field import FieldWork
from api.disposal.service.flow import Flow
from api.disposal.service.joint import JointTasks
from api.disposal.service.measures import Measures
from api.disposal.service.own import OwnVoice
from api.disposal.service.papers import Papers
from api.disposal.service.reading import Reading
from api.disposal.service.statutory import Statutory
from api.disposal.service.voices import Voices
from api.disposal.service.watch import Watch


@dataclass(frozen=True)
class Disposal:
    """All parts over one context."""

    context: Context
    cases: Cases
    field: FieldWork
    tasks: JointTasks
    papers: Papers
    voices: Voices
    watch: Watch
    measures: Measures
    desk: Desk
    command: Command
    own: OwnVoice
    boards: Boards
    statutory: Statutory
    reading: Reading

    @classmethod
    def over(cls, context: Context) -> Disposal:
        """The parts, built."""
        field = FieldWork(context)
        papers, voices = Papers(context), Voices(context)
        return cls(
            context,
            Cases(context, field),
            field,
            JointTasks(context),
            papers,
            voices,
            Watch(context),
            Measures(context),
            Desk(context),
            Command(context),
            OwnVoice(context, voices, papers),
            Boards(context),
            Statutory(context),
            Reading(context),
        )

    @property
    def flow(self) -> Flow:
        """Cases in numbers."""
        return Flow(self.context)

    def law_period(self, code: str, start: date, *, extended: bool = False) -> Computed:
        """A period that the law fixes, with its explanation. Raises not_found."""
        return self.statutory.compute(code, start, extended=extended)
