"""`concord vectors`: the conformance vectors of the evidence format, made with fixed seeds (docs/conformance.md).

Every vector is a story of tests/attacks/evidence: what was altered, and the one step that must speak up. They are kept
as one solid archive, because packages of one seed differ in few bytes.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import track

if TYPE_CHECKING:
    from tests.attacks.evidence.story import Made, Scene, Story

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "tests" / "golden" / "evidence"
INDEX, ARCHIVE = "index.json", "vectors.tar.xz"
SEED = "concord conformance vectors 1"
EXIT_CODES = {"passed": 0, "failed": 1, "indeterminate": 2, "unusable": 3}

app = typer.Typer(
    no_args_is_help=True, help="证据格式的一致性向量 / conformance vectors of the evidence format"
)
_FOLDER = Annotated[Path, typer.Option("--vectors", help="向量所在文件夹 / folder of index.json and archive")]


class StoryContradicted(RuntimeError):
    """Our own verifier does not end as the story says: one of the two is wrong."""


def scene() -> Scene:
    """The installation of the vectors, the same in every run."""
    from tests.attacks.evidence.story import Scene
    from tests.factories.evidence import World
    from tests.support.fixed_random import fixed_random

    with fixed_random(SEED):
        made = Scene(World(seed=SEED))
        assert made.stranger
    return made


def make_one(story: Story, stage: Scene) -> Made:
    """The package of a story, the same in every run."""
    from tests.support.fixed_random import fixed_random

    with fixed_random(SEED):
        return story.make(stage)


def describe(story: Story, made: Made) -> dict[str, Any]:
    """The story's line of the index. Raises StoryContradicted when our own verifier ends otherwise."""
    from tests.attacks.evidence.expected import problems
    from tests.support.engines import Python

    judged = Python().judge([made])[0]
    wrong = problems(story, judged)
    if wrong:
        raise StoryContradicted(f"{story.id}: {'; '.join(wrong)}")
    return {
        "id": story.id,
        "zh": story.zh,
        "en": story.en,
        "file": f"packages/{story.id}.zip",
        "trust_root": f"trust-roots/{made.root.fingerprint[:16]}.json",
        "now": utc(made.now),
        "verdict": judged.verdict,
        "exit_code": EXIT_CODES[judged.verdict],
        "fails_at": story.step or None,
        "steps": {
            str(no): {"outcome": outcome, "sub_indication": sub}
            for no, (outcome, sub) in judged.steps.items()
        },
    }


def utc(when: dt.datetime) -> str:
    """A moment as the command line takes it."""
    return when.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def unusable(stage: Scene) -> list[tuple[dict[str, Any], bytes, bytes]]:
    """Input that is no question at all: line of the index, file, trust root."""
    good = stage.good
    root = good.root.canonical()
    short = {name: value for name, value in good.root.value.items() if name != "witness_threshold"}
    cases = [
        ("an-empty-file", "空文件", "an empty file", b"", root),
        ("a-file-of-more-than-20-mb", "超过 20 MB 的文件", "a file of more than 20 MB", bytes(20_000_001), root),
        ("a-trust-root-that-is-not-canonical", "信任根不是规范 JSON", "a trust root that is not canonical", good.package,
         root.replace(b",", b", ", 1)),
        ("a-trust-root-without-a-member", "信任根缺少成员", "a trust root without a member", good.package,
         json.dumps(short, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()),
        ("a-trust-root-that-is-a-package", "把证据包当作信任根", "a trust root that is a package", good.package, good.package),
    ]  # fmt: skip
    return [
        (
            {
                "id": f"99-{name}",
                "zh": zh,
                "en": en,
                "file": f"packages/99-{name}.zip",
                "trust_root": f"trust-roots/99-{name}.json",
                "now": "2026-11-22T09:00:00Z",
                "verdict": "unusable",
                "exit_code": EXIT_CODES["unusable"],
                "fails_at": None,
                "steps": {},
            },
            package,
            trust_root,
        )
        for name, zh, en, package, trust_root in cases
    ]


@app.command()
def make(folder: _FOLDER = FOLDER) -> None:
    """用固定种子重新生成 / make all vectors again with fixed seeds."""
    from tests.attacks.evidence.stories import STORIES

    stage = scene()
    lines: list[dict[str, Any]] = []
    files: dict[str, bytes] = {}
    for story in track(sorted(STORIES, key=lambda item: item.id), description="vectors"):
        made = make_one(story, stage)
        line = describe(story, made)
        files |= {line["file"]: made.package, line["trust_root"]: made.root.canonical()}
        lines.append(line)
    for line, package, trust_root in unusable(stage):
        files |= {line["file"]: package, line["trust_root"]: trust_root}
        lines.append(line)
    index = _index(lines)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / INDEX).write_text(index, "utf-8")
    (folder / ARCHIVE).write_bytes(_packed({INDEX: index.encode(), **files}))
    size = (folder / ARCHIVE).stat().st_size
    negative = sum(line["fails_at"] is not None for line in lines)
    typer.echo(f"{len(lines)} vectors, {negative} of them negative, {size / 1e6:.2f} MB")


def _index(lines: list[dict[str, Any]]) -> str:
    """One vector a line, so that a change shows as the lines that changed."""
    shown = ",\n".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) for line in lines)
    return f'{{"v":1,"format":"concord.evidence/1","vectors":[\n{shown}\n]}}\n'


def _packed(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:xz", preset=9, format=tarfile.PAX_FORMAT) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), 0o644
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def load(folder: Path = FOLDER) -> list[dict[str, Any]]:
    """The lines of the index."""
    value: dict[str, Any] = json.loads((folder / INDEX).read_text("utf-8"))
    lines: list[dict[str, Any]] = value["vectors"]
    return lines


def contents(folder: Path = FOLDER) -> dict[str, bytes]:
    """Every file of the archive by its name."""
    with tarfile.open(folder / ARCHIVE, mode="r:xz") as archive:
        found = {}
        for member in archive:
            stream = archive.extractfile(member)
            assert stream is not None
            found[member.name] = stream.read()
        return found


@app.command()
def unpack(
    target: Annotated[Path, typer.Argument(help="目标文件夹 / where to", show_default=False)],
    folder: _FOLDER = FOLDER,
) -> None:
    """解到一个文件夹 / lay them out in a folder for a third party."""
    files = contents(folder)
    for name, data in files.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    typer.echo(f"{len(files)} files → {target}")


@app.command("list")
def show(folder: _FOLDER = FOLDER) -> None:
    """列出 / list them: id, verdict, story."""
    for line in load(folder):
        typer.echo(f"{line['id']}\t{line['verdict']}\t{line['zh']} / {line['en']}")
