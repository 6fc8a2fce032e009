"""Error texts of the slice and the names of keys, kinds and certainties for people."""

from __future__ import annotations

from api.infra.i18n import N_

TEXTS: dict[str, tuple[str, str]] = {
    "parameters.key_unknown": ("没有这个参数项。", "There is no such parameter."),
    "parameters.place_malformed": (
        "行政区划代码应为 6 位或 9 位数字。",
        "A region code has 6 or 9 digits.",
    ),
    "parameters.value_malformed": (
        "参数值的格式不对，应为：{expected}。",
        "The value has the wrong form; expected: {expected}.",
    ),
    "parameters.period_reversed": ("结束日期早于开始日期。", "The period ends before it begins."),
    "parameters.source_missing": (
        "请写明数据来源（不超过 300 字）。",
        "Please name the source (at most 300 characters).",
    ),
    "parameters.not_on_record": ("没有登记参数 {key}。", "The parameter {key} is not on record."),
    "parameters.already_withdrawn": ("这一行已经停用。", "This row is withdrawn already."),
    "parameters.day_kind_unknown": (
        "日期类型只能是放假或调休上班。",
        "A day is either a holiday or a worked weekend day.",
    ),
    "parameters.day_malformed": ("请按 年-月-日 填写日期。", "Please write the date as year-month-day."),
}

KEY_NAMES: dict[str, str] = {
    "min_wage.tier": N_("最低工资档次"),
    "min_wage.monthly.1": N_("月最低工资（一档）"),
    "min_wage.monthly.2": N_("月最低工资（二档）"),
    "min_wage.hourly.1": N_("小时最低工资（一档）"),
    "min_wage.hourly.2": N_("小时最低工资（二档）"),
    "average_wage.non_private": N_("城镇非私营单位年平均工资"),
    "average_wage.private": N_("城镇私营单位年平均工资"),
    "average_wage.basis": N_("职工月平均工资的取数口径"),
    "hours.day": N_("每日标准工时"),
    "hours.week": N_("每周标准工时"),
    "econtract.worker_deadline_days": N_("劳动者签署期限（天）"),
    "econtract.employer_alarm_workdays": N_("用人单位未签提醒（工作日）"),
    "econtract.employer_deadline_workdays": N_("用人单位签署期限（工作日）"),
    "econtract.delivery_hours": N_("订立完成通知送达时限（小时）"),
    "econtract.purge_notice_days": N_("删除前公告（天）"),
    "econtract.retention_years": N_("合同终止后保存（年）"),
    "hotline": N_("咨询电话"),
    "region.name": N_("行政区划名称"),
    "disposal.clocks": N_("预警处置时限"),
    "exchange.name_regions": N_("企业名称中的地名"),
    "retirement.male": N_("法定退休年龄（男）"),
    "retirement.female": N_("法定退休年龄（女，一般岗位）"),
    "retirement.female_management": N_("法定退休年龄（女，管理技术岗位）"),
}

CERTAINTY_NAMES: dict[str, str] = {
    "law": N_("法律规定"),
    "found": N_("已见公布文本"),
    "reported": N_("见于报道"),
    "assumed": N_("待核实"),
}

UNIT_NAMES: dict[str, str] = {
    "CNY/month": N_("元/月"),
    "CNY/hour": N_("元/小时"),
    "CNY/year": N_("元/年"),
    "h": N_("小时"),
    "d": N_("天"),
    "wd": N_("工作日"),
    "y": N_("年"),
}

CHOICE_NAMES: dict[str, str] = {
    "1": N_("一档"),
    "2": N_("二档"),
    "non_private": N_("非私营单位平均工资"),
    "private": N_("私营单位平均工资"),
}
