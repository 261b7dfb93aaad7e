"""Python draws the tokens that the engine draws: from the same logits, bit for bit."""

from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from edgezoo.runtimes.drawing import draw, exp2
from edgezoo.runtimes.engine import build
from edgezoo.runtimes.engine.binding import DrawnBy
from edgezoo.runtimes.language import END, Sampling

SETTINGS = [(0, 1.0), (3, 1.0), (0, 0.6), (5, 0.8), (1, 1.0), (0, 1e-6), (4000, 0.999)]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    """The engine's own draw, which it does not export."""
    library = tmp_path_factory.mktemp("draw") / "draw.so"
    source = build.HERE / "language_model.c"
    command = [*build.compiler(), *build.EXACT, "-O2", "-shared", "-fPIC", "-o", str(library), str(source)]
    subprocess.run(command, check=True)
    found = ctypes.CDLL(str(library))
    found.ez_sample.restype = ctypes.c_uint32
    return found


def drawn_in_c(engine: ctypes.CDLL, logits: NDArray[np.float32], settings: Sampling) -> tuple[int, int]:
    values = logits.copy()  # the engine writes into them
    by = DrawnBy(settings.temperature, settings.top_p, settings.top_k, int(settings.stop), settings.random)
    size = ctypes.c_size_t(len(values))
    token = engine.ez_sample(ctypes.c_void_p(values.ctypes.data), size, ctypes.byref(by))
    return token, by.random


def cases() -> Iterator[NDArray[np.float32]]:
    """Logits that are likely, far apart, all equal, in ties, and few."""
    random = np.random.default_rng(0)
    for scale in (0.1, 3, 30, 1000):
        yield (scale * random.standard_normal(58)).astype(np.float32)
    yield np.zeros(300, np.float32)
    yield random.integers(0, 3, 200).astype(np.float32)
    yield np.array([0, 0, 0, 1, -1], np.float32)


@pytest.mark.parametrize("temperature", [0.01, 0.7, 1.0, 3.3, 100])
@pytest.mark.parametrize(("top_k", "top_p"), SETTINGS)
def test_the_same_logits_give_the_same_token(
    engine: ctypes.CDLL, temperature: float, top_k: int, top_p: float
) -> None:
    for number, logits in enumerate(cases()):
        for seed in range(12):
            settings = Sampling(temperature, top_k, top_p, bool(seed % 2), (seed * 7919 + number) ** 5)
            expected = drawn_in_c(engine, logits, settings)
            assert (draw(logits, settings), settings.random) == expected


def test_the_likeliest_takes_no_random_number(engine: ctypes.CDLL) -> None:
    for logits in cases():
        for stop in (False, True):
            settings = Sampling(0, stop=stop, random=9)
            assert (draw(logits, settings), settings.random) == drawn_in_c(engine, logits, settings)
            assert settings.random == 9


def test_it_draws_as_often_as_a_token_is_likely() -> None:
    logits = np.log(np.array([1, 1, 1, 0.1, 0.2, 0.7], np.float32))
    settings = Sampling(random=1)
    counts = np.bincount([draw(logits, settings) for _ in range(4000)], minlength=6)
    assert counts[:END].sum() == 0
    np.testing.assert_allclose(counts[END:] / 4000, [0.1, 0.2, 0.7], atol=0.03)


def test_powers_of_two() -> None:
    y = np.linspace(-57, 57, 1001, dtype=np.float32)
    np.testing.assert_allclose(exp2(y), np.exp2(y.astype(np.float64)), rtol=5e-6)
    assert exp2(np.array([0, 1, -1], np.float32)).tolist() == [1, 2, 0.5]
    far, limit = exp2(np.array([-1e9, -58], np.float32))
    assert far == limit
