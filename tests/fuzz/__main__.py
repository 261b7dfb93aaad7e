"""Fuzz the engine with libFuzzer under ASan and UBSan: `python -m tests.fuzz --seconds 60`.

A crash is kept as `crash-…` in the work folder, and `--reproduce FILE` runs it again.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.fuzz.corpus import TEXTS, write_bundles

HERE = Path(__file__).resolve().parent
ENGINE = HERE.parents[1] / "edgezoo" / "runtimes" / "engine"
TARGETS = ("fuzz_bundle", "fuzz_text")
FLAGS = ("-std=gnu11", "-O1", "-g", "-ffp-contract=off", "-fsanitize=fuzzer,address,undefined")
# A table and an encoder with WordPiece, a table with Unigram, and a language model.
MODELS = ("int8.ezb", "encoder.ezb", "unigram.ezb", "language.ezb")
# UBSan reports and goes on unless told otherwise.
FATAL = "-fno-sanitize-recover=all"


def compile_target(target: str, folder: Path) -> Path:
    """Compile a fuzz target together with the engine; raises CalledProcessError on failure."""
    program = folder / target
    sources = [str(HERE / f"{target}.c"), *map(str, sorted(ENGINE.glob("*.c")))]
    subprocess.run(["clang", *FLAGS, FATAL, f"-I{ENGINE}", *sources, "-o", str(program)], check=True)
    return program


def make_corpus(folder: Path) -> None:
    """Write seed inputs for both targets below `folder`; what earlier runs found stays."""
    bundles, texts = folder / "fuzz_bundle.corpus", folder / "fuzz_text.corpus"
    bundles.mkdir(parents=True, exist_ok=True)
    texts.mkdir(parents=True, exist_ok=True)
    write_bundles(bundles)
    for number, text in enumerate(TEXTS):
        (texts / f"seed-{number}").write_bytes(text)


def run(target: str, program: Path, folder: Path, arguments: list[str]) -> int:
    """Run a target and return its exit status."""
    bundles = (str(folder / "fuzz_bundle.corpus" / name) for name in MODELS)
    environment = dict(os.environ, EDGEZOO_FUZZ_BUNDLES=os.pathsep.join(bundles))
    command = [str(program), f"-artifact_prefix={folder}{os.sep}", "-timeout=10", *arguments]
    log = folder / f"{target}.log"
    with log.open("w") as output:
        status = subprocess.run(command, env=environment, stdout=output, stderr=output).returncode
    text = log.read_text(errors="replace")
    runs = re.findall(r"number_of_executed_units: (\d+)", text)
    if status:
        print(text[-6000:])
    fault = f"failed with status {status}" if status else "no fault found"
    print(f"{target}: {fault} in {int(runs[-1]):,} runs" if runs else f"{target}: {fault}", flush=True)
    return status


def main() -> int:
    """Build and run the fuzz targets; 0 if none failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="how long each target runs (default: 60)")
    parser.add_argument("--target", choices=TARGETS, action="append", help="only this target")
    parser.add_argument(
        "--work", type=Path, default=Path("build/fuzz"), help="folder for programs, corpora, crashes"
    )
    parser.add_argument(
        "--reproduce", type=Path, help="run this one input instead of fuzzing; needs --target"
    )
    options = parser.parse_args()
    if shutil.which("clang") is None:
        parser.error("clang is missing; install it, on Debian with: apt-get install clang libclang-rt-dev")
    if options.reproduce and not options.target:
        parser.error("--reproduce needs --target")
    folder = options.work.resolve()
    make_corpus(folder)
    worst = 0
    for target in options.target or TARGETS:
        fuzzing = [f"-max_total_time={options.seconds}", "-max_len=16384", "-print_final_stats=1"]
        arguments = (
            [str(options.reproduce)] if options.reproduce else [*fuzzing, str(folder / f"{target}.corpus")]
        )
        worst = max(worst, abs(run(target, compile_target(target, folder), folder, arguments)))
    return worst


if __name__ == "__main__":
    sys.exit(main())
