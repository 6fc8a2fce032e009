"""Forgeries of the process chain (step 13)."""

from __future__ import annotations

import datetime as dt

from chain.verifier import Outcome
from tests.attacks.evidence import alterations as alter
from tests.attacks.evidence.story import forged

STORIES = [
    forged(
        "an event is cut out of the stream",
        "从事件流里剪掉了一个事件",
        13,
        "STREAM_GAP",
        {"stream": alter.cut_out},
    ),
    forged(
        "the notice before signing never happened",
        "签署前从未告知",
        13,
        "EVENT_MISSING",
        alter.without("E04"),
    ),
    forged(
        "the worker never opened the text", "劳动者从未打开过正文", 13, "EVENT_MISSING", alter.without("E07")
    ),
    forged(
        "the worker's consent to electronic form came after he signed",
        "劳动者签完才同意采用电子形式",
        13,
        "ORDER_VIOLATION",
        alter.moved("E03", "E09"),
    ),
    forged(
        "the employer signed before the worker",
        "用人单位先于劳动者签署",
        13,
        "ORDER_VIOLATION",
        alter.moved("E10", "E08"),
    ),
    forged(
        "the contract had been withdrawn",
        "合同早已撤回",
        13,
        "NOT_EFFECTIVE",
        alter.extra("withdrawn", "E09"),
    ),
    forged(
        "a second worker's signature stands in the stream",
        "事件流里有两次劳动者签署",
        13,
        "ORDER_VIOLATION",
        alter.extra("E09", "E09"),
    ),
    forged(
        "a reading time is made up afterwards",
        "事后编造阅读时长",
        13,
        "PAYLOAD_MISMATCH",
        {"stream": alter.altered_payload},
    ),
    forged(
        "the events speak of another commitment",
        "事件说的是另一个承诺",
        13,
        "BINDING_MISMATCH",
        alter.with_payload("E08", commitment="ab" * 32),
    ),
    forged(
        "a token is swapped between two contracts",
        "两份合同的时间戳被对调",
        13,
        "BINDING_MISMATCH",
        alter.with_payload("E09", token_sha256="ab" * 32),
    ),
    forged(
        "the intent on record is of another kind",
        "记录的签署意愿方式与实际不同",
        13,
        "BINDING_MISMATCH",
        alter.with_payload("E08", method="passkey"),
    ),
    forged(
        "the worker's signature is recorded a day before it was made",
        "劳动者签署事件被倒填早一天",
        13,
        "TIME_CONTRADICTION",
        alter.story(
            lambda story: [(k, w - dt.timedelta(days=1) if k == "E09" else w, p) for k, w, p in story]
        ),
    ),
    forged(
        "the draft cites no template",
        "草稿没有引用模板",
        13,
        "CITATION_MISMATCH",
        {
            "story": lambda value, forge: [
                (value[0][0], value[0][1], value[0][2] | {"cites": forge.cite("E01")}),
                *value[1:],
            ],
            "cited_story": lambda value, forge: value[:2],
        },
    ),
    forged(
        "payloads that prove the process are held back",
        "证明过程的事件内容被扣留",
        13,
        "PAYLOAD_WITHHELD",
        {
            "stream": lambda value, forge: [
                item | {"payload": None} if item["event"]["seq"] == 7 else item for item in value
            ]
        },
        outcome=Outcome.INDETERMINATE,
    ),
]
