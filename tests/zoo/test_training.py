"""The course of the rate and the batches; what training a table leaves is tested with the recipe."""

from __future__ import annotations

import numpy as np
import pytest

from edgezoo.zoo.training import Curriculum, Lessons, Settings, rate


def test_the_rate_warms_up_and_decays_to_zero() -> None:
    rates = [rate(step, 100, 10) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == pytest.approx(0.98, abs=0.01)
    assert rates[50] == pytest.approx(0.5)
    assert rates[-1] < 0.001


def lessons(texts: int, group: int = 1) -> Lessons:
    """Lessons in two clusters; only their schedule is asked for here."""
    clusters = np.arange(texts // group, dtype=np.int16) % 2
    return Lessons(None, None, clusters, None, group)  # type: ignore[arg-type]


def test_recombined_sentences_get_their_share_of_the_batches() -> None:
    corpus, recombined = lessons(64), lessons(64, group=4)
    curriculum = Curriculum(corpus, recombined, Settings(batch=8, recombined_share=0.25))
    drawn = [curriculum(step) for step in range(40)]
    assert [source is recombined for source, _ in drawn].count(True) == 10
    for source, rows in drawn:
        assert len(rows) == 8
        if source is recombined:
            assert np.array_equal(rows.reshape(-1, 4) % 4, np.tile(np.arange(4), (2, 1))), (
                "groups stay together"
            )


def test_a_step_has_the_same_batch_in_a_resumed_training() -> None:
    settings = Settings(batch=8, recombined_share=0.25)
    whole = Curriculum(lessons(64), lessons(64, group=4), settings)
    expected = [whole(step)[1] for step in range(20)]
    resumed = Curriculum(lessons(64), lessons(64, group=4), settings)
    assert all(np.array_equal(resumed(step)[1], expected[step]) for step in range(7, 20))


def test_without_enough_recombined_sentences_all_batches_are_of_the_corpus() -> None:
    corpus = lessons(64)
    for few in (None, lessons(4, group=4)):
        curriculum = Curriculum(corpus, few, Settings(batch=8))
        assert all(curriculum(step)[0] is corpus for step in range(20))
