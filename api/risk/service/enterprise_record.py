"""The second half of an enterprise's report: where the data come from, and what has happened and was decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from api.infra.i18n import N_
from api.infra.reports import UNKNOWN, Cell, Table
from api.risk.ports import CaseLine, FactRows, SourceRow
from api.risk.service.enterprise_words import Words
from api.risk.service.explaining import contracts, reads
from api.risk.telling import fact_name, fact_value, grade_name, told
from api.risk.wording import JUDGEMENT_NAMES, JUDGEMENT_STATES, OUTCOME_NAMES, SOURCE_STATES

MOST_ROWS = 10
"""Source rows that are listed of one group of facts, the newest."""
MOST_MOMENTS = 60
"""Moments of the timeline that are listed, the newest."""


class Recorded(Words):
    """Its tables; one that would be empty is None."""

    def rows(self, behind: Mapping[str, Sequence[FactRows]]) -> Table | None:
        """Accepted rows with raw file and line."""
        say = self.say
        listed: dict[tuple[str, str, int], tuple[SourceRow, list[str]]] = {}
        left = 0
        for point, groups in behind.items():
            for group in groups:
                left += group.more + max(0, len(group.rows) - MOST_ROWS)
                for row in group.rows[:MOST_ROWS]:
                    points = listed.setdefault((row.dataset, row.batch, row.line), (row, []))[1]
                    if point not in points:
                        points.append(point)
        rows = [self._row(row, points) for row, points in listed.values()]
        if not rows:
            return None
        heads = [say(N_("控制点")), say(N_("数据集")), say(N_("时间")), say(N_("内容")), say(N_("原始文件"))]
        note = (
            say(
                N_("每组事实最多列出最新的 %(most)s 行，另有 %(more)s 行没有列出，可在页面上查看。"),
                most=MOST_ROWS,
                more=left,
            )
            if left
            else ""
        )
        return Table(say(N_("原始数据行：文件与行号")), heads, rows, (1, 2, 3, 4), (2, 3, 3, 8, 7), note)

    def _row(self, row: SourceRow, points: Sequence[str]) -> Sequence[Cell]:
        say, english = self.say, self.english
        what = row.en if english else row.zh
        if row.probable:
            what += f" · {say(N_('按名称匹配，待核实'))}"
        cells = [
            f"{cell.en} {cell.value_en}" if english else f"{cell.zh} {cell.value_zh}" for cell in row.cells
        ]
        file = row.file or say(N_("批次 %(batch)s"), batch=row.batch)
        place = f"{file} · {say(N_('第 %(line)s 行'), line=row.line)}"
        if row.received_at:
            place += f" · {say(N_('%(time)s 收到'), time=self.at(row.received_at))}"
        content = ("; " if english else "；").join(cells) or UNKNOWN
        return [" ".join(points), what, row.when or UNKNOWN, content, place]

    def contracts(self) -> Table | None:
        """Contracts, in totals."""
        say, lang = self.say, self.lang
        rows: list[Sequence[Cell]] = [
            [fact_name(self.lexicon[name], lang), fact_value(value, self.lexicon[name], lang)]
            for name, value in contracts(self.tree).items()
        ]
        note = say(N_("来自用工备案和电子合同合法性检查，是汇总数，不显示任何劳动者。"))
        heads = [say(N_("事实")), say(N_("数值"))]
        return Table(say(N_("劳动合同")), heads, rows, note=note) if rows else None

    def sources(self) -> Table | None:
        """How fresh the datasets are that the control points read."""
        say, english, used = self.say, self.english, reads(self.tree)
        rows: list[Sequence[Cell]] = []
        for one in self.file.sources:
            if one.dataset not in used:
                continue
            state = say(SOURCE_STATES[one.state][0])
            if one.days_stale:
                state += f" · {say(N_('过期 %(days)s 天'), days=one.days_stale)}"
            rows.append(
                [
                    one.en if english else one.zh, one.owner_en if english else one.owner_zh, state,
                    self.day(one.covered_end), " ".join(used[one.dataset]),
                ]
            )  # fmt: skip
        heads = [say(N_("数据集")), say(N_("部门")), say(N_("状态")), say(N_("数据截止")), say(N_("控制点"))]
        title = say(N_("数据来源与时效"))
        return Table(title, heads, rows, (1, 2, 3, 4), (6, 5, 5, 5, 6)) if rows else None

    def episodes(self) -> Table | None:
        """Episodes with their warnings and cases."""
        say = self.say
        cases = {case.warning_id: case for case in self.file.cases}
        rows: list[Sequence[Cell]] = []
        for episode, warning in self.file.episodes:
            grade = grade_name(episode.grade, self.lang)
            if episode.lift:
                grade += f" · {say(N_('重复，升一级'))}"
            if warning.issued_at:
                issued = self.at(warning.issued_at)
                issued += f" · {say(N_('自动签发'))}" if warning.auto else ""
            else:
                issued = UNKNOWN if episode.closed_at else say(N_("等待签发"))
            rows.append(
                [
                    str(episode.number), self.day(episode.opened_on), grade, issued, self._case(cases.get(warning.id)),
                    self._closed(episode),
                ]
            )  # fmt: skip
        heads = [
            say(N_("序号")), say(N_("开始")), say(N_("等级")), say(N_("预警")), say(N_("处置")), say(N_("销号")),
        ]  # fmt: skip
        note = "" if cases or not rows else say(N_("处置单没有列出：还没有处置单，或您的岗位看不到它们。"))
        title = say(N_("风险事件与处置"))
        return Table(title, heads, rows, (1, 2, 3, 4, 5), (2, 4, 3, 5, 5, 5), note) if rows else None

    def _case(self, case: CaseLine | None) -> str:
        if case is None:
            return UNKNOWN
        parts = [case.number, self.say(case.stage), case.unit_en if self.english else case.unit_zh]
        if case.outcome:
            parts.append(self.say(case.outcome))
        if case.due and not case.closed_at:
            parts.append(self.say(N_("期限 %(day)s"), day=self.at(case.due)))
        return " · ".join(part for part in parts if part)

    def _closed(self, episode: Any) -> str:
        if not episode.closed_at:
            return UNKNOWN
        own = [row for row in self.file.settled if row.episode_id == episode.id]
        if not own:
            return self.at(episode.closed_at)
        outcomes = dict.fromkeys(self.say(OUTCOME_NAMES.get(row.outcome, row.outcome)) for row in own)
        settled = self.say(N_("处理 %(count)s 条数据："), count=len(own))
        return f"{self.at(episode.closed_at)} · {settled}{self.listed(list(outcomes))}"

    def judgements(self) -> Table | None:
        """Overrides and snoozes with author, reason, expiry."""
        say = self.say
        rows: list[Sequence[Cell]] = []
        for one in self.file.judged:
            what = say(JUDGEMENT_NAMES[one.row.kind])
            if one.row.grade is not None:
                what += f" · {grade_name(one.row.grade, self.lang)}"
            rows.append(
                [
                    what, one.row.reason, one.author or UNKNOWN, self.at(one.row.made_at),
                    self.day(one.row.expires_on), say(JUDGEMENT_STATES[one.state]),
                ]
            )  # fmt: skip
        heads = [
            say(N_("内容")), say(N_("理由")), say(N_("登记人")), say(N_("登记时间")), say(N_("有效期至")), say(N_("状态")),
        ]  # fmt: skip
        title = say(N_("人工调整与暂缓提醒"))
        return Table(title, heads, rows, (1, 2, 3, 4, 5), (2, 4, 2, 3, 2, 1)) if rows else None

    def timeline(self) -> Table | None:
        """What happened, newest first."""
        say, moments = self.say, self.file.timeline
        rows: list[Sequence[Cell]] = []
        for moment in moments[:MOST_MOMENTS]:
            words = told(moment, self.lang)
            rows.append([self.at(words.at), words.title, words.text or UNKNOWN])
        cut = len(moments) > MOST_MOMENTS or self.file.log_more
        note = say(N_("更早的等级变化没有列出，可从 JSON 接口和评估记录查到。")) if cut else ""
        heads = [say(N_("时间")), say(N_("内容")), say(N_("说明"))]
        return Table(say(N_("时间线")), heads, rows, (1, 2), (3, 5, 4), note) if rows else None
