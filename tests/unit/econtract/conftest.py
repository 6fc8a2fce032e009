"""A lawful contract to vary, and a shortcut to run one rule on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from api.econtract import figures
from api.econtract.model import Case, Finding, Form, History, Terms
from api.econtract.rules import RULES

TODAY = date(2026, 11, 22)
LAWFUL = Terms(
    form=Form.FIXED,
    employer_name="示例机械（测试）有限公司",
    employer_uscc="91500107MA5TEXT11A",
    employer_address="重庆市九龙坡区示例路1号",
    employer_representative="王测试",
    worker_name="李测试",
    worker_id_number="500107199001010016",
    worker_address="重庆市九龙坡区样例街2号",
    worker_phone="14000000001",
    start_date=date(2026, 12, 1),
    end_date=date(2029, 11, 30),
    probation_end=date(2027, 1, 31),
    post="数控操作工",
    work_content="操作数控机床，加工零件",
    place="重庆市九龙坡区",
    place_region="500107",
    hours_per_day=Decimal(8),
    hours_per_week=Decimal(40),
    rest_days_per_week=Decimal(2),
    monthly_pay=Decimal(8000),
    pay_day=10,
    probation_pay=Decimal(7000),
    social_insurance="依法参加社会保险",
    protection="提供符合国家标准的劳动条件和防护用品",
    hazards="噪声，配发耳塞",
)
LOCAL = figures.LocalFigures(minimum_monthly=Decimal(2330), minimum_hourly=Decimal(23), source="test")


@pytest.fixture
def case() -> Callable[..., Case]:
    def build(
        *,
        history: History | None = None,
        today: date = TODAY,
        local: figures.LocalFigures = LOCAL,
        **changes: Any,
    ) -> Case:
        return Case(replace(LAWFUL, **changes), figures.resolve(local, today), history or History(), today)

    return build


@pytest.fixture
def run(case: Callable[..., Case]) -> Callable[..., list[Finding]]:
    def check(rule: str, **changes: Any) -> list[Finding]:
        return RULES[rule](case(**changes))

    return check
