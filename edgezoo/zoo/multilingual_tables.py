"""The part of a card that speaks of many languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgezoo.zoo.markdown import table

ENGLISH = "en"


def mean_of_others(scores: Mapping[str, Mapping[str, float]]) -> float:
    """The mean Spearman over the languages that are not English."""
    others = [score["spearman"] for language, score in scores.items() if language != ENGLISH]
    return sum(others) / len(others)


def card_sections(evaluation: Mapping[str, Any]) -> list[str]:
    """Similarity, retrieval and tweets beside the baselines; nothing for a model of one language."""
    found = evaluation.get("multilingual")
    if not found:
        return []
    systems = {f"**{evaluation['model']}**": found, **found["baselines"]}
    return [
        "## Across languages",
        *_similarity(systems),
        *_retrieval(systems),
        *_tweets(systems),
        *_published(found["published"]),
    ]


def _similarity(systems: Mapping[str, Mapping[str, Any]]) -> list[str]:
    first = next(iter(systems.values()))["similarity"]
    parts = ["Spearman × 100 on stsb-multi-mt (STS-B, machine translated), and the mean without English:"]
    for split, scores in first.items():
        languages = [ENGLISH, *(language for language in scores if language != ENGLISH)]
        rows = []
        for name, system in systems.items():
            own = system["similarity"][split]
            figures = [f"{100 * own[language]['spearman']:.1f}" for language in languages]
            rows.append([name, *figures, f"{100 * mean_of_others(own):.2f}"])
        parts.append(table([split, *languages, "mean"], rows))
    return parts


def _retrieval(systems: Mapping[str, Mapping[str, Any]]) -> list[str]:
    first = next(iter(systems.values()))["retrieval"]
    ranked = sorted(first, key=lambda language: (-first[language]["accuracy"], language))
    rows = [
        [
            language,
            *(f"{100 * system['retrieval'][language]['accuracy']:.1f}" for system in systems.values()),
            f"{first[language]['queries']:,}",
        ]
        for language in ranked
    ]
    means = [
        f"{100 * sum(own['accuracy'] for own in system['retrieval'].values()) / len(ranked):.1f}"
        for system in systems.values()
    ]
    return [
        "How often (%) a sentence's English is the nearest of 1,000 English sentences, among pairs held out "
        "of training:",
        table(["language", *systems, "sentences"], [*rows, ["mean", *means, ""]]),
    ]


def _tweets(systems: Mapping[str, Mapping[str, Any]]) -> list[str]:
    rows = [
        [name, f"{100 * system['tweets']['accuracy']:.1f}"]
        for name, system in systems.items()
        if "tweets" in system
    ]
    tested = next(iter(systems.values()))["tweets"]["tested"]
    intro = f"Accuracy × 100 of a linear classifier of tweets that reads the vectors, on {tested:,} tweets:"
    return [intro, table(["", "accuracy"], rows)]


def _published(cited: list[Mapping[str, Any]]) -> list[str]:
    rows = [
        [
            f"[{entry['name']}]({entry['source'].partition(' ')[0]})",
            f"{entry['parameters'] / 1e6:.0f} M",
            f"{100 * entry['sts17_mean']:.1f}",
        ]
        for entry in cited
    ]
    intro = "Other static models, as published on another test set (STS17, mean over 11 pairs of languages):"
    return [intro, table(["", "parameters", "Spearman × 100"], rows)]
