"""Compile the C engine with the Zig compiler from PyPI (`ziglang`): no system toolchain, any target.

Run as a file (`python build.py --help`) or loaded by path from the build hook, so it imports nothing of
edgezoo.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent

WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wstrict-prototypes", "-Werror")
# Fused multiply-add would give other bits on machines that have it.
EXACT = ("-std=gnu11", "-ffp-contract=off", "-fno-math-errno", "-fno-sanitize=undefined")

# The oldest systems that a wheel or library runs on, by (system, machine) of the build machine.
_HOST_TARGETS = {
    ("linux", "x86_64"): "x86_64-linux-gnu.2.17",
    ("linux", "aarch64"): "aarch64-linux-gnu.2.17",
    ("darwin", "x86_64"): "x86_64-macos.11.0",
    ("darwin", "arm64"): "aarch64-macos.11.0",
    ("windows", "amd64"): "x86_64-windows-gnu",
}
_WHEEL_PLATFORMS = {
    "x86_64-linux-gnu.2.17": "manylinux_2_17_x86_64",
    "aarch64-linux-gnu.2.17": "manylinux_2_17_aarch64",
    "x86_64-macos.11.0": "macosx_11_0_x86_64",
    "aarch64-macos.11.0": "macosx_11_0_arm64",
    "x86_64-windows-gnu": "win_amd64",
}

# The engine for web pages and Node: with vector instructions, and without for browsers that lack them.
# Of the first -O3 makes the same code and -Oz, smaller by a quarter, takes twice the time.
WASM_MODULES = {"engine.wasm": ("-O2", "-msimd128"), "engine-scalar.wasm": ("-Oz", "-mno-simd128")}
_WASM_TARGET = "wasm32-freestanding"
# What takes the place of a function of the first where relaxed instructions are known.
RELAXED_MODULE, _RELAXED_SOURCE = "matrix-relaxed.wasm", HERE / "matrix_relaxed.c"
_WASM_FLAGS = (
    "-fhosted",  # else no memcpy is inlined, which takes twice the time too
    "-Wl,--no-entry",
    "-Wl,--strip-all",
)
_ENGINE_FLAGS = (
    "-Wl,--export-dynamic",
    "-Wl,--export=__heap_base",  # from where on memory is the caller's
    "-Wl,--export-table",
)
_WASM_STACK = 320 << 10  # what engine.h asks for, and a little more


def sources() -> list[Path]:
    """The C files of the engine, in a fixed order."""
    return sorted(HERE.glob("*.c"))


def host_target() -> str:
    """Zig's name for this machine, with the oldest system that is supported.

    Raises RuntimeError on a machine that no wheel is made for.
    """
    key = (platform.system().lower(), platform.machine().lower())
    if key not in _HOST_TARGETS:
        raise RuntimeError(
            f"the engine is not built for {key[0]} on {key[1]}; built are {sorted(_HOST_TARGETS)}"
        )
    return _HOST_TARGETS[key]


def wheel_platform(target: str) -> str:
    """The platform tag of a wheel that holds a library for `target`."""
    return _WHEEL_PLATFORMS[target]


def library_name(target: str) -> str:
    """The file name of the shared library for `target`."""
    ending = "dll" if "windows" in target else "dylib" if "macos" in target else "so"
    return f"libedgezoo.{ending}"


def compiler() -> list[str]:
    """The command that runs Zig's C compiler.

    Raises RuntimeError where the package `ziglang` is missing.
    """
    if importlib.util.find_spec("ziglang") is None:
        raise RuntimeError("the C compiler is missing; install it with: pip install ziglang")
    return [sys.executable, "-m", "ziglang", "cc"]


def build(
    output: Path,
    target: str | None = None,
    flags: Sequence[str] = ("-O3", "-shared"),
    files: Sequence[Path] = (),
) -> Path:
    """Compile all sources, or `files`, into `output` (under a temporary name, then renamed) and return it.

    `target` is a Zig triple, by default this machine's. Raises RuntimeError with the compiler's
    messages if it fails.
    """
    target = target or host_target()
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=".build-") as folder:
        made = Path(folder) / output.name
        position = () if "windows" in target or "wasm" in target else ("-fPIC",)
        command = [
            *compiler(),
            "-target",
            target,
            *EXACT,
            *WARNINGS,
            "-fvisibility=hidden",
            *position,
            *flags,
        ]
        command += ["-o", str(made), *map(str, files or sources())]
        run = subprocess.run(command, capture_output=True, text=True)
        if run.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}\nfailed with status {run.returncode}:\n{run.stderr}")
        os.replace(made, output)
    return output


def build_wasm(folder: Path = HERE) -> list[Path]:
    """Compile WASM_MODULES and RELAXED_MODULE into `folder` and return them; raises as `build` does."""
    stack = f"-Wl,-z,stack-size={_WASM_STACK}"
    engines = [
        build(folder / name, _WASM_TARGET, (*chosen, stack, *_WASM_FLAGS, *_ENGINE_FLAGS))
        for name, chosen in WASM_MODULES.items()
    ]
    relaxed = (
        "-O2",
        "-msimd128",
        "-mrelaxed-simd",
        "-Wl,--import-memory",
        "-Wl,-z,stack-size=0",
        *_WASM_FLAGS,
    )
    return [*engines, build(folder / RELAXED_MODULE, _WASM_TARGET, relaxed, [_RELAXED_SOURCE])]


def main() -> None:
    """Build the shared library of this machine, or of --target, or the WebAssembly modules with --wasm."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument(
        "--target", help="a Zig triple such as aarch64-linux-gnu.2.17 (default: this machine)"
    )
    parser.add_argument("--wasm", action="store_true", help="build the WebAssembly modules instead")
    parser.add_argument("--out", type=Path, default=HERE, help="folder for what is built")
    arguments = parser.parse_args()
    target = arguments.target or host_target()
    if arguments.wasm:
        print(*build_wasm(arguments.out), sep="\n")
    else:
        print(build(arguments.out / library_name(target), target))


if __name__ == "__main__":
    main()
