"""Error texts of the rule sets, what each finding of the lint says, and the words of the editor's pages."""

from __future__ import annotations

from api.infra.i18n import N_

TEXTS: dict[str, tuple[str, str]] = {
    "risk.rule_set_version": (
        "版本号只能用字母、数字、点和短横，1 至 20 个字符。",
        "A version's number is made of 1 to 20 letters, digits, dots and hyphens.",
    ),
    "risk.rule_set_form": (
        "规则集格式不对（{where}）：{reason}。",
        "The rule set has the wrong form at {where}: {reason}.",
    ),
    "risk.rule_set_sheet": (
        "表格有误：工作表“{sheet}”第 {row} 行“{column}”列，{reason}。",
        "The spreadsheet is wrong: sheet “{sheet}”, row {row}, column “{column}”: {reason}.",
    ),
    "risk.rule_set_parts": (
        "页面上放不下了：一组最多 {parts} 个部分，一个控制点最多 {nodes} 个，嵌套最多 {depth} 层；更大的条件请用表格。",
        "There is no room for more on a page: at most {parts} parts in a group, {nodes} in a control point, {depth} levels."
        " Use the spreadsheet for larger conditions.",
    ),
    "risk.rule_set_patterns": (
        "组合提级最多 {patterns} 个，每个最多 {points} 个控制点。",
        "There are at most {patterns} patterns of {points} control points each.",
    ),
    "risk.rule_set_facts": ("无法按所填事实试算：{reason}。", "These facts cannot be tried: {reason}."),
    "risk.rule_set_moment": ("时间须带时区。", "The moment needs a time zone."),
    "risk.rule_set_has_errors": (
        "规则检查发现 {count} 处错误，不能通过校验；每一处都列在检查结果里。",
        "The lint finds errors ({count}), so this cannot be validated: each is listed among the findings.",
    ),
    "risk.rule_set_not_validated": (
        "只有通过校验的版本才能发布（当前状态：{state}）。",
        "Only a validated version can be published (state now: {state}).",
    ),
    "risk.rule_set_second_person": (
        "发布须由编制人以外的第二人完成。",
        "A version is published by a second person, not by one of its authors.",
    ),
    "risk.rule_set_overtaken": (
        "期间已有新版本发布（第 {newest} 号，本稿基于第 {base} 号），请对比后重新校验。",
        "Another version was published meanwhile (number {newest}; this one stands on {base}): compare and validate again.",
    ),
    "risk.rule_set_changed": (
        "该版本已被他人修改（现为第 {revision} 次修订），请刷新后再试。",
        "Somebody else changed this version (revision {revision} now): reload it and try again.",
    ),
    "risk.rule_set_closed": (
        "该版本已发布或已撤回，不能再改（{state}）。",
        "This version is closed and cannot be changed any more ({state}).",
    ),
    "risk.rule_set_not_measured": (
        "还没有针对这一版本（摘要 {hash}）且通过的回测：请先做回测，超出街道承受能力的须由第二人接受；或由负责人写明理由后发布。",
        "No backtest of exactly this version ({hash}) has passed: make one first, accepted by a second person where it exceeds a"
        " street's capacity, or let a director publish with a written reason.",
    ),
    "risk.rule_set_reason": (
        "不经回测发布的理由须为 {least} 至 {most} 个字。",
        "The reason for publishing without a backtest has {least} to {most} characters.",
    ),
    "risk.rule_set_day": ("请按 年-月-日 填写生效日期。", "Please write the day as year-month-day."),
    "risk.rule_set_period": ("结束日期早于开始日期。", "The period ends before it begins."),
    "risk.rule_set_backdated": (
        "生效日期不能早于今天：没有人能提前知道这套规则。",
        "A rule set cannot hold before today: nobody knew it then.",
    ),
    "risk.rule_set_altered": (
        "库中规则集与其摘要不符（{row_id}），已停止使用。",
        "A stored rule set does not match its hash ({row_id}) and is not used.",
    ),
}

FINDINGS: dict[str, tuple[str, str]] = {
    "weights_sum": ("权重合计为 {sum}，应为 10000。", "The weights add up to {sum}, not to 10,000."),
    "duplicate": ("{where} 重复（{what}）。", "{where} is there twice ({what})."),
    "dimension_unknown": (
        "{where} 的维度 {dimension} 未定义。",
        "{where} names a dimension that does not exist: {dimension}.",
    ),
    "basis_missing": ("{where} 缺少依据。", "{where} names no basis."),
    "name_missing": ("{where} 缺少中文或英文名称。", "{where} lacks a Chinese or English name."),
    "weightless": ("{where} 权重为 0。", "{where} has no weight."),
    "levels_not_rising": (
        "{where} 未随颜色递增：{values}。",
        "{where} does not rise with the colours: {values}.",
    ),
    "level_unreachable": (
        "{where} 高于最高可能得分 {highest}，永远达不到。",
        "{where} is above the highest possible score {highest}.",
    ),
    "level_always": ("{where} 为 0，所有企业都会亮灯。", "{where} is 0: every enterprise would be lit."),
    "overrides_not_rising": (
        "提级规则未随颜色递增：{grades}。",
        "The overrides do not rise with the colours: {grades}.",
    ),
    "point_unknown": (
        "{where} 引用了不存在的控制点 {point}。",
        "{where} names a point that does not exist: {point}.",
    ),
    "colour_absent": (
        "{where} 要求 {point} 达到 {colour}，而它没有这一级。",
        "{where} asks for {colour} of {point}, which never takes it.",
    ),
    "pattern_idle": (
        "{where} 的组合不起作用：单项提级已达 {grade}。",
        "{where} lifts nothing: single points give {grade} already.",
    ),
    "cycle": ("控制点互相引用成环：{where}。", "Points read each other's tiers in a circle: {where}."),
    "fact_unknown": (
        "{where} 用到未登记的指标 {fact}。",
        "{where} reads a fact that the dictionary lacks: {fact}.",
    ),
    "worse_unread": (
        "{where} 声明了未使用的指标方向：{fact}。",
        "{where} declares a direction for a fact that it does not read: {fact}.",
    ),
    "divides_by_zero": (
        "{where} 在分母 {den} 不为正时才计算比率。",
        "{where} takes a share of {den} only where that is 0.",
    ),
    "ratio_of_itself": ("{where} 用 {fact} 除以自身。", "{where} divides {fact} by itself."),
    "den_not_needed": (
        "{where} 的分母 {den} 未列为必需指标：缺失时按不成立处理。",
        "{where}: the denominator {den} is not among the needed facts; unknown, it counts as not met.",
    ),
    "ratio_with_zero": (
        "{where} 的比率阈值为 0，等同于比较 {num} 与 0。",
        "{where}: a share against 0 only compares {num} with 0.",
    ),
    "persons_without_colour": (
        "{where} 使用了人数下限 {persons}，而“不适用”没有颜色。",
        "{where} uses a person floor ({persons}), but “not applicable” has no colour.",
    ),
    "always_coloured": ("{where} 对任何取值都亮灯。", "{where} is lit whatever the facts are."),
    "never_true": ("{where} 的条件永不成立。", "{where} can never be true."),
    "never_shown": (
        "{where} 永不显示：凡成立时更高一级（或不适用）也成立。",
        "{where} never shows: wherever it holds, a higher colour (or not applicable) does too.",
    ),
    "floors_only": (
        "{where} 只在人数达不到更高一级的下限时才会显示：请核对阈值是否写反或相同。",
        "{where} shows only where too few persons are concerned for a higher colour: are thresholds turned round or the same?",
    ),
    "overlap": ("{where} 与 {other} 的条件完全相同。", "{where} holds exactly where {other} does."),
    "gap": (
        "{where}：{what} 变差时在 {at} 处由 {colour} 落到 {then}，阈值之间有空档。",
        "{where}: as {what} gets worse, {colour} falls to {then} at {at}: there is a gap between thresholds.",
    ),
    "inversion": (
        "{where}：{what} 变差时在 {at} 处由 {colour} 降为 {then}，阈值次序颠倒。",
        "{where}: as {what} gets worse, {colour} falls to {then} at {at}: thresholds stand crosswise.",
    ),
    "direction_contradicted": (
        "{where} 声明 {fact} 的变差方向为 {declared}，与条件相反。",
        "{where} declares {fact} worse going {declared}; its conditions say the opposite.",
    ),
    "direction_mixed": (
        "{where} 中 {fact} 两个方向都会变差，请声明方向或确认。",
        "{where}: {fact} works in both directions; declare one or make sure.",
    ),
    "too_many_cells": (
        "{where} 有 {variables} 个变量，组合过多，是否有空档或永不出现的颜色未能全部判定。",
        "{where} has {variables} variables: too many combinations; gaps and colours that never show are not all decided.",
    ),
}

FIELD_PROBLEMS: dict[str, str] = {
    "number_malformed": N_("“%(text)s”不是数字"),
    "number_too_fine": N_("小数最多 %(places)s 位"),
    "number_out_of_range": N_("须在 %(least)s 与 %(most)s 之间"),
    "text_malformed": N_("内容格式不对，或超过 %(most)s 个字"),
    "choice_malformed": N_("请从列表中选择"),
    "point_malformed": N_("没有控制点“%(text)s”"),
    "pattern_malformed": N_("看不懂这一行：%(text)s"),
    "field_missing": N_("请填写"),
    "fact_missing": N_("请选择指标"),
    "fact_malformed": N_("字典里没有指标“%(text)s”"),
    "point_missing": N_("请选择控制点"),
    "flag_malformed": N_("是非指标请写成 = 1（是）或 = 0（否）"),
    "share_of_flag": N_("是非指标不能用来算比率"),
    "floor_malformed": N_("人数下限须看以人或件计的指标"),
    "group_empty": N_("这一组里还没有部分"),
    "group_full": N_("一组最多 %(most)s 个部分"),
    "not_of_one": N_("“以下不成立”只能有一个部分，请先套成一组"),
    "colour_missing": N_("至少保留一种颜色的条件"),
    "needs_many": N_("必需指标最多 %(most)s 项"),
}
STATE_NAMES = {
    "draft": N_("草稿"),
    "validated": N_("已校验"),
    "published": N_("已发布"),
    "withdrawn": N_("已撤回"),
}
STATE_TONES = {"draft": "neutral", "validated": "info", "published": "success", "withdrawn": "neutral"}
LEVEL_NAMES = {"error": N_("错误"), "warning": N_("警示"), "undecided": N_("无法判定")}
LEVEL_TONES = {"error": "danger", "warning": "warning", "undecided": "info"}
ACTION_NAMES = {
    "risk.rule_set_drafted": N_("新建草稿"),
    "risk.rule_set_changed": N_("修改内容"),
    "risk.rule_set_rebased": N_("已与新发布的版本对比"),
    "risk.rule_set_validated": N_("通过校验"),
    "risk.rule_set_published": N_("发布"),
    "risk.rule_set_withdrawn": N_("撤回草稿"),
    "risk.rule_set_exported": N_("导出规则集"),
    "risk.rule_set_trail_exported": N_("导出审计记录"),
}
FRAME_NAMES = {
    "id": N_("规则集"),
    "version": N_("版本号"),
    "base_levels": N_("得分等级线"),
    "colour_points": N_("每种颜色的分值"),
    "person_floors": N_("人数下限"),
    "overrides": N_("单项提级"),
    "red_points": N_("一票红灯控制点"),
    "patterns": N_("组合提级"),
    "coverage_floor_bp": N_("数据覆盖下限"),
    "repeat_window_days": N_("重复预警窗口"),
    "fall_cycles": N_("降级所需连续月数"),
    "dimensions": N_("维度"),
}
POINT_NAMES = {
    "weight_bp": N_("权重"),
    "weight": N_("权重"),
    "zh": N_("中文名称"),
    "en": N_("英文名称"),
    "basis": N_("依据"),
    "no": N_("序号"),
    "dimension": N_("维度"),
    "needs": N_("必需指标"),
    "worse": N_("变差方向"),
    "not_applicable": N_("不适用条件"),
    "slots": N_("颜色"),
}
SECTION_NAMES = {"weights": N_("权重"), "frame": N_("等级、提级与窗口"), "point": N_("控制点")}
