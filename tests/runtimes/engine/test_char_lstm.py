"""Language models in the engine: against float64 arithmetic, on all kernels, and by their seeds."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgezoo.bundle.layout import Char, CharLstm, StaticTable, WordPiece
from edgezoo.bundle.quantise import quantise
from edgezoo.bundle.reader import read_bundle
from edgezoo.bundle.writer import write_bundle
from edgezoo.errors import BundleError, InputError
from edgezoo.runtimes.engine import EngineRuntime, build
from edgezoo.runtimes.engine.binding import ISAS
from edgezoo.runtimes.engine.language import EngineLanguageModel
from edgezoo.runtimes.language import BEGIN, END, UNKNOWN, Sampling, first_random
from edgezoo.runtimes.wasm import WasmRuntime
from tests.char_lstm import TEXTS, VOCABULARY, random_language_tensors, reference, write_language_model
from tests.tiny_lstm import Tensors, quantised, restored

SHAPES: dict[str, dict[str, Any]] = {
    "two-layers": {},
    "one-layer": {"layers": 1, "hidden": 32},
    "norm": {"norm": True},
}


@pytest.fixture(scope="module", params=SHAPES)
def opened(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[EngineRuntime, Tensors]:
    tensors = random_language_tensors(**SHAPES[request.param])
    path = write_language_model(tmp_path_factory.mktemp("lm") / "small.ezb", tensors)
    return EngineRuntime.open(str(path)), restored(quantised(tensors))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> EngineRuntime:
    path = write_language_model(tmp_path_factory.mktemp("lm") / "small.ezb", random_language_tensors())
    return EngineRuntime.open(str(path))


def language(model: EngineRuntime) -> EngineLanguageModel:
    assert model.language is not None
    return model.language


def isas(model: EngineRuntime) -> Iterator[str]:
    best = model.isa
    for isa in ISAS:
        try:
            model.select_isa(isa)
        except InputError:
            continue
        yield isa
    model.select_isa(best)


def test_it_computes_what_the_specification_says(opened: tuple[EngineRuntime, Tensors]) -> None:
    model, tensors = opened
    for text in TEXTS:
        ids = model.tokenize(text).tolist()
        rows = reference(tensors, [BEGIN, *ids])
        expected = -rows[np.arange(len(ids) + 1), [*ids, END]]
        wrong = np.abs(language(model).surprisals(text) - expected)
        # Later on, a state lies so near the middle of two integers that float32 takes the other one.
        assert wrong[0] < 1e-3
        assert wrong.mean() < (0.3 if "output_norm.weight" in tensors else 0.05)


def test_scores_are_what_steps_give(opened: tuple[EngineRuntime, Tensors]) -> None:
    model, _ = opened
    for text in TEXTS:
        state, ids = language(model).start(), model.tokenize(text).tolist()
        rows = [language(model).step(state, token) for token in (BEGIN, *ids)]
        stepped = np.array([-row[token] for row, token in zip(rows, (*ids, END), strict=True)])
        assert stepped.tobytes() == language(model).surprisals(text).tobytes()
        assert np.exp(np.array(rows, np.float64)).sum(axis=1) == pytest.approx(np.ones(len(rows)), abs=1e-4)


def test_every_instruction_set_gives_the_same_bits(opened: tuple[EngineRuntime, Tensors]) -> None:
    model, _ = opened
    found = set()
    for _ in isas(model):
        scores = b"".join(language(model).surprisals(text).tobytes() for text in TEXTS)
        state = language(model).start()
        drawn = language(model).generate(state, BEGIN, Sampling(1.0, stop=False, random=3), 500)
        found.add((scores, drawn.tobytes(), state.tobytes()))
    assert len(found) == 1


def test_characters_are_tokens_and_others_are_unknown(small: EngineRuntime) -> None:
    assert language(small).tokens == tuple(VOCABULARY)
    for text in TEXTS:
        expected = [VOCABULARY.index(c) if c in VOCABULARY else UNKNOWN for c in text]
        assert small.tokenize(text).tolist() == expected
    text = "ˈkɑːt͡ʃɑ"
    assert "".join(language(small).tokens[i] for i in small.tokenize(text).tolist()) == text
    assert small.tokenize("[BOS]Ω").tolist().count(UNKNOWN) == 6
    assert language(small).step(language(small).start(), 10**6).tobytes() == (
        language(small).step(language(small).start(), UNKNOWN).tobytes()
    )


def drawn(model: EngineRuntime, sampling: Sampling, count: int = 2000, slice_size: int = 2000) -> list[int]:
    state, last, ids = language(model).start(), BEGIN, list[int]()
    while len(ids) < count:
        ids += language(model).generate(state, last, sampling, min(slice_size, count - len(ids))).tolist()
        last = ids[-1]
        if last == END:
            break
    return ids


def test_a_seed_gives_the_same_text_in_slices_of_any_size(small: EngineRuntime) -> None:
    whole = drawn(small, Sampling(0.9, 7, 0.9, False, 11), 200)
    assert drawn(small, Sampling(0.9, 7, 0.9, False, 11), 200, 1) == whole
    assert drawn(small, Sampling(0.9, 7, 0.9, False, 12), 200) != whole


@pytest.mark.parametrize(("top_k", "top_p"), [(0, 1.0), (3, 1.0), (0, 0.6), (5, 0.8), (1, 1.0), (0, 1e-6)])
def test_sampling_by_hand(small: EngineRuntime, top_k: int, top_p: float) -> None:
    """Python draws the same tokens from the probabilities, by SPECIFICATION.md; float64 decides but ties."""
    sampling = Sampling(0.8, top_k, top_p, True, first_random(5, 2))
    random, state, last = sampling.random, language(small).start(), BEGIN
    for token in drawn(small, sampling, 150):
        row = language(small).step(state, last).astype(np.float64)
        weights = np.exp((row - row[END:].max()) / 0.8)
        order = np.arange(END, len(row))
        if top_k or top_p < 1:
            order = order[np.argsort(-weights[order], kind="stable")][: top_k or None]
            sums = np.cumsum(weights[order])
            order = order[: int(np.argmax(sums > top_p * sums[-1])) + 1] if top_p < 1 else order
        random = (random + 0x9E3779B97F4A7C15) & (1 << 64) - 1
        share = (_mixed(random) >> 40) * 2.0**-24
        sums = np.cumsum(weights[order])
        place = int(np.argmax(sums > share * sums[-1]))
        assert token == order[place]
        last = token
    assert sampling.random == random


def _mixed(z: int) -> int:
    mask = (1 << 64) - 1
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & mask
    z = (z ^ z >> 27) * 0x94D049BB133111EB & mask
    return z ^ z >> 31


def test_splitmix_is_the_published_one() -> None:
    assert first_random(1234567, 0) == 6457827717110365317
    assert first_random(1234567, 1) == 3203168211198807973


def test_temperature_zero_takes_the_likeliest(small: EngineRuntime) -> None:
    state, last = language(small).start(), BEGIN
    for token in drawn(small, Sampling(0, stop=False, random=9), 50):
        row = language(small).step(state, last)
        assert token == END + 1 + int(np.argmax(row[END + 1 :]))
        last = token


def test_special_tokens_are_never_drawn_and_the_end_only_where_it_may(small: EngineRuntime) -> None:
    endless = drawn(small, Sampling(3.0, stop=False, random=1))
    assert len(endless) == 2000
    assert min(endless) > END
    ended = drawn(small, Sampling(3.0, stop=True, random=1))
    assert ended[-1] == END
    assert min(ended[:-1], default=END + 1) > END


def test_models_of_another_kind_are_no_language_models(tmp_path: Path) -> None:
    table = quantise(np.ones((5, 32), np.float32), "int8")
    words = VOCABULARY[:5]
    settings = {"name": "table", "card": {}, "vocabulary": words, "tensors": {"embedding": table}}
    write_bundle(tmp_path / "t.ezb", tokenizer=WordPiece(), architecture=StaticTable(), **settings)  # type: ignore[arg-type]
    assert EngineRuntime.open(str(tmp_path / "t.ezb")).language is None
    with pytest.raises(InputError, match="go together"):
        write_bundle(tmp_path / "c.ezb", tokenizer=WordPiece(), architecture=CharLstm(), **settings)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="go together"):
        write_bundle(tmp_path / "c.ezb", tokenizer=Char(), architecture=StaticTable(), **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "vocabulary", [["é", *VOCABULARY[1:]], [*VOCABULARY[:4], *VOCABULARY[:3:-1]], [*VOCABULARY[:-1], "ab"]]
)
def test_vocabularies_that_are_not_characters_in_order_are_refused(
    tmp_path: Path, vocabulary: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tensors = quantised(random_language_tensors())
    content = {"name": "x", "card": {}, "tokenizer": Char(), "architecture": CharLstm(), "tensors": tensors}
    path = tmp_path / "x.ezb"
    with pytest.raises(InputError, match=r"begins with|by code point"):
        write_bundle(path, vocabulary=vocabulary, **content)  # type: ignore[arg-type]
    monkeypatch.setattr("edgezoo.bundle.writer.check_characters", lambda *_: None)
    write_bundle(path, vocabulary=vocabulary, **content)  # type: ignore[arg-type]
    for read in (EngineRuntime.open, read_bundle):
        with pytest.raises(BundleError, match=r"\[PAD\]|by code point"):
            read(str(path))


@pytest.mark.parametrize("missing", ["head.bias", "projection", "projection.bias", "lstm.1.forward.bias"])
def test_tensors_that_are_missing_are_named(tmp_path: Path, missing: str) -> None:
    tensors = random_language_tensors()
    del tensors[missing]
    with pytest.raises(InputError, match=missing.replace(".", r"\.")):
        write_language_model(tmp_path / "x.ezb", tensors)


@pytest.mark.parametrize("module", ["engine.wasm", "engine-scalar.wasm"])
def test_webassembly_gives_the_same_bits(small: EngineRuntime, module: str) -> None:
    other = WasmRuntime.open(small.path, module=str(build.HERE / module))
    assert other.language is not None
    assert other.language.tokens == language(small).tokens
    for text in TEXTS:
        assert other.language.surprisals(text).tobytes() == language(small).surprisals(text).tobytes()
    here, there = language(small).start(), other.language.start()
    first, second = Sampling(0.9, 20, 0.95, True, 78), Sampling(0.9, 20, 0.95, True, 78)
    expected = language(small).generate(here, BEGIN, first, 300)
    assert other.language.generate(there, BEGIN, second, 300).tobytes() == expected.tobytes()
    assert first.random == second.random
    assert other.language.step(there, 9).tobytes() == language(small).step(here, 9).tobytes()
    assert there.tobytes() == here.tobytes()


PROGRAM = """
#include "engine.h"
#include <stdio.h>
#include <stdlib.h>
int main(int count, char **paths) {
    static unsigned char bundle[1 << 22];
    FILE *file = fopen(paths[count - 1], "rb");
    size_t size = fread(bundle, 1, sizeof bundle, file);
    ez_error error;
    size_t needed = ez_memory_size(bundle, size, &error);
    ez_model *model = ez_open(bundle, size, aligned_alloc(64, (needed + 63) / 64 * 64), needed, &error);
    if (!model) return 1;
    static float nats[64];
    static uint32_t ids[300];
    ez_sampling sampling = {0.9f, 0.95f, 20, 0, 77};
    uint32_t last = 2;
    size_t scored = ez_score(model, "k\\xC9\\x91 hello", 9, nats, 64);
    fwrite(nats, 4, scored, stdout);
    size_t drawn = ez_generate(model, calloc(1, ez_state_size(model)), &last, &sampling, ids, 300);
    fwrite(ids, 4, drawn, stdout);
    return 0;
}
"""


def test_arm_processors_give_the_same_bits(small: EngineRuntime, tmp_path: Path) -> None:
    source = tmp_path / "program.c"
    source.write_text(PROGRAM)
    program = tmp_path / "program"
    command = [*build.compiler(), "-target", "aarch64-linux-musl", *build.EXACT, "-O2", f"-I{build.HERE}"]
    subprocess.run([*command, "-o", str(program), str(source), *map(str, build.sources())], check=True)
    run = subprocess.run(["qemu-aarch64", str(program), small.path], capture_output=True, check=True)
    nats = language(small).surprisals("kɑ hello")
    ids = language(small).generate(language(small).start(), BEGIN, Sampling(0.9, 20, 0.95, False, 77), 300)
    assert run.stdout == nats.tobytes() + ids.tobytes()
