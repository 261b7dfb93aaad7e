"""Runs MediaPipe's text tasks over jobs read from standard input, answers on standard output, both JSON.

For an environment of its own, with MediaPipe and nothing of this project in it. A job is [task, path, texts];
an answer is, for each text, {head: vector} or {head: {category: score}}, where a category without a name goes
by its index.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from mediapipe.tasks.python import BaseOptions
from mediapipe.tasks.python.text import (
    TextClassifier,
    TextClassifierOptions,
    TextEmbedder,
    TextEmbedderOptions,
)


def embed(path: str, texts: list[str]) -> list[dict[str, Any]]:
    options = TextEmbedderOptions(base_options=BaseOptions(model_asset_path=path))
    with TextEmbedder.create_from_options(options) as task:
        return [
            {
                head.head_name: [float(entry) for entry in head.embedding]
                for head in task.embed(text).embeddings
            }
            for text in texts
        ]


def classify(path: str, texts: list[str]) -> list[dict[str, Any]]:
    options = TextClassifierOptions(base_options=BaseOptions(model_asset_path=path))
    with TextClassifier.create_from_options(options) as task:
        return [
            {
                head.head_name: {
                    entry.category_name or str(entry.index): entry.score for entry in head.categories
                }
                for head in task.classify(text).classifications
            }
            for text in texts
        ]


if __name__ == "__main__":
    tasks = {"embed": embed, "classify": classify}
    json.dump([tasks[task](path, texts) for task, path, texts in json.load(sys.stdin)], sys.stdout)
