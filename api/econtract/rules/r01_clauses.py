"""R01: every mandatory clause M1 to M8 is there and says something (劳动合同法 arts. 17, 81)."""

from __future__ import annotations

from api.econtract.model import Case, Finding, Form, Severity
from api.econtract.rules import resident_id

LAW = "《劳动合同法》第十七条、第八十一条"
_HOLLOW = frozenset(
    {"/", "\\", "-", "—", "——", "无", "另行约定", "面议", "待定", "按公司规定", "按单位规定", "同上"}
)


def hollow(text: str) -> bool:
    """Whether a text only looks like content."""
    return text.strip().strip("。.；;，, ") in _HOLLOW or not text.strip().strip("。.；;，, /\\-—_")


def check(case: Case) -> list[Finding]:
    """BLOCK for each mandatory item that is empty; hollow words count as empty in M3 to M6."""
    terms = case.terms
    findings: list[Finding] = []

    def need(present: bool, clause: str, item: str, zh: str, en: str) -> None:
        if not present:
            findings.append(
                Finding(
                    "R01",
                    Severity.BLOCK,
                    LAW,
                    clause,
                    f"缺少法律规定的必备内容：{zh}。请填写具体内容后再发送。",
                    f"Something the law requires is missing: {en}. Please fill it in before sending.",
                    {"item": item},
                )
            )

    need(bool(terms.employer_name.strip()), "M1", "employer_name", "用人单位名称", "the employer's name")
    need(
        bool(terms.employer_address.strip()),
        "M1",
        "employer_address",
        "用人单位住所",
        "the employer's address",
    )
    need(
        bool(terms.employer_representative.strip()),
        "M1",
        "employer_representative",
        "法定代表人或者主要负责人",
        "the employer's legal representative",
    )
    need(bool(terms.worker_name.strip()), "M2", "worker_name", "劳动者姓名", "the worker's name")
    need(bool(terms.worker_address.strip()), "M2", "worker_address", "劳动者住址", "the worker's address")
    need(
        bool(terms.worker_id_number.strip()),
        "M2",
        "worker_id_number",
        "有效身份证件号码",
        "the worker's ID number",
    )
    if terms.worker_id_number.strip() and resident_id.holder(terms) is None:
        findings.append(_unreadable_id(terms.worker_id_kind))
    need(terms.start_date is not None, "M3", "start_date", "合同开始日期", "the first day of the contract")
    if terms.form is Form.FIXED:
        need(terms.end_date is not None, "M3", "end_date", "合同结束日期", "the last day of the contract")
        if terms.start_date and terms.end_date and terms.end_date < terms.start_date:
            need(False, "M3", "end_date", "结束日期不能早于开始日期", "an end that is not before the start")
    if terms.form is Form.TASK:
        need(not hollow(terms.task_description), "M3", "task_description", "工作任务", "what the task is")
        need(
            not hollow(terms.task_completion),
            "M3",
            "task_completion",
            "任务完成的标志",
            "how it is seen to be done",
        )
    need(not hollow(terms.post), "M4", "post", "工作岗位", "the post")
    need(not hollow(terms.work_content), "M4", "work_content", "工作内容", "the work to be done")
    need(not hollow(terms.place), "M4", "place", "工作地点", "the place of work")
    need(terms.hours_per_day is not None, "M5", "hours_per_day", "每日工作时间", "the hours a day")
    need(terms.hours_per_week is not None, "M5", "hours_per_week", "每周工作时间", "the hours a week")
    need(
        terms.rest_days_per_week is not None, "M5", "rest_days_per_week", "每周休息日", "the rest days a week"
    )
    need(
        terms.monthly_pay is not None and terms.monthly_pay > 0,
        "M6",
        "monthly_pay",
        "劳动报酬数额",
        "the pay",
    )
    need(terms.pay_day is not None, "M6", "pay_day", "工资支付日", "the day on which wages are paid")
    if terms.pay_kind != "monthly":
        need(not hollow(terms.pay_terms), "M6", "pay_terms", "计酬办法", "how the pay is worked out")
    need(not hollow(terms.social_insurance), "M7", "social_insurance", "社会保险", "social insurance")
    need(
        not hollow(terms.protection),
        "M8",
        "protection",
        "劳动保护和劳动条件",
        "labour protection and conditions",
    )
    need(
        bool(terms.hazards.strip(" /-—")),
        "M8",
        "hazards",
        "职业危害防护（没有的写“无”）",
        "occupational hazards",
    )
    return findings


def _unreadable_id(kind: str) -> Finding:
    if kind != "resident_id":
        return Finding(
            "R01",
            Severity.BLOCK,
            LAW,
            "M2",
            "请填写劳动者的出生日期和性别：这类证件的号码本身不能说明年龄。",
            "Please give the worker's date of birth and sex: this kind of document doesn't tell the age.",
            {"item": "worker_birth"},
        )
    return Finding(
        "R01",
        Severity.BLOCK,
        LAW,
        "M2",
        "居民身份证号码不正确（位数、出生日期或者最后一位校验码不符），请核对。",
        "The resident ID number is not valid (length, date of birth or check character). Please compare it.",
        {"item": "worker_id_number"},
    )
