"""Limits: what breaks one is never trained, does not count, and teaches the sampler; a study keeps its limits."""

import json
from dataclasses import replace

import optuna
import pytest
from attempts import Recorder, measurement
from optuna.trial import TrialState

from search.errors import HopelessError, UsageError
from search.run.options import parse
from search.run.plan import make_plan
from search.storage.address import open_storage
from search.study.settings import Settings
from search.study.study import count, enqueue, is_infeasible, open_study
from search.trials import drawing
from search.trials.failures import FailureStore
from search.trials.lifecycle import Trials
from search.trials.models import ModelStore
from trainable.keys import AT_MOST, FAILURE
from trainable.limits import excess_of, of_parameters, reason_of, sizes
from trainable.mlp.network import initial_weights, keras_model
from trainable.mlp.structure import widths_of
from trainable.mlp.wide import widened
from trainable.problems import BUILT_IN

LIMIT = {"parameters": 200_000}


@pytest.fixture
def begun(tmp_path):
    """A function that returns a study of some limits, its trials, and what was told of them."""

    def begin(at_most=LIMIT, problem=BUILT_IN, goal=6):
        settings = Settings(seed=1, sampler="random", pruner="none", at_most=at_most)
        settings = replace(settings, space=replace(settings.space, problem=problem))
        study = open_study("s", open_storage(f"sqlite:///{tmp_path}/s.db"), settings)
        enqueue(study, settings, [])
        stores = {"models": ModelStore(tmp_path, "s"), "failures": FailureStore(tmp_path, "s")}
        trials = Trials(study, settings, goal=goal, observer=Recorder(), **stores)
        trials.take_stock()
        return study, trials

    return begin


def finished(trials):
    """Let trials be trained until there are enough; return the configurations."""
    found = []
    while not trials.exhausted:
        found.append(trials.ask("a"))
        trials.start("a")
        trials.finish("a", measurement(1, 0.9))
    return found


def test_sizes_are_those_of_the_network():
    """Parameters as Keras counts them, four bytes each; an operation is an addition or a multiplication."""
    params = {**BUILT_IN.baseline, "layers": 3, "hidden_units_2": 100, "hidden_units_3": 7}
    found = sizes(widened(BUILT_IN), params)
    model = keras_model(initial_weights(784, widths_of(params), 10, seed=1))
    assert found["parameters"] == model.count_params()
    assert found["bytes"] == 4 * model.count_params()
    assert found["flops"] == 2 * (784 * 512 + 512 * 100 + 100 * 7 + 7 * 10)
    assert sizes(BUILT_IN, BUILT_IN.baseline)["parameters"] == 407_050


def test_what_breaks_a_limit_is_said():
    """Each one that is broken; what is exactly as large keeps it."""
    found = of_parameters(100_000)
    assert reason_of(found, {"parameters": 100_000, "bytes": 400_000}) == ""
    assert reason_of(found, {"parameters": 99_999, "bytes": 5}) == (
        "infeasible: 100,000 parameters of at most 99,999, 400,000 bytes of at most 5"
    )
    assert excess_of(found, {"parameters": 50_000, "flops": 1}) == {"parameters": 1.0}


def test_only_what_keeps_the_limits_is_trained(begun):
    """The others do not count, and are recorded with how far they are off; the baseline is trained all the same."""
    study, trials = begun()
    baseline, *others = finished(trials)
    assert {name: baseline[name] for name in BUILT_IN.baseline} == BUILT_IN.baseline
    assert all(sizes(BUILT_IN, each)["parameters"] <= LIMIT["parameters"] for each in others)
    counts = count(study.trials)
    assert (counts.complete, counts.pruned, counts.finished) == (6, 0, 6)
    assert counts.infeasible > 0
    for trial in study.trials[1:]:
        excess = trial.constraints["parameters"]
        assert (excess > 0) == is_infeasible(trial) == (trial.state == TrialState.PRUNED)
        if is_infeasible(trial):
            assert trial.user_attrs[FAILURE].startswith("infeasible: ")
            assert not trial.intermediate_values
    assert study.trials[0].constraints == {}


def test_limit_that_hardly_anything_keeps_ends_the_search(begun, monkeypatch):
    """With a line that says so; what was drawn is recorded."""
    monkeypatch.setattr(drawing, "MOST_INFEASIBLE", 30)
    study, trials = begun({"bytes": 8})
    trials.ask("a")
    with pytest.raises(HopelessError, match="--at-most bytes=8: of 30 configurations in a row none keeps it"):
        trials.ask("b")
    assert count(study.trials).infeasible == 30


def test_network_that_only_the_worker_can_build_is_refused_by_it(begun):
    """Of a person's own file: the worker is told the limits, but not for the baseline."""
    code = {"name": "m.py", "location": "m.py", "sha256": "0"}
    study, trials = begun(problem=replace(BUILT_IN, code=code), goal=3)
    assert AT_MOST not in trials.ask("a")
    trials.finish("a", measurement(1, 0.9))
    assert trials.ask("b")[AT_MOST] == LIMIT
    reason = reason_of(of_parameters(300_000), LIMIT)
    trials.finish("b", measurement(0, float("nan"), failure=reason, parameters_count=300_000))
    assert trials.observer.events[-1] == ("refused", 1, reason)
    assert is_infeasible(study.trials[1])
    assert study.trials[1].constraints == {"parameters": 0.5}
    assert count(study.trials).finished == 1
    assert len(finished(trials)) == 2


def test_limits_are_recorded_and_kept(begun, tmp_path):
    """A study without any records nothing of them; another limit is refused, none is what it was made with."""
    begun()
    assert "at_most" not in json.dumps(Settings(seed=1).to_json())
    storage = ("--study", "s", "--storage", f"sqlite:///{tmp_path}/s.db", "--runs", str(tmp_path))
    assert make_plan(parse([*storage])).settings.at_most == LIMIT
    assert make_plan(parse([*storage, "--at-most", "parameters=200_000"])).settings.at_most == LIMIT
    with pytest.raises(UsageError, match="--at-most: the study 's' was made with parameters=200000"):
        make_plan(parse([*storage, "--at-most", "bytes=5"]))


@pytest.mark.parametrize("text", ["parameters", "parameters=", "parameters=0", "size=5", "bytes=-1", "flops=1e6"])
def test_wrong_limit_is_answered_with_a_line(text, capsys):
    """Status 2, what is allowed, an example."""
    with pytest.raises(SystemExit) as ended:
        parse(["--at-most", text])
    assert ended.value.code == 2
    [line] = capsys.readouterr().err.splitlines()
    assert "--at-most: must be parameters or bytes or flops and how many, such as parameters=100000" in line


def test_limit_does_not_go_with_a_grid_or_a_configuration_beyond_it(tmp_path):
    """A grid has the points that it has; what a person gives is to be trained."""
    place = ("--runs", str(tmp_path), "--at-most", "parameters=200000")
    with pytest.raises(UsageError, match="--at-most: a grid has every point"):
        make_plan(parse([*place, "--sampler", "grid"]))
    file = tmp_path / "first.jsonl"
    file.write_text('{"hidden_units": 512, "learning_rate": 0.001, "batch_size": 64, "epochs": 5}\n')
    with pytest.raises(UsageError, match=r"first\.jsonl: line 1: is infeasible: 407,050 parameters of at most"):
        make_plan(parse([*place, "--enqueue", str(file)]))


def test_sampler_learns_what_is_too_large(begun):
    """After a few dozen configurations TPE draws fewer that break the limit than chance does."""
    shares = {}
    for sampler in (optuna.samplers.RandomSampler(seed=1), optuna.samplers.TPESampler(seed=1)):
        study, trials = begun(goal=1000)
        study.sampler = sampler
        while len(study.trials) < 130:
            trials.ask("a")
            trials.finish("a", measurement(1, 0.9))
        late = study.get_trials()[50:]
        shares[type(sampler).__name__] = sum(map(is_infeasible, late)) / len(late)
        optuna.delete_study(study_name="s", storage=study._storage)
    assert shares["TPESampler"] < shares["RandomSampler"] - 0.1
