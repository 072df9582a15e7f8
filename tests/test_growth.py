"""Spaces that grow: a parameter that a network meets first is recorded, and drawn from then on."""

import json
import logging
from dataclasses import replace
from types import SimpleNamespace

import pytest
from attempts import Recorder, measurement, run
from optuna.distributions import IntDistribution
from optuna.trial import TrialState
from own_models import BASELINE, OPEN_PROBLEM, TABLES

from search.confirmation.candidates import choose
from search.confirmation.confirmation import Confirmation
from search.confirmation.extent import Extent
from search.errors import UsageError
from search.runtime.tuning import _measurement as measurement_of
from search.storage.address import open_storage
from search.study.instants import BEGAN
from search.study.settings import Settings
from search.study.space import MOST_PARAMETERS, Space
from search.study.study import enqueue, lacking, open_study, params_of, recover, settings_of
from search.trials.failures import FailureStore
from search.trials.lifecycle import Trials
from search.trials.models import ModelStore
from trainable.keys import APPEARED

NEW = {"depth": {"type": "int", "low": 1, "high": 4, "default": 2}}
CHILD = {"width": {"type": "int", "low": 8, "high": 32, "step": 8, "default": 16, "when": {"optimizer": ["sgd"]}}}
NARROW = IntDistribution(3, 4)  # without the default
WHOLE = BASELINE | {"depth": 2}


@pytest.fixture
def storage_url(tmp_path):
    """The URL of a storage of one file."""
    return f"sqlite:///{tmp_path / 'studies.db'}"


@pytest.fixture
def make(tmp_path, storage_url):
    """A function that makes trials over an open study with a baseline, or goes on with it."""

    def trials(sampler="random", goal=20):
        settings = Settings(Space.default(OPEN_PROBLEM), seed=7, sampler=sampler, pruner="none")
        study = open_study("s", open_storage(storage_url), settings)
        settings = settings_of(study)
        enqueue(study, settings, [])
        stores = {"models": ModelStore(tmp_path, "s"), "failures": FailureStore(tmp_path, "s")}
        made = Trials(study, settings, goal=goal, observer=Recorder(), **stores)
        made.take_stock()
        return study, made

    return trials


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_what_appears_is_recorded_and_drawn_from_then_on(make, sampler):
    """The trial has the default as its parameter, the study the grown space; later trials draw it."""
    study, trials = make(sampler)
    trials.ask("a")
    assert not trials.report("a", measurement(1, 0.5, appeared=NEW))
    trials.report("a", measurement(2, 0.6, appeared=NEW))
    trials.finish("a", measurement(3, 0.7, appeared=NEW))
    assert study.trials[0].params == WHOLE
    space = settings_of(study).space
    assert space == trials.settings.space
    assert (space.appeared, space.is_open) == (("depth",), True)
    assert space.problem.baseline == WHOLE
    config = trials.ask("b")
    assert config["depth"] in range(1, 5)
    assert study.trials[1].params["depth"] == config["depth"]


def test_two_workers_may_meet_the_same_names(make):
    """The second trial was drawn before: it has its default, too, where the space has it; otherwise none."""
    study, trials = make()
    for key in "abc":
        trials.ask(key)
    trials.report("a", measurement(1, 0.5, appeared=NEW))
    trials.report("b", measurement(1, 0.5, appeared=NEW))
    trials.report("c", measurement(1, 0.5, appeared={"depth": {**NEW["depth"], "high": 9, "default": 9}}))
    assert [trial.params.get("depth") for trial in study.trials] == [2, 2, None]
    assert settings_of(study).space.appeared == ("depth",)
    for key in "abc":
        trials.finish(key, measurement(2, 0.6))


def test_conditional_parameter_appears_where_it_is_active(make):
    """It is drawn only beside its parent's values, and the baseline, which does not have them, is as it was."""
    study, trials = make()
    trials.ask("a")
    trials.finish("a", measurement(1, 0.5, appeared=CHILD))
    assert study.trials[0].params == BASELINE
    assert trials.settings.problem.baseline == BASELINE
    for key in map(str, range(12)):
        run(trials, key, 0.5)
    has = {trial.params["optimizer"]: "width" in trial.params for trial in study.trials}
    assert has == {"adam": False, "sgd": True}


def test_what_waits_has_the_default_of_what_appeared_since(make):
    """A queued configuration, that of a lost trial for instance, is the same however far the space has grown."""
    study, trials = make()
    queued = BASELINE | {"units": 64}
    enqueue(study, trials.settings, [trials.settings.space.check(queued, "")])
    trials.ask("a")
    trials.finish("a", measurement(1, 0.5, appeared=NEW))
    trials.ask("b")
    assert study.trials[1].params == queued | {"depth": 2}
    assert lacking(study.trials, trials.settings, [trials.settings.space.check(queued, "")]) == []
    recover(study, trials.settings)
    trials.ask("c")
    assert study.trials[2].params == queued | {"depth": 2}


def test_driver_that_ends_between_the_two_records_leaves_a_study_that_goes_on(make, monkeypatch):
    """The study knows the name before the trial has it: the trial's successor has the default."""
    study, trials = make()
    trials.ask("a")
    with monkeypatch.context() as patch:
        patch.setattr("search.trials.growth.note", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            trials.report("a", measurement(1, 0.5, appeared=NEW))
    study, trials = make()
    assert [trial.state for trial in study.trials] == [TrialState.FAIL, TrialState.WAITING]
    config = trials.ask("b")
    assert {name: config[name] for name in WHOLE} == WHOLE
    assert study.trials[1].params == WHOLE


def test_study_that_has_grown_since_it_was_read_stays_so(make, storage_url):
    """A command that planned with the smaller space does not take back what another one recorded."""
    early = Settings(Space.default(OPEN_PROBLEM), seed=7, sampler="random", pruner="none")
    _, trials = make()
    trials.ask("a")
    trials.finish("a", measurement(1, 0.5, appeared=NEW))
    study = open_study("s", open_storage(storage_url), early)
    assert settings_of(study).space.appeared == ("depth",)
    wished = Space.of(TABLES, OPEN_PROBLEM, "")
    assert settings_of(study).continued("s", trials.settings.problem, space=wished).space.appeared == ("depth",)


WRONG = {
    "no default": {"depth": {"type": "int", "low": 1, "high": 4}},
    "no table": {"depth": 3},
    "wrong range": {"depth": {"type": "int", "low": 5, "high": 4, "default": 4}},
    "unknown parent": {"depth": {**NEW["depth"], "when": {"nothing": [1]}}},
    "taken name": {"seed": NEW["depth"]},
    "unprintable": {"a\nb": NEW["depth"]},
    "long": {"a" * 301: NEW["depth"]},
}


@pytest.mark.parametrize("what", WRONG)
def test_what_cannot_be_searched_is_said_once_and_left_out(make, what, caplog):
    """The trial goes on; what appeared beside it is searched."""
    study, trials = make()
    with caplog.at_level(logging.WARNING):
        trials.ask("a")
        trials.report("a", measurement(1, 0.5, appeared=WRONG[what] | CHILD))
        trials.finish("a", measurement(2, 0.5, appeared=WRONG[what] | CHILD))
    [said] = [each.getMessage() for each in caplog.records if each.name == "search.trials.growth"]
    assert said.startswith("s: a parameter that trial 0 met is not searched: ")
    assert settings_of(study).space.appeared == ("width",)
    assert study.trials[0].state == TrialState.COMPLETE


def test_space_does_not_grow_without_end():
    """A file whose names are others each time is no reason for a study of any size."""
    space = Space.default(OPEN_PROBLEM)
    many = {f"p{number}": NEW["depth"] for number in range(MOST_PARAMETERS)}
    with pytest.raises(UsageError, match="more than 1000 parameters"):
        space.grown(many)


def test_worker_reports_tables_as_text():
    """Tune flattens mappings; a worker that met nothing says nothing."""
    figures = {"epoch": 1, "val_accuracy": 0.5, "train_accuracy": 0.5, "seconds": 1.0, "samples_per_second": 1.0}
    reported = figures | {"host": "h", "parameters_count": 9}
    assert measurement_of(reported | {APPEARED: json.dumps(CHILD)}).appeared == CHILD
    assert measurement_of(reported).appeared is None


def test_closed_space_does_not_grow(make):
    """Names are ignored where the file says its parameters from the start."""
    study, trials = make()
    trials.settings = Settings(Space({}, OPEN_PROBLEM), seed=1)
    trials.ask("a")
    trials.finish("a", measurement(1, 0.5, appeared=NEW))
    assert "depth" not in study.trials[0].params


def test_trial_that_was_not_drawn_whole_leaves_no_successor(make):
    """Which parameters it needs, nobody knows before it is drawn; one that a worker had does."""
    study, trials = make()
    trials.ask("a")
    trials.finish("a", measurement(1, 0.5))
    half = study.ask()
    half.suggest_categorical("optimizer", ("adam", "sgd"))
    whole = study.ask()
    trials.settings.space.draw(whole)
    whole.set_user_attr(BEGAN, "2026-01-01T00:00:00+00:00")
    recover(study, trials.settings)
    waiting = [trial for trial in study.trials if trial.state == TrialState.WAITING]
    assert [trial.user_attrs["retry_of"] for trial in waiting] == [whole.number]
    assert trials.ask("b")["units"] == whole.params["units"]


def test_value_outside_the_space_stays_the_trials_own(make, caplog):
    """It is what is chosen and trained again, in the place of the default that the other trial brought."""
    study, trials = make()
    for key in "ab":
        trials.ask(key)
    trials.report("a", measurement(1, 0.5, appeared=NEW))
    other = {"depth": {**NEW["depth"], "high": 9, "default": 9}}
    for epoch in (1, 2):
        trials.report("b", measurement(epoch, 0.5, appeared=other))
    trials.finish("a", measurement(2, 0.6))
    trials.finish("b", measurement(3, 0.7))
    assert caplog.text.count("outside the space: depth 9") == 1
    assert params_of(study.trials[1], trials.settings.space)["depth"] == 9
    [best] = choose(study.trials, trials.settings, 1)
    assert (best.trial, best.params["depth"]) == (1, 9)


def test_what_is_queued_without_parameters_is_not_drawn(make):
    """A space that is empty at first has queued its baseline so: it stays what it was."""
    study, trials = make()
    trials.ask("a")
    trials.finish("a", measurement(1, 0.5, appeared=NEW))
    for queued, is_default in ((True, True), (False, False)):
        space = replace(trials.settings.space, distributions={"depth": NARROW}, conditions={})
        if queued:
            study.enqueue_trial({})
        trial = study.ask()
        space.draw(trial)
        assert (trial.params["depth"] == 2) is is_default


def test_networks_of_the_baseline_count_however_far_the_space_has_grown(make):
    """They are trained while the last trials are: the baseline has further parameters when they end."""
    study, trials = make(goal=3)
    scores = SimpleNamespace(wrong=lambda *_: [1])
    work = Confirmation(trials, Extent(candidates=1), held_out=lambda: None, problem=scores)
    for key in "ab":
        work.ask(key)
        work.start(key)
        work.finish(key, measurement(1, 0.5))
    assert work.ask("c")
    work.start("c")
    baseline = work.ask("d")
    assert {name: baseline[name] for name in BASELINE} == BASELINE
    assert "depth" not in baseline
    work.finish("c", measurement(1, 0.5, appeared=NEW))
    assert trials.settings.problem.baseline == WHOLE
    work.start("d")
    work.keep_model("d", b"a model")
    work.finish("d", measurement(1, 0.5))
    assert f"tested:baseline:{baseline['seed']}" in study.user_attrs
    assert len(study.user_attrs["looks"]) == 1
    assert work.ask("e")
    assert work._in_training["e"][0].key != f"tested:baseline:{baseline['seed']}"
