"""The command line as people run it: a process, its streams and its status."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from edgezoo import __version__, sdk
from tests.tiny_lstm import write_small_lstm

COMMAND = [sys.executable, "-c", "from edgezoo.sdk.cli import main; main()"]


@pytest.fixture(scope="module")
def small_lstm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_lstm(tmp_path_factory.mktemp("lstm") / "small.ezb")


def edgezoo(*arguments: str | Path, stdin: bytes = b"", status: int = 0) -> subprocess.CompletedProcess[str]:
    """Run the command line; whatever happens, no traceback is shown."""
    done = subprocess.run([*COMMAND, *map(str, arguments)], input=stdin, capture_output=True)
    result = subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
    )
    assert "Traceback" not in result.stderr
    assert result.returncode == status, result.stderr
    return result


def test_help_teaches_by_example() -> None:
    assert 'edgezoo embed static-en "hello world"' in edgezoo("--help").stdout
    for command in (
        "list",
        "info",
        "embed",
        "similarity",
        "classify",
        "export",
        "eval",
        "train",
        "check",
        "verify",
        "bench",
        "dashboard",
        "serve",
    ):
        text = edgezoo(command, "--help").stdout
        assert command == "list" or f"edgezoo {command} " in text.partition("Arguments")[0]


def test_version() -> None:
    assert edgezoo("--version").stdout.strip() == __version__


def test_list_as_json_is_the_zoo() -> None:
    assert [entry["name"] for entry in json.loads(edgezoo("list", "--json").stdout)] == [
        entry.name for entry in sdk.models()
    ]


def test_embed_prints_a_table(small_bundle: Path) -> None:
    lines = edgezoo("embed", small_bundle, "hello", "the cat").stdout.splitlines()
    assert len(lines) == 3
    assert "hello" in lines[1]
    assert "(64 values)" in lines[1]


def test_embed_as_json_gives_a_line_for_each_text(small_bundle: Path) -> None:
    stdout = edgezoo("embed", small_bundle, "--json", "hello", "-", stdin="the cat\r\n\n日本".encode()).stdout
    records = [json.loads(line) for line in stdout.splitlines()]
    assert [record["text"] for record in records] == ["hello", "the cat", "", "日本"]
    with sdk.load(small_bundle) as model:
        expected = model.embed(["hello", "the cat", "", "日本"])
    assert np.array_equal(np.array([record["vector"] for record in records], dtype=np.float32), expected)


def test_embed_reads_a_file_and_writes_npy(small_bundle: Path, tmp_path: Path) -> None:
    texts = ["the cat", "hello"] * 5000
    (tmp_path / "texts").write_text("\n".join(texts))
    edgezoo(
        "embed", small_bundle, "--file", tmp_path / "texts", "--out", tmp_path / "v.npy", "--threads", "2"
    )
    with sdk.load(small_bundle) as model:
        assert np.array_equal(np.load(tmp_path / "v.npy"), model.embed(texts))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["texts", "v.npy"]


def test_similarity_ranks(small_bundle: Path) -> None:
    stdout = edgezoo("similarity", small_bundle, "the cat", "hello", "the cat", "--json").stdout
    report = json.loads(stdout)
    assert report["query"] == "the cat"
    assert [result["text"] for result in report["results"]] == ["the cat", "hello"]
    assert report["results"][0]["similarity"] == pytest.approx(1)
    assert "the cat" in edgezoo("similarity", small_bundle, "the cat", "-", stdin=b"hello\nthe cat\n").stdout
    assert (
        len(edgezoo("similarity", small_bundle, "a", "-", "--top", "3", stdin=b"b\n" * 9).stdout.splitlines())
        == 4
    )


def test_classify_prints_a_table(small_lstm: Path) -> None:
    lines = edgezoo("classify", small_lstm, "hello", "the cat").stdout.splitlines()
    assert lines[0].split() == ["label", "score", "text"]
    with sdk.load(small_lstm) as model:
        answer = model.classify("the cat")
    assert lines[2].split() == [answer.label, f"{answer.score:.4f}", "the", "cat"]


def test_classify_as_json_gives_a_line_for_each_text(small_lstm: Path, tmp_path: Path) -> None:
    (tmp_path / "texts").write_text("the cat\n" * 5000, encoding="utf-8")
    done = edgezoo(
        *("classify", small_lstm, "--json", "--threads", "2", "--file", tmp_path / "texts", "hello", "-"),
        stdin="日本\n".encode(),
    )
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [record["text"] for record in records] == ["hello", "日本", *["the cat"] * 5000]
    with sdk.load(small_lstm) as model:
        assert records[:2] == [{"text": text, **model.classify(text)._asdict()} for text in ("hello", "日本")]
    assert done.stderr == ""


def test_info_and_list_show_what_a_model_can(small_lstm: Path) -> None:
    assert "negative, positive" in edgezoo("info", small_lstm).stdout
    assert json.loads(edgezoo("info", small_lstm, "--json").stdout)["labels"] == ["negative", "positive"]
    assert edgezoo("list").stdout.splitlines()[0].split() == [
        *("model", "family", "dim", "labels", "size", "description")
    ]


def test_info_tells_what_the_file_holds(small_bundle: Path) -> None:
    assert "knows nothing" in edgezoo("info", small_bundle).stdout
    report = json.loads(edgezoo("info", small_bundle, "--json").stdout)
    assert report["dimension"] == 64
    assert report["card"]["limits"] == ["knows nothing"]


def test_check_tells_sound_from_damaged(small_bundle: Path, tmp_path: Path) -> None:
    assert "sound" in edgezoo("check", small_bundle).stdout
    damaged = bytearray(small_bundle.read_bytes())
    damaged[-100] ^= 1
    (tmp_path / "bad.ezb").write_bytes(damaged)
    assert "DAMAGED" in edgezoo("check", small_bundle, tmp_path / "bad.ezb", status=1).stdout
    report = json.loads(edgezoo("check", tmp_path / "bad.ezb", "--json", status=1).stdout)
    assert report[0]["ok"] is False


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["embed", "no-such-model", "hi"], "no model 'no-such-model'"),
        (["embed", "missing.ezb", "hi"], "no file missing.ezb"),
        (["embed", "BUNDLE"], "no text was given"),
        (["classify", "BUNDLE"], "no text was given"),
        (["classify", "BUNDLE", "hi"], "has no classifier"),
        (["embed", "BUNDLE", "--out", "x.npy", "--json", "hi"], "choose one"),
        (["embed", "BUNDLE", "--nonsense", "hi"], "--nonsense"),
        (["embed", "BUNDLE", "hi", "--file", "/no/such/file"], "/no/such/file"),
        (["embed", "BUNDLE", "hi", "--threads", "0"], "threads"),
        (["check"], "--all"),
        (["verify"], "--all"),
        (["bogus"], "bogus"),
        (["eval", "static-en", "--data", "/no/such/folder"], "/no/such/folder"),
    ],
)
def test_what_is_typed_wrong_is_named_with_status_2(
    small_bundle: Path, arguments: list[str], message: str
) -> None:
    typed = [str(small_bundle) if argument == "BUNDLE" else argument for argument in arguments]
    assert message in edgezoo(*typed, status=2).stderr


def test_what_fails_is_one_line_with_status_1(small_bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.ezb").write_bytes(b"nonsense")
    assert len(edgezoo("embed", tmp_path / "bad.ezb", "hi", status=1).stderr.splitlines()) == 1
    failed = edgezoo("embed", small_bundle, "hi", "--out", tmp_path / "missing" / "v.npy", status=1)
    assert "No such file or directory" in failed.stderr


@pytest.mark.parametrize(
    ("command", "package", "extra"),
    [(["train", "static-en", "--out", "out"], "torch", "train"), (["eval", "BUNDLE"], "scipy", "eval")],
)
def test_a_missing_extra_brings_the_line_that_installs_it(
    small_bundle: Path, tmp_path: Path, command: list[str], package: str, extra: str
) -> None:
    without = f"import sys; sys.modules[{package!r}] = None; {COMMAND[-1]}"
    typed = [str(small_bundle) if word == "BUNDLE" else word for word in command]
    whole = [sys.executable, "-c", without, *typed, "--data", str(tmp_path)]
    done = subprocess.run(whole, capture_output=True, text=True)
    assert done.returncode == 1
    assert f"pip install 'edgezoo[{extra}]'" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_lines_that_are_not_utf8_are_named(small_bundle: Path) -> None:
    failed = edgezoo("embed", small_bundle, "-", stdin=b"fine\nbad \xff\n", status=2)
    assert "standard input, line 2: not UTF-8" in failed.stderr


def test_arguments_that_are_not_utf8_are_embedded(small_bundle: Path) -> None:
    command = [
        *map(os.fsencode, COMMAND),
        b"embed",
        os.fsencode(small_bundle),
        b"--json",
        b"hello \xff world",
    ]
    done = subprocess.run(command, capture_output=True, check=True, env={**os.environ, "PYTHONUTF8": "1"})
    assert json.loads(done.stdout)["text"] == "hello � world"


def test_a_reader_that_leaves_is_no_error(small_bundle: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "embed", str(small_bundle), "--json", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    try:
        process.stdin.write(b"the cat\n" * 20_000)
        process.stdin.close()
    except BrokenPipeError:
        pass
    assert process.wait(30) == 1
    assert process.stderr.read() == b""


def test_an_interrupt_ends_quietly_with_status_130(small_bundle: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "embed", str(small_bundle), "--json", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin
    assert process.stdout
    process.stdin.write(b"the cat\n" * 5000)
    process.stdin.flush()
    process.stdout.read(1)  # it is at work
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"Traceback" not in stderr
