"""Recipes of the character language models: six Turkic languages in IPA, each and together, and English.

    edgezoo train charlstm-turkic --data DIR --work DIR --out DIR

`charlstm-turkic` reads all six languages, balanced; `charlstm-kk` and its like start from it (`init_from`)
and read one. `charlstm-en-base` reads articles, and `charlstm-en`, which is the one to use, goes on from it.
Stages keep what they made in the work directory; run the same command again to go on after an interruption.
"""

from __future__ import annotations

import json
from dataclasses import MISSING, asdict, dataclass, field, fields, replace
from pathlib import Path

import numpy as np
import torch

from edgezoo.errors import DataError
from edgezoo.zoo import language_material
from edgezoo.zoo.architectures.char_lstm import CharLstm, Shape
from edgezoo.zoo.datasets import turkic
from edgezoo.zoo.language_checkpoint import Facts, write
from edgezoo.zoo.language_material import Holdout, Material
from edgezoo.zoo.language_training import EarlyStopping, Ids, Regimen, fit, judge
from edgezoo.zoo.progress import Bars
from edgezoo.zoo.tokenizers import char


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
    characters: int = 0  # at most so many are read in an epoch, of texts chosen by the seed; 0: all

    def held_out(self) -> Holdout:
        """What decides which texts are held out."""
        return Holdout(self.languages, self.min_frequency, self.holdout, self.seed)


TURKIC = Config(
    name="charlstm-turkic",
    description="How likely, character by character, is IPA in six Turkic languages; and more of it.",
    languages=tuple(turkic.LANGUAGES),
    regimen=Regimen(epochs=10, lanes=32, early_stopping=EarlyStopping(2, 0.001)),
)
ENGLISH_BASE = Config(
    name="charlstm-en-base",
    description="How likely, character by character, is English; and more of it.",
    languages=("en",),
    regimen=Regimen(epochs=1, lanes=16, max_seq_len=64, learning_rate=2e-3, looks=10),
    characters=33_000_000,
    shape=Shape(dropout=0.0),  # nothing is read twice
    min_frequency=1000,
    holdout=0.01,
)
# Once more from the highest rate down.
ENGLISH = replace(ENGLISH_BASE, name="charlstm-en", init_from=ENGLISH_BASE.name, characters=45_000_000)
RECIPES = {config.name: config for config in (TURKIC, ENGLISH_BASE, ENGLISH)} | {
    f"charlstm-{code}": replace(
        TURKIC,
        name=f"charlstm-{code}",
        description=f"How likely, character by character, is {language.name} in IPA; and more of it.",
        languages=(code,),
        regimen=Regimen(epochs=6, lanes=8, learning_rate=2e-3, early_stopping=EarlyStopping(2, 0.001)),
        init_from=TURKIC.name,
    )
    for code, language in turkic.LANGUAGES.items()
}


def material(config: Config, data: Path, work: Path) -> Material:
    """What `config` learns from; raises DataError where `data` lacks it."""
    return language_material.material(config.held_out(), data, work)


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
    parts["train"] = some(parts["train"], config.characters, config.seed)
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
    facts = Facts(
        name=config.name,
        description=config.description,
        languages=config.languages,
        recipe=asdict(config),
        held_out=held_out,
        data=language_material.sources(found, config.languages),
        read=sum(map(len, parts["train"])),
        after=config.init_from,
    )
    write(out, model, char.build(found.tokens), found.manifest, facts, own / "training")


def some(texts: list[Ids], characters: int, seed: int) -> list[Ids]:
    """A random choice of `texts` of about so many characters; all of them for 0."""
    order = np.random.default_rng(seed).permutation(len(texts))
    ends = np.cumsum([len(texts[i]) for i in order])
    return [texts[i] for i in order[: np.searchsorted(ends, characters) + 1]] if characters else texts


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
    """Note the configuration in the recipe's work directory; raise DataError if it has another's work.

    What a note from before a setting existed lacks is that setting's default.
    """
    note, settings = own / "config.json", json.loads(json.dumps(asdict(config)))
    if note.exists():
        usual = {each.name: each.default for each in fields(Config) if each.default is not MISSING}
        if usual | json.loads(note.read_text(encoding="utf-8")) != settings:
            raise DataError(f"{own} was made with another configuration; remove it or use another --work")
    note.write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")
