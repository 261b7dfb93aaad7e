"""Both routes on a tiny teacher and two languages, of which one is English spelt backwards."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from edgezoo.errors import DataError, InputError
from edgezoo.exporters.flatbuffer import export_own
from edgezoo.runtimes.engine import EngineRuntime
from edgezoo.zoo import recipes, training
from edgezoo.zoo.checkpoint import read_checkpoint
from edgezoo.zoo.datasets import multilingual, translations
from edgezoo.zoo.multilingual_training import Shares
from edgezoo.zoo.projection import load
from edgezoo.zoo.recipes import static_multilingual
from edgezoo.zoo.token_teacher import TokenTeacher, pooling_of, template_of
from edgezoo.zoo.unigram_vocabulary import UnigramConfig
from edgezoo.zoo.weighting import SCHEMES
from tests.zoo.conftest import FILLERS, TOPICS, sentence

WORDS = [word for topic in TOPICS.values() for word in topic] + FILLERS

TINY = static_multilingual.Config(
    name="tiny-multilingual",
    vocabulary=UnigramConfig(1000, characters=60_000, rarest=1, longest=8),
    dimension=32,
    wide=32,
    wide_steps=20,
    precision="int8",
    steps=60,
    settings=training.Settings(batch=32, every=20, warmup=5, learning_rate=1e-2),
    shares=Shares(epoch=1500),
    last_settings=training.Settings(batch=32, every=20, warmup=5, learning_rate=1e-2),
    last_shares=Shares(epoch=1500),
    comparison_steps=5,
    texts=400,
    recombined=40,
    clusters=3,
    sentences=80,
)


def backwards(text: str) -> str:
    """The other language."""
    return " ".join(word[::-1] for word in text.rstrip(".").split()) + "."


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, tiny_data: Path) -> Path:
    """`tiny_data` with translations, words, other text, and stsb-multi-mt of both languages."""
    place = tmp_path_factory.mktemp("multilingual") / "data"
    shutil.copytree(tiny_data, place)
    (place / "multilingual").mkdir()
    source = random.Random(9)
    own = (tiny_data / "own.txt").read_text().splitlines()
    pairs = [*own[:300], *(sentence(source) for _ in range(300))]
    rows = {
        "parallel": [f"made\txb\t{text}\t{backwards(text)}" for text in pairs],
        "lexicon": [f"xb\t{word}\t{word[::-1]}" for word in WORDS],
        "monolingual": [f"xb\t{backwards(sentence(source))}" for _ in range(50)],
    }
    for name, lines in rows.items():
        (place / "multilingual" / f"{name}.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    annotations = place / "cldr" / "annotations"
    annotations.mkdir(parents=True)
    for language, turn in (("en", 1), ("xb", -1)):
        entries = "".join(
            f'<annotation cp="{mark}"{kind}>{word[::turn]}</annotation>'
            for kind in ("", ' type="tts"')
            for mark, word in (("🥣", "soup"), ("⛈", "storm"), ("⚽", "ball"))
        )
        text = f"<ldml><annotations>{entries}</annotations></ldml>"
        (annotations / f"{language}.xml").write_text(text, encoding="utf-8")
    scored = [line.split("\t") for line in (place / "sts/stsb-dev.tsv").read_text().splitlines()[1:]]
    lines = ["split\tlang\tscore\tsentence1\tsentence2"]
    for score, left, right, _ in scored:
        lines.append(f"dev\ten\t{score}\t{left}\t{right}")
        lines.append(f"dev\txb\t{score}\t{backwards(left)}\t{backwards(right)}")
    (place / "sts/stsb-multilingual.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def trained(data: Path, tiny_teacher: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Work and checkpoint directories of the route of translations."""
    work, out = tmp_path_factory.mktemp("work"), tmp_path_factory.mktemp("out")
    static_multilingual.train(TINY, data, work, out, tiny_teacher, quiet=True)
    return work, out


def vectors(model: EngineRuntime, texts: list[str]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return model.embed(texts)


def test_translations_find_each_other(trained: tuple[Path, Path], data: Path) -> None:
    """Sentences that were held out, through the exported bundle."""
    model = EngineRuntime.open(str(export_own(trained[1])))
    pairs = list(translations.retrieval(data))[:30]
    assert len(pairs) > 20
    english = vectors(model, [pair.english for pair in pairs])
    other = vectors(model, [pair.other for pair in pairs])
    found = (other @ english.T).argmax(1)
    assert (found == np.arange(len(pairs))).mean() > 0.8


def test_the_checkpoint_directory_is_whole(trained: tuple[Path, Path]) -> None:
    checkpoint = read_checkpoint(trained[1])
    card = checkpoint.card
    assert checkpoint.embedding.shape == (len(checkpoint.vocabulary), 32)
    assert not checkpoint.embedding[:4].any()
    assert checkpoint.scores is not None
    assert set(card["pooling"]) == set(SCHEMES)
    assert card["records"]["sentence"] > 500
    assert {"cosine_mean", "dev_change"} <= set(card["drift"]["int8"])
    assert load(trained[1] / "pca.npz").components.shape == (32, 32)
    log = [json.loads(line) for line in (trained[1] / "training.jsonl").read_text().splitlines()]
    assert [line["step"] for line in log] == [20, 40, 60]
    assert log[-1]["contrast"] < log[0]["contrast"]


def test_an_emoji_means_what_it_is_called(trained: tuple[Path, Path]) -> None:
    model = EngineRuntime.open(str(export_own(trained[1])))
    for mark, word in (("🥣", "soup"), ("⛈", "storm"), ("⚽", "ball")):
        found = vectors(model, [word[::-1] for word in ("soup", "storm", "ball")]) @ vectors(model, [mark])[0]
        assert ("soup", "storm", "ball")[int(found.argmax())] == word


def test_nothing_that_is_held_out_is_learnt_from(trained: tuple[Path, Path], data: Path) -> None:
    own = trained[0] / TINY.name
    learnt = set((own / translations.TEXTS).read_text().splitlines())
    held = [pair.other for pair in translations.retrieval(data)]
    assert held
    assert not learnt.intersection(held)


def test_records_lead_to_their_english(trained: tuple[Path, Path]) -> None:
    work, own = trained[0], trained[0] / TINY.name
    records = translations.read(own)
    english = (work / "short.txt").read_text().splitlines()
    english += (own / "recombined.txt").read_text().splitlines() if (own / "recombined.txt").exists() else []
    english += (own / translations.ENGLISH).read_text().splitlines()
    texts = (own / translations.TEXTS).read_text().splitlines()
    assert len(texts) == len(records)
    other = records.languages.index("xb")
    of_other = np.flatnonzero((records.language == other) & (records.kind == translations.SENTENCE))
    for row in of_other[:50]:
        assert texts[row].lower() == backwards(english[records.english[row]]).lower()


def test_a_run_goes_on_where_it_was_interrupted(
    trained: tuple[Path, Path], data: Path, tiny_teacher: str, tmp_path: Path
) -> None:
    work = tmp_path / "work"
    shutil.copytree(trained[0], work)
    own = work / TINY.name / "training"
    (own / "table.npy").unlink()
    state = torch.load(own / "training.pt", weights_only=True)
    assert state["step"] == 60
    static_multilingual.train(TINY, data, work, tmp_path / "out", tiny_teacher, quiet=True)
    one, other = read_checkpoint(trained[1]), read_checkpoint(tmp_path / "out")
    assert np.array_equal(one.embedding, other.embedding)


def test_work_of_another_configuration_is_not_gone_on_with(
    trained: tuple[Path, Path], data: Path, tiny_teacher: str, tmp_path: Path
) -> None:
    import dataclasses

    other = dataclasses.replace(TINY, steps=61)
    with pytest.raises(DataError, match="another configuration"):
        static_multilingual.train(other, data, trained[0], tmp_path / "out", tiny_teacher, quiet=True)


@pytest.mark.parametrize(
    ("name", "template", "pooling"),
    [
        ("intfloat/multilingual-e5-base", "query: {}", "mean"),
        ("sentence-transformers/LaBSE", "{}", "cls"),
        ("/models/own", "{}", "mean"),
    ],
)
def test_a_teacher_is_asked_as_it_was_trained(name: str, template: str, pooling: str) -> None:
    assert (template_of(name), pooling_of(name)) == (template, pooling)


@pytest.fixture(scope="module")
def bare_teacher(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Path of a Transformer with random weights that reads ten letters."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordPiece
    from tokenizers.pre_tokenizers import Whitespace
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    torch.manual_seed(1)
    place = tmp_path_factory.mktemp("bare")
    letters = "abcdefghijklmnopqrstuvwxyz:."
    tokens = ["[PAD]", "[UNK]", *letters, *(f"##{letter}" for letter in letters)]
    tokenizer = Tokenizer(WordPiece({token: place for place, token in enumerate(tokens)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]").save_pretrained(place)  # type: ignore[no-untyped-call]
    sizes = {"hidden_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}
    shape = BertConfig(vocab_size=len(tokens), **sizes)  # type: ignore[no-untyped-call]
    BertModel(shape).save_pretrained(place)  # type: ignore[no-untyped-call]
    return str(place)


def test_pooling_takes_the_first_state_or_the_mean_of_what_is_no_padding(bare_teacher: str) -> None:
    texts = ["cab", "a", "fedcba abc"]
    mean, first = (TokenTeacher(bare_teacher, "{}", pooling) for pooling in ("mean", "cls"))
    for teacher in (mean, first):
        alone = np.concatenate([teacher.encode([text]) for text in texts])
        assert np.abs(alone.astype(float) - teacher.encode(texts)).max() < 2e-3
    ids = torch.tensor([mean.tokenizer("cab")["input_ids"]])
    with torch.inference_mode():
        states = mean.model(ids).last_hidden_state[0].float()
    for teacher, expected in ((mean, states.mean(0)), (first, states[0])):
        assert np.allclose(teacher.encode(["cab"])[0], (expected / expected.norm()).numpy(), atol=2e-3)


def test_the_template_is_what_the_teacher_reads(bare_teacher: str) -> None:
    asked = TokenTeacher(bare_teacher, "query: {}", "mean").encode(["abc"])
    assert np.allclose(asked, TokenTeacher(bare_teacher, "{}", "mean").encode(["query: abc"]), atol=1e-6)
    with pytest.raises(InputError, match="template"):
        TokenTeacher(bare_teacher, "query:", "mean")
    with pytest.raises(InputError, match="pooling"):
        TokenTeacher(bare_teacher, "{}", "max")


def test_a_multilingual_teacher_makes_a_table(data: Path, bare_teacher: str, tmp_path: Path) -> None:
    import dataclasses

    config = dataclasses.replace(TINY, name="tiny-tokens", route="tokens")
    static_multilingual.train(config, data, tmp_path / "work", tmp_path / "out", bare_teacher, quiet=True)
    checkpoint = read_checkpoint(tmp_path / "out")
    basis = load(tmp_path / "out" / "pca.npz")
    assert basis.components.shape == (32, 64)
    explained = float(basis.explained_variance_ratio.sum())
    assert checkpoint.card["explained_variance"] == pytest.approx(explained, abs=1e-6)
    assert 0 < explained < 1
    token = checkpoint.vocabulary.index("s")
    asked = TokenTeacher(bare_teacher, "{}", "mean").encode(["s"])
    expected = basis(torch.from_numpy(asked).float())[0].numpy()
    row = checkpoint.embedding[token]
    assert np.allclose(row / np.linalg.norm(row), expected, atol=5e-3)


def test_missing_names_of_emoji_are_an_error(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(multilingual, "ANNOTATIONS", ("elsewhere",))
    with pytest.raises(DataError, match="unicode-cldr-core"):
        static_multilingual.train(TINY, data, tmp_path / "work", tmp_path / "out", quiet=True)


def test_arguments_that_do_not_fit_are_named(data: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--teacher"):
        recipes.train("static-multilingual-tokens", data, tmp_path)
    with pytest.raises(InputError, match="--words"):
        recipes.train("static-multilingual", data, tmp_path, words=[tmp_path / "w.txt"])
