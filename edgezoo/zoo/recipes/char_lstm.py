"""Recipes of the character language models: six Turkic languages in IPA, each and together, and English.

    edgezoo train charlstm-turkic --data DIR --work DIR --out DIR

`charlstm-turkic` reads all six languages, balanced; `charlstm-kk` and its like start from it (`init_from`)
and read one. `charlstm-en` reads articles. Stages keep what they made in the work directory; run the same
command again to go on after an interruption.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import torch

from edgezoo.errors import DataError
from edgezoo.zoo import language_material
from edgezoo.zoo.architectures.char_lstm import CharLstm, Shape
from edgezoo.zoo.datasets import turkic
from edgezoo.zoo.language_checkpoint import Facts, write
from edgezoo.zoo.language_material import Holdout, Material
from edgezoo.zoo.language_training import EarlyStopping, Regimen, fit, judge
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

    def held_out(self) -> Holdout:
        """What decides which texts are held out."""
        return Holdout(self.languages, self.min_frequency, self.holdout, self.seed)


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
        after=config.init_from,
    )
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
