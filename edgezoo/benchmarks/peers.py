"""Other people's systems, measured by the same code in the same run: `edgezoo bench --peers`.

What a peer opens is made once and kept beside the exports: `python -m edgezoo.benchmarks.peers NAME FOLDER`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgezoo.benchmarks import bench
from edgezoo.benchmarks.measurement import Effort
from edgezoo.benchmarks.onnx_peer import open_session
from edgezoo.benchmarks.subjects import Subject, milliseconds, versions
from edgezoo.benchmarks.texts import short_texts
from edgezoo.errors import EdgezooError, InputError, MissingExtraError, needs
from edgezoo.exporters.cache import root
from edgezoo.zoo.evaluation import stored

DOCUMENTS = 1000  # that BM25 compares a text with
MAX_TOKENS = 128


@dataclass(frozen=True)
class Peer:
    """A peer: how to make what it opens and how to open that; `baseline` is its name in baselines.json."""

    make: Callable[[Path], None]
    open: Callable[[Path], Subject]
    precision: str
    baseline: str = ""
    message: str = ""


def measure_all(effort: Effort, started: Callable[[str], None] = lambda title: None) -> list[dict[str, Any]]:
    """The report's entries of all peers; `started` is told what comes next."""
    entries = []
    for name in PEERS:
        started(name)
        entries.append(measure(name, effort))
    return entries


def measure(name: str, effort: Effort) -> dict[str, Any]:
    """The report's entry of one peer; its "status" says whether it was measured, is missing, or failed."""
    peer = PEERS[name]
    entry: dict[str, Any] = {"kind": "peer", "model": name, "runtime": name, "precision": peer.precision}
    try:
        folder = prepared(name)
        figures = bench.run({"runtime": f"peer:{name}", "path": str(folder)}, effort)
    except MissingExtraError as error:
        return {**entry, "status": "missing", "message": str(error)}
    except EdgezooError as error:
        return {**entry, "status": "failed", "message": str(error)}
    entry |= {"status": "measured", **figures}
    if peer.message:
        entry["message"] = peer.message
    if peer.baseline:
        scores = stored("baselines.json")[peer.baseline]
        spearman = {task: {"spearman": score["spearman"]} for task, score in scores.items()}
        entry["quality"] = {"precision": peer.precision, "scores": spearman}
    return entry


def prepared(name: str) -> Path:
    """The folder with what a peer opens, made in a process of its own if it is not there yet."""
    folder = root() / f"peer-{name}"
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".peer-", dir=folder.parent) as made:
            command = [sys.executable, "-m", "edgezoo.benchmarks.peers", name, made]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                raise bench.error_of(done.stderr)
            os.rename(made, folder)
            os.mkdir(made)  # for the context manager to delete
    return folder


def open_peer(name: str, path: str) -> Subject:
    """Open what `prepared` made; raises MissingExtraError where the peer is not installed."""
    with needs(f"measuring {name}", "train,peers,onnx"):
        return PEERS[name].open(Path(path))


def _subject(
    opened: Callable[[], Any],
    folder: Path,
    imported: Callable[[], object],
    packages: tuple[str, ...],
    use: Callable[[Any], tuple[Callable[[list[str]], object], Callable[[str], Any]]],
) -> Subject:
    """A subject of what `opened` gives; `use` makes of that what answers texts and what tokenises one."""
    import_ms = milliseconds(imported)
    begin = time.perf_counter()
    answer, tokenise = use(opened())
    init_ms = 1000 * (time.perf_counter() - begin)
    return Subject(
        one=lambda text: answer([text]),
        many=lambda texts, threads: answer(texts),
        tokenise=tokenise,
        probe=dict,
        max_tokens=MAX_TOKENS,
        bytes=sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()),
        import_ms=import_ms,
        init_ms=init_ms,
        versions=versions(packages),
    )


def _make_model2vec(folder: Path) -> None:
    """Model2Vec's own distillation of MiniLM, with its default settings (256 dimensions)."""
    from model2vec.distill import distill

    from edgezoo.zoo.teacher import packaged_teacher

    distill(model_name=packaged_teacher(), pca_dims=256, device="cpu").save_pretrained(str(folder))


def _open_model2vec(folder: Path) -> Subject:
    def opened() -> Any:
        import model2vec

        return model2vec.StaticModel.from_pretrained(str(folder))

    return _subject(
        opened,
        folder,
        lambda: __import__("model2vec"),
        ("model2vec", "tokenizers"),
        lambda model: (
            lambda texts: model.encode(texts, use_multiprocessing=False),
            lambda text: model.tokenizer.encode(text, add_special_tokens=False).ids,
        ),
    )


def _make_minilm(folder: Path) -> None:
    from sentence_transformers import SentenceTransformer

    from edgezoo.zoo.teacher import packaged_teacher

    SentenceTransformer(packaged_teacher(), device="cpu", local_files_only=True).save(str(folder))


def _open_minilm(folder: Path) -> Subject:
    def opened() -> Any:
        from sentence_transformers import SentenceTransformer

        return SentenceTransformer(str(folder), device="cpu", local_files_only=True)

    return _subject(
        opened,
        folder,
        lambda: __import__("sentence_transformers"),
        ("sentence-transformers", "torch", "transformers"),
        lambda model: (
            lambda texts: model.encode(texts, show_progress_bar=False),
            lambda text: model.tokenizer(text)["input_ids"],
        ),
    )


def _make_minilm_onnx(folder: Path) -> None:
    """MiniLM as an ONNX graph, quantised by ONNX Runtime to int8, with its tokenizer beside it."""
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from sentence_transformers import SentenceTransformer

    from edgezoo.zoo.teacher import packaged_teacher

    teacher = SentenceTransformer(packaged_teacher(), device="cpu", local_files_only=True).eval()
    teacher.tokenizer.backend_tokenizer.save(str(folder / "tokenizer.json"))

    class Pooled(torch.nn.Module):
        """Ids and mask [texts, tokens] -> unit vectors [texts, 384]."""

        def __init__(self) -> None:
            super().__init__()
            self.model: Any = teacher[0].auto_model

        def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
            states = self.model(input_ids=ids, attention_mask=mask).last_hidden_state  # [N, T, 384]
            weights = mask.unsqueeze(2).float()
            return torch.nn.functional.normalize((states * weights).sum(1) / weights.sum(1), dim=1)

    ids = torch.ones(2, 8, dtype=torch.int64)
    axes = {0: "texts", 1: "tokens"}
    with tempfile.TemporaryDirectory() as scratch:
        exact = Path(scratch) / "float32.onnx"
        torch.onnx.export(
            Pooled(),
            (ids, ids),
            str(exact),
            input_names=["ids", "mask"],
            output_names=["vectors"],
            dynamic_axes={"ids": axes, "mask": axes, "vectors": {0: "texts"}},
            dynamo=False,
        )
        quantize_dynamic(
            exact, folder / "model.onnx", per_channel=True, reduce_range=True, weight_type=QuantType.QInt8
        )


def _open_minilm_onnx(folder: Path) -> Subject:
    def opened() -> Any:
        from tokenizers import Tokenizer

        session = open_session(folder / "model.onnx")
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.enable_truncation(MAX_TOKENS)
        tokenizer.enable_padding()
        whole = Tokenizer.from_file(str(folder / "tokenizer.json"))
        whole.no_truncation()
        return session, tokenizer, whole

    def use(found: Any) -> Any:
        session, tokenizer, whole = found

        def answer(texts: list[str]) -> Any:
            encoded = tokenizer.encode_batch(texts)
            ids = np.array([each.ids for each in encoded], dtype=np.int64)
            mask = np.array([each.attention_mask for each in encoded], dtype=np.int64)
            return session.run(None, {"ids": ids, "mask": mask})[0]

        return answer, lambda text: whole.encode(text).ids

    return _subject(opened, folder, lambda: __import__("onnxruntime"), ("onnxruntime", "tokenizers"), use)


def _make_fasttext(folder: Path) -> None:
    """fastText vectors of gensim in the usual shape, of made-up sentences: for size and speed only."""
    from gensim.models import FastText

    lines = [text.lower().split() for text in short_texts(10_000)]
    model = FastText(lines, vector_size=256, min_count=1, epochs=1, bucket=200_000, workers=1, seed=0)
    model.wv.save(str(folder / "vectors.kv"))


def _open_fasttext(folder: Path) -> Subject:
    def opened() -> Any:
        from gensim.models.fasttext import FastTextKeyedVectors

        return FastTextKeyedVectors.load(str(folder / "vectors.kv"))

    return _subject(
        opened,
        folder,
        lambda: __import__("gensim"),
        ("gensim",),
        lambda vectors: (
            lambda texts: [
                np.mean([vectors[word] for word in text.lower().split()], axis=0) for text in texts
            ],
            lambda text: text.lower().split(),
        ),
    )


def _make_bm25(folder: Path) -> None:
    (folder / "documents.json").write_text(json.dumps(short_texts(10_000)[:: 10_000 // DOCUMENTS]))


def _open_bm25(folder: Path) -> Subject:
    def opened() -> Any:
        import bm25s

        index = bm25s.BM25()
        documents = json.loads((folder / "documents.json").read_text())
        index.index([text.lower().split() for text in documents], show_progress=False)
        return index

    return _subject(
        opened,
        folder,
        lambda: __import__("bm25s"),
        ("bm25s",),
        lambda index: (
            lambda texts: [index.get_scores(text.lower().split()) for text in texts],
            lambda text: text.lower().split(),
        ),
    )


PEERS = {
    "model2vec": Peer(_make_model2vec, _open_model2vec, "fp32", "model2vec distillation"),
    "MiniLM, PyTorch": Peer(_make_minilm, _open_minilm, "fp32", "teacher (all-MiniLM-L6-v2)"),
    "MiniLM, ONNX Runtime": Peer(_make_minilm_onnx, _open_minilm_onnx, "int8"),
    "fastText": Peer(
        _make_fasttext, _open_fasttext, "fp32", message="of made-up sentences: for size and speed only"
    ),
    "BM25": Peer(
        _make_bm25, _open_bm25, "–", "BM25", f"scores a text against {DOCUMENTS:,} others; makes no vector"
    ),
}


def main(arguments: list[str]) -> None:
    """Make what the peer that is named first opens, in the folder that is named second."""
    name, folder = arguments
    if name not in PEERS:
        raise InputError(f"there is no peer {name!r}; choose one of: {', '.join(PEERS)}")
    os.environ["HF_HUB_OFFLINE"] = "1"
    with needs(f"measuring {name}", "train,peers,onnx"):
        PEERS[name].make(Path(folder))


if __name__ == "__main__":
    main(sys.argv[1:])
