"""Recipes of the character language models: six Turkic languages in IPA, each and together, and English.

    edgezoo train charlstm-turkic --data DIR --work DIR --out DIR

`charlstm-turkic` reads all six languages, balanced; `charlstm-kk` and its like start from it (`init_from`)
and read one. `charlstm-en` reads articles. Stages keep what they made in the work directory; run the same
command again to go on after an interruption.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import torch

from edgezoo.errors import DataError
from edgezoo.zoo.architectures.char_lstm import CharLstm, Shape
from edgezoo.zoo.datasets import corpora, turkic
from edgezoo.zoo.datasets.corpora import Split
from edgezoo.zoo.language_checkpoint import Facts, write
from edgezoo.zoo.language_training import EarlyStopping, Ids, Regimen, fit, judge
from edgezoo.zoo.progress import Bars
from edgezoo.zoo.tokenizers import char

LONGEST_PART = 4096  # characters of an article that are read in one go


@dataclass(frozen=True)
class Config:
    """Everything that decides what a recipe makes."""

    name: str
    description: str
    languages: tuple[str, ...]
    regimen: Regimen
    shape: Shape = field(default_factory=Shape)
    min_frequency: int = 20
    holdout: float = 0.1
    seed: int = 1
    init_from: str = ""  # the recipe whose weights are the beginning


TURKIC = Config(
    name="charlstm-turkic",
    description="How likely, character by character, is IPA in six Turkic languages; and more of it.",
    languages=tuple(turkic.LANGUAGES),
    regimen=Regimen(epochs=10, lanes=32, early_stopping=EarlyStopping(2, 0.001)),
)
ENGLISH = Config(
    name="charlstm-en",
    description="How likely, character by character, is English; and more of it.",
    languages=("en",),
    regimen=Regimen(epochs=1, lanes=16, looks=20),
    shape=Shape(dropout=0.0),  # nothing is read twice
    min_frequency=1000,
    holdout=0.01,
)
RECIPES = {config.name: config for config in (TURKIC, ENGLISH)} | {
    f"charlstm-{code}": replace(
        TURKIC,
        name=f"charlstm-{code}",
        description=f"How likely, character by character, is {language.name} in IPA; and more of it.",
        languages=(code,),
        regimen=Regimen(epochs=4, lanes=32, learning_rate=1e-3, early_stopping=EarlyStopping(1, 0.001)),
        init_from=TURKIC.name,
    )
    for code, language in turkic.LANGUAGES.items()
}


@dataclass(frozen=True)
class Material:
    """The vocabulary with its manifest, and of each language the texts and their ids."""

    tokens: list[str]
    manifest: char.Manifest
    texts: dict[str, Split]

    def ids(self, language: str, part: str) -> list[Ids]:
        """Ids of the texts of "train", "dev" or "test"."""
        return char.encode(self.tokens, getattr(self.texts[language], part))


def turkic_material(config: Config, data: Path, work: Path) -> Material:
    """The six languages' IPA, with one vocabulary whatever the recipe's own languages are."""
    texts = turkic.corpus(data / "turkic", work / "ipa", config.holdout, config.seed)
    return _material(config, texts)


def english_material(config: Config, data: Path) -> Material:
    """Articles, those to learn from in parts."""
    articles = [
        unicodedata.normalize("NFC", text) for text in corpora.read(data / "english", "wikipedia") if text
    ]
    split = corpora.split(articles, config.holdout, config.seed)
    parts = [part for article in split.train for part in in_parts(article, LONGEST_PART)]
    return _material(config, {"en": replace(split, train=parts)})


def in_parts(text: str, longest: int) -> list[str]:
    """`text` cut at ends of lines, where there are any, into parts of up to `longest` characters."""
    parts = []
    while len(text) > longest:
        end = text.rfind("\n", 1, longest) + 1 or longest
        parts.append(text[:end])
        text = text[end:]
    return [*parts, text]


def _material(config: Config, texts: Mapping[str, Split]) -> Material:
    train = [text for split in texts.values() for text in split.train]
    held_out = [text for split in texts.values() for text in (*split.dev, *split.test)]
    tokens = char.vocabulary(train, config.min_frequency)
    found = char.manifest(tokens, train, held_out, config.min_frequency, config.holdout, config.seed)
    return Material(tokens, found, dict(texts))


def material(config: Config, data: Path, work: Path) -> Material:
    """What `config` learns from; raises DataError where `data` lacks it."""
    return (
        english_material(config, data) if config.languages == ("en",) else turkic_material(config, data, work)
    )


def train(config: Config, data: Path, work: Path, out: Path, quiet: bool = False) -> None:
    """Make a checkpoint directory `out` from the data in `data`.

    work: what stages keep; transliterated texts in it serve every recipe. Raises DataError where data are
    missing, `work` was made with another configuration, or the recipe that this one starts from was not run.
    """
    own = work / config.name
    own.mkdir(parents=True, exist_ok=True)
    claim(own, config)
    found = material(config, data, work)
    parts = {
        part: [ids for language in config.languages for ids in found.ids(language, part)]
        for part in ("train", "dev")
    }
    with Bars(quiet) as bars:
        model = fit(
            fresh(config, len(found.tokens), work),
            parts["train"],
            parts["dev"],
            config.regimen,
            own / "training",
            lambda done, total, note: bars(config.name, done, total, note),
        )
    held_out = {language: judge(model, found.ids(language, "test")) for language in config.languages}
    facts = Facts(config.name, config.description, config.languages, asdict(config), held_out)
    write(out, model, char.build(found.tokens), found.manifest, facts, own / "training")


def fresh(config: Config, tokens: int, work: Path) -> CharLstm:
    """A model at its beginning. Raises DataError if the recipe that it comes after was not run in `work`."""
    torch.manual_seed(config.seed)
    model = CharLstm(tokens, config.shape)
    if config.init_from:
        path = work / config.init_from / "training" / "finished.pt"
        if not path.exists():
            raise DataError(f"{path} is missing; first run: edgezoo train {config.init_from} --work {work}")
        model.load_state_dict(torch.load(path, weights_only=True, map_location="cpu"))
    return model


def claim(own: Path, config: Config) -> None:
    """Note the configuration in the recipe's work directory; raise DataError if it has another's work."""
    note, text = own / "config.json", json.dumps(asdict(config), indent=1) + "\n"
    if note.exists() and note.read_text(encoding="utf-8") != text:
        raise DataError(f"{own} was made with another configuration; remove it or use another --work")
    note.write_text(text, encoding="utf-8")
