"""The wide space: what it adds to the four parameters, for whom, and that nothing changes for those who do not ask."""

import json
from pathlib import Path

import optuna
import pytest
from own_data import npz_of

from search.errors import UsageError
from search.study.halving import ShareHalving
from search.study.samplers import PRUNERS, SAMPLERS
from search.study.settings import Settings
from search.study.space import Space
from search.study.space_file import load_space, to_toml
from trainable.data.source import DataSource
from trainable.mlp.structure import Structure, widths_of
from trainable.mlp.wide import NAMES, TODAY, is_wide, widened
from trainable.problem import ProblemSpec
from trainable.problems import BUILT_IN, spec_in

WIDE = Path("wide")


def drawn(space, number=60):
    """Complete configurations that a sampler draws."""
    study = optuna.create_study(sampler=SAMPLERS["random"](space, 1))
    for _ in range(number):
        trial = study.ask()
        space.draw(trial)
        yield space.complete(trial.params)


def space_of(tmp_path, text, problem=BUILT_IN):
    """The space of a file."""
    file = tmp_path / "space.toml"
    file.write_text(text)
    return load_space(file, problem)


def test_baseline_of_the_wide_space_is_the_network_of_today():
    """It has the usual structure, and is one of the space's configurations."""
    space = load_space(WIDE, BUILT_IN)
    baseline = space.problem.baseline
    assert baseline == {**BUILT_IN.baseline, **TODAY}
    assert Structure.of(baseline) == Structure()
    assert space.problem.words.units == BUILT_IN.words.units
    space.check({name: each for name, each in baseline.items() if name in space.distributions}, "the baseline")


def test_configurations_have_what_belongs_to_them():
    """A layer's units where there is such a layer, a rate and its like where the optimizer has it."""
    space = load_space(WIDE, BUILT_IN)
    structures = set()
    for params in drawn(space):
        space.problem.check(params)
        assert len(widths_of(params)) == params["layers"]
        assert ("hidden_units_3" in params) == (params["layers"] == 3)
        assert ("learning_rate" in params) != ("sgd_learning_rate" in params) == (params["optimizer"] == "sgd")
        assert ("weight_decay" in params) == (params["optimizer"] == "adamw")
        structures.add(Structure.of(params))
    assert {each.layers for each in structures} == {1, 2, 3}
    assert {each.optimizer for each in structures} == {"rmsprop", "adam", "adamw", "sgd"}
    assert {each.activation for each in structures} == {"relu", "gelu"}
    assert {each.shifts for each in structures} == {True, False}


def test_wide_study_is_recorded_and_read_again():
    """With all its parameters; a study of the usual space records nothing of them."""
    settings = Settings(load_space(WIDE, BUILT_IN), seed=1)
    recorded = json.loads(json.dumps(settings.to_json()))
    assert Settings.from_json(recorded) == settings
    assert Settings.from_json(recorded).to_json() == recorded
    usual = json.dumps(Settings(seed=1).to_json())
    assert not any(name in usual for name in NAMES)
    layers = next(each for each in recorded["problem"]["parameters"] if each["name"] == "layers")
    assert layers.keys() == {"name", "kind", "low", "high", "meaning"}  # as an earlier version recorded parameters


def test_printed_wide_space_is_the_same_when_it_is_read(tmp_path):
    """A person takes it as a file to change."""
    space = load_space(WIDE, BUILT_IN)
    again = space_of(tmp_path, to_toml(space))
    assert (again.distributions, again.conditions) == (space.distributions, space.conditions)
    assert again.problem.baseline == space.problem.baseline


def test_file_may_name_any_of_the_further_parameters(tmp_path):
    """Those that it leaves out are not there at all; what depends on others does so without being told."""
    space = space_of(tmp_path, '[dropout]\ntype = "float"\nlow = 0.0\nhigh = 0.4\n')
    assert space.problem.baseline == {**BUILT_IN.baseline, "dropout": 0.0}
    assert list(space.distributions) == ["dropout"]
    layers = '[layers]\ntype = "int"\nlow = 1\nhigh = 2\n[hidden_units_2]\ntype = "int"\nlow = 16\nhigh = 64\n'
    assert space_of(tmp_path, layers).conditions == {"hidden_units_2": {"layers": (2,)}}
    chosen = layers.replace("low = 1\nhigh = 2", "choices = [1, 3]").replace('"int"', '"categorical"', 1)
    assert space_of(tmp_path, chosen).conditions == {"hidden_units_2": {"layers": (3,)}}
    rate = '[learning_rate]\ntype = "float"\nlow = 0.001\nhigh = 0.01\n'
    dropout = '[dropout]\ntype = "float"\nlow = 0.0\nhigh = 0.4\n'
    assert space_of(tmp_path, rate + dropout).conditions == {}
    optimizer = '[optimizer]\ntype = "categorical"\nchoices = ["rmsprop", "sgd"]\n'
    assert space_of(tmp_path, rate + optimizer).conditions == {"learning_rate": {"optimizer": ("rmsprop",)}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[activation]\ntype = "categorical"\nchoices = ["tanh"]', "activation must be one of relu, gelu, got 'tanh'"),
        ('[activation]\ntype = "int"\nlow = 1\nhigh = 2', "type must be categorical, got 'int'"),
        ('[dropout]\ntype = "float"\nlow = -0.1\nhigh = 0.4', "dropout must be a number from 0 to 0.9, got -0.1"),
        ('[dropout]\ntype = "int"\nlow = 0\nhigh = 1', "type must be float or categorical, got 'int'"),
        ('[layers]\ntype = "int"\nlow = 1\nhigh = 4', "layers must be a whole number from 1 to 3, got 4"),
        ('[shift]\ntype = "int"\nlow = 0\nhigh = 3', "shift must be a whole number from 0 to 2, got 3"),
        ('[depth]\ntype = "int"\nlow = 0\nhigh = 3', "unknown parameter"),
        ('[hidden_units_2]\ntype = "int"\nlow = 16\nhigh = 64', "layers"),
        ('[layers]\ntype = "int"\nlow = 1\nhigh = 2\nwhen = { optimizer = ["sgd"] }', "when is not for layers"),
    ],
)
def test_wrong_file_is_answered_with_a_line(text, said, tmp_path):
    """As for the four parameters."""
    with pytest.raises(UsageError, match=said):
        space_of(tmp_path, text)


def test_own_data_have_the_wide_space_too(tmp_path):
    """Pictures are shifted, rows of a table are not; how long is trained goes with their number."""
    rows = spec_in(DataSource(str(npz_of("wine", tmp_path))))
    space = load_space(WIDE, rows)
    assert "shift" not in space.problem.names
    assert space.max_epochs == round(2.5 * Space.default(rows).max_epochs)
    assert ProblemSpec.from_json(json.loads(json.dumps(space.problem.to_json()))) == space.problem
    with pytest.raises(UsageError, match="shift is for images of bytes"):
        space_of(tmp_path, '[shift]\ntype = "int"\nlow = 0\nhigh = 1', rows)


def test_model_of_a_persons_own_has_its_own_parameters():
    """The file says them."""
    spec = ProblemSpec(**{**vars(BUILT_IN), "code": {"name": "mine.py", "location": "mine.py", "sha256": "0"}})
    with pytest.raises(UsageError, match=r"--space wide: is for the built-in network; mine\.py says"):
        load_space(WIDE, spec)


def test_widening_twice_changes_nothing():
    """A study that is continued names its space again."""
    wide = widened(BUILT_IN)
    assert widened(wide) == wide
    assert (is_wide(wide), is_wide(BUILT_IN)) == (True, False)


def test_trials_with_schedules_are_compared_at_shares_of_their_epochs(tmp_path):
    """Without them at equal epochs, as ever."""
    assert isinstance(PRUNERS["asha"](load_space(WIDE, BUILT_IN)), ShareHalving)
    space = space_of(tmp_path, '[dropout]\ntype = "float"\nlow = 0.0\nhigh = 0.4\n')
    for each in (space, Space.default(BUILT_IN)):
        assert not isinstance(PRUNERS["asha"](each), ShareHalving)
