"""The trials in flight: what a worker's events make of the study."""

import math

import pytest
from optuna.trial import TrialState

from search.models import ModelStore
from search.storage import open_storage
from search.study import Wishes, enqueue, open_study
from search.trials import Observer, Report, Trials
from trainable.config import BASELINE


class Recorder(Observer):
    """Writes down what it is told."""

    def __init__(self):
        self.events = []

    def started(self, live):
        self.events.append(("started", live.number))

    def reported(self, live):
        self.events.append(("reported", live.number, live.last.epoch))

    def finished(self, live, state, reason):
        self.events.append(("finished", live.number, state.name, reason))


def report(epoch, accuracy, **changes):
    """What a worker measures."""
    values = {"train_accuracy": 0.5, "seconds": 2.0, "samples_per_second": 100.0, "host": "h", "parameters_count": 9}
    return Report(epoch=epoch, val_accuracy=accuracy, **(values | changes))


@pytest.fixture
def make(tmp_path):
    """A function that makes trials over a new study with a baseline."""

    def build(pruner="none", budget=10, max_retries=0):
        settings = Wishes(seed=7, sampler="random", pruner=pruner).settings({"x_train": "a"})
        study = open_study("s", open_storage(f"sqlite:///{tmp_path / 'studies.db'}", create=True), settings)
        enqueue(study, settings, [])
        models = ModelStore(tmp_path, "s")
        return (
            study,
            Trials(study, settings, budget=budget, models=models, observer=Recorder(), max_retries=max_retries),
            models,
        )

    return build


def run(trials, key, *accuracies, model=None):
    """Let a worker run a whole trial."""
    trials.ask(key)
    trials.start(key)
    for epoch, accuracy in enumerate(accuracies[:-1], start=1):
        trials.report(key, report(epoch, accuracy))
    if model is not None:
        trials.keep_model(key, model)
    trials.finish(key, report(len(accuracies), accuracies[-1]))


def test_complete_trial_is_recorded_whole(make):
    """Every epoch, the value of the last one, and every attribute of the design are in the study."""
    study, trials, _ = make()
    run(trials, "a", 0.5, 0.7, 0.6)
    [trial] = study.trials
    assert (trial.state, trial.value) == (TrialState.COMPLETE, 0.6)
    assert trial.intermediate_values == {1: 0.5, 2: 0.7, 3: 0.6}
    attributes = dict(trial.user_attrs)
    assert attributes.pop("seed") >= 0
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
    assert trials._observer.events == [
        ("started", 0),
        ("reported", 0, 1),
        ("reported", 0, 2),
        ("reported", 0, 3),
        ("finished", 0, "COMPLETE", None),
    ]


def test_first_configuration_is_the_baseline_with_a_seed(make):
    """A worker is given all four parameters and the trial's seed, which the study's seed decides."""
    _, trials, _ = make()
    config = trials.ask("a")
    assert {name: config[name] for name in BASELINE.params} == BASELINE.params
    assert config["seed"] != trials.ask("b")["seed"]


def test_pruner_stops_a_bad_trial_and_never_the_baseline(make):
    """The study's pruner decides at each epoch, but the comparison needs the whole baseline."""
    study, trials, _ = make("median")
    trials.ask("baseline")
    for number in range(8):
        run(trials, f"good{number}", 0.8, 0.9, 0.9)
    trials.ask("bad")
    assert [trials.report("bad", report(epoch, 0.1)) for epoch in (1, 2)] == [False, True]
    trials.finish("bad", report(2, 0.1))
    assert study.trials[9].state == TrialState.PRUNED
    assert study.trials[9].intermediate_values == {1: 0.1, 2: 0.1}
    assert [trials.report("baseline", report(epoch, 0.01)) for epoch in (1, 2, 3)] == [False] * 3


def test_repeated_epochs_of_a_retried_trial_are_not_new(make):
    """After a lost worker the epochs begin again; those known already change neither values nor seconds."""
    study, trials, _ = make()
    trials.ask("a")
    trials.report("a", report(1, 0.5))
    trials.report("a", report(2, 0.6))
    trials.retry("a", "RayActorError: lost")
    for epoch, accuracy in ((1, 0.1), (2, 0.2), (3, 0.7)):
        trials.report("a", report(epoch, accuracy))
    trials.finish("a", report(4, 0.8))
    [trial] = study.trials
    assert trial.intermediate_values == {1: 0.5, 2: 0.6, 3: 0.7, 4: 0.8}
    assert trial.user_attrs["attempts"] == 2
    assert trial.user_attrs["seconds"] == 8.0
    assert "failure" not in trial.user_attrs


def test_trial_that_used_up_its_retries_fails_with_the_reason(make):
    """The study says how often it was tried and what the last attempt died of."""
    study, trials, _ = make()
    trials.ask("a")
    trials.retry("a", "RayActorError: lost")
    trials.finish("a", None)
    [trial] = study.trials
    assert trial.state == TrialState.FAIL
    assert trial.user_attrs["failure"] == "RayActorError: lost"
    assert (trial.user_attrs["attempts"], trial.user_attrs["epochs_run"]) == (1, 0)


def test_trial_lost_before_its_retries_are_used_up_leaves_a_successor(make):
    """Where the executor gives up early, the configuration is asked again, with its seed and its count of attempts."""
    study, trials, _ = make(budget=1, max_retries=1)
    config = trials.ask("a")
    trials.retry("a", "RayActorError: lost")
    trials.finish("a", None)
    assert not trials.exhausted
    assert trials.ask("b") == config
    trials.retry("b", "RayActorError: lost again")
    trials.finish("b", None)
    assert trials.exhausted
    assert [trial.user_attrs["failure"] for trial in study.trials] == ["interrupted", "RayActorError: lost again"]
    assert study.trials[1].user_attrs["retry_of"] == 0
    assert study.trials[1].user_attrs["attempts"] == 2


def test_diverged_trial_fails_with_the_workers_reason(make):
    """A failure that the worker reports is the trial's own; its accuracy is not recorded."""
    study, trials, _ = make()
    trials.ask("a")
    trials.report("a", report(1, 0.5))
    trials.finish("a", report(2, math.nan, failure="diverged at epoch 2"))
    [trial] = study.trials
    assert trial.state == TrialState.FAIL
    assert trial.user_attrs["failure"] == "diverged at epoch 2"
    assert trial.intermediate_values == {1: 0.5}
    assert trials._observer.events[-1] == ("finished", 0, "FAIL", "diverged at epoch 2")


def test_only_the_best_model_is_kept(make):
    """A better trial's model takes the place of the last; a worse or an equal one changes nothing."""
    _, trials, models = make()
    for key, accuracy, kept in (("a", 0.5, 0), ("b", 0.8, 1), ("c", 0.6, 1), ("d", 0.8, 1), ("e", 0.9, 4)):
        run(trials, key, accuracy, model=key.encode())
        assert models.kept() == [kept]
    assert models.path(4).read_bytes() == b"e"
    assert trials.best == 0.9


def test_budget_is_what_may_be_asked(make):
    """The trials say when the last one of the budget was asked."""
    _, trials, _ = make(budget=2)
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
