"""Latency of a language model a character, beside ONNX Runtime and PyTorch with the same weights.

Scoring: the engine through the SDK; ONNX Runtime steps through the exported graph in int8 (the softmax is not
even asked of it); PyTorch in float32 reads the whole text in one call, which suits it best. Generating: the
engine draws at temperature 1; the others feed themselves the likeliest character, which costs them less than
drawing would. All on one thread, in turns. Needs edgezoo[train,onnx].
"""

from __future__ import annotations

import statistics
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from edgezoo import __version__, sdk
from edgezoo.benchmarks.onnx_peer import open_session
from edgezoo.bundle.reader import Bundle, read_bundle
from edgezoo.errors import MissingExtraError
from edgezoo.runtimes.language import BEGIN
from edgezoo.zoo.checkpoint import Checkpoint

CHARACTERS = 256  # of a text, and of a continuation
ROUNDS = 15

Calls = Mapping[str, Callable[[], object]]


def measure_language(model: sdk.Model) -> dict[str, Any]:
    """Microseconds a character of scoring and of generating, and the sizes of what was run, in bytes."""
    try:
        import onnxruntime
        import torch
    except ImportError as error:
        raise MissingExtraError("measuring beside ONNX Runtime", "train,onnx") from error
    torch.set_num_threads(1)
    bundle = read_bundle(model.path)
    checkpoint = _checkpoint(bundle)
    graph = _graph(checkpoint)
    stepper = OnnxStepper(graph)
    teacher_forced, written = _torch(checkpoint)
    text = model.generate(max_new_tokens=CHARACTERS, seed=0, stop_on_eos=False).text
    ids = [BEGIN, *model.tokenize(text).tolist()]
    scoring: Calls = {
        "edgezoo": lambda: model.score(text),
        "onnxruntime_int8": lambda: stepper.read(ids),
        "pytorch_fp32": lambda: teacher_forced(ids),
    }
    generating: Calls = {
        "edgezoo": lambda: model.generate(max_new_tokens=CHARACTERS, seed=1, stop_on_eos=False),
        "onnxruntime_int8": lambda: stepper.write(CHARACTERS),
        "pytorch_fp32": lambda: written(CHARACTERS),
    }
    return {
        "versions": {
            "edgezoo": __version__,
            "numpy": np.__version__,
            "onnxruntime": onnxruntime.__version__,
            "torch": torch.__version__.partition("+")[0],
        },
        "bytes": {"edgezoo": bundle.header.file_size, "onnxruntime_int8": len(graph)},
        "scoring": figures(scoring, len(ids)),
        "generating": figures(generating, CHARACTERS),
    }


def figures(calls: Calls, characters: int) -> dict[str, float]:
    """Medians over rounds in µs a character, how many times as long the others took, and characters/s."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(ROUNDS + 1):
        for name, call in calls.items():
            begin = time.perf_counter_ns()
            call()
            if number:  # the first round warms up
                times[name].append((time.perf_counter_ns() - begin) / characters / 1000)
    found = {f"{name}_us": round(statistics.median(values), 3) for name, values in times.items()}
    for name, values in times.items():
        if name != "edgezoo":
            pairs = zip(times["edgezoo"], values, strict=True)
            found[f"{name}_ratio"] = round(statistics.median(theirs / ours for ours, theirs in pairs), 2)
    return {**found, "edgezoo_per_second": round(1e6 / found["edgezoo_us"])}


class OnnxStepper:
    """ONNX Runtime on one thread, stepping through a serialised graph of `exporters.onnx_language`."""

    def __init__(self, graph: bytes) -> None:
        self._session = open_session(graph)
        layers, _, hidden = next(each.shape for each in self._session.get_inputs() if each.name == "h")
        self._zeros = np.zeros((layers, 1, hidden), dtype=np.float32)

    def read(self, ids: Sequence[int]) -> list[Any]:
        """Logits [1, tokens] after each of the ids."""
        h = c = self._zeros
        rows = []
        for token in ids:
            logits, h, c = self._step(token, h, c)
            rows.append(logits)
        return rows

    def write(self, count: int) -> list[int]:
        """`count` ids, each the likeliest after all before it."""
        h = c = self._zeros
        ids = [BEGIN]
        for _ in range(count):
            logits, h, c = self._step(ids[-1], h, c)
            ids.append(int(logits.argmax()))
        return ids[1:]

    def _step(self, token: int, h: Any, c: Any) -> Any:
        feeds = {"ids": np.array([token], dtype=np.int64), "h": h, "c": c}
        return self._session.run(["logits", "next_h", "next_c"], feeds)


@contextmanager
def _without_onednn() -> Iterator[None]:
    """PyTorch's own kernels, which step through single characters faster."""
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with torch.backends.mkldnn.flags(enabled=False):
            yield


def _checkpoint(bundle: Bundle) -> Checkpoint:
    """The weights that a bundle's integers stand for, as exporters read them."""
    tensors = {}
    for entry in bundle.header.tensors:
        if entry.dtype in ("int8", "int4"):
            tensors[entry.name] = bundle.matrix(entry.name)
        elif entry.dtype == "float32":
            tensors[entry.name] = bundle.arrays[entry.name]
    card = {**bundle.card, "name": bundle.header.name}
    return Checkpoint(Path(bundle.path).parent, tensors, list(bundle.vocabulary), card)


def _graph(checkpoint: Checkpoint) -> bytes:
    from edgezoo.exporters import onnx_language

    graph: bytes = onnx_language.model(checkpoint, "int8").SerializeToString()
    return graph


def _torch(checkpoint: Checkpoint) -> tuple[Callable[[Sequence[int]], object], Callable[[int], object]]:
    """What reads a text in one call, and what writes so many characters."""
    import torch

    from edgezoo.zoo.architectures.char_lstm import CharLstm, Shape, restore

    tensors = {name: torch.from_numpy(np.array(tensor)) for name, tensor in checkpoint.tensors.items()}
    hidden = tensors["lstm.0.forward.recurrent"].shape[1]
    layers = sum(name.endswith(".recurrent") for name in tensors)
    shape = Shape(tensors["embedding"].shape[1], hidden, layers, "output_norm.weight" in tensors, 0.0)
    model = restore(CharLstm(len(checkpoint.vocabulary), shape), tensors).eval()

    def read(ids: Sequence[int]) -> object:
        with torch.inference_mode():
            return model(torch.tensor(ids)[:, None])[0].log_softmax(-1)

    def write(count: int) -> object:
        token, state = torch.tensor([[BEGIN]]), None
        with torch.inference_mode(), _without_onednn():
            for _ in range(count):
                logits, state = model(token, state)
                token = logits.argmax(-1)
        return token

    return read, write
