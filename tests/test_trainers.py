"""What every kind of problem keeps, whatever it trains: its trainer, its spec, its way to the workers."""

import json
import pickle
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np
import pytest
from commands import ROOT
from own_data import npz_of

from trainable.data.dataset import Dataset, HeldOutSet
from trainable.data.source import DataSource
from trainable.errors import ConfigError, DataError
from trainable.model_file.problem import prepared
from trainable.model_file.spec import spec_of
from trainable.model_file.trying import tried
from trainable.parameter import MAX_SEED
from trainable.precision import FLOAT32
from trainable.problem import Problem, ProblemSpec
from trainable.problems import BUILT_IN, KINDS, problem_of, spec_in
from trainable.program import Program
from trainable.training import train


@dataclass(frozen=True)
class Case:
    """A problem with data that are quickly trained on.

    Attributes:
        problem: Of one kind.
        dataset: Small.
        params: Of a network that learns, in two epochs at least.
        diverging: Parameters with which it does not.
    """

    problem: Problem
    dataset: Dataset
    params: dict
    diverging: dict


MODEL = """
import keras


def build(*, units=16, dropout=0.1, learning_rate=0.002, input_shape, classes):
    return keras.Sequential([
        keras.Input(input_shape), keras.layers.Flatten(), keras.layers.Rescaling(1 / 255),
        keras.layers.Dense(units, "relu"), keras.layers.Dropout(dropout), keras.layers.Dense(classes, "softmax"),
    ])
"""
MODEL_PARAMS = {"units": 24, "dropout": 0.2, "learning_rate": 0.002, "batch_size": 64, "epochs": 3}


def own_model(source):
    """The problem of a person's model, with what a probe finds, found in this process."""
    program, splits = Program("model.py", MODEL), prepared(source)
    found = tried(program, splits.x_train[:64], splits.y_train[:64], len(splits.labels), splits.dataset.nbytes)
    return problem_of(spec_of(program, Path("model.py"), source, splits, found), program)


@pytest.fixture(scope="module")
def cases(small, tmp_path_factory):
    """A case of each kind."""
    params = {"hidden_units": 24, "learning_rate": 0.002, "batch_size": 64, "epochs": 3}
    diverging = {"learning_rate": 1e30}
    source = DataSource(str(npz_of("digits", tmp_path_factory.mktemp("own"))))
    own = problem_of(spec_in(source))
    model = own_model(source)
    return {
        "mnist": Case(problem_of(BUILT_IN), small, params, params | diverging),
        "arrays": Case(own, own.load(source), params, params | diverging),
        "keras": Case(model, model.load(source), MODEL_PARAMS, MODEL_PARAMS | diverging),
    }


@pytest.fixture(scope="module", params=KINDS)
def case(request, cases):
    """Of each kind of problem there is."""
    return cases[request.param]


@pytest.fixture(scope="module")
def trainer(case):
    """One for all tests, as a worker has."""
    return case.problem.trainer(case.dataset, FLOAT32)


BEYOND = {
    False: lambda each: (each.high * 2, each.low - 1, "1", None, True),
    True: lambda each: (each.high * 2, each.low * 2, None, [1], "a text of more than eighty characters" * 3),
}


def numbers(trainer, params, seed, **options):
    """What a training gives, without its times, and the model at its end."""
    epochs = [replace(each, seconds=0.0) for each in train(trainer, params, seed, **options)]
    return [repr(each) for each in epochs], trainer.model_bytes()  # NaN is no equal of itself


def test_same_seed_gives_the_same_numbers(case, trainer):
    """To the last bit, whatever was trained in between; another seed gives others."""
    first = numbers(trainer, case.params, 5)
    assert numbers(trainer, case.params, 6) != first
    assert numbers(trainer, case.params, MAX_SEED)[0] != first[0]
    assert numbers(trainer, case.params, 5) == first
    assert numbers(case.problem.trainer(case.dataset, FLOAT32), case.params, 5) == first


def test_all_data_are_those_of_both_splits(case, trainer):
    """A network of all data says nothing of the validation examples; the next one learns from the training split."""
    split, both = len(case.dataset.y_train), len(case.dataset.y_train) + len(case.dataset.y_val)
    epochs = list(train(trainer, case.params, 5, all_data=True))
    assert trainer.samples == both
    assert all(np.isnan(each.val_accuracy) and each.failure is None for each in epochs)
    *_, last = train(trainer, case.params, 5)
    assert trainer.samples == split
    assert 0 < last.val_accuracy <= 1


def test_training_ends_with_its_last_epoch(case, trainer):
    """Epochs count from 1, each is timed, the last one says so."""
    epochs = list(train(trainer, case.params, 5))
    assert [each.number for each in epochs] == list(range(1, case.params["epochs"] + 1))
    assert [each.is_last for each in epochs] == [False] * (len(epochs) - 1) + [True]
    assert all(each.seconds > 0 and each.failure is None for each in epochs)


def test_model_scores_what_was_validated(case, trainer, tmp_path):
    """Keras loads the bytes and predicts, and the driver scores without Keras, what the trainer said of the network."""
    *_, last = train(trainer, case.params, 5)
    (file := tmp_path / "model.keras").write_bytes(content := trainer.model_bytes())
    model = keras.models.load_model(file)
    data = case.dataset
    scale = case.problem.spec.inputs.scale  # 1: they are taken as they are stored
    inputs = data.x_val if scale == 1 else data.x_val.astype(np.float32) / np.float32(scale)
    predicted = model.predict(inputs, verbose=0).argmax(axis=1)
    assert float(np.mean(predicted == data.y_val)) == last.val_accuracy
    assert (
        case.problem.wrong(content, HeldOutSet(data.x_val, data.y_val))
        == np.flatnonzero(predicted != data.y_val).tolist()
    )
    assert trainer.size == model.count_params()


def test_other_bytes_are_no_model(case):
    """What a worker hands back is looked at before it is believed."""
    with pytest.raises(DataError):
        case.problem.wrong(b"something else", HeldOutSet(case.dataset.x_val, case.dataset.y_val))


def test_divergence_is_named(case, trainer):
    """With the epoch at which a trial ends, also for who goes on; the next training is as if it had not been."""
    before = numbers(trainer, case.params, 5)
    epochs = list(train(trainer, case.diverging, 5))
    first = next(each.number for each in epochs if each.failure)
    assert [each.failure for each in epochs[first - 1 :]] == [
        f"diverged at epoch {number}" for number in range(first, case.diverging["epochs"] + 1)
    ]
    assert all(each.is_last for each in epochs[first - 1 :])
    assert numbers(trainer, case.params, 5) == before


@pytest.mark.parametrize("seed", [-1, MAX_SEED + 1, True, "1"])
def test_wrong_seed_is_refused(case, trainer, seed):
    """As a parameter is."""
    with pytest.raises(ConfigError, match="seed must be a whole number from 0 to 2147483647, got "):
        train(trainer, case.params, seed)


def test_spec_comes_back_out_of_json(case):
    """All of it, and what a later version has added, which this one hands on."""
    spec = case.problem.spec
    recorded = json.loads(json.dumps(spec.to_json()))
    assert ProblemSpec.from_json(recorded) == spec
    later = recorded | {"colour": "red"}
    assert json.loads(json.dumps(ProblemSpec.from_json(later).to_json())) == later


def test_spec_agrees_with_itself(case):
    """The baseline can be trained, the default space is of the parameters, the sizes are of all splits."""
    spec = case.problem.spec
    assert spec.check(spec.baseline) == spec.baseline
    assert set(spec.space) <= set(spec.names)
    assert "epochs" in spec.names
    assert set(spec.sizes) == {"train", "val", "test"}
    assert len(spec.labels) > 1


def test_values_beyond_the_limits_are_refused(case):
    """Each parameter has a lowest and a highest value."""
    spec = case.problem.spec
    for each in spec.parameters:
        for value in BEYOND[each.kind == "any"](each):
            with pytest.raises(ConfigError, match=f"{each.name} must be .*, got "):
                spec.check(spec.baseline | {each.name: value})


def test_problem_is_small_and_loads_no_tensorflow(case):
    """It goes to every worker, and the driver has it, too."""
    content = pickle.dumps(case.problem)
    assert len(content) < 100_000
    script = "import pickle, sys; pickle.load(sys.stdin.buffer); print({'tensorflow', 'ray'} & set(sys.modules))"
    command = [sys.executable, "-c", script]
    result = subprocess.run(command, input=content, capture_output=True, check=True, cwd=ROOT)
    assert result.stdout == b"set()\n"
