"""Hyperparameters as KerasTuner's files define them: the same values, and tables of a space file."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tuned import both_of, table_of

from trainable.errors import ProgramRefused
from trainable.model_file.definitions import Definitions, active
from trainable.model_file.hyperparameters import HyperParameters


@pytest.fixture(scope="module")
def tuner():
    return pytest.importorskip("keras_tuner")


def tables_of(define, given=None):
    """What a function defines."""
    definitions = Definitions()
    define(HyperParameters(given, definitions))
    return definitions.tables


RANGES = {"type": "int", "low": 2, "high": 12, "log": False}
SPLIT = {"type": "categorical", "choices": [1e-4, 1e-3, 1e-2]}


@pytest.mark.parametrize(
    ("define", "table"),
    [
        (lambda hp: hp.Int("x", 2, 12), RANGES | {"default": 2}),
        (lambda hp: hp.Int("x", 2, 13, step=5, default=7), RANGES | {"step": 5, "default": 7}),
        (lambda hp: hp.Int("x", 2, 6, step=5), RANGES | {"high": 2, "default": 2}),
        (lambda hp: hp.Int("x", 2, 12, sampling="LOG"), RANGES | {"log": True, "default": 2}),
        (lambda hp: hp.Int("x", 2, 12, sampling=None), RANGES | {"default": 2}),
        (lambda hp: hp.Int("x", 2.0, 12, sampling="reverse_log"), RANGES | {"default": 2}),
        (
            lambda hp: hp.Int("x", 2, 33, step=2, sampling="log"),
            {"type": "categorical", "choices": [2, 4, 8, 16, 32], "default": 2},
        ),
        (
            lambda hp: hp.Int("x", 1, 9, step=2, sampling="reverse_log", default=6),
            {"type": "categorical", "choices": [9, 8, 6, 2], "default": 6},
        ),
        (lambda hp: hp.Float("x", 1e-4, 1e-2, step=10, sampling="log"), SPLIT | {"default": 1e-4}),
        (
            lambda hp: hp.Float("x", 0, 0.5, step=0.1),
            {"type": "float", "low": 0.0, "high": 0.5, "log": False, "step": 0.1, "default": 0.0},
        ),
        (
            lambda hp: hp.Float("x", 0.1, 0.95, step=0.2, default=1 / 2),
            {"type": "float", "low": 0.1, "high": 0.9, "log": False, "step": 0.2, "default": 0.5},
        ),
        (lambda hp: hp.Choice("x", ("a", "b", "a")), {"type": "categorical", "choices": ["a", "b"], "default": "a"}),
        (lambda hp: hp.Choice("x", [True, False]), {"type": "categorical", "choices": [1, 0], "default": 1}),
        (lambda hp: hp.Boolean("x"), {"type": "categorical", "choices": [False, True], "default": False}),
        (lambda hp: hp.Fixed("x", "relu"), {"type": "categorical", "choices": ["relu"], "default": "relu"}),
    ],
)
def test_definition_is_a_table(define, table):
    """A range keeps its step up to the last value that it reaches; steps on a log scale are choices."""
    assert tables_of(define) == {"x": table}


def test_long_log_steps_are_a_range():
    """What would be thousands of choices is searched over all values in between."""
    (table,) = tables_of(lambda hp: hp.Float("x", 1e-6, 1, step=1.0001, sampling="log")).values()
    assert table == {"type": "float", "low": 1e-6, "high": 1.0, "log": True, "default": 1e-6}


@st.composite
def definition(draw):
    """A definition that is right: which kind, and its arguments."""
    kind = draw(st.sampled_from(["Int", "Float", "Choice", "Boolean", "Fixed"]))
    if kind == "Boolean":
        return kind, draw(st.sampled_from([{}, {"default": True}]))
    if kind == "Fixed":
        return kind, {"value": draw(st.sampled_from([1, 0.5, "a", True]))}
    if kind == "Choice":
        values = draw(st.sampled_from([["a", "b", "c"], [1, 2, 3], [0.1, 0.2]]))
        return kind, {"values": values} | draw(st.sampled_from([{}, {"default": values[-1]}]))
    low = draw(st.integers(1, 20))
    options = draw(
        st.sampled_from(
            [{}, {"step": 2}, {"step": 3}, {"sampling": "log"}, {"sampling": "log", "step": 2},
             {"sampling": "reverse_log"}, {"sampling": "reverse_log", "step": 2}]
        )
    )  # fmt: skip
    high = low + draw(st.integers(0, 20))
    today = draw(st.sampled_from([{}, {"default": low}, {"default": high}]))
    scale = 1 if kind == "Int" else 0.25
    return kind, {"min_value": low * scale, "max_value": high * scale} | options | {
        key: value * scale for key, value in today.items()
    }


def program(data, hp, depth=0):
    """Define things in scopes; parents are what was defined in the same scope."""
    parents = {}
    for number in range(data.draw(st.integers(1, 3))):
        kind, arguments = data.draw(definition())
        name = f"{kind}_{number}"
        if parents and data.draw(st.booleans()):
            parent = data.draw(st.sampled_from(sorted(parents)))
            arguments |= {"parent_name": parent, "parent_values": parents[parent]}
        else:
            values = [True] if kind == "Boolean" else arguments.get("values", [])[1:]
            parents |= {name: values} if values else {}
        for _ in range(data.draw(st.integers(1, 2))):  # the same again is the same
            getattr(hp, kind)(name, **arguments)
    if depth < 2 and data.draw(st.booleans()):
        with hp.name_scope(f"in{depth}"):
            program(data, hp, depth + 1)
    if depth < 2 and parents and data.draw(st.booleans()):
        parent = data.draw(st.sampled_from(sorted(parents)))
        with hp.conditional_scope(parent, parents[parent]), hp.name_scope(f"when{depth}"):
            kind, arguments = data.draw(definition())
            getattr(hp, kind)("inner", **arguments)


@settings(max_examples=150)
@given(data=st.data())
def test_values_and_tables_are_those_of_keras_tuner(tuner, data):
    """Whatever a file defines in whichever scopes, each call gives what KerasTuner's own gives, and is recorded so."""
    both, recorded = both_of(tuner)
    booleans = data.draw(st.sets(st.sampled_from(["Boolean_0", "Boolean_1", "Boolean_2", "in0/Boolean_0"])))
    hp = both(dict.fromkeys(booleans, True), Definitions())
    program(data, hp)
    theirs = {each.name: table_of(each) for each in recorded[-1].space}
    ours = {name: dict(table) for name, table in hp.definitions.tables.items()}
    assert {name: (table, table.pop("when", {})) for name, table in ours.items()} == theirs


def test_first_definition_of_a_name_counts():
    """What is defined again, under the same conditions, is what it was."""
    hp = HyperParameters({}, Definitions())
    assert [hp.Int("x", 1, 5), hp.Int("x", 3, 9), hp["x"], hp.get("x"), hp.values] == [1, 1, 1, 1, {"x": 1}]
    assert hp.definitions.tables["x"]["high"] == 5


def rates(hp, *, same=False):
    """A name under the conditions of two optimizers."""
    hp.Choice("optimizer", ["adam", "sgd", "other"])
    with hp.conditional_scope("optimizer", "adam"):
        first = hp.Float("lr", 0.1, 0.2)
    with hp.conditional_scope("optimizer", ["sgd"]):
        second = hp.Float("lr", 0.1, 0.2) if same else hp.Float("lr", 0.3, 0.4)
    return first, second


def test_name_of_two_ranges_has_two_keys():
    """The second is called by its conditions, and each is given its own value."""
    tables = tables_of(rates)
    assert list(tables) == ["optimizer", "lr", "lr [optimizer=sgd]"]
    assert [each.get("when") for each in tables.values()] == [None, {"optimizer": ["adam"]}, {"optimizer": ["sgd"]}]
    values = {"lr": 0.15, "lr [optimizer=sgd]": 0.35}
    assert rates(HyperParameters({**values, "optimizer": "sgd"})) == (None, 0.35)
    assert rates(HyperParameters({**values, "optimizer": "adam"})) == (0.15, None)
    assert rates(HyperParameters({**values, "optimizer": "other"})) == (None, None)


def test_name_of_one_range_under_two_conditions_is_one():
    """It is there with any of the values, in the order of the parent's."""
    tables = tables_of(lambda hp: rates(hp, same=True))
    assert list(tables) == ["optimizer", "lr"]
    assert tables["lr"]["when"] == {"optimizer": ["adam", "sgd"]}
    hp = HyperParameters({"optimizer": "sgd", "lr": 0.12}, Definitions(tables, settled=True))
    assert rates(hp, same=True) == (None, 0.12)
    assert hp.definitions.tables == tables


def test_key_does_not_depend_on_what_a_worker_meets_first():
    """Of settled tables the first keeps its name; a later one under a condition is called by it in any worker."""
    known = tables_of(rates)
    assert tables_of(rates) == known

    def only_second(hp):
        hp.Choice("optimizer", ["adam", "sgd", "other"])
        with hp.conditional_scope("optimizer", ["sgd"]):
            return hp.Float("lr", 0.3, 0.4), hp.Int("late", 1, 2)

    definitions = Definitions(known, settled=True)
    assert only_second(HyperParameters({"optimizer": "sgd", "lr [optimizer=sgd]": 0.33}, definitions)) == (0.33, 1)
    assert list(definitions.tables)[len(known) :] == ["late [optimizer=sgd]"]


def test_conditions_of_all_scopes_have_to_hold():
    """A scope in a scope adds to `when`; what can never hold is no hyperparameter."""

    def define(hp):
        hp.Int("depth", 1, 5)
        hp.Boolean("norm", default=True)
        with hp.conditional_scope("depth", [4, 2, 9]):
            with hp.conditional_scope("norm", True):
                hp.Fixed("both", 1)
            with hp.conditional_scope("depth", [2, 5]):
                hp.Fixed("second", 1)
            with hp.conditional_scope("depth", 5):
                assert hp.Fixed("never", 1) is None

    tables = tables_of(define)
    assert list(tables) == ["depth", "norm", "both", "second"]
    assert tables["both"]["when"] == {"depth": [2, 4], "norm": [True]}
    assert tables["second"]["when"] == {"depth": [2]}


def test_inactive_one_is_none_and_not_there():
    """As KerasTuner has it: defined, but `in` says no, and getting it says why."""
    hp = HyperParameters()
    hp.Boolean("on")
    assert hp.Int("x", 1, 2, parent_name="on", parent_values=[True]) is None
    assert ("on" in hp, "x" in hp, hp.is_active("x"), hp.is_active("on")) == (True, False, False, True)
    with pytest.raises(ValueError, match="x is not active"):
        hp.get("x")
    with pytest.raises(KeyError, match="y does not exist"):
        hp["y"]
    with pytest.raises(ValueError, match="there is no hyperparameter z yet"), hp.conditional_scope("z", [1]):
        pass
    with pytest.raises(AttributeError, match=r"HyperParameters has no Range in a search; it has Int, Float"):
        hp.Range("x", 1, 2)


def test_file_can_set_a_value_before_it_builds():
    """It is used in place of the default, as KerasTuner does; a given one comes first."""
    hp = HyperParameters({"y": 2})
    hp.values["x"] = hp.values["y"] = 9
    assert (hp.Int("x", 1, 10), hp.Int("y", 1, 10), hp.Int("x", 1, 10)) == (9, 2, 9)


def test_copy_keeps_what_it_defines_to_itself():
    """A model that is not tunable builds with a copy."""
    hp = HyperParameters({"a": 3, "b": 4})
    hp.Int("a", 1, 9)
    other = hp.copy()
    assert (other.get("a"), other.Int("b", 1, 9)) == (3, 4)
    assert (list(hp.definitions.tables), list(hp.values)) == (["a"], ["a"])


@pytest.mark.parametrize(
    ("define", "why"),
    [
        (lambda hp: hp.Int("x", 5, 1), "x: min_value must not be greater than max_value, got 5 and 1"),
        (lambda hp: hp.Int("x", 1.5, 4), "x: min_value must be a whole number, got 1.5"),
        (lambda hp: hp.Int("x", "many", 4), "x: invalid literal for int"),
        (lambda hp: hp.Int("x", 1, float("inf")), "x: cannot convert float infinity"),
        (lambda hp: hp.Float("x", 0, float("inf")), "x: max_value must be a number with an end, got inf"),
        (lambda hp: hp.Float("x", 0, 1, sampling="log"), "x: min_value must be greater than 0 with sampling log"),
        (lambda hp: hp.Float("x", 0, 1, sampling="cubic"), "x: sampling must be one of linear, log, reverse_log"),
        (lambda hp: hp.Float("x", 1, 2, step=1, sampling="log"), "x: step must be greater than 1 with sampling log"),
        (lambda hp: hp.Float("x", 1, 2, step=0), "x: step must be greater than 0 with sampling linear, got 0"),
        (lambda hp: hp.Float("x", 1, 2, default="a"), "x: the default must be a number, got a"),
        (lambda hp: hp.Choice("x", []), "x: a Choice needs at least one value"),
        (lambda hp: hp.Choice("x", {"a", "b"}), "x: the values of a Choice must be a list, got"),
        (lambda hp: hp.Choice("x", "ab"), "x: the values of a Choice must be a list, got ab"),
        (lambda hp: hp.Choice("x", [1, 0.5]), "x: the values of a Choice must be numbers, texts or booleans of one"),
        (lambda hp: hp.Choice("x", [None]), "x: the values of a Choice must be numbers, texts or booleans of one"),
        (lambda hp: hp.Choice("x", ["a"], default="b"), "x: the default of a Choice must be one of its values"),
        (lambda hp: hp.Boolean("x", default="yes"), "x: the default of a Boolean must be True or False, got yes"),
        (lambda hp: hp.Fixed("x", [1]), "x: the value of a Fixed must be a number, a text or a boolean"),
        (lambda hp: hp.Fixed("x" * 301, 1), "a name must have 1 to 300 printable characters"),
        (lambda hp: hp.Fixed("a\nb", 1), "a name must have 1 to 300 printable characters"),
        (lambda hp: hp.Fixed("", 1), "a name must have 1 to 300 printable characters"),
        (lambda hp: hp.Fixed("seed", 1), "seed: the name is taken: a search gives seed"),
        (lambda hp: [hp.Fixed("x", 1), hp.Fixed("x", 1, "x", 1)], "x: it has the name of the one on which it depends"),
        (
            lambda hp: [hp.Fixed("x", 1), hp.Int("epochs", 1, 2, parent_name="x", parent_values=1)],
            "epochs: it is there",
        ),
    ],
)
def test_wrong_definition_is_refused_in_a_line(define, why):
    """The line names the hyperparameter and the rule."""
    with pytest.raises(ProgramRefused) as refused:
        define(HyperParameters())
    assert why in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


def test_numbers_of_numpy_are_plain():
    """A study holds no types of NumPy."""
    import numpy as np

    tables = tables_of(lambda hp: [hp.Choice("x", np.array([0.5, 1.0])), hp.Int("y", np.int64(1), np.int32(3))])
    found = [*tables["x"]["choices"], tables["x"]["default"], tables["y"]["low"], tables["y"]["high"]]
    assert [(type(each), each) for each in found] == [(float, 0.5), (float, 1.0), (float, 0.5), (int, 1), (int, 3)]


def test_values_are_active_where_their_parents_are():
    """A parent that is not active takes its children along, however deep."""
    tables = {"b": {"when": {"a": [1]}}, "c": {"when": {"b": [1]}}, "d": {"when": {"c": [1], "a": [0]}}}
    assert active(tables, {"d": 1, "c": 1, "b": 1, "a": 0, "e": 1}) == {"a": 0, "e": 1}
    assert active(tables, {"d": 1, "c": 1, "b": 1, "a": 1}) == {"c": 1, "b": 1, "a": 1}
