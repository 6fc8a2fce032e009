"""A program whose clock is wrong by a fixed time, everything else being that of `node/engine`.

Go asks the kernel for the time without the C library, so libfaketime changes nothing for it, and a time namespace has no
wall clock of its own. So the one function that CometBFT takes its time from is replaced when the program is built.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

from node.network import program as engine

_MODULE = "github.com/cometbft/cometbft"
_HONEST = "return Canonical(time.Now())"
_WRONG = """return Canonical(time.Now().Add(wrongBy))
}

var wrongBy = parsed(os.Getenv("%s"))

func parsed(text string) time.Duration {
	duration, err := time.ParseDuration(text)
	if err != nil {
		panic(err)
	}
	return duration"""
VARIABLE = "WRONG_BY"
"""Environment variable with the deviation, a duration as Go writes it: 45s, -45s."""


def build(work: Path) -> Path:
    """The program; kept like the real one. About two CPU minutes the first time."""
    mark = hashlib.sha256((engine.sources_digest() + _WRONG).encode()).hexdigest()[:16]
    kept = engine.KEPT / f"clock-{mark}" / engine.NAME
    if kept.exists():
        return kept
    copy = work / "cometbft"
    shutil.copytree(_go("list", "-m", "-f", "{{.Dir}}", _MODULE).strip(), copy)
    for path in (copy, *copy.rglob("*")):
        path.chmod(path.stat().st_mode | 0o200)  # the module cache is read-only
    clock = copy / "types" / "time" / "time.go"
    text = clock.read_text("utf-8")
    assert text.count(_HONEST) == 1
    text = text.replace(_HONEST, _WRONG % VARIABLE).replace('"sort"', '"os"\n\t"sort"')
    clock.write_text(text, "utf-8")
    for name in ("go.mod", "go.sum"):
        shutil.copy(engine.SOURCES / name, work / f"clock{Path(name).suffix}")
    _go("mod", "edit", "-replace", f"{_MODULE}={copy}", str(work / "clock.mod"))
    kept.parent.mkdir(parents=True, exist_ok=True)
    flags = ("-ldflags", "-s -w -buildid=")
    _go("build", "-modfile", str(work / "clock.mod"), *flags, "-o", str(kept), f"./cmd/{engine.NAME}")
    return kept


def _go(*arguments: str) -> str:
    done = subprocess.run(
        [engine.find_go(), *arguments],
        cwd=engine.SOURCES, env=engine.go_environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout
