"""Good packages pass, the plan and its document agree, and the library is what it promises to be."""

from __future__ import annotations

import datetime as dt
import re
import subprocess
import sys
from pathlib import Path

import pytest

from chain.package.contents import KINDS
from chain.trust_root import TrustRoot, TrustRootError
from chain.verifier import PLAN, Outcome, verify
from chain.verifier.rendering import ChildRenderer
from chain.verifier.texts import STEP_TEXTS, SUB_TEXTS, sub_text
from tests.factories.evidence import Forge, World, at
from tests.support.fonts import node_fonts
from tests.support.signing_authorities import NOW

ROOT = Path(__file__).resolve().parents[3]
LATER = NOW + dt.timedelta(hours=1)
SPEC = (ROOT / "docs" / "evidence-spec.md").read_text(encoding="utf-8")


def test_a_contract_signed_with_a_one_time_code_passes(good: Forge) -> None:
    report = verify(good.package, good.root, now=LATER)
    open_steps = {step.no: step.sub_indication for step in report.steps if step.outcome is not Outcome.PASSED}
    assert open_steps == {
        15: "NO_WITNESSES",
        17: "NO_CHAIN_RECORD",
        18: "NO_JUDICIAL_RECEIPT",
        20: "RENDERER_UNAVAILABLE",
        23: "NO_RELEASE_KEYS",
    }
    assert report.verdict is Outcome.PASSED
    intent = report.step(12)
    assert intent is not None
    assert intent.sub_indication == "OTP_ATTESTED"


def test_a_contract_signed_with_a_passkey_by_the_representative_passes(good_passkey: Forge) -> None:
    report = verify(good_passkey.package, good_passkey.root, now=LATER)
    assert report.verdict is Outcome.PASSED
    intent = report.step(12)
    assert intent is not None
    assert intent.facts["method"] == "passkey"


def test_the_package_passes_ten_years_later(good: Forge) -> None:
    assert verify(good.package, good.root, now=NOW + dt.timedelta(days=3650)).verdict is Outcome.PASSED


def test_a_supervision_export_passes_without_payloads(good: Forge) -> None:
    report = verify(good.supervision, good.root, now=LATER)
    assert report.verdict is Outcome.PASSED
    assert [step.no for step in report.steps] == [1, 2, 3, 13, 14, 15, 16, 17, 18]


def test_the_template_makes_the_same_file_again(good: Forge) -> None:
    report = verify(good.package, good.root, now=LATER, render=ChildRenderer.with_fonts(node_fonts()))
    step = report.step(20)
    assert step is not None
    assert step.outcome is Outcome.PASSED, step


def test_a_pdf_that_its_data_does_not_give_fails(world: World) -> None:
    def touch(base: bytes, forge: Forge) -> bytes:
        mark = base.index(b"\n%") + 2
        return base[:mark] + bytes([base[mark] ^ 1]) + base[mark + 1 :]

    forge = Forge(world, changes={"base": touch})
    report = verify(forge.package, forge.root, now=LATER, render=ChildRenderer.with_fonts(node_fonts()))
    step = report.step(20)
    assert step is not None
    assert (step.outcome, step.sub_indication) == (Outcome.FAILED, "RENDERING_DIFFERS")
    assert report.verdict is Outcome.FAILED


def test_an_unknown_template_is_open_not_failed(good: Forge, world: World) -> None:
    report = verify(good.package, world.trust_root(templates={}), now=LATER)
    step = report.step(20)
    assert step is not None
    assert (step.outcome, step.sub_indication) == (Outcome.INDETERMINATE, "TEMPLATE_UNKNOWN")
    assert report.verdict is Outcome.PASSED


def test_a_disputed_contract_says_so(world: World) -> None:
    changes = {"story": lambda story, forge: [*story, ("disputed", at(615), {})]}
    forge = Forge(world, changes=changes)
    step = verify(forge.package, forge.root, now=LATER).step(13)
    assert step is not None
    assert (step.outcome, step.sub_indication) == (Outcome.PASSED, "DISPUTED")


def test_an_earlier_version_in_the_stream_does_not_disturb(world: World) -> None:
    def twice(story: list[object], forge: Forge) -> list[object]:
        first = [
            ("E06", at(-9000), {"commitment": "ab" * 32, "version": 1, "cites": forge.cite("E01", "E05")}),
            ("sent", at(-8900), {"commitment": "ab" * 32}),
            ("withdrawn", at(-8000), {}),
        ]
        return [*first, *story]

    forge = Forge(world, changes={"story": twice})
    assert verify(forge.package, forge.root, now=LATER).verdict is Outcome.PASSED


def test_verifying_twice_gives_the_same_answer(good: Forge) -> None:
    first = verify(good.package, good.root, now=LATER).to_json()
    assert verify(good.package, good.root, now=LATER).to_json() == first


def test_the_plan_has_the_numbers_names_and_dependencies_of_the_document() -> None:
    rows = re.findall(r"^\| (\d+) \| ([a-z-]+) [^|]*\| ([^|]*) \| ([^|]*) \|$", SPEC, flags=re.MULTILINE)
    written = {int(no): (name, needs.strip(), kinds.strip()) for no, name, needs, kinds in rows}
    assert len(written) == len(PLAN)
    for step in PLAN:
        name, needs, kinds = written[step.no]
        assert name == step.name
        named = set(KINDS) if kinds.endswith("all") else set(kinds.split(", "))
        assert named == set(step.needs), step.no
        for kind in named:
            # "contract: 4; supervision, clause: 3" where the kinds differ, else one list for all of them
            own = [part.partition(":") for part in needs.split(";") if ":" in part]
            text = next((after for before, _, after in own if kind in before), needs)
            assert tuple(int(no) for no in re.findall(r"\d+", text)) == step.needs[kind], (step.no, kind)


def test_every_code_of_the_document_has_two_texts_and_the_other_way_round() -> None:
    section = SPEC.partition("## 5.")[2].partition("## 7.")[0]
    written = set(re.findall(r"`([A-Z][A-Z_]{3,})`", section)) - {"TEST"}
    known = set(SUB_TEXTS) - {"", "DEPENDS_ON", "TIMED_OUT"}
    assert written == known
    assert all(all(pair) for code, pair in SUB_TEXTS.items() if code)
    assert set(STEP_TEXTS) == {step.no for step in PLAN}


def test_texts_are_filled_with_facts() -> None:
    assert sub_text("DEPENDS_ON 5", {"step": 5}, "zh") == "以第 5 步为前提，该步未通过"
    assert sub_text("EVENT_MISSING", {"event": "E04"}, "en") == "Mandatory event E04 is missing"


def test_the_library_loads_no_server_database_or_settings() -> None:
    code = (
        "import sys, chain.verifier, chain.verifier.steps.document, chain.verifier.steps.process;"
        "print([m for m in ('web3','eth_account','fastapi','sqlalchemy','httpx','pydantic_settings','typst')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"chain_id": True},
        {"witness_threshold": 1},
        {"contracts": {}},
        {"cas": ["not base64"]},
        {"surplus": 1},
    ],
)
def test_a_malformed_trust_root_is_refused(good: Forge, change: dict[str, object]) -> None:
    with pytest.raises(TrustRootError):
        TrustRoot.of(good.root.value | change)


def test_a_trust_root_must_be_canonical(good: Forge) -> None:
    with pytest.raises(TrustRootError):
        TrustRoot.parse(good.root.canonical().replace(b",", b", ", 1))
    assert TrustRoot.parse(good.root.canonical()).fingerprint == good.root.fingerprint
