"""What the documentation shows is run: Python as it stands, commands in a shell."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

import pytest
import typer

from edgezoo.exporters import export

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *sorted(ROOT.glob("edgezoo/**/*.md"))]
# These take data, hours or a port; what is checked of them is that they are typed right.
_LONG = ("edgezoo train", "edgezoo eval", "edgezoo serve", "edgezoo bench", "edgezoo dashboard")


def blocks(language: str) -> list[str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    return [
        line for block in blocks("sh") for line in block.splitlines() if re.search(r"(^|\| )edgezoo ", line)
    ]


@pytest.mark.parametrize("code", blocks("python"))
def test_python_runs(code: str, tmp_path: Path) -> None:
    for name, precision in re.findall(r'"exports/([\w-]+)-(\w+)\.onnx"', code):
        export(ROOT / "edgezoo" / "zoo" / "models" / name, "onnx", precision, tmp_path / "exports")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "EDGEZOO_API_KEYS": "change-me"}
    with served(environment) if "127.0.0.1:8000" in code else nullcontext("8000") as port:
        program = code.replace(":8000", f":{port}")
        subprocess.run([sys.executable, "-c", program], check=True, env=environment, cwd=tmp_path)


@contextmanager
def served(environment: dict[str, str]) -> Iterator[str]:
    """The service that the README starts, on a free port."""
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        port = str(chosen.getsockname()[1])
    code = "from edgezoo.sdk.cli import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", code, "serve", "static-en", "--port", port],
        env=environment,
        stderr=subprocess.DEVNULL,
    ) as service:
        try:
            for _ in range(300):
                with suppress(OSError), socket.create_connection(("127.0.0.1", int(port)), 1):
                    break
                time.sleep(0.2)
            yield port
        finally:
            service.terminate()


@pytest.mark.parametrize("line", [line for line in commands() if not line.startswith(_LONG)])
def test_commands_run(line: str, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "edgezoo"
    program.parent.mkdir()
    program.write_text(
        f"#!/bin/sh\nexec '{sys.executable}' -c 'from edgezoo.sdk.cli import main; main()' \"$@\"\n"
    )
    program.chmod(0o755)
    environment = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    subprocess.run(["sh", "-c", line], check=True, env=environment, cwd=tmp_path, stdout=subprocess.DEVNULL)


@pytest.mark.parametrize("line", [line for line in commands() if line.startswith(_LONG)])
def test_long_commands_are_typed_right(line: str) -> None:
    from edgezoo.sdk.cli.app import app

    _, name, *arguments = line.partition("#")[0].split()
    command = typer.main.get_command(app).get_command(None, name)  # type: ignore[attr-defined]
    known = {option for parameter in command.params for option in parameter.opts}
    assert {argument for argument in arguments if argument.startswith("-")} <= known


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    prose = re.sub(r"^```.*?^```$", "", document.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", prose)
    missing = [link for link in links if not (document.parent / link).exists()]
    assert not missing


# The functions of the Java Native Interface that the README's lines call.
_JNI = """#pragma once
#include <stdint.h>
#define JNIEXPORT
#define JNICALL
#define JNI_ABORT 2
typedef int32_t jint;
typedef jint jsize;
typedef int64_t jlong;
typedef signed char jbyte;
typedef float jfloat;
typedef struct Object *jobject, *jbyteArray, *jfloatArray;
struct JNIEnv {
    jsize GetArrayLength(jbyteArray);
    jbyte *GetByteArrayElements(jbyteArray, unsigned char *);
    void ReleaseByteArrayElements(jbyteArray, jbyte *, jint);
    jfloatArray NewFloatArray(jsize);
    void SetFloatArrayRegion(jfloatArray, jsize, jsize, const jfloat *);
};
"""


@pytest.mark.parametrize("code", blocks("cpp"))
def test_cpp_compiles_against_the_engines_header(code: str, tmp_path: Path) -> None:
    (tmp_path / "jni.h").write_text(_JNI)
    (tmp_path / "edgezoo_jni.cpp").write_text(code)
    compiler = [sys.executable, "-m", "ziglang", "c++", "-std=c++17", "-Wall", "-Wextra", "-Werror", "-c"]
    folders = [f"-I{tmp_path}", f"-I{ROOT / 'edgezoo' / 'runtimes' / 'engine'}"]
    subprocess.run([*compiler, *folders, "edgezoo_jni.cpp", "-o", "x.o"], check=True, cwd=tmp_path)
