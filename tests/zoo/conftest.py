"""A teacher and data small enough to train on in a test."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from edgezoo.zoo.tokenizers.wordpiece import SPECIAL_TOKENS, build_tokenizer

# Nothing is fetched: the teacher is made here.
os.environ["HF_HUB_OFFLINE"] = "1"

TOPICS = {
    "kitchen": [
        "cook",
        "bake",
        "soup",
        "bread",
        "oven",
        "salt",
        "pepper",
        "stir",
        "plate",
        "fork",
        "knife",
        "dinner",
    ],
    "weather": [
        "rain",
        "snow",
        "wind",
        "cloud",
        "storm",
        "sunny",
        "cold",
        "warm",
        "thunder",
        "fog",
        "ice",
        "heat",
    ],
    "sport": [
        "ball",
        "team",
        "goal",
        "run",
        "win",
        "match",
        "coach",
        "player",
        "kick",
        "score",
        "race",
        "swim",
    ],
}
FILLERS = ["the", "a", "in", "on", "with", "and", "very", "some", "my", "your"]


def sentence(source: random.Random) -> str:
    words = source.sample(TOPICS[source.choice(sorted(TOPICS))], 4) + source.sample(FILLERS, 3)
    source.shuffle(words)
    return " ".join(words).capitalize() + "."


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory: 600 texts of three topics, and an STS-B dev of 60 pairs, scored by shared words."""
    data = tmp_path_factory.mktemp("data")
    source = random.Random(3)
    texts = [sentence(source) for _ in range(600)]
    (data / "own.txt").write_text("\n".join(texts) + "\n", encoding="utf-8")
    (data / "sts").mkdir()
    rows = ["score\tsentence1\tsentence2\tsubset"]
    for _ in range(60):
        left, right = sentence(source), sentence(source)
        rows.append(f"{len(set(left.split()) & set(right.split()))}\t{left}\t{right}\ttiny")
    (data / "sts" / "stsb-dev.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return data


@pytest.fixture(scope="session")
def tiny_teacher(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Path of a sentence-transformers model with random weights: BERT, 2 layers, mean pooling."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer
    from tokenizers.processors import BertProcessing
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    torch.manual_seed(0)
    source, target = tmp_path_factory.mktemp("bert"), tmp_path_factory.mktemp("teacher")
    words = [word for topic in TOPICS.values() for word in topic] + FILLERS
    letters = "abcdefghijklmnopqrstuvwxyz"
    tokens = dict.fromkeys([*SPECIAL_TOKENS, ".", *words, *letters, *(f"##{letter}" for letter in letters)])
    tokenizer = build_tokenizer(list(tokens))
    tokenizer.post_processor = BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]").save_pretrained(source)  # type: ignore[no-untyped-call]
    shape = BertConfig(  # type: ignore[no-untyped-call]
        vocab_size=200, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64
    )
    BertModel(shape).save_pretrained(source)  # type: ignore[no-untyped-call]
    transformer = Transformer(str(source), max_seq_length=64)
    SentenceTransformer(modules=[transformer, Pooling(32)], device="cpu").save(str(target))
    return str(target)
