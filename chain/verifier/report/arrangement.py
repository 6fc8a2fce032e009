"""Arranges a verification's result under the law's questions; it claims no more than the steps did.

First the court's four questions about evidence on a blockchain (人民法院在线诉讼规则 arts 16 to 19), then the four factors by
which a data message is weighed (电子签名法 arts 7 and 8), then algorithms, parties and code, and what nobody checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chain.judicial_receipt import evidence_number
from chain.trust_root import TrustRoot
from chain.verifier.outcome import Outcome
from chain.verifier.report import wording as w
from chain.verifier.texts import OUTCOME_TEXTS, VERDICT_TEXTS, step_text, sub_text

Step = Mapping[str, Any]


@dataclass(frozen=True)
class ReportItem:
    """A finding: `no` is the verification step, 0 for a remark; `outcome` is empty for a remark."""

    no: int
    text: str
    outcome: str
    note: str


@dataclass(frozen=True)
class ReportSection:
    """One question of the law, what the steps say to it, and what follows in a sentence."""

    article: str
    heading: str
    answer: str
    items: tuple[ReportItem, ...]


@dataclass(frozen=True)
class JudgeReport:
    """What the verifier found in one package, in the order of the law. Texts are in `lang`."""

    lang: str
    title: str
    verdict: str
    verdict_text: str
    facts: tuple[tuple[str, str], ...]
    questions: tuple[ReportSection, ...]
    factors: tuple[ReportSection, ...]
    technique: tuple[tuple[str, str], ...]
    not_checked: tuple[str, ...]
    package_sha256: str
    trust_root: str
    test: bool
    made_at: datetime


def arrange(
    result: Mapping[str, Any], root: TrustRoot, package_sha256: str, *, lang: str, now: datetime
) -> JudgeReport:
    """Make the report of `{verdict, steps}`; `lang` is zh or en."""
    which = 0 if lang == "zh" else 1
    steps = {int(step["no"]): step for step in result["steps"]}
    verdict = Outcome(result["verdict"])
    return JudgeReport(
        lang=lang,
        title=w.TITLE[which],
        verdict=verdict.value,
        verdict_text=VERDICT_TEXTS[verdict][which],
        facts=tuple(_facts(steps, which)),
        questions=tuple(_section(part, steps, lang, _answer(part, steps, which)) for part in w.QUESTIONS),
        factors=tuple(_section(part, steps, lang, "") for part in w.FACTORS),
        technique=tuple(_technique(steps, root, which)),
        not_checked=tuple(text[which] for text in w.NOT_CHECKED),
        package_sha256=package_sha256,
        trust_root=root.fingerprint,
        test=root.test,
        made_at=now,
    )


def _section(part: w.Part, steps: Mapping[int, Step], lang: str, answer: str) -> ReportSection:
    which = 0 if lang == "zh" else 1
    items = tuple(_item(steps[no], lang) for no in part.steps if no in steps)
    return ReportSection(part.article[which], part.heading[which], answer, items)


def _item(step: Step, lang: str) -> ReportItem:
    which = 0 if lang == "zh" else 1
    outcome = Outcome(step["outcome"])
    note = sub_text(str(step["sub_indication"]), dict(step["facts"]), lang)
    short = step_text(int(step["no"]), lang).partition("：" if lang == "zh" else ":")[0]
    return ReportItem(int(step["no"]), short, outcome.value, note or OUTCOME_TEXTS[outcome][which])


def _answer(part: w.Part, steps: Mapping[int, Step], which: int) -> str:
    """The sentence under a question, chosen by what its steps came to."""
    if not part.answers:
        return ""
    outcomes = [str(steps[no]["outcome"]) for no in part.deciding if no in steps]
    if "failed" in outcomes:
        text = part.answers["failed"]
    elif outcomes and all(outcome == "passed" for outcome in outcomes):
        text = part.answers["passed"]
    else:
        text = part.answers["indeterminate"]
    known = {
        "size": _of(steps, 14, "size"),
        "time": _of(steps, 14, "time"),
        "valid": _of(steps, 15, "valid"),
        "threshold": _of(steps, 15, "threshold"),
        "events": _of(steps, 16, "events"),
    }
    return text[which].format(**known)


def _of(steps: Mapping[int, Step], no: int, name: str) -> str:
    value = steps.get(no, {}).get("facts", {}).get(name)
    return "—" if value in (None, "") else str(value)


def _facts(steps: Mapping[int, Step], which: int) -> Iterable[tuple[str, str]]:
    for label, no, name in w.FACTS:
        value = _of(steps, no, name)
        if value != "—":
            yield label[which], value


def _technique(steps: Mapping[int, Step], root: TrustRoot, which: int) -> Iterable[tuple[str, str]]:
    yield w.ALGORITHMS[0][which], w.ALGORITHMS[1][which]
    witnesses = "、" if which == 0 else ", "
    cosigned = steps.get(15, {}).get("facts", {}).get("witnesses", ())
    named = witnesses.join(
        item.name + (w.COSIGNED[which] if item.name in cosigned else "") for item in root.witnesses
    )
    yield w.WITNESSES[which], named or w.NONE[which]
    yield w.VALIDATORS[which], w.EMBEDDED[which].format(chain=root.value["chain_id"], log=root.log_origin)
    judicial = witnesses.join(f"{item['chain_id']} {item['address']}" for item in root.value["judicial"])
    yield w.JUDICIAL[which], judicial or w.NONE[which]
    if "last_index" in steps.get(16, {}).get("facts", {}):
        place, head = steps[16]["facts"]["last_index"], steps[14]["facts"]
        yield w.EVIDENCE_NUMBER[which], evidence_number(place, head["size"], head["root"])
    code: Mapping[str, str] = steps.get(3, {}).get("facts", {}).get("code", {})
    yield w.CODE[which], witnesses.join(f"{name} {digest[:16]}…" for name, digest in sorted(code.items()))
    yield w.RELEASE[which], _of(steps, 3, "release")
