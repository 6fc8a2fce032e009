"""A version of the rule set and its audit record on paper and as spreadsheet: what its page says, whole, in one language.

The spreadsheet that is edited and read back is another one (`sheet`): it has no mark, because it must come back as it left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from api.infra.audit import AuditRow
from api.infra.i18n import N_, format_date, format_datetime, translate
from api.infra.reports import UNKNOWN, Cell, Mark, Report, Table
from api.risk.rulesets.model import State, Version
from api.risk.rulesets.ports import FactNames
from api.risk.rulesets.texts import ACTION_NAMES, LEVEL_NAMES, STATE_NAMES
from api.risk.rulesets.views import note
from api.risk.rulesets.wording import Lang, colour_name, fact_name, in_words, written
from api.risk.spec.document import COLOUR_NAMES
from api.risk.spec.lint import Finding

Names = Mapping[str, str]
"""Names of people by account; an account without one stands for itself."""
_WORST_FIRST = tuple(reversed(COLOUR_NAMES))


class _Words:
    """One language."""

    def __init__(self, lang: str) -> None:
        self.lang: Lang = "en" if lang == "en" else "zh"
        self.joint = ", " if lang == "en" else "、"

    def say(self, text: str, /, **values: object) -> str:
        return translate(self.lang, text, **values)

    def of(self, zh: str, en: str) -> str:
        return en if self.lang == "en" else zh

    def colour(self, colour: str | None) -> str:
        return colour_name(colour, self.lang) if colour else UNKNOWN


def rule_set_report(
    version: Version, live: str, today: date, findings: Sequence[Finding], facts: FactNames, names: Names, mark: Mark,
    lang: str,
) -> Report:  # fmt: skip
    """A version: who made it and since when it holds, weights, the points with their conditions in words, the frame.

    live: row id of the version in force on `today`; findings: what the lint says of this one.
    """
    words = _Words(lang)
    say, document = words.say, version.document.model_dump(mode="json")
    points = sorted(document["points"], key=lambda point: (point["no"], point["id"]))
    label = f"{document['id']} {document['version']}"
    tables = [
        _weights(document["dimensions"], points, words),
        _points(document["dimensions"], points, words),
        _conditions(points, facts, words),
        _levels(document, words),
    ]
    notes = [note(one, facts, words.lang) for one in findings]
    if notes:
        rows = [[say(LEVEL_NAMES[one.level]), one.text] for one in notes]
        tables.append(Table(say(N_("检查结果")), [say(N_("程度")), say(N_("说明"))], rows, (1,), (1, 8)))
    return Report(
        f"rule-set-{document['id']}-{document['version']}", lang, say(N_("规则集 %(label)s"), label=label),
        say(N_("规则集决定事实如何变成控制点的颜色、得分和等级。分析人员编制并校验，负责人作为第二人发布。")),
        mark.text(lang), mark.day, tables, sentence=_standing(version, live, today, words),
        facts=[*_origin(version, names, words), *_frame(document, words), *_nothing_found(notes, words)], upright=True,
    )  # fmt: skip


def _nothing_found(notes: Sequence[object], words: _Words) -> list[tuple[str, str]]:
    clean = words.say(N_("权重合计 10000，阈值没有空档、重叠和永远达不到的等级。"))
    return [] if notes else [(words.say(N_("检查结果")), clean)]


def _standing(version: Version, live: str, today: date, words: _Words) -> str:
    day = format_date(today, words.lang)
    if version.row_id == live:
        return words.say(N_("%(day)s 现行的规则集。"), day=day)
    if version.state is State.PUBLISHED:
        return words.say(N_("已发布，但不是 %(day)s 现行的规则集。"), day=day)
    return words.say(
        N_("%(state)s：没有生效，不据此预警。"), state=words.say(STATE_NAMES[version.state.value])
    )


def _origin(version: Version, names: Names, words: _Words) -> list[tuple[str, str]]:
    say = words.say
    found = [(say(N_("状态")), say(STATE_NAMES[version.state.value])), (say(N_("摘要")), version.hash)]
    if version.note:
        found.append((say(N_("说明")), version.note))
    if not version.authors:
        return [*found, (say(N_("来源")), say(N_("随软件交付")))]
    found.append((say(N_("编制人")), words.joint.join(names.get(one, one) for one in version.authors)))
    changed = format_datetime(version.changed_at, words.lang)
    found.append(
        (say(N_("修订")), say(N_("第 %(number)s 次，%(time)s"), number=version.revision, time=changed))
    )
    if version.validated_by:
        found.append((say(N_("校验人")), names.get(version.validated_by, version.validated_by)))
    if version.published_by and version.known_from and version.valid_from:
        end = format_date(version.valid_to, words.lang) if version.valid_to else say(N_("长期"))
        found += [
            (say(N_("发布人")), names.get(version.published_by, version.published_by)),
            (say(N_("已知于")), format_datetime(version.known_from, words.lang)),
            (say(N_("有效期")), f"{format_date(version.valid_from, words.lang)} – {end}"),
        ]
    if version.waiver:
        found.append((say(N_("未经回测发布的理由")), version.waiver))
    return found


def _frame(document: Mapping[str, Any], words: _Words) -> list[tuple[str, str]]:
    say = words.say
    found = [(say(N_("一票红灯控制点")), ", ".join(document["red_points"]) or UNKNOWN)]
    for number, pattern in enumerate(document["patterns"], 1):
        parts = " + ".join(f"{part['point']} {words.colour(part['colour'])}" for part in pattern["all"])
        found.append((f"{say(N_('组合提级'))} {number}", f"{parts} → {words.colour(pattern['grade'])}"))
    days = say(N_("%(days)s 天"), days=document["repeat_window_days"])
    return [
        *found,
        (say(N_("数据覆盖下限")), f"{written(document['coverage_floor_bp'], 'percent')} %"),
        (say(N_("重复预警窗口")), days),
        (say(N_("降级所需连续月数")), str(document["fall_cycles"])),
    ]


def _weights(dimensions: Sequence[Mapping[str, str]], points: Sequence[Any], words: _Words) -> Table:
    rows: list[Sequence[Cell]] = []
    for dimension in dimensions:
        own = [point["weight_bp"] for point in points if point["dimension"] == dimension["id"]]
        rows.append([words.of(dimension["zh"], dimension["en"]), len(own), sum(own)])
    rows.append([words.say(N_("合计")), len(points), sum(point["weight_bp"] for point in points)])
    heads = [words.say(N_("维度")), words.say(N_("控制点")), words.say(N_("权重"))]
    return Table(
        words.say(N_("维度与权重")), heads, rows, note=words.say(N_("权重以万分之一计，合计 10,000。"))
    )


def _points(dimensions: Sequence[Mapping[str, str]], points: Sequence[Any], words: _Words) -> Table:
    named = {one["id"]: words.of(one["zh"], one["en"]) for one in dimensions}
    rows: list[Sequence[Cell]] = [
        [
            point["id"], words.of(point["zh"], point["en"]), named.get(point["dimension"], point["dimension"]),
            point["weight_bp"], point["basis"],
        ]
        for point in points
    ]  # fmt: skip
    say = words.say
    heads = [say(N_("代码")), say(N_("控制点")), say(N_("维度")), say(N_("权重")), say(N_("依据"))]
    return Table(say(N_("控制点与依据")), heads, rows, (1, 2, 4), (3, 8, 6, 3, 16))


def _conditions(points: Sequence[Any], facts: FactNames, words: _Words) -> Table:
    say = words.say
    rows: list[Sequence[Cell]] = []
    for point in points:
        name = f"{point['id']} {words.of(point['zh'], point['en'])}"
        needs = words.joint.join(fact_name(facts, fact, words.lang) for fact in point["needs"])
        rows.append([name, say(N_("必需指标")), needs or UNKNOWN])
        conditions = [(colour, point["tiers"][colour]) for colour in _WORST_FIRST]
        for what, condition in [*conditions, ("not_applicable", point["not_applicable"])]:
            if condition is not None:
                rows.append([name, words.colour(what), in_words(facts, condition, words.lang)])
    heads = [say(N_("控制点")), say(N_("颜色或说明")), say(N_("条件"))]
    hint = say(N_("控制点取条件成立的最高一级颜色；缺少必需指标时为未知，不是零。"))
    return Table(say(N_("各颜色的条件")), heads, rows, (1, 2), (5, 3, 16), hint)


def _levels(document: Mapping[str, Any], words: _Words) -> Table:
    say = words.say
    rows: list[Sequence[Cell]] = [
        [
            words.colour(colour), document["base_levels"][colour], document["colour_points"][colour],
            document["person_floors"][colour], words.colour(document["overrides"][colour]),
        ]
        for colour in _WORST_FIRST
    ]  # fmt: skip
    heads = [
        say(N_("颜色")), say(N_("得分等级线")), say(N_("每种颜色的分值")), say(N_("人数下限")), say(N_("单项提级")),
    ]  # fmt: skip
    return Table(say(N_("等级、提级与窗口")), heads, rows, (4,))


def trail_report(
    version: Version, history: Sequence[AuditRow], names: Names, mark: Mark, lang: str
) -> Report:
    """A version's audit record, oldest first: each line with the name of who did it, and the account beside it."""
    say = _Words(lang).say
    rows: list[Sequence[Cell]] = [
        [
            str(number), format_datetime(entry.at, lang), say(ACTION_NAMES.get(entry.action, entry.action)),
            names.get(entry.actor, UNKNOWN), entry.actor, *(_told(entry, key) for key in ("revision", "sequence", "hash")),
            entry.purpose or UNKNOWN,
        ]
        for number, entry in enumerate(history, 1)
    ]  # fmt: skip
    heads = [
        say(N_("序号")), say(N_("时间")), say(N_("事项")), say(N_("经办人")), say(N_("账号")), say(N_("修订")), say(N_("发布号")),
        say(N_("摘要")), say(N_("理由")),
    ]  # fmt: skip
    label = f"{version.document.id} {version.document.version}"
    table = Table(say(N_("审计记录")), heads, rows, tuple(range(1, 9)), (2, 5, 4, 4, 5, 2, 2, 6, 6))
    return Report(
        f"rule-set-{version.document.id}-{version.document.version}-audit", lang,
        say(N_("规则集 %(label)s 的审计记录"), label=label), version.hash, mark.text(lang), mark.day, [table],
    )  # fmt: skip


def _told(entry: AuditRow, key: str) -> str:
    value = entry.facts.get(key)
    return UNKNOWN if value is None else str(value)
