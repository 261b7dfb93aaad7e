"""Render model cards and the README's table from the JSON beside the models: `./do docs`."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from edgezoo.atomic import write_bytes
from edgezoo.zoo import language_tables, multilingual_tables, parity_tables, registry, web_tables
from edgezoo.zoo.markdown import cell, prose_and_tables, render, table, title

README = Path(__file__).parents[2] / "README.md"
# What lies between these two is rendered; {} is the name of the place.
BEGIN, END = "<!-- {}: rendered by `./do docs` -->", "<!-- /{} -->"

# In the card's first table; whatever else card.json holds becomes a section of its own.
_FACTS = (
    *("family", "languages", "license", "dimension", "vocabulary_size", "parameters", "precision"),
    *("teacher", "texts"),
)
# What the README compares the first part of a latency report with.
_PEERS = {"ratio": "model2vec", "onnxruntime_int8_ratio": "ONNX Runtime"}
_ABLATION = (
    "Short runs, each with one or two settings of the recipe changed. `dev`: Spearman on STS-B dev, or for "
    "sentiment accuracy on phrases held out of SST-2's training set."
)
_PARITY = (
    "The exports beside torch in float32, by `edgezoo verify`: texts no longer than the runtime reads, "
    "sentences and hostile Unicode; cosines and labels of the sentences; the change of Spearman × 100 on "
    "STS-B dev."
)
_SCORES = ("STS-B test", "STS12–16", "SST-2")
_TEACHER = "all-MiniLM-L6-v2"
_STS = ("sts12", "sts13", "sts14", "sts15", "sts16")


def render_card(folder: Path) -> str:
    """The Markdown card of the model in `folder`, from its card.json, its bundle and what was measured of it.

    That is in eval.json, latency.json, parity.json and ablation.json, where there are; pictures are shown.
    """
    card = _read(folder / "card.json")
    size = (folder / f"{folder.name}.ezb").stat().st_size
    facts = [(title(key), cell(card[key])) for key in _FACTS if card.get(key)]
    evaluation, latency, ablation = (
        _read(folder / name) if (folder / name).is_file() else {}
        for name in ("eval.json", "latency.json", "ablation.json")
    )
    parts = [
        f"# {card['name']}",
        card["description"],
        table(["", ""], [*facts, ("Size, tokenizer included", f"{size:,} bytes")]),
    ]
    if evaluation:
        exact = card.get("held_out", {})
        parts += ["## Quality", *_quality(evaluation, exact), *_beside_teacher(evaluation, latency)]
    parts += multilingual_tables.card_sections(evaluation)
    if latency:
        unit = "character" if card["family"] == language_tables.FAMILY else "text"
        parts += ["## Latency", *_latency(latency, unit)]
    if parity := parity_tables.read(folder):
        told = language_tables.PARITY if card["family"] == language_tables.FAMILY else _PARITY
        parts += ["## On every runtime", told, parity_tables.card_table(parity)]
    if ablation:
        parts += ["## Ablation", _ABLATION, *prose_and_tables(ablation)]
    parts += [*language_tables.vocabulary(folder), *language_tables.transfer(folder)]
    pictures = {path.name for path in folder.glob("*.png")} - {language_tables.TRANSFER_MAP}
    if pictures:
        parts += ["## Training", *(f"![{name.removesuffix('.png')}]({name})" for name in sorted(pictures))]
    for key, value in card.items():
        if value and key not in (*_FACTS, "name", "description", "quality", "held_out"):
            parts += [f"## {title(key)}", render(value)]
    return "\n\n".join([*parts, "Rendered from the JSON beside it by `./do docs`."]) + "\n"


def render_table() -> str:
    """The README's table of models that embed or classify."""
    rows = []
    for entry in registry.models():
        if entry.family == language_tables.FAMILY:
            continue
        evaluation, latency = (Path(entry.path).with_name(name) for name in ("eval.json", "latency.json"))
        results = _read(evaluation)["results"] if evaluation.is_file() else {}
        speed = _speed(_read(latency)) if latency.is_file() else "–"
        link = f"[`{entry.name}`](edgezoo/zoo/models/{entry.name}/README.md)"
        facts = [
            link,
            entry.description,
            str(entry.dim or "–"),
            f"{entry.vocabulary_size:,}",
            f"{entry.size / 1e6:.2f} MB",
        ]
        rows.append([*facts, *_scores(results), speed])
    columns = ["model", "what", "dimension", "tokens", "size", *_SCORES, "one text"]
    return table(columns, rows)


def _between_markers(text: str, name: str, content: str) -> str:
    """`text` with `content` between the markers of that name; as it is if it has none."""
    begin, end = BEGIN.format(name), END.format(name)
    if begin not in text:
        return text
    return f"{text.partition(begin)[0]}{begin}\n{content}\n{end}{text.partition(end)[2]}"


def _speed(report: Mapping[str, Any]) -> str:
    for part in report.values():
        for key, peer in _PEERS.items():
            if isinstance(part, Mapping) and key in part:
                return f"{part['edgezoo_us']:.1f} µs, {_times(part[key])} × {peer}"
    return "–"


def _times(ratio: float) -> str:
    return f"{ratio:.0f}" if ratio >= 10 else f"{ratio:.1f}"


def _sst2(results: Mapping[str, Any]) -> Mapping[str, Any] | None:
    return next((score for task, score in results.items() if task.startswith("sst2")), None)


def documents() -> dict[Path, str]:
    """Every rendered file and what it should hold."""
    folders = [Path(entry.path).parent for entry in registry.models()]
    rendered = {folder / "README.md": render_card(folder) for folder in folders}
    if README.is_file():  # not in an installed package
        text = README.read_text(encoding="utf-8")
        tables = {
            "models": render_table(),
            "language-models": language_tables.readme_tables(registry.models()),
            "formats": parity_tables.readme_table(folders),
            "web": web_tables.readme_tables(),
        }
        for name, content in tables.items():
            text = _between_markers(text, name, content)
        rendered[README] = text
    return rendered


def _quality(evaluation: Mapping[str, Any], exact: Mapping[str, Any]) -> list[str]:
    results = evaluation["results"]
    if any("bits" in score for score in results.values()):
        return language_tables.quality(evaluation, exact)
    similarity = [task for task, score in results.items() if "spearman" in score]
    labelling = [task for task, score in results.items() if "accuracy" in score]
    parts = _similarity(evaluation, similarity) if similarity else []
    return parts + (_labelling(evaluation, labelling) if labelling else [])


def _systems(evaluation: Mapping[str, Any], tasks: Sequence[str]) -> dict[str, Any]:
    """The model and the baselines that were measured in one of the tasks at least."""
    systems = {f"**{evaluation['model']}**": evaluation["results"], **evaluation.get("baselines", {})}
    return {name: scores for name, scores in systems.items() if any(task in scores for task in tasks)}


def _cited(evaluation: Mapping[str, Any], kind: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Published figures of one kind: the system's name, linked to its source, and the entry."""
    return [
        (f"[{cited['name']}]({cited['source'].partition(' ')[0]}), as published", cited)
        for cited in evaluation.get("published", [])
        if kind in cited
    ]


def _similarity(evaluation: Mapping[str, Any], tasks: Sequence[str]) -> list[str]:
    systems = _systems(evaluation, tasks)
    spearman = [
        [name, *(_score(scores.get(task)) for task in tasks), _mean(scores)]
        for name, scores in systems.items()
    ]
    pearson = [
        [name, *(_score(scores.get(task), "pearson") for task in tasks)] for name, scores in systems.items()
    ]
    for name, cited in _cited(evaluation, "spearman"):
        scores = {task: {"spearman": score} for task, score in cited["spearman"].items()}
        mean = _mean(scores) if "mean_sts12_16" not in cited else f"{100 * cited['mean_sts12_16']:.2f}"
        spearman.append([name, *(_score(scores.get(task)) for task in tasks), mean])
    pairs = ", ".join(f"{task} {evaluation['results'][task]['pairs']:,}" for task in tasks)
    return [
        "Spearman × 100 between cosine and human judgement:",
        table(["", *tasks, "mean of STS12–16"], spearman),
        "Pearson × 100:",
        table(["", *tasks], pearson),
        f"Pairs: {pairs}.",
    ]


def _labelling(evaluation: Mapping[str, Any], tasks: Sequence[str]) -> list[str]:
    kinds = ("accuracy", "f1")
    columns = [f"{task}, {title}" for task in tasks for title in ("accuracy", "F1")]
    rows = [
        [name, *(_score(scores.get(task), kind) for task in tasks for kind in kinds)]
        for name, scores in _systems(evaluation, tasks).items()
    ]
    for name, cited in _cited(evaluation, "accuracy"):
        scores = {task: {"accuracy": score} for task, score in cited["accuracy"].items()}
        rows.append([name, *(_score(scores.get(task), kind) for task in tasks for kind in kinds)])
    examples = ", ".join(
        f"{task} {evaluation['results'][task]['examples']:,}"
        for task in tasks
        if "examples" in evaluation["results"][task]
    )
    parts = ["Accuracy and F1 × 100:", table(["", *columns], rows)]
    return [*parts, f"Examples: {examples}."] if examples else parts


def _latency(report: Mapping[str, Any], unit: str) -> list[str]:
    """A table for each part that holds microseconds a `unit`, and one for all the rest."""
    parts, rest = [], {}
    for name, part in report.items():
        if not (isinstance(part, Mapping) and "edgezoo_us" in part):
            rest[name] = part
            continue
        systems = [key.removesuffix("_us") for key in part if key.endswith("_us")]
        rows = [
            [
                system.replace("_", " "),
                cell(part[f"{system}_us"]),
                "" if system == "edgezoo" else cell(part.get(f"{system}_ratio", part.get("ratio", "–"))),
            ]
            for system in systems
        ]
        parts.append(table([title(name), f"µs a {unit}", "times edgezoo's"], rows))
    return [*parts, render(rest)]


def _beside_teacher(evaluation: Mapping[str, Any], latency: Mapping[str, Any]) -> list[str]:
    """Quality, size and time of the model and of MiniLM in one table, where both were measured."""
    sizes = latency.get("bytes", {})
    teachers = [name for name in evaluation.get("baselines", {}) if _TEACHER in name]
    if _TEACHER not in sizes or not teachers:
        return []
    timed = {
        name: part for name, part in latency.items() if isinstance(part, Mapping) and "minilm_us" in part
    }
    systems = (
        (f"**{evaluation['model']}**", evaluation["results"], sizes["edgezoo"], "edgezoo_us"),
        (_TEACHER, evaluation["baselines"][teachers[0]], sizes[_TEACHER], "minilm_us"),
    )
    rows = [
        [name, *_scores(scores), f"{size / 1e6:.1f} MB", *(cell(part[key]) for part in timed.values())]
        for name, scores, size, key in systems
    ]
    columns = ["", *_SCORES, "size", *(f"{title(name)}, µs a text" for name in timed)]
    return ["## Beside MiniLM", table(columns, rows)]


def _scores(results: Mapping[str, Any]) -> list[str]:
    """The figures under `_SCORES`."""
    return [_score(results.get("stsb-test")), _mean(results), _score(_sst2(results), "accuracy")]


def _score(result: Mapping[str, Any] | None, kind: str = "spearman") -> str:
    return "–" if not result or result.get(kind) is None else f"{100 * result[kind]:.2f}"


def _mean(results: Mapping[str, Any]) -> str:
    if not all(task in results for task in _STS):
        return "–"
    return f"{100 * sum(results[task]['spearman'] for task in _STS) / len(_STS):.2f}"


def _read(path: Path) -> Any:
    content: Any = json.loads(path.read_text(encoding="utf-8"))
    return content


def main() -> None:
    """Write every rendered file that has changed, and name it."""
    for path, text in documents().items():
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            write_bytes(path, text.encode())
            print(path)


if __name__ == "__main__":
    main()
