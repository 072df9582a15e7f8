"""A person's file as something that builds models: what is taken, what is refused, and the space that it has."""

import re
import sys
from pathlib import Path

import pytest
from tuned import both_of, table_of

from trainable.errors import ProgramError, cause_of
from trainable.helper import run_helper
from trainable.model_file import hypermodels, stand_in
from trainable.model_file.building import builder_of
from trainable.model_file.finding import find
from trainable.model_file.fitting import fitted, usual
from trainable.model_file.functions import tuner_argument
from trainable.model_file.stand_in import run_persons_file
from trainable.program import Program, read_program

FILES = Path(__file__).parent / "model_files"
TUNED = sorted(each.name for each in FILES.glob("tuned_*.py"))
BUILD = ("cnn.py", "mlp_norm.py", "two_inputs.py", "custom_layer.py", "conditions.py")
OFTEN = ("tuned_depth.py", "tuned_optimizers.py", "tuned_scopes.py")  # loops, conditions, scopes
KT = "import keras_tuner as kt\n"
MODEL = f"{KT}class Mine(kt.HyperModel):\n  def build(self, hp): pass\n"
FIT = (
    "a search cannot use: batch size and epochs are searched by BATCH_SIZE, EPOCHS and SPACE in the file, or by --space"
)
BELOW = 'of its own (RandomSearch); put that below `if __name__ == "__main__":`, where it does not run here'
TINY = """\
import keras
def tiny(units=2, shape=(3,), classes=2, **kwargs):
    return keras.Sequential([keras.Input(shape), keras.layers.Dense(units), keras.layers.Dense(classes)])
"""


def builder(text, function=None, **options):
    """What builds of a text as a file."""
    return builder_of(Program("model.py", text, function), **options)


def of_file(name):
    """What builds of an example, the shape of its examples, and how many classes they have."""
    program = read_program(FILES / name)
    if name == "two_inputs.py":
        return builder_of(program), {"image": (4, 8), "numbers": (4,)}, 10
    numbers = re.search(r"as \[([\d, ]+)\]", program.text)
    shape = tuple(map(int, numbers[1].split(","))) if numbers else (8, 8)
    return builder_of(program), shape, 3 if shape == (13,) else 10


@pytest.mark.parametrize(
    ("text", "form", "defaults"),
    [
        ("def build(*, units=3, rate=0.5, name='x', on=True, input_shape, classes): pass",
         "function", {"units": 3, "rate": 0.5, "name": "x", "on": True}),
        ("def build(input_shape, classes, units=3): pass", "function", {"units": 3}),
        ("def build(units=3, *args, **kwargs): pass", "function", {"units": 3}),
        ("def build(): pass", "function", {}),
        ("def build(units=3, epochs=4, batch_size=16, classes=2): pass", "function", {"units": 3}),
        ("def build(shape=(3,), norm=None, limit=float('inf'), call=print, text='a' * 81, line='a\\n', units=3): pass",
         "function", {"units": 3}),
        ("import numpy as np\ndef build(a=np.float32(0.5), b=np.int64(3), c=np.True_, d=np.str_('x')): pass",
         "function", {"a": 0.5, "b": 3, "c": True, "d": "x"}),
        ("def build_model(hp): pass\ndef build(units=3): pass", "function", {"units": 3}),
        ("build = 3\ndef build_model(units=3): pass", "function", {"units": 3}),
        ("build = lambda units=3: None", "function", {"units": 3}),
        ("import functools\ndef make(size, units=3): pass\nbuild = functools.partial(make, size=4)",
         "function", {"size": 4, "units": 3}),
        ("def build(hp): pass", "hyperparameters", {}),
        ("def build(hyperparameters): pass", "hyperparameters", {}),
        ("def build(hp, *, input_shape, classes, depth=3): pass", "hyperparameters", {}),
        ("def build(input_shape, hp): pass", "hyperparameters", {}),
        ("def other(units=3): pass\ndef make(hp): pass", "hyperparameters", {}),
        ("import keras_tuner as kt\nclass Mine(kt.HyperModel):\n  def build(self, hp): pass", "hyperparameters", {}),
        ("import kerastuner\nclass A(kerastuner.HyperModel):\n  def build(self, hp): pass\nclass B(A): pass",
         "hyperparameters", {}),
        (f"{MODEL}  def __init__(self, n): pass\nmine = Mine(3)", "hyperparameters", {}),
    ],
)  # fmt: skip
def test_what_builds_is_found(text, form, defaults):
    """`build`, `build_model`, a HyperModel or what takes `hp`; keyword defaults that a study holds are parameters."""
    found = builder(text)
    assert (found.form, found.defaults, found.baseline, found.tables) == (form, defaults, defaults, None)
    assert [type(each) for each in found.defaults.values()] == [type(each) for each in defaults.values()]
    assert found.is_open == (form == "hyperparameters")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "has nothing that builds a model: it needs a function build or build_model, a HyperModel, or another"),
        ("build = 3", "has nothing that builds a model"),
        ("import keras\nclass build(keras.Model): pass", "has nothing that builds a model"),
        (f"{MODEL}class Other(kt.HyperModel):\n  def build(self, hp): pass", "has Mine, Other: say which builds the "),
        (f"{MODEL}a, b = Mine(), Mine()", "has a, b: say which builds the model, as model.py:NAME"),
        ("def a(hp): pass\ndef b(hp): pass", "has a, b: say which builds the model"),
        ("def build(units, *, input_shape, classes): pass", "build: units needs a default: the value that your model"),
        ("def build(*, units): pass", "build: units needs a default"),
        ("def build(units=3, /): pass", "build: units can only be given by its position; take the / out"),
        ("def build(hp, /): pass", "build: hp can only be given by its position; take the / out"),
        ("def build(hp, *, units): pass", "build: units needs a default; what is given is hp, input_shape, classes"),
        ("def build(seed=3): pass", "build: the name seed is taken: a search gives it itself"),
        ("def build(keep_from=3): pass", "build: the name keep_from is taken: a search gives it itself"),
        ("def build(epochs=0): pass", "build: epochs must be a whole number from 1 to 10000, got 0"),
        ("def build(batch_size=True): pass", "build: batch_size must be a whole number from 1 to 1000000, got True"),
        ("def build(): pass\nBATCH_SIZE = 1.5", "BATCH_SIZE must be a whole number from 1 to 1000000, got 1.5"),
        ("def build(): pass\nEPOCHS = '3'", "EPOCHS must be a whole number from 1 to 10000, got '3'"),
        ("def build(epochs=3): pass\nEPOCHS = 4", "EPOCHS is 4, but build says epochs 3; say it once"),
        ("def build(): pass\nSPACE = 3", "SPACE must be a table per parameter, e.g. SPACE = {"),
        ("def build(): pass\nSPACE = {}", "SPACE must be a table per parameter"),
        ("def build(a=1): pass\nSPACE = {'a': [1, 2]}", "SPACE: a must be a table, e.g. with type, low and high; got "),
        ("def build(a=1): pass\nSPACE = {1: {}}", "SPACE: the name of a parameter must be a text, and none of seed"),
        ("def build(a=1): pass\nSPACE = {'seed': {}}", "SPACE: the name of a parameter must be a text, and none of "),
        ("def build(a=1): pass\nSPACE = {'b': {}}", "SPACE: build does not take b; the parameters are a, batch_size, "),
        ("def build(**kwargs): pass\nSPACE = {'b': {}}", "SPACE: b needs a default, here or in build: a number"),
        ("def build(a=None): pass\nSPACE = {'a': {}}", "SPACE: a needs a default, here or in build"),
        (f"{MODEL}  def fit(self, hp, model, *args): pass", f"Mine has a fit of its own, which {FIT}"),
        (f"{KT}class Mine(kt.HyperModel): pass", "Mine has no build(hp)"),
        (f"{MODEL}  def __init__(self, classes, size): pass",
         "Mine needs classes, size when it is made; make one in the file, e.g. model = Mine(classes=..., size=...)"),
        (f"{MODEL}  def __init__(self): 1 / 0", "Mine: line 4: ZeroDivisionError: division by zero"),
        ("x = 1\nx.y", "line 2: AttributeError"),
        ("import sys\nsys.exit()", "line 2: ends the process"),
    ],
)  # fmt: skip
def test_file_that_does_not_build_is_refused_in_a_line(text, line):
    """The line has the file, what is wrong, and what is allowed."""
    with pytest.raises(ProgramError) as refused:
        builder(text)
    assert str(refused.value).startswith(f"model.py: {line}")
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "function", "line"),
    [
        (f"{MODEL}def a(hp): pass", "b", "has no b; it has a, Mine"),
        ("x = 3", "x", "x must be a function or a HyperModel, got a int"),
        ("import keras", "missing", "has no missing; it has no function"),
    ],
)
def test_function_that_a_person_named_has_to_be_there(text, function, line):
    """It may be a function, or a HyperModel as a class or an instance."""
    with pytest.raises(ProgramError) as refused:
        builder(text, function)
    assert str(refused.value) == f"model.py: {line}"
    for name in ("a", "Mine", "mine"):
        assert builder(f"{MODEL}mine = Mine()\ndef a(hp): pass", name).form == "hyperparameters"


@pytest.mark.parametrize(
    ("statement", "line"),
    [
        ("kt.RandomSearch(print, max_trials=3)", f"line 2: the file starts a search {BELOW}"),
        ("kt.tuners.Hyperband(print)", "line 2: the file starts a search of its own (Hyperband)"),
        ("class Own(kt.Tuner): pass\nOwn()", "line 3: the file starts a search of its own (Own)"),
        ("kt.oracles.RandomSearchOracle()", "line 2: the file starts a search of its own (RandomSearchOracle)"),
        ("kt.engine.oracle.Oracle()", "line 2: the file starts a search of its own (Oracle)"),
        ("kt.applications.HyperResNet()", "line 2: keras_tuner.applications.HyperResNet is not there in a search"),
        ("from keras_tuner import nothing", "line 2: keras_tuner.nothing is not there in a search, which has Hyper"),
        ("import keras_tuner.engine.nothing", "line 2: ModuleNotFoundError: No module named 'keras_tuner.engine.noth"),
        ("kt.HyperParameters().Range('a', 1, 2)", "line 2: AttributeError: HyperParameters has no Range in a search"),
        ("raise kt.errors.FatalValueError('no')", "line 2: FatalValueError: no"),
        ("kt.HyperParameters().Int('a', 2, 1)", "line 2: hyperparameter a: min_value must not be greater"),
    ],
)  # fmt: skip
def test_what_is_not_for_a_search_is_refused_in_a_line(statement, line):
    """A file that starts a search of its own says where, and how to keep that."""
    with pytest.raises(ProgramError) as refused:
        builder(f"{KT}{statement}\ndef build(hp): pass")
    assert str(refused.value).startswith(f"model.py: {line}")


def test_file_imports_the_stand_in_whether_keras_tuner_is_there_or_not(monkeypatch):
    """It is the same in any form of import, and is gone once the file has run."""
    text = """
import kerastuner
import keras_tuner.tuners as tuners
import keras_tuner.engine.hyperparameters as hps
from keras_tuner import HyperModel, HyperParameters, Objective, __version__
from keras_tuner.oracles import BayesianOptimization
from kerastuner.engine.tuner import Tuner
assert hps.HyperParameters is HyperParameters is kerastuner.HyperParameters
assert issubclass(tuners.RandomSearch, object) and Objective("val_loss", "min").direction == "min"
assert HyperParameters.__module__.startswith("trainable.")
def build(hp):
    from keras_tuner.engine.hyperparameters import HyperParameters as Late
    assert type(hp) is Late
    return TINY()
def TINY():
    import keras
    return keras.Sequential([keras.layers.Dense(2)])
"""
    marker = object()
    for name in ("keras_tuner", "keras_tuner.tuners", "kerastuner"):
        monkeypatch.setitem(sys.modules, name, marker)
    found = builder(text)
    found.build({}, (3,), 2)
    assert [sys.modules[name] for name in ("keras_tuner", "keras_tuner.tuners", "kerastuner")] == [marker] * 3
    assert not [name for name, each in sys.modules.items() if type(each).__name__ == "_Module"]
    for name in ("keras_tuner", "keras_tuner.tuners", "kerastuner"):
        monkeypatch.setitem(sys.modules, name, None)  # as where it is not installed: importing it fails
    assert builder(text).form == "hyperparameters"


SPACED = """
import numpy as np
SPACE = {
    "kind": {"type": "categorical", "choices": ("a", "b"), "default": "b"},
    "only_a": {"type": "int", "low": np.int64(1), "high": 5, "when": {"kind": ["a"]}},
    "below": {"type": "int", "low": 1, "high": 5, "when": {"only_a": [2]}},
    "only_b": {"type": "float", "low": 0.1, "high": 0.9, "when": {"kind": ["b"]}},
    "learning_rate": {"type": "float", "low": 0.001, "high": 0.1},
    "epochs": {"type": "int", "low": 1, "high": 5},
    "free": {"type": "int", "low": 1, "high": 5, "default": 3},
}
def build(kind="a", only_a=2, below=3, only_b=0.5, unsaid="x", **kwargs): pass
"""


def test_space_of_a_file_says_what_is_active_today():
    """Of the baseline those go whose conditions do not hold; a `default` in SPACE comes before the function's."""
    found = builder(SPACED)
    everything = {"kind": "b", "only_a": 2, "below": 3, "only_b": 0.5, "unsaid": "x", "learning_rate": 1e-3, "free": 3}
    assert found.defaults == everything
    assert found.baseline == {key: each for key, each in everything.items() if key not in ("only_a", "below")}
    assert found.tables["kind"]["choices"] == ["a", "b"]
    assert type(found.tables["only_a"]["low"]) is int
    assert (found.batch_size, found.epochs) == (32, 10)


@pytest.mark.parametrize(
    ("text", "training"),
    [
        ("def build(): pass", (32, 10)),
        ("import numpy as np\nBATCH_SIZE, EPOCHS = np.int64(8), 3\ndef build(): pass", (8, 3)),
        ("BATCH_SIZE = 64\ndef build(epochs=4, batch_size=64): pass", (64, 4)),
        ("EPOCHS = 4\ndef build(hp): pass", (32, 4)),
    ],
)
def test_batch_size_and_epochs_are_the_files(text, training):
    """Said by constants, or by the function's defaults."""
    found = builder(text)
    assert (found.batch_size, found.epochs) == training


def test_function_is_given_what_it_takes():
    """Values, input_shape and classes, batch_size and epochs where they are named; others have their defaults."""
    text = f"""{TINY}
seen = []
def build(units=3, epochs=7, batch_size=16, *, input_shape, classes, **others):
    keras.seen = dict(locals())
    return tiny(units, input_shape, classes)
"""
    import keras

    model = builder(text).build({"units": 5, "epochs": 2, "free": 1}, (3,), 4)
    assert [each.shape for each in model.weights] == [(3, 5), (5,), (5, 4), (4,)]
    expected = {"units": 5, "epochs": 2, "batch_size": 16, "input_shape": (3,), "classes": 4, "others": {"free": 1}}
    assert keras.__dict__.pop("seen") == expected
    swallowing = builder(f"{TINY}def build(**kwargs):\n    return tiny(len(kwargs), kwargs['input_shape'])")
    assert swallowing.build({"batch_size": 4, "epochs": 3}, (3,), 4).layers[0].units == 2
    taken = builder(f"{TINY}def build(units=3, **kwargs):\n    return tiny(units, kwargs['input_shape'])")
    assert taken.build({"units": 4, "learning_rate": 0.1}, (3,), 4).count_params() == 3 * 4 + 4 + 4 * 2 + 2


@pytest.mark.parametrize(
    ("body", "values", "line"),
    [
        ("def build(a=1): return 1 / 0", {}, "model.py: build: line 4: ZeroDivisionError: division by zero"),
        ("def build(a=1): pass", {}, "model.py: build: must return a keras.Model, got nothing"),
        ("def build(a=1): return [tiny()]", {}, "model.py: build: must return a keras.Model, got a list"),
        (
            "def build(a=1): return tiny()",
            {"b": 1},
            "model.py: build does not take b; the parameters are a, batch_size, epochs",
        ),
        ("def build(hp): return hp.Int('a', 1, 2)", {}, "model.py: build: must return a keras.Model, got a int"),
        ("def build(hp): return hp.get('a')", {}, "model.py: build: line 4: KeyError: 'a does not exist'"),
        (
            "def build(hp): return hp.Int('a', 3, 1)",
            {},
            "model.py: build: line 4: hyperparameter a: min_value must not",
        ),
        ("def build(hp): raise SystemExit", {}, "model.py: build: line 4: ends the process"),
    ],
)
def test_model_that_cannot_be_built_is_a_line(body, values, line):
    """With the line of the file."""
    with pytest.raises(ProgramError) as refused:
        builder(TINY + body).build(values, (3,), 2)
    assert str(refused.value).startswith(line)


@pytest.mark.parametrize("name", BUILD)
def test_file_for_real_use_builds_what_is_there_today(name):
    """Its baseline is a model, whose output fits the classes."""
    found, shape, classes = of_file(name)
    assert found.form == "function"
    assert found.tables.keys() - {"batch_size", "epochs"} >= found.baseline.keys()
    assert found.build(found.baseline, shape, classes).output_shape == (None, classes)


GATED = f"""{TINY}
class Bad(Exception): pass
def build(hp, input_shape, classes):
    if hp.Boolean("deep"):
        if hp.Choice("kind", ["a", "b"]) == "b":
            hp.Int("innermost", 1, 3)
            if hp.get("innermost") == 3:
                raise Bad
    return tiny(hp.Int("units", 1, 4), input_shape, classes)
"""


def test_names_in_names_are_found():
    """What appears only with several values together is found; a corner that cannot be built is no error."""
    found = builder(GATED)
    space = find(found, (3,), 2)
    assert list(found.tables) == ["deep", "units", "kind", "innermost"] == list(space.tables)
    assert found.baseline == {"deep": False, "units": 1, "kind": "a", "innermost": 1} == found.defaults
    assert space.tried[0] == {}
    assert {"deep": True, "kind": "b", "innermost": 3} in space.tried
    assert space.cut_short == ""


def test_search_for_names_ends():
    """After so many models, or so many seconds, it goes on with what it has, and says so."""
    endless = f"""{TINY}
def build(hp):
    n = 0
    while hp.Boolean(f"more_{{n}}"):
        n += 1
    return tiny()
"""
    space = find(builder(endless), (3,), 2, most=5)
    assert (len(space.tried), len(space.tables), space.cut_short) == (5, 5, "after 5 models")
    seconds = iter(range(0, 1000, 20))
    space = find(builder(endless), (3,), 2, clock=lambda: next(seconds))
    assert (len(space.tried), space.cut_short) == (4, "after 60 s")


def test_baseline_that_cannot_be_built_is_refused():
    """Other values may fail, today's may not."""
    with pytest.raises(ProgramError, match=r"^model\.py: build: line 4: ValueError: no$"):
        find(builder(f"{TINY}def build(hp): raise ValueError('no')"), (3,), 2)


def test_name_that_appears_later_is_told():
    """One that neither the values nor the known tables have takes its default, and is in `appeared`."""
    known = find(builder(GATED), (3,), 2).tables
    del known["innermost"]
    found = builder(GATED, tables=known)
    assert found.baseline == {"deep": False, "units": 1, "kind": "a"}
    found.build({"deep": True, "kind": "b", "units": 2}, (3,), 2)
    assert found.appeared == {"innermost": {"type": "int", "low": 1, "high": 3, "log": False, "default": 1}}
    found.build({"deep": True, "kind": "b", "units": 2, "innermost": 2}, (3,), 2)
    assert found.appeared == {}


def test_space_in_a_file_for_keras_tuner():
    """SPACE has the batch size and the epochs, and may narrow a hyperparameter, which keeps its default."""
    text = f"""{TINY}
SPACE = {{"epochs": {{"type": "int", "low": 1, "high": 4}}, "units": {{"type": "int", "low": 2, "high": 3}}}}
def build(hp): return tiny(hp.Int("units", 1, 64, default=2))
"""
    found = builder(text)
    find(found, (3,), 2)
    assert found.tables["units"] == {"type": "int", "low": 2, "high": 3, "default": 2}
    assert list(found.tables) == ["units", "epochs"]
    with pytest.raises(ProgramError) as refused:
        find(builder(text.replace('"units":', '"wrong":')), (3,), 2)
    names = "the hyperparameters are units, batch_size, epochs"
    assert str(refused.value) == f"model.py: SPACE: build has no wrong; {names}"


def test_tables_of_a_study_are_taken_as_they_are():
    """They may say another batch size than the file, and a space file's say no default: the definition's is taken."""
    tables = {"units": {"type": "int", "low": 3, "high": 4}, "batch_size": {"default": 64}}
    found = builder(f"{TINY}BATCH_SIZE = 16\ndef build(hp): return tiny(hp.Int('units', 2, 9))", tables=tables)
    assert (found.batch_size, found.tables) == (64, tables)
    assert found.build({}, (3,), 2).layers[0].units == 2
    assert found.build({"units": 4}, (3,), 2).layers[0].units == 4
    assert found.appeared == {}


def test_batch_size_as_a_hyperparameter_is_the_training_s():
    """KerasTuner's files may define it; its default is today's, and it is no parameter of the model."""
    text = f"""{TINY}
def build(hp):
    hp.Choice("batch_size", [16, 64], default=64)
    return tiny(hp.Int("units", 1, 2))
"""
    found = builder(text)
    find(found, (3,), 2)
    assert (found.batch_size, found.epochs, found.baseline) == (64, 10, {"units": 1})
    assert list(found.tables) == ["batch_size", "units"]


def test_model_that_is_not_tunable_has_no_space():
    """KerasTuner does not search it, and neither does a search here."""
    text = f"""{TINY}
import keras_tuner
class Mine(keras_tuner.HyperModel):
    def __init__(self): super().__init__(tunable=False)
    def build(self, hp): return tiny(hp.Int("units", 1, 2))
"""
    assert find(builder(text), (3,), 2).tables == {}


@pytest.mark.parametrize(
    "name", [each if each in OFTEN else pytest.param(each, marks=pytest.mark.thorough) for each in TUNED]
)
def test_space_is_the_one_that_keras_tuner_records(name, monkeypatch):
    """Names, ranges, defaults and conditions, in the order of appearance; each file builds some fifteen models."""
    both, recorded = both_of(pytest.importorskip("keras_tuner"))
    monkeypatch.setattr(hypermodels, "HyperParameters", both)
    found, shape, classes = of_file(name)
    space = find(found, shape, classes)
    theirs = []
    for each in (each for one in recorded for each in one.space):
        entry = (each.name, *table_of(each))
        theirs += [entry] if entry not in theirs else []
    mine = [(key.partition(" [")[0], dict(table)) for key, table in space.tables.items() if key != "batch_size"]
    assert [(key, table, table.pop("when", {})) for key, table in mine] == theirs
    assert found.build(found.baseline, shape, classes).built or name in ("tuned_class.py", "tuned_one_hot.py")
    assert found.appeared == {}


def test_every_place_that_runs_a_persons_file_has_the_stand_in(monkeypatch):
    """What runs it without needs KerasTuner installed; data are made without any model."""
    monkeypatch.setitem(sys.modules, "keras_tuner", None)
    assert run_persons_file(Program("model.py", "import keras_tuner as kt\nhp = kt.HyperParameters()")).hp
    root = Path(stand_in.__file__).parents[2]
    files = [each for package in ("trainable", "search") for each in (root / package).rglob("*.py")]
    bare = [each for each in files if re.search(r"from trainable\.program import .*\brun\b", each.read_text())]
    assert sorted(each.name for each in bare) == ["making.py", "stand_in.py"]


def test_parameter_is_keras_tuners_by_its_name_or_its_annotation_only():
    """Another one that needs a value lacks its default."""

    def units(units): ...

    def annotated(tuned: "kt.HyperParameters"): ...  # noqa: F821

    def named(hyperparameters): ...

    assert [tuner_argument(each) for each in (units, annotated, named)] == [None, "tuned", "hyperparameters"]


def test_usual_ranges_end_where_the_parameters_do():
    """Of the largest batch and the most epochs that can be trained with."""
    tables = usual(1_000_000, 10_000, 8_000_000)
    assert max(tables["batch_size"]["choices"]) == 1_000_000
    assert tables["epochs"]["high"] == 10_000


def test_range_ends_at_the_value_of_today_where_no_model_is_beyond_it():
    """What has no other value left is not searched at all."""
    today = {"units": 8, "rate": 0.01, "bias": True, "heads": 4, "name": "relu"}
    unfit = {"units": [32], "rate": [0.001, 0.1], "bias": [False], "heads": [1]}
    tables = fitted(today, 32, 10, 1000, unfit)
    assert tables["units"] == {"type": "int", "low": 2, "high": 8, "log": True, "default": 8}
    assert (tables["heads"]["low"], tables["heads"]["high"]) == (4, 16)
    assert tables.keys() == {"units", "heads", "batch_size", "epochs"}


def test_line_says_the_cause_and_not_where_it_came_up():
    """Keras and TensorFlow begin with where they were; colours are for terminals."""
    said = (
        "Exception encountered when calling Own.call().\n\n\x1b[1mbad shape\x1b[0m\n\nArguments received by Own.call():"
    )
    assert cause_of(ValueError(said)) == "bad shape"
    assert cause_of(ValueError("Graph execution error:\n\nDetected at node x\nlabel 9 is too large")).startswith(
        "label 9"
    )
    assert cause_of(ValueError("")) == "no message"


def test_values_of_a_space_become_those_of_a_space_file():
    """Ranges, arrays and sets are lists; what no such file holds is refused with its parameter."""
    text = TINY + ("import numpy as np\nSPACE = {'units': {'type': 'categorical', 'choices': %s}}\n")
    for said in ("range(1, 4)", "np.arange(1, 4)", "{3, 1, 2}"):
        built = builder_of(Program("model.py", text % said, "tiny"))
        assert built.tables["units"]["choices"] == [1, 2, 3]
    with pytest.raises(ProgramError, match=r"SPACE: units must be made of texts, .*; got 1j"):
        builder_of(Program("model.py", text % "[1j]", "tiny"))


def test_helper_ends_whatever_threads_a_file_has_started(tmp_path, monkeypatch):
    """With its whole answer."""
    lines = ["import threading, time", "from trainable.helper import answer", "def make(request):"]
    lines += ["    threading.Thread(target=time.sleep, args=(600,)).start()", "    return request * 2", "answer(make)"]
    (tmp_path / "lingering.py").write_text("\n".join(lines))
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{Path(stand_in.__file__).parents[2]}")
    assert run_helper("lingering", b"abc") == b"abcabc"
