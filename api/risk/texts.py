"""Error texts of runs, warnings and backtests."""

from __future__ import annotations

from api.infra.i18n import N_
from api.risk.board.texts import TEXTS as BOARD_TEXTS
from api.risk.rulesets.texts import TEXTS as RULESET_TEXTS

TEXTS: dict[str, tuple[str, str]] = {
    **RULESET_TEXTS,
    **BOARD_TEXTS,
    "risk.decisions_damaged": (
        "决策文件 {file} 与登记的摘要不符，已停止使用，请从备份恢复。",
        "Decision file {file} does not match its recorded digest; it is not used. Restore it from a backup.",
    ),
    "risk.month_malformed": (
        "月份 {month} 的写法不对，应为六位数字，例如 202601。",
        "{month} is not a month; write six digits, such as 202601.",
    ),
    "risk.no_monthly_run": (
        "还没有完成过月度评估，不能进行每日评估。",
        "No monthly run has been finished yet, so there is nothing for a daily run to build on.",
    ),
    "risk.run_out_of_order": (
        "已有截至 {newest} 的评估，不能再补更早日期的评估；更早的数据请通过更正重新评估。",
        "There is a run as of {newest}; an earlier day can't be run any more. Earlier data are scored by a correction.",
    ),
    "risk.run_in_progress": (
        "上一次评估（{run}）还没有完成，请先继续完成它。",
        "The last run ({run}) is not finished; please complete it first.",
    ),
    "risk.second_person_required": (
        "这一步必须由另一个人复核，经办人本人不能复核自己。",
        "A second person must do this; nobody reviews what he did himself.",
    ),
    "risk.reason_missing": (
        "请写明理由，最多 {limit} 字。",
        "Please give a reason of {limit} characters at most.",
    ),
    "risk.nothing_to_sign": (
        "这条预警现在没有等待签发的内容。",
        "Nothing of this warning waits for a signature.",
    ),
    "risk.grade_changed": (
        "等待签发的等级已变为 {grade}，请重新查看后再签发。",
        "The grade that waits is {grade} by now; please look again before you sign.",
    ),
    "risk.episode_closed": (
        "这一轮风险事件已经销号。",
        "This episode is closed already.",
    ),
    "risk.rows_open": (
        "还有 {count} 条支撑数据没有处理，不能销号。",
        "{count} supporting rows are not settled yet, so the episode can't be closed.",
    ),
    "risk.row_unknown": (
        "所选的支撑数据不存在或已变动，请刷新后重试。",
        "A chosen row does not exist or has changed; please reload and try again.",
    ),
    "risk.facts_not_lower": (
        "结论为“已化解”时，事实必须已经降低，否则要写明理由和有效期。",
        "“Resolved” needs facts that are lower, or a written reason with an expiry.",
    ),
    "risk.expiry_malformed": (
        "有效期应在今天之后，且不超过 {days} 天。",
        "The expiry must lie after today and within {days} days.",
    ),
    "risk.grade_malformed": (
        "等级应为 0 至 4 之间的整数。",
        "The grade is a whole number from 0 to 4.",
    ),
    "risk.already_withdrawn": (
        "这一条已经撤回。",
        "It has been withdrawn already.",
    ),
    "risk.period_malformed": (
        "起止时间不对：开始应不晚于结束，回测最多 {most} 个月。",
        "The period is wrong: it starts no later than it ends, and a backtest covers {most} months at most.",
    ),
    "risk.already_accepted": (
        "这次回测已经有人复核。",
        "This backtest has been accepted already.",
    ),
    "risk.ruleset_invalid": (
        "候选规则集没有通过检查：{reason}",
        "The candidate rule set does not pass the checks: {reason}",
    ),
    "risk.exchange_missing": (
        "数据归集模块没有接通，暂时读不到各部门数据。",
        "The exchange of departments' data is not connected, so no rows can be read.",
    ),
    "risk.average_wage_missing": (
        "参数表里没有本地上年度平均工资，无法核算缴费基数，请先补录。",
        "No local average wage is on record, so contribution bases can't be judged; please enter it first.",
    ),
    "risk.backtest_unfinished": (
        "回测还没有完成，没有结果可以导出。",
        "The backtest is not finished, so there is no result to export.",
    ),
    "risk.nothing_to_confirm": (
        "这一预警不需要确认：它由人签发，或者已经确认、撤回或销号。",
        "There is nothing to confirm: a person issued this warning, or it was confirmed, lifted or closed already.",
    ),
    "risk.newer_episode": (
        "这家企业之后又出现了新的预警，请在新的预警里处理，不能再打开旧的。",
        "A newer warning of this enterprise has followed: deal with that one, the older one can't be reopened.",
    ),
    "risk.episode_open": (
        "这次预警还没有销号，不需要重新打开。",
        "This episode is still open, so there is nothing to reopen.",
    ),
    "risk.facts_damaged": (
        "事实文件 {file} 与登记的摘要不符，已停止使用，请从备份恢复。",
        "Fact file {file} does not match its recorded digest; it is not used. Restore it from a backup.",
    ),
    "risk.month_ahead": (
        "{month} 还没有到，不能回测；请选择已经开始的月份。",
        "{month} has not begun yet and can't be backtested; choose a month that has.",
    ),
    "risk.candidate_missing": (
        "请选择一个规则集版本，或者提交一份规则集文件，二者取一。",
        "Name a version of the rule set or send a document, one of the two.",
    ),
    "risk.backtest_ended": (
        "这次回测已经结束，不能再取消。",
        "This backtest is at its end and can't be cancelled any more.",
    ),
    "risk.nothing_to_accept": (
        "这次回测没有超出核查能力，或者还没有结束，不需要复核。",
        "This backtest does not exceed the capacity, or is not finished; there is nothing to accept.",
    ),
    "risk.shadow_period": (
        "并行试算的结束日应不早于开始日和今天，最长 {days} 天。",
        "A shadow run ends no earlier than it starts and not before today, within {days} days.",
    ),
    "risk.too_many_shadows": (
        "这段时间已有 {most} 个规则集在并行试算，请先停止一个。",
        "{most} rule sets run beside the live one in this period already; stop one of them first.",
    ),
    "risk.shadow_ended": (
        "这个并行试算已经结束。",
        "This shadow run is over already.",
    ),
    "risk.cursor_malformed": (
        "翻页位置的格式不对，请从第一页重新开始。",
        "The place to continue from has the wrong form; please start from the first page.",
    ),
    "risk.day_malformed": (
        "日期的写法不对，应为年-月-日，例如 2026-03-31。",
        "This is not a date; write year-month-day, such as 2026-03-31.",
    ),
    "risk.export_too_large": (
        "一次最多导出 {most} 行，请先用颜色、镇街或状态缩小范围。",
        "At most {most} rows can be exported at once; please narrow the list by colour, town or state first.",
    ),
}

GRADE_NAMES = (N_("无"), N_("蓝色"), N_("黄色"), N_("橙色"), N_("红色"), N_("数据不足"))
GRADE_CODES = ("none", "blue", "yellow", "orange", "red", "insufficient")
REASON_NAMES = {
    "run": N_("评估"),
    "correction": N_("数据更正引起等级变化"),
    "closure": N_("销号"),
    "reopening": N_("撤回销号"),
}
RUN_KINDS = {
    "monthly": N_("月度评估"),
    "daily": N_("每日评估"),
    "correction": N_("更正评估"),
    "shadow": N_("并行试算"),
}
RUN_STATES = {
    "opened": N_("等待计算"),
    "scored": N_("正在更新等级"),
    "folded": N_("正在收尾"),
    "finished": N_("已完成"),
}
BACKTEST_STATES = {
    "queued": N_("排队中"),
    "running": N_("进行中"),
    "finished": N_("已完成"),
    "failed": N_("未能完成"),
    "cancelled": N_("已取消"),
}
SHADOW_STATES = {
    "waiting": N_("尚未开始"),
    "running": N_("进行中"),
    "ended": N_("已到期"),
    "stopped": N_("已停止"),
}
VERSION_STATES = {"draft": N_("草稿"), "validated": N_("已校验"), "published": N_("已发布")}
