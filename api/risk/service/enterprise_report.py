"""The file of an enterprise as a report: what an analyst takes to a meeting. Nothing stands in it that the page does not show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from api.infra.i18n import N_, format_date, translate
from api.infra.reports import UNKNOWN, Cell, Mark, Report, Spoke, Table
from api.risk.ports import FactRows
from api.risk.service.enterprise_record import Recorded
from api.risk.service.enterprise_words import COLOURS, Words, points_of
from api.risk.service.explaining import share
from api.risk.telling import condition, fact_name, fact_value, grade_name, tier_name
from api.risk.views import EnterpriseFile

LEAD = N_("预警是线索，不是处罚。企业可以说明情况，也可以申诉；处理以核查结果为准。")


def enterprise_report(
    file: EnterpriseFile, behind: Mapping[str, Sequence[FactRows]], mark: Mark, lang: str
) -> Report:
    """The report; `behind`: source rows of the control points of `shown_points`."""
    why, record = Reasoned(file, lang), Recorded(file, lang)
    dimensions = why.dimensions()
    tables = [
        why.reasons(), why.nearest(), dimensions, why.points(), why.facts(),
        record.rows(behind), record.contracts(), record.sources(), record.episodes(), record.judgements(),
        record.timeline(),
    ]  # fmt: skip
    place = file.place[lang == "en"]
    lead = translate(lang, N_("数据截至 %(day)s"), day=format_date(file.as_of, lang))
    return Report(
        f"enterprise-{file.standing.enterprise}", lang, file.name or str(file.standing.enterprise),
        " · ".join(part for part in (translate(lang, N_("企业风险档案")), file.uscc, place, lead) if part),
        mark.text(lang), mark.day, [table for table in tables if table is not None],
        sentence=file.explanation.get("sentence", {}).get(lang, ""), facts=why.standing(),
        notes=why.notes(), wheel=why.wheel(), wheel_title=dimensions.title if dimensions else "",
        upright=True,
    )  # fmt: skip


class Reasoned(Words):
    """Head and reasons; a table that would be empty is None."""

    def standing(self) -> list[tuple[str, str]]:
        """What the head of the page says, and by which rules and rows it was computed."""
        say, file, row = self.say, self.file, self.file.standing
        shown = grade_name(file.displayed, self.lang)
        if file.displayed != row.shown:
            shown += f" · {say(N_('人工调整，原为%(grade)s'), grade=grade_name(row.shown, self.lang))}"
        raw = grade_name(row.raw, self.lang)
        if row.effective != row.raw:
            settled = grade_name(row.effective, self.lang)
            raw += f" · {say(N_('扣除已处理的数据行后为%(grade)s'), grade=settled)}"
        found = [
            (say(N_("统一社会信用代码")), file.uscc or UNKNOWN),
            (say(N_("镇街")), file.place[self.english] or UNKNOWN),
            (say(N_("显示等级")), shown),
            (say(N_("本次计算等级")), raw),
            (say(N_("得分")), f"{row.score:,} / 10,000"),
            (say(N_("数据覆盖")), f"{row.coverage_bp // 100} %"),
        ]
        if self.tree:
            rules = f"{self.tree['rule_set']} {self.tree['version']}"
            found.append((say(N_("规则集")), rules))
        found += [
            (say(N_("规则集摘要")), file.ruleset_hash),
            (say(N_("输入数据摘要")), file.input_hash),
        ]
        opened = next((warning for episode, warning in file.episodes if episode.closed_at is None), None)
        if opened is not None and opened.input_hash not in ("", file.input_hash):
            found.append((say(N_("预警所依据的输入数据摘要")), opened.input_hash))
        return found

    def notes(self) -> list[str]:
        """What a reader must know before he acts on it."""
        say, file = self.say, self.file
        found = [say(LEAD)]
        for point, day in file.standing.memory["unknown_since"].items():
            held = grade_name(self.held.get(point, 0), self.lang)
            since = say(N_("自 %(day)s 起没有新数据，保留%(tier)s"), day=self.day(day), tier=held)
            found.append(f"{self.point(point)}{': ' if self.english else '：'}{since}")
        if file.differing:
            points = self.listed([self.point(point) for point in file.differing])
            found.append(say(N_("这些控制点的数据在上次评估之后有变化：%(points)s"), points=points))
        if not self.tree:
            found.append(say(N_("登记库里已没有它，或还没有部门数据。等级按最后一次评估显示。")))
        return found

    def reasons(self) -> Table | None:
        """Why this grade."""
        if not self.tree:
            return None
        say = self.say
        kinds = {
            "base_level": say(N_("总得分 %(score)s 对应的等级"), score=f"{self.tree['score']:,}"),
            "red_point": say(N_("这些控制点变红，企业即为红色：")).rstrip("：: "),
            "worst_colour": say(N_("最重的控制点决定最低等级：")).rstrip("：: "),
            "pattern": say(N_("同时出现的组合信号：")).rstrip("：: "),
        }
        rows: list[Sequence[Cell]] = [
            [
                tier_name(reason["grade"], self.lang), kinds[reason["kind"]],
                self.listed([self.point(point) for point in reason["points"]]) or UNKNOWN,
            ]
            for reason in self.tree["reasons"]
        ]  # fmt: skip
        heads = [say(N_("等级")), say(N_("依据")), say(N_("控制点"))]
        return Table(say(N_("为什么是这个等级")), heads, rows, (1, 2), (1, 3, 5))

    def nearest(self) -> Table | None:
        """What would change it."""
        if not self.file.changes:
            return None
        say, lang = self.say, self.lang
        rows: list[Sequence[Cell]] = [
            [
                fact_name(self.lexicon[one.fact], lang), fact_value(one.value, self.lexicon[one.fact], lang),
                fact_value(one.to, self.lexicon[one.fact], lang), tier_name(one.grade, lang),
            ]
            for one in self.file.changes
        ]  # fmt: skip
        heads = [say(N_("事实")), say(N_("现为")), say(N_("变为")), say(N_("计算等级"))]
        note = say(N_("每行只假设一个事实改变，其余不变。"))
        return Table(say(N_("什么会改变等级（最近的界限）")), heads, rows, (3,), (4, 2, 2, 2), note)

    def wheel(self) -> list[Spoke]:
        """The radar."""
        found = []
        for dimension in self.tree.get("dimensions", ()):
            percent = share(dimension)
            text = self.say(N_("未知")) if percent is None else f"{percent} %"
            found.append(Spoke(dimension["en" if self.english else "zh"], percent, text))
        return found

    def dimensions(self) -> Table | None:
        """The seven dimensions."""
        say = self.say
        rows: list[Sequence[Cell]] = []
        for dimension in self.tree.get("dimensions", ()):
            percent, tiers = share(dimension), [point["tier"] for point in dimension["points"]]
            rows.append(
                [
                    dimension["en" if self.english else "zh"],
                    f"{dimension['contribution_hundredths'] // 100:,} / {dimension['weight_bp']:,}",
                    say(N_("未知")) if percent is None else f"{percent} %",
                    sum(tier in COLOURS for tier in tiers), tiers.count("unknown"),
                ]
            )  # fmt: skip
        if not rows:
            return None
        heads = [say(N_("维度")), say(N_("得分")), say(N_("占比")), say(N_("亮灯")), say(N_("未知"))]
        note = say(N_("每个维度占该维度满分的百分比；越大风险越高"))
        return Table(say(N_("七个维度")), heads, rows, (), (3, 2, 1, 1, 1), note)

    def points(self) -> Table | None:
        """Control points with a colour, without data, or held."""
        say, lang = self.say, self.lang
        rows: list[Sequence[Cell]] = []
        quiet = 0
        for point in points_of(self.file):
            if point["id"] not in self.shown and point["tier"] != "unknown":
                quiet += 1
                continue
            tier = tier_name(point["tier"], lang)
            held = self.held.get(point["id"])
            if held and grade_name(held, lang) != tier:
                tier += f" · {say(N_('显示时保留%(grade)s'), grade=grade_name(held, lang))}"
            reached = f"{point['contribution_hundredths'] // 100:,} / {point['weight_bp']:,}"
            rows.append([self.point(point["id"]), tier, reached, self._why(point), point["basis"]])
        if not self.tree:
            return None
        heads = [say(N_("控制点")), say(N_("状态")), say(N_("得分")), say(N_("为什么")), say(N_("依据"))]
        note = say(N_("另有 %(count)s 个控制点没有亮灯或不适用。"), count=quiet) if quiet else ""
        return Table(say(N_("各控制点")), heads, rows, (1, 3, 4), (6, 3, 4, 11, 6), note)

    def _why(self, point: Mapping[str, Any]) -> str:
        if point["decisive"]:
            return condition(point["decisive"], self.lexicon, self.names, self.lang)
        lacking = self.listed([fact_name(self.lexicon[name], self.lang) for name in point["lacking"]])
        colon = ": " if self.english else "："
        return f"{self.say(N_('缺少的事实'))}{colon}{lacking}" if lacking else UNKNOWN

    def facts(self) -> Table | None:
        """Facts behind the control points that have a colour or hold one."""
        say, lang = self.say, self.lang
        read: dict[str, list[str]] = {}
        values: dict[str, int | None] = {}
        for point in points_of(self.file):
            if point["id"] not in self.shown:
                continue
            for name, value in point["facts"].items():
                twin = name.removesuffix("_sure")
                if twin != name and self.lexicon[name]["sure"] and point["facts"].get(twin) == value:
                    continue  # counts certain rows only and says the same
                read.setdefault(name, []).append(point["id"])
                values[name] = value
        rows: list[Sequence[Cell]] = [
            [
                fact_name(self.lexicon[name], lang), fact_value(values[name], self.lexicon[name], lang),
                " ".join(points), self.lexicon[name]["formula_en" if self.english else "formula_zh"],
            ]
            for name, points in read.items()
        ]  # fmt: skip
        heads = [say(N_("事实")), say(N_("数值")), say(N_("控制点")), say(N_("口径"))]
        return Table(say(N_("事实与数值")), heads, rows, (2, 3), (4, 2, 2, 6)) if rows else None
