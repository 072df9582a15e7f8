"""The trials in flight: what a worker's events make of the study."""

import functools
import math
from datetime import UTC, datetime

import pytest
from attempts import measurement, run, trials_over
from optuna.trial import TrialState

from search.study.study import count, ranked
from search.trials.failures import Failure
from trainable.keys import KEEP_FROM
from trainable.problems import BUILT_IN


@pytest.fixture
def make(tmp_path, storage_url):
    """A function that makes trials over a new study with a baseline, on each kind of storage."""
    return functools.partial(trials_over, tmp_path, storage_url)


def test_complete_trial_is_recorded_whole(make):
    """Every epoch, the value of the last one, and every attribute of the design are in the study."""
    study, trials, _ = make()
    run(trials, "a", 0.5, 0.7, 0.6)
    [trial] = study.trials
    assert (trial.state, trial.value) == (TrialState.COMPLETE, 0.6)
    assert trial.intermediate_values == {1: 0.5, 2: 0.7, 3: 0.6}
    attributes = dict(trial.user_attrs)
    assert attributes.pop("seed") >= 0
    began, ended = (datetime.fromisoformat(attributes.pop(name)) for name in ("began", "ended"))
    assert (began.tzinfo, ended >= began) == (UTC, True)
    assert attributes == {
        "baseline": True,
        "epochs_run": 3,
        "seconds": 6.0,
        "samples_per_second": 100.0,
        "host": "h",
        "attempts": 1,
        "parameters_count": 9,
        "train_accuracy": 0.5,
    }
    assert trials.training_seconds == 6.0
    assert trials.observer.events == [
        ("started", 0),
        ("reported", 0, 1),
        ("reported", 0, 2),
        ("reported", 0, 3),
        ("finished", 0, "COMPLETE", None),
    ]


def test_running_trial_says_where_it_is(make):
    """Its host is recorded with its first epoch, and its successor may come to run elsewhere."""
    study, trials, _ = make(max_retries=1)
    trials.ask("a")
    assert "host" not in study.trials[0].user_attrs
    trials.report("a", measurement(1, 0.5, host="first"))
    assert study.trials[0].user_attrs["host"] == "first"
    trials.fail("a", LOST)
    trials.ask("b")
    assert "host" not in study.trials[1].user_attrs


def test_first_configuration_is_the_baseline_with_a_seed(make):
    """A worker is given all four parameters and the trial's seed, which the study's seed decides."""
    _, trials, _ = make()
    config = trials.ask("a")
    assert {name: config[name] for name in BUILT_IN.baseline} == BUILT_IN.baseline
    assert config["seed"] != trials.ask("b")["seed"]


def test_pruner_stops_a_bad_trial_and_never_the_baseline(make):
    """The study's pruner decides at each epoch, but the comparison needs the whole baseline."""
    study, trials, _ = make("median")
    trials.ask("baseline")
    for number in range(8):
        run(trials, f"good{number}", 0.8, 0.9, 0.9)
    trials.ask("bad")
    assert [trials.report("bad", measurement(epoch, 0.1)) for epoch in (1, 2)] == [False, True]
    trials.finish("bad", measurement(2, 0.1))
    assert study.trials[9].state == TrialState.PRUNED
    assert study.trials[9].intermediate_values == {1: 0.1, 2: 0.1}
    assert [trials.report("baseline", measurement(epoch, 0.01)) for epoch in (1, 2, 3)] == [False] * 3


LOST = Failure("crashed", "the worker's process ended", retried=True)


def test_lost_trial_is_tried_again_from_its_first_epoch(make):
    """A successor has the parameters, the seed and the next attempt; no epoch of the study is reported twice."""
    study, trials, _ = make(goal=1, max_retries=1)
    config = trials.ask("a")
    trials.report("a", measurement(1, 0.5))
    trials.fail("a", LOST)
    assert not trials.exhausted
    assert trials.ask("b") == config
    trials.report("b", measurement(1, 0.6))
    trials.finish("b", measurement(2, 0.8))
    assert trials.exhausted
    first, second = study.trials
    assert (first.state, first.user_attrs["failure"]) == (TrialState.FAIL, "interrupted: crashed")
    assert first.intermediate_values == {1: 0.5}
    assert second.intermediate_values == {1: 0.6, 2: 0.8}
    assert (second.user_attrs["retry_of"], second.user_attrs["attempts"]) == (0, 2)
    assert "failure" not in second.user_attrs
    assert count(study.trials).finished == 1


def test_trial_that_used_up_its_retries_fails_with_the_reason(make, tmp_path):
    """The study says how often it was tried and what the last attempt died of; a file tells the rest."""
    study, trials, _ = make(max_retries=1)
    for key in ("a", "b"):
        trials.ask(key)
        trials.fail(key, LOST)
    run(trials, "c", 0.5)
    assert [trial.user_attrs.get("failure") for trial in study.trials] == ["interrupted: crashed", "crashed", None]
    assert (study.trials[1].user_attrs["attempts"], study.trials[1].user_attrs["epochs_run"]) == (2, 0)
    story = tmp_path / "s" / "failures" / "trial-00001.txt"
    assert story.read_text() == "crashed\n\nthe worker's process ended\n"
    assert story.stat().st_mode & 0o777 == 0o600
    assert story.parent.stat().st_mode & 0o777 == 0o700


def test_preemption_uses_up_no_retry(make):
    """A node that was taken away says nothing about the trial."""
    study, trials, _ = make(max_retries=0)
    trials.ask("a")
    trials.fail("a", Failure("lost node", retried=True, counted=False))
    trials.ask("b")
    assert [trial.state for trial in study.trials] == [TrialState.FAIL, TrialState.RUNNING]
    trials.fail("b", LOST)
    run(trials, "c", 0.5)
    assert study.trials[1].user_attrs["failure"] == "crashed"
    assert study.trials[1].user_attrs["attempts"] == 1


def test_error_of_the_trial_itself_is_not_tried_again(make):
    """The same configuration and seed would fail in the same way."""
    study, trials, _ = make(max_retries=2)
    trials.ask("a")
    trials.fail("a", Failure("error: ValueError: no", "Traceback ..."))
    run(trials, "b", 0.5)
    assert study.trials[0].user_attrs["failure"] == "error: ValueError: no"
    assert count(study.trials).failed == 1


def test_stock_leaves_no_trial_that_nobody_runs(make):
    """Trials whose runtime is gone are left to successors; what the study lacks is counted from the study."""
    study, trials, _ = make(goal=3)
    run(trials, "a", 0.5)
    trials.ask("b")
    assert trials.take_stock() == 2
    assert [trial.state for trial in study.trials] == [TrialState.COMPLETE, TrialState.FAIL, TrialState.WAITING]
    assert trials.observer.events[-1] == ("interrupted", 1, "interrupted")
    run(trials, "c", 0.6)
    run(trials, "d", 0.7)
    assert trials.take_stock() == 0
    assert [trial.user_attrs.get("retry_of") for trial in study.trials] == [None, None, 1, None]


def test_diverged_trial_fails_with_the_workers_reason(make):
    """A failure that the worker reports is the trial's own; its accuracy is not recorded."""
    study, trials, _ = make()
    trials.ask("a")
    trials.report("a", measurement(1, 0.5))
    trials.finish("a", measurement(2, math.nan, failure="diverged at epoch 2"))
    [trial] = study.trials
    assert trial.state == TrialState.FAIL
    assert trial.user_attrs["failure"] == "diverged at epoch 2"
    assert trial.intermediate_values == {1: 0.5}
    assert trials.observer.events[-1] == ("finished", 0, "FAIL", "diverged at epoch 2")


def test_only_the_best_model_is_kept(make):
    """A better trial's model takes the place of the last; a worse or an equal one changes nothing."""
    _, trials, models = make()
    for key, accuracy, kept in (("a", 0.5, 0), ("b", 0.8, 1), ("c", 0.6, 1), ("d", 0.8, 1), ("e", 0.9, 4)):
        run(trials, key, accuracy, model=key.encode())
        assert models.kept() == [kept]
    assert models.path(4).read_bytes() == b"e"
    assert trials.ask("f")[KEEP_FROM] == 0.9


@pytest.mark.parametrize(("keep", "baseline"), [(1, 0.5), (2, 0.5), (2, 0.9)])
def test_of_equal_trials_the_earlier_is_the_better_even_where_it_ends_later(make, keep, baseline):
    """Its model is kept in place of the other's, whichever is written first: the best trials always have theirs."""
    study, trials, models = make(keep=keep)
    run(trials, "baseline", baseline, model=b"0")
    slow, fast = trials.ask("slow"), trials.ask("fast")
    for key in ("fast", "slow"):
        trials.keep_model(key, key.encode())
        trials.finish(key, measurement(1, 0.8))
    best = [trial.number for trial in ranked(study.trials)[:keep]]
    assert max(slow[KEEP_FROM], fast[KEEP_FROM]) <= 0.8
    assert models.kept() == sorted(best)
    assert models.path(1).read_bytes() == b"slow"


def test_best_models_are_kept_as_many_as_wanted(make):
    """Workers are asked for models that would be among them, and from the first trials on for all."""
    _, trials, models = make(keep=2)
    wanted = (
        ("a", 0.5, -math.inf, [0]),
        ("b", 0.8, -math.inf, [0, 1]),
        ("c", 0.6, 0.5, [1, 2]),
        ("d", 0.4, 0.6, [1, 2]),
    )
    for key, accuracy, keep_from, kept in wanted:
        assert trials.ask(key)[KEEP_FROM] == keep_from
        trials.start(key)
        trials.keep_model(key, b"model")
        trials.finish(key, measurement(1, accuracy))
        assert models.kept() == kept


def test_goal_is_what_may_be_asked(make):
    """The trials say when the last one that the study lacks was asked."""
    _, trials, _ = make(goal=2)
    trials.ask("a")
    assert not trials.exhausted
    trials.ask("b")
    assert trials.exhausted


def test_model_is_on_disk_before_the_trial_is_told(make, monkeypatch):
    """A driver that dies in between leaves a model without a trial, never a best trial without its model."""
    study, trials, models = make()
    monkeypatch.setattr(study, "tell", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        run(trials, "a", 0.5, model=b"model")
    assert models.kept() == [0]
    assert study.trials[0].state == TrialState.RUNNING
