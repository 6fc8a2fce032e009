"""Forgeries of the log: checkpoint, its token, inclusion (steps 14 and 16)."""

from __future__ import annotations

from tests.attacks.evidence import alterations as alter
from tests.attacks.evidence.story import forged

STORIES = [
    forged(
        "a checkpoint is signed by somebody else",
        "检查点由别人签名",
        14,
        "SIG_CRYPTO_FAILURE",
        {"checkpoint_note": alter.foreign_checkpoint_key},
    ),
    forged("a tree of size zero", "大小为零的树", 14, "FORMAT_FAILURE", {"checkpoint_note": alter.zero_size}),
    forged(
        "the checkpoint's token is over something else",
        "检查点的时间戳盖在别的东西上",
        14,
        "TIMESTAMP_INVALID",
        {"checkpoint_token": alter.token_of_another},
    ),
    forged(
        "the checkpoint is dated before its events",
        "检查点的时间早于它所含的事件",
        14,
        "TIME_CONTRADICTION",
        {"checkpoint_token": alter.early_checkpoint_token},
    ),
    forged(
        "a proof is for another index",
        "存在证明是另一个位置的",
        16,
        "INCLUSION_INVALID",
        {"proofs": alter.other_index},
    ),
    forged(
        "two events' proofs are swapped",
        "两个事件的存在证明被对调",
        16,
        "INCLUSION_INVALID",
        {"proofs": alter.swapped_proofs},
    ),
    forged(
        "an event never entered the log",
        "有一个事件从未进入日志",
        16,
        "INCLUSION_INVALID",
        {"log": alter.never_logged},
    ),
    forged(
        "the log has the events in another order",
        "日志里事件的次序不同",
        16,
        "LOG_ORDER_VIOLATION",
        {"log": alter.late_in_log},
    ),
]
