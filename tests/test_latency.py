"""How long a model takes to answer: which batches are timed, how often, and how that is told."""

import numpy as np

from search.export.latency import BATCHES, FEWEST, MOST, WARM, Latency, latency_of, timed, told


def test_each_batch_is_answered_warm_and_many_times():
    """Examples are repeated where there are too few; every answer is for a whole batch."""
    asked = []
    found = timed(lambda batch: asked.append(len(batch["a"])), {"a": np.arange(7), "b": np.zeros((7, 2))})
    assert list(found) == [str(size) for size in BATCHES]
    for size in BATCHES:
        assert asked.count(size) - WARM == len(found[str(size)])
        assert FEWEST <= len(found[str(size)]) <= MOST


def test_slow_model_is_asked_no_more_often_than_it_has_to(monkeypatch):
    """A model of seconds would otherwise be timed for an hour."""
    clock = iter(range(10_000))
    monkeypatch.setattr("search.export.latency.time.perf_counter", lambda: 5.0 * next(clock))
    assert [len(each) for each in timed(lambda _: None, {"a": np.zeros((3, 2))}).values()] == [FEWEST, FEWEST]


def test_median_and_quartiles_are_told_in_milliseconds():
    """One slow answer moves none of them."""
    latency = latency_of(1000, [0.001, 0.002, 0.003, 0.004, 9.0])
    assert latency == Latency(1000, 0.003, 0.002, 0.004, 5)
    assert told(Latency(1, 0.00003121, 0.00003, 0.000035, 9), "image") == "1 image in 0.0312 (0.03 to 0.035) ms"
    assert told(Latency(1000, 0.0031, 0.003, 0.0042, 9), "row") == "1,000 rows in 3.1 (3 to 4.2) ms"
