"""The search space: what a file may say, what it may not, and what survives a round trip."""

import re
import tempfile
from pathlib import Path

import pytest
from commands import ROOT, invoke, run_command
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from own_data import TARGETS, csv_of
from own_models import problem

from search.errors import UsageError
from search.study.data import found_in
from search.study.space import Space
from search.study.space_file import load_space, to_toml
from trainable.data.source import DataSource
from trainable.problems import BUILT_IN

DEFAULT = Space.default(BUILT_IN)


def space_file(tmp_path, text):
    """A space file with this content."""
    file = tmp_path / "space.toml"
    file.write_text(text)
    return file


def test_built_in_space_is_the_documented_one():
    """The ranges are those for which docs/decisions/0011-default-space.md has reasons; the baseline lies inside."""
    assert DEFAULT.distributions == {
        "hidden_units": IntDistribution(128, 2048, log=True),
        "learning_rate": FloatDistribution(2e-4, 5e-3, log=True),
        "batch_size": CategoricalDistribution((32, 64, 128, 256, 512, 1024)),
        "epochs": IntDistribution(4, 24),
    }
    assert DEFAULT.check(BUILT_IN.baseline, "baseline") == BUILT_IN.baseline


def test_file_gives_the_space_it_describes(tmp_path):
    """Each table becomes a distribution; parameters left out stay at the baseline's value."""
    file = space_file(
        tmp_path,
        """
        hidden_units = {type = "int", low = 16, high = 64}
        learning_rate = {type = "float", low = 1e-4, high = 1e-2, log = true}
        batch_size = {type = "categorical", choices = [32, 64]}
        """,
    )
    space = load_space(file, BUILT_IN)
    assert space.distributions == {
        "hidden_units": IntDistribution(16, 64),
        "learning_rate": FloatDistribution(1e-4, 1e-2, log=True),
        "batch_size": CategoricalDistribution((32, 64)),
    }
    assert space.complete({"hidden_units": 20})["epochs"] == BUILT_IN.baseline["epochs"]
    assert space.max_epochs == BUILT_IN.baseline["epochs"]


def test_default_is_the_value_of_today(tmp_path):
    """It has to be one that can be trained, and to lie in the range; a space without one has the problem's baseline."""
    text = '[batch_size]\ntype = "categorical"\nchoices = [32, 64]\n[epochs]\ntype = "int"\nlow = 2\nhigh = 9\n'
    assert load_space(space_file(tmp_path, text), BUILT_IN).problem is BUILT_IN
    space = load_space(space_file(tmp_path, text + "default = 7\n"), BUILT_IN)
    assert space.problem.baseline == BUILT_IN.baseline | {"epochs": 7}
    assert space.problem.words.baseline == "baseline"
    assert to_toml(space) == to_toml(load_space(space_file(tmp_path, to_toml(space)), space.problem))
    for value, said in (("10", "epochs: default is 10, but the space goes from 2 to 9"), ("7.5", "a whole number")):
        with pytest.raises(UsageError, match=f"space.toml: epochs: default.*{said[-20:]}"):
            load_space(space_file(tmp_path, f"{text}default = {value}\n"), BUILT_IN)


WRONG = {
    "": "no parameter",
    "x = ": "not a TOML file",
    "width = {type = 'int', low = 1, high = 2}": "width: unknown parameter; the parameters are hidden_units",
    "'two\tparts'.low = 1": r"'two\tparts': unknown parameter",
    "epochs = 5": "epochs: must be a table",
    f"epochs = 0x{'f' * 5000}": "epochs: must be a table, e.g. [epochs] with type, low and high; got what is too large",
    f"epochs.type = 0x{'f' * 5000}": "type must be one of int, float, categorical, got what is too large to show",
    f"epochs.type{'.a' * 3000} = 1": "type must be one of int, float, categorical, got what is too large to show",
    "epochs = {low = 1, high = 2}": "epochs: type must be one of int, float, categorical, got None",
    "epochs = {type = 'uniform', low = 1, high = 2}": "type must be one of",
    "epochs = {type = ['int'], low = 1, high = 2}": "type must be one of",
    f"epochs = {{type = 'int', low = 1, high = {'9' * 5000}}}": "not a TOML file",
    f"epochs = {'[' * 20000}": "not a TOML file",
    "epochs = {type = 'int', low = 1}": "epochs: high is missing",
    "epochs = {type = 'int', low = 1, high = 2, steps = 1}": "epochs: unknown key 'steps'",
    "epochs = {type = 'int', low = 9, high = 2}": "epochs: low must not be greater than high, got low 9 and high 2",
    "epochs = {type = 'int', low = 0, high = 2}": "epochs: low: epochs must be a whole number from 1 to 10000, got 0",
    "epochs = {type = 'int', low = 1, high = 2.5}": "high: epochs must be a whole number",
    "epochs = {type = 'float', low = 1, high = 2}": "epochs: type must be int or categorical, got 'float'",
    "epochs = {type = 'int', low = 1, high = 2, log = 'yes'}": "epochs: log must be true or false, got 'yes'",
    "epochs = {type = 'categorical', choices = []}": "choices must be a list of at least one value",
    "epochs = {type = 'categorical', choices = 3}": "choices must be a list of at least one value",
    "epochs = {type = 'categorical', choices = [1, 1]}": "choices must differ",
    "epochs = {type = 'categorical', choices = [1, 'two']}": "choices: epochs must be a whole number",
    "epochs = {type = 'categorical', choices = [1], log = true}": "epochs: unknown key 'log'",
    "learning_rate = {type = 'int', low = 1, high = 2}": "type must be float or categorical, got 'int'",
    "learning_rate = {type = 'float', low = 0, high = 1, log = true}": "low must be greater than 0 on a log scale",
    "learning_rate = {type = 'float', low = -1, high = 1}": "low: learning_rate must be a number greater than 0",
    "learning_rate = {type = 'float', low = nan, high = 1}": "low: learning_rate must be a number greater than 0",
}


@pytest.mark.parametrize("text", WRONG)
def test_wrong_files_are_refused_in_one_line(text, tmp_path):
    """The message names the file, the parameter, the value and what is allowed."""
    file = space_file(tmp_path, text)
    with pytest.raises(UsageError) as refusal:
        load_space(file, BUILT_IN)
    assert str(file) in str(refusal.value)
    assert WRONG[text] in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_missing_file_is_refused(tmp_path):
    """A file that is not there is named."""
    with pytest.raises(UsageError, match=r"nowhere.toml: No such file"):
        load_space(tmp_path / "nowhere.toml", BUILT_IN)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"width": 3}, "unknown parameter 'width'"),
        ({"hidden_units": 16}, "hidden_units is 16, but the space goes from 128 to 2048"),
        ({"batch_size": 100}, r"batch_size is 100, but the space has \[32"),
        ({"learning_rate": "0.1"}, "learning_rate must be a number"),
        ({"epochs": 2.0}, "epochs must be a whole number"),
    ],
)
def test_configurations_outside_the_space_are_refused(change, message):
    """A configuration must be possible and inside."""
    with pytest.raises(UsageError, match=f"line 3: .*{message}"):
        DEFAULT.check(BUILT_IN.baseline | change, "line 3")


def test_configurations_name_every_searched_parameter():
    """A searched parameter may not be left to chance; one that is not searched may be left out."""
    with pytest.raises(UsageError, match="epochs is missing"):
        DEFAULT.check({"hidden_units": 128, "learning_rate": 0.001, "batch_size": 32}, "line 1")
    only_epochs = Space({"epochs": IntDistribution(1, 5)})
    assert only_epochs.check({"epochs": 3}, "line 1") == {"epochs": 3}
    with pytest.raises(UsageError, match="hidden_units is 64, but the space leaves it out: it stays 512"):
        only_epochs.check({"epochs": 3, "hidden_units": 64}, "line 1")


whole_ranges = st.tuples(st.integers(1, 5000), st.integers(1, 5000)).map(sorted)
rate_ranges = st.tuples(st.floats(1e-8, 10), st.floats(1e-8, 10)).map(sorted)
distributions = st.fixed_dictionaries(
    {},
    optional={
        "hidden_units": st.builds(lambda r, log: IntDistribution(*r, log=log), whole_ranges, st.booleans()),
        "learning_rate": st.builds(lambda r, log: FloatDistribution(*r, log=log), rate_ranges, st.booleans()),
        "batch_size": st.lists(st.integers(1, 5000), min_size=1, unique=True).map(CategoricalDistribution),
        "epochs": st.builds(lambda r: IntDistribution(*r), whole_ranges),
    },
)


@given(distributions)
def test_json_gives_the_same_space_back(found):
    """What a study records of its space is the whole of it."""
    space = Space(found)
    assert Space.from_json(space.to_json(), BUILT_IN) == space


@given(distributions)
def test_grids_stay_inside_their_space(found):
    """Every point of a grid is a configuration of the space."""
    space = Space(found)
    values = space.grid()
    assert set(values) == set(found)
    for name, points in values.items():
        assert len(set(points)) == len(points) > 0
        for point in points:
            others = {other: choices[0] for other, choices in values.items()}
            space.check(others | {name: point}, "grid")


@given(distributions.filter(bool))
def test_toml_gives_the_same_space_back(found):
    """What is printed to be changed is the whole of the space."""
    with tempfile.TemporaryDirectory() as folder:
        assert load_space(space_file(Path(folder), to_toml(Space(found))), BUILT_IN) == Space(found)


@pytest.mark.parametrize("others", [[], ["--storage", "nosuch://", "--study", "s", "--space", "nowhere.toml"]])
def test_built_in_space_is_printed_as_a_file_to_change(others, tmp_path):
    """It is read as the space that is built in, says what the fields mean, and nothing else happens."""
    result = run_command("search.run", "--print-space", "--runs", tmp_path / "runs", *others)
    assert (result.returncode, result.stderr) == (0, "")
    assert list(tmp_path.iterdir()) == []
    space = load_space(space_file(tmp_path, result.stdout), BUILT_IN)
    assert space == DEFAULT
    assert [*space.distributions] == [*DEFAULT.distributions]
    assert all(word in result.stdout for word in ("# ", "--space", "log", "int", "float", "categorical", "choices"))


def test_toml_has_the_network_of_today(tmp_path):
    """Its values come back, and one that a space without baseline leaves out is not said to be in it."""
    text = (
        'batch_size = {type = "categorical", choices = [64, 128], default = 64}\n'
        'epochs = {type = "int", low = 2, high = 9, default = 7}\n'
        'hidden_units = {type = "int", low = 8, high = 64}\n'
    )
    space = load_space(space_file(tmp_path, text), BUILT_IN)
    printed = to_toml(space)
    assert load_space(space_file(tmp_path, printed), BUILT_IN) == space
    assert re.findall("default = (.*)", printed.partition("\n\n")[2]) == ["64", "7"]  # in the parameters' order


def test_space_that_is_fitted_to_data_is_printed(tmp_path):
    """With --data the space is theirs, with their baseline as the values of today; it comes back the same."""
    data, target = csv_of("wine", tmp_path), TARGETS["wine"]
    result = invoke("search.run", "--print-space", "--data", data, "--target", target)
    assert (result.returncode, result.stderr) == (0, "")
    found = found_in(DataSource(str(data), target))
    assert load_space(space_file(tmp_path, result.stdout), found) == Space.default(found)
    assert f"\ndefault = {found.baseline['epochs']}\n" in result.stdout
    assert "examples a step" in result.stdout


@pytest.mark.parametrize("document", ["README.md", "docs/search.md"])
def test_example_space_of_the_documents_can_be_searched(document, tmp_path):
    """It holds the baseline, and the epochs, by which a search gains most."""
    example, *of_own_models = re.findall(r"```toml\n(.*?)```", (ROOT / document).read_text(encoding="utf-8"), re.DOTALL)
    for each in of_own_models:
        own = load_space(space_file(tmp_path, each), problem({}, {"units": 64, "optimizer": "sgd", "momentum": 0.5}))
        assert own.problem.baseline == {"units": 64, "optimizer": "adam"}
        assert own.conditions == {"momentum": {"optimizer": ("sgd",)}}
    space = load_space(space_file(tmp_path, example), BUILT_IN)
    assert space.check({name: BUILT_IN.baseline[name] for name in space.distributions}, document)
    assert space.max_epochs > DEFAULT.max_epochs


def test_readme_has_the_built_in_space():
    """Its table is the one of the code, with the baseline's values."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = {row[1]: row[2:] for row in re.findall(r"(\| `(\w+)` \| (.*?) \| ?(.*?) ?\| (.*?) \|)", text)}
    for name, each in DEFAULT.distributions.items():
        values, scale, baseline = rows[name]
        choices = getattr(each, "choices", None)
        assert values == (", ".join(map(str, choices)) if choices else f"{each.low} to {each.high}")
        assert scale == ("" if choices else "logarithmic" if each.log else "linear")
        assert baseline == str(BUILT_IN.baseline[name])
