"""Forgeries of what was shown: signing page and template releases (step 23)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chain.releases import PAGE, PAGE_ID, Release
from chain.trust_root import TrustRoot
from chain.verifier import Outcome
from tests.attacks.evidence.story import LATER, Changes, Made, Scene, Story
from tests.factories.releases import OTHER_FILES, ReleasedForge, grown, release_key
from tests.factories.world import at


def released(
    en: str,
    zh: str,
    sub: str,
    changes: Changes,
    *,
    step: int = 23,
    outcome: Outcome = Outcome.FAILED,
    verdict: Outcome | None = None,
    root: Callable[[ReleasedForge], TrustRoot] | None = None,
    expects: dict[int, str] | None = None,
) -> Story:
    """A package with release events, one part of it altered."""

    def make(scene: Scene) -> Made:
        forge = ReleasedForge(scene.world, changes=changes)
        data = forge.package
        return Made(data, root(forge) if root else forge.root, LATER)

    return Story(en, zh, step, sub, make, outcome, verdict, expects or {})


def _put(**members: Any) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    return lambda value, forge: value | members


def _without_citation(event: str, stream: str) -> Callable[[list[Any], Any], list[Any]]:
    def change(story: list[Any], forge: Any) -> list[Any]:
        return [
            (name, when, payload | {"cites": [cite for cite in payload["cites"] if cite["stream"] != stream]})
            if name == event
            else (name, when, payload)
            for name, when, payload in story
        ]

    return change


def _not_released(stream: str) -> Callable[[list[Any], Any], list[Any]]:
    return lambda story, forge: [item for item in story if item[0] != stream]


def _logged_late(value: Any, forge: Any) -> Any:
    """The page's release entered the log after everything else, whatever its date says."""
    entries = forge.entries
    late = len(forge.stream) + [item["event"]["stream"] for item in forge.cited].index("release/page")
    cited = [number for number in range(len(forge.stream), len(entries)) if number != late]
    return grown(entries, [*cited, *range(len(forge.stream)), late])


def _other_key(name: str) -> Callable[[bytes, Any], bytes]:
    return lambda note, forge: getattr(forge, name).sign(release_key("stranger"), forge.world.log_origin)


def _flipped(note: bytes, forge: Any) -> bytes:
    """The right key's line with another signature in it."""
    other = forge.page_release.sign(release_key(), "log.other.example")
    return note.rpartition(b"\n\n")[0] + b"\n\n" + other.rpartition(b"\n\n")[2]


def _withheld(cited: list[Any], forge: Any) -> list[Any]:
    return [item | {"payload": None} if item["event"]["stream"] == "release/page" else item for item in cited]


STORIES = [
    released("page and template were released before their use", "页面与模板先发布、后使用", "", {}, step=0),
    released(
        "the signing page was released with a key that the root does not know",
        "签署页面由信任根不认识的密钥发布",
        "RELEASE_KEY_UNKNOWN",
        {"page_note": _other_key("page_release")},
    ),
    released(
        "the template was released with a key that the root does not know",
        "模板由信任根不认识的密钥发布",
        "RELEASE_KEY_UNKNOWN",
        {"template_note": _other_key("template_release")},
    ),
    released(
        "the worker was shown another page than the released one",
        "给劳动者看的页面不是已发布的页面",
        "RELEASE_MISMATCH",
        {"page_release": lambda value, forge: Release.of(PAGE, PAGE_ID, 1, OTHER_FILES)},
    ),
    released(
        "a page release is back-dated: it entered the log after the worker had signed",
        "页面发布倒签日期：劳动者签署之后才入日志",
        "RELEASE_AFTER_USE",
        {"log": _logged_late},
    ),
    released(
        "a release is dated after the use that it should allow",
        "发布的日期晚于它所允许的使用",
        "TIME_CONTRADICTION",
        {"released_at": lambda value, forge: at(400)},
    ),
    released(
        "an old page release is repeated under a new number without the key",
        "没有密钥，把旧的页面发布以新序号重放",
        "RELEASE_MALFORMED",
        {"page_payload": _put(number=2)},
    ),
    released(
        "a released file is exchanged in the list",
        "发布清单中的一个文件被调换",
        "RELEASE_MALFORMED",
        {
            "page_payload": _put(
                files=[{"path": path, "sha256": OTHER_FILES[path]} for path in sorted(OTHER_FILES)]
            )
        },
    ),
    released(
        "a released path leads out of the page's folder",
        "发布清单中的路径通向页面目录之外",
        "RELEASE_MALFORMED",
        {"page_payload": _put(files=[{"path": "../app.js", "sha256": "ab" * 32}])},
    ),
    released(
        "a template release stands in for the page's",
        "用模板的发布冒充页面的发布",
        "RELEASE_MALFORMED",
        {"page_payload": lambda value, forge: forge.template_payload},
    ),
    released(
        "the release is signed for another log",
        "发布是为另一个日志签署的",
        "RELEASE_MALFORMED",
        {"page_note": lambda note, forge: forge.page_release.sign(release_key(), "log.other.example")},
    ),
    released(
        "the release key's signature is exchanged",
        "发布密钥的签名被调换",
        "SIG_CRYPTO_FAILURE",
        {"page_note": _flipped},
    ),
    released(
        "the page was never released",
        "页面从未发布",
        "NO_RELEASE_EVENT",
        {
            "cited_story": _not_released("release/page"),
            "story": _without_citation("E08", "release/page"),
        },
        outcome=Outcome.INDETERMINATE,
    ),
    released(
        "the template was never released, and the root does not name it either",
        "模板从未发布，信任根也没有列出它",
        "NO_RELEASE_EVENT",
        {
            "cited_story": _not_released("release/template"),
            "story": _without_citation("E06", "release/template"),
        },
        outcome=Outcome.INDETERMINATE,
    ),
    released(
        "the page's release is there without its content",
        "页面的发布事件没有内容",
        "PAYLOAD_WITHHELD",
        {"cited": _withheld},
        outcome=Outcome.INDETERMINATE,
    ),
    released(
        "the root that is used names no release keys",
        "所用的信任根没有发布密钥",
        "NO_RELEASE_KEYS",
        {},
        outcome=Outcome.INDETERMINATE,
        verdict=Outcome.PASSED,
        root=lambda forge: forge.world.trust_root(),
    ),
]
