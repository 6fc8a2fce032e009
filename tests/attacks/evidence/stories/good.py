"""Honest packages: everything passes, whatever is optional may be absent."""

from __future__ import annotations

import datetime as dt
from typing import Any

from tests.attacks.evidence.story import Story, forged
from tests.factories.evidence import Forge, at
from tests.support.signing_authorities import NOW


def _twice(story: list[Any], forge: Forge) -> list[Any]:
    first = [
        ("E06", at(-9000), {"commitment": "ab" * 32, "version": 1, "cites": forge.cite("E01", "E05")}),
        ("sent", at(-8900), {"commitment": "ab" * 32}),
        ("withdrawn", at(-8000), {}),
    ]
    return [*first, *story]


def _second_version(value: dict[str, Any], forge: Forge) -> dict[str, Any]:
    return value | {"version": 2, "prev": "ab" * 32}


def _rare_names(value: dict[str, Any], forge: Forge) -> dict[str, Any]:
    return value | {"parties": [value["parties"][0], {**value["parties"][1], "rows": [["姓名", "龘㛃"]]}]}


def _withheld(value: list[Any], forge: Forge) -> list[Any]:
    return [item | {"payload": None} if item["event"]["seq"] == 4 else item for item in value]


STORIES: list[Story] = [
    forged(
        "signed with a one-time code by an agent",
        "凭验证码签署，经办人代签",
        0,
        "",
        {},
        expects={12: "OTP_ATTESTED"},
    ),
    forged(
        "signed with a passkey by the representative",
        "凭通行密钥签署，法定代表人签",
        0,
        "",
        {},
        passkey=True,
        by_agent=False,
    ),
    forged("a passkey and an agent", "凭通行密钥签署，经办人代签", 0, "", {}, passkey=True),
    forged("verified ten years later", "十年后核验", 0, "", {}, now=NOW + dt.timedelta(days=3640)),
    forged("the regulator's export without payloads", "不含内容的监管导出", 0, "", {}, supervision=True),
    forged("an earlier text had been withdrawn", "先前的文本已撤回", 0, "", {"story": _twice}),
    forged(
        "somebody stated that he had not signed",
        "有人声明“不是我签的”",
        0,
        "",
        {"story": lambda story, forge: [*story, ("disputed", at(615), {})]},
        expects={13: "DISPUTED"},
    ),
    forged("the second version of a contract", "合同的第二版", 0, "", {"opening": _second_version}),
    forged("names with rare characters", "含生僻字的姓名", 0, "", {"data": _rare_names}),
    forged(
        "a payload that nothing rests on is withheld",
        "无关紧要的事件内容未提供",
        0,
        "",
        {"stream": _withheld},
    ),
    forged(
        "the trust root names no template",
        "信任根没有模板",
        0,
        "",
        {},
        root=lambda scene: scene.world.trust_root(templates={}),
        expects={20: "TEMPLATE_UNKNOWN"},
    ),
    forged(
        "a payload with text beyond the basic plane",
        "事件内容含基本平面以外的字符",
        0,
        "",
        {
            "story": lambda story, forge: [
                *story[:4],
                (*story[4][:2], story[4][2] | {"note": "𠮷\u2028é", "z": 1}),
                *story[5:],
            ]
        },
    ),
]
