"""Spaces of a person's own model: values of any kind, steps, conditions, and what survives a round trip."""

import json
import math
import re
import warnings

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.distributions import FloatDistribution, IntDistribution
from own_models import BASELINE, OPEN_PROBLEM, TABLES, problem

from search.errors import UsageError
from search.run.options import parse
from search.run.plan import make_plan
from search.storage.address import open_storage
from search.study.samplers import SAMPLERS, check_sampler, first_rung
from search.study.settings import Settings
from search.study.space import Space
from search.study.space_file import load_space, to_toml
from search.study.study import open_study
from trainable.model_file.spec import _with_default
from trainable.problems import BUILT_IN

PROBLEM = problem()
SPACE = Space.default(PROBLEM)


def test_tables_give_steps_conditions_and_choices_of_any_kind():
    """Parents come before their children, whatever the order of the tables."""
    assert SPACE.distributions["units"] == IntDistribution(16, 64, step=16)
    assert SPACE.distributions["rate"].choices == ("none", 0.25, True)
    assert dict(SPACE.conditions) == {"momentum": {"optimizer": ("sgd",)}, "nesterov": {"momentum": (0.9, 0.5)}}
    assert list(SPACE.conditions) == ["momentum", "nesterov"]
    assert (SPACE.size, SPACE.is_open, SPACE.is_fixed) == (None, False, False)


def test_baseline_has_what_is_active_beside_its_values():
    """A default makes it another; words change only where it does; a child comes with its parent's value."""
    assert SPACE.problem is PROBLEM
    whole = problem(baseline={**BASELINE, "momentum": 0.5, "nesterov": True})
    assert Space.default(whole).problem.baseline == BASELINE
    assert Space.default(whole).problem.words == PROBLEM.words
    tables = TABLES | {"optimizer": {**TABLES["optimizer"], "default": "sgd"}}
    changed = Space.of(tables, PROBLEM, "").problem
    assert changed.baseline == BASELINE | {"optimizer": "sgd", "momentum": 0.5, "nesterov": True}
    assert changed.words.units == "today's network"


def test_complete_leaves_out_what_is_inactive():
    """An inactive parent makes its children inactive; what a configuration lacks has the value of today."""
    assert SPACE.complete({"units": 16}) == BASELINE | {"units": 16}
    assert SPACE.complete({"momentum": 0.5, "nesterov": False}) == BASELINE
    given = {"optimizer": "sgd", "momentum": 0.25, "nesterov": True}
    assert SPACE.complete(given) == BASELINE | {"optimizer": "sgd", "momentum": 0.25}
    assert SPACE.complete({"optimizer": "sgd"}) == BASELINE | {"optimizer": "sgd", "momentum": 0.5, "nesterov": True}


REFUSED = {
    "momentum is only searched where optimizer is sgd; leave it out": {"momentum": 0.5},
    "momentum, nesterov are missing; the space searches momentum, optimizer": {"optimizer": "sgd"},
    "units is 20, but the space goes from 16 to 64 in steps of 16": {"units": 20},
    "units is 16.5, but the space": {"units": 16.5},
    "units is 'many', but the space": {"units": "many"},
    "units is True, but the space": {"units": True},
    "rate is 1, but the space has ['none', 0.25, True]": {"rate": 1},
    "optimizer is 'SGD', but the space has ['adam', 'sgd']": {"optimizer": "SGD"},
    "optimizer must be a number of at most": {"optimizer": ["sgd"]},
    "unknown parameter 'width'": {"width": 1},
}


@pytest.mark.parametrize("said", REFUSED)
def test_configuration_outside_the_space_is_refused(said):
    """The line says when an inactive parameter is searched, and which values there are."""
    with pytest.raises(UsageError, match=re.escape(said)):
        SPACE.check(BASELINE | REFUSED[said], "--enqueue FILE, line 1")


def test_fixed_parameter_of_any_kind_stays_at_the_baseline():
    """What has no table is not searched; one that the baseline does not have is not set at all."""
    tables = {name: table for name, table in TABLES.items() if name in ("units", "epochs")}
    space = Space.of(tables, problem(names=["extra"]), "")
    assert space.check({"units": 16, "epochs": 2, "rate": "none"}, "") == {"units": 16, "epochs": 2}
    for further, said in (({"rate": 0.25}, "it stays 'none'"), ({"extra": 1}, "it is not set")):
        with pytest.raises(UsageError, match=said):
            space.check({"units": 16, "epochs": 2, **further}, "")


CHOICES = '"units" = {type = "categorical", choices = '
WRONG = {
    CHOICES + "[1, true]}": "choices must differ, and true is 1 and false is 0, got [1, True]",
    CHOICES + "[1, 1.0]}": "choices must differ from each other, got",
    CHOICES + "[nan]}": "choices: units must be a number of at most",
    CHOICES + "[[1]]}": "choices: units must be a number of at most",
    "units = {type = 'int', low = 1, high = 9.5}": "units: high must be a whole number of at most",
    "units = {type = 'int', low = true, high = 9}": "units: low must be a number, got True",
    "units = {type = 'int', low = 1, high = 'x'}": "units: high must be a number, got 'x'",
    "units = {type = 'int', low = 1, high = 99999999999999999999}": "units: high must be a whole number of",
    "units = {type = 'float', low = 'a', high = 'b'}": "units: low must be a number, got 'a'",
    "units = {type = 'float', low = -inf, high = 1.0}": "units: low: units must be a number of at most",
    "units = {type = 'int', low = 1, high = 9, step = 3}": "units: high must be low and some steps, e.g. 7; got 9",
    "units = {type = 'int', low = 1, high = 9, step = 0}": "units: step must be a number greater than 0, got 0",
    "units = {type = 'int', low = 1, high = 9, step = 0.5}": "units: step must be a whole number, got 0.5",
    "units = {type = 'int', low = 1, high = 9, step = true}": "units: step must be a number greater than 0",
    "units = {type = 'float', low = 0.0, high = 1.0, step = nan}": "units: step must be a number greater than 0",
    "units = {type = 'float', low = 0.0, high = 1.0, step = inf}": "units: step must be a number greater than 0",
    "units = {type = 'float', low = 0.0, high = 1.0, step = 0.3}": "high must be low and some steps, e.g. 0.9; got 1.0",
    "units = {type = 'float', low = 0.0, high = 1e9, step = 1e-9}": "units: step is too small for this range",
    "units = {type = 'int', low = 1, high = 9, step = 4, log = true}": "units: step is not for a log scale",
    "units = {type = 'int', low = 1, high = 9, when = 'x'}": "units: when: must be a table of values by parameter",
    "units = {type = 'int', low = 1, high = 9, when = {rate = 'none'}}": "'rate' must have a list of values",
    "units = {type = 'int', low = 1, high = 9, when = {rate = []}}": "'rate' must have a list of values",
    "units = {type = 'int', low = 1, high = 9, when = {width = [1]}}": "when: unknown parameter 'width'",
    "units = {type = 'int', low = 1, high = 9, when = {rate = [0.25]}}": "when: rate stays 'none', so that it is never",
    "units = {type = 'int', low = 1, high = 9, when = {extra = [1]}}": "when: extra is left out, too, so that it is",
    "units = {type = 'int', low = 1, high = 9, when = {units = [1]}}": "circle: units needs units",
    "epochs = {type = 'int', low = 1, high = 9, when = {units = [32]}}": "when is not for epochs: every network is",
    "units = {type = 'int', low = 1, high = 9, default = 3.5}": "units: default is 3.5, but the space goes from 1 to 9",
    "rate = {type = 'categorical', choices = ['a']}\n"
    "units = {type = 'int', low = 1, high = 9, when = {rate = ['b']}}": "when: rate is 'b', but the space has ['a']",
    "rate = {type = 'categorical', choices = ['a', 'b'], when = {units = [1]}}\n"
    "units = {type = 'int', low = 1, high = 9, when = {rate = ['b']}}": "circle: rate needs units needs rate",
}


@pytest.mark.parametrize("text", WRONG)
def test_wrong_tables_are_refused_in_one_line(text, tmp_path):
    """The message names file, parameter and key, and what is allowed."""
    file = tmp_path / "space.toml"
    file.write_text(text)
    with pytest.raises(UsageError, match=re.escape(WRONG[text])) as refusal:
        load_space(file, problem(names=["extra"]))
    assert str(refusal.value).startswith(f"--space {file}: ")
    assert "\n" not in str(refusal.value)


def test_condition_is_not_for_the_built_in_network(tmp_path):
    """It always needs its own parameters."""
    tables = {"epochs": {"type": "int", "low": 1, "high": 2, "when": {"batch_size": [128]}}}
    with pytest.raises(UsageError, match="epochs: when is not for epochs"):
        Space.of(tables, BUILT_IN, "")


def test_space_is_the_same_after_its_file_and_its_settings(tmp_path):
    """Conditions, steps, defaults, and names and texts that TOML has to quote."""
    odd = 'a "b".c é[1]'
    tables = TABLES | {odd: {"type": "categorical", "choices": ['"quoted"', "\\", "é"], "when": {"rate": [True]}}}
    space = Space.default(problem(tables))
    file = tmp_path / "space.toml"
    file.write_text(to_toml(space))
    assert load_space(file, space.problem) == space
    recorded = json.loads(json.dumps(Settings(space, seed=1).to_json()))
    assert Settings.from_json(recorded).space == space
    assert recorded["when"] == {
        "momentum": {"optimizer": ["sgd"]},
        "nesterov": {"momentum": [0.9, 0.5]},
        odd: {"rate": [True]},
    }
    assert "open" not in recorded
    plain = Settings(Space.default(problem({"units": TABLES["units"]}, BASELINE)), seed=1).to_json()
    assert not {"when", "open"} & plain.keys()


def test_other_conditions_are_another_space():
    """A study cannot change them."""
    recorded = Settings(SPACE, seed=1)
    others = Space.of(TABLES | {"momentum": {**TABLES["momentum"], "when": {"rate": ["none"]}}}, PROBLEM, "")
    with pytest.raises(UsageError, match=r"another space \(of momentum\)"):
        recorded.continued("s", PROBLEM, space=others)
    assert recorded.continued("s", PROBLEM, space=SPACE) == recorded


@pytest.mark.parametrize("sampler", ["grid", "qmc", "cmaes"])
def test_samplers_of_one_list_refuse_conditions(sampler):
    """One line, which names those that take them."""
    with pytest.raises(
        UsageError, match=f"--sampler {sampler}: the space has conditions; give --sampler tpe or random"
    ):
        check_sampler(sampler, SPACE)
    with pytest.raises(UsageError, match="grows while networks are built"):
        check_sampler(sampler, Space.of({"units": TABLES["units"]}, OPEN_PROBLEM, ""))
    check_sampler(sampler, Space.of({"units": TABLES["units"]}, PROBLEM, ""))


def test_study_with_conditions_is_not_continued_with_such_a_sampler(tmp_path):
    """It is refused before anything starts, or is made."""
    url = f"sqlite:///{tmp_path / 'studies.db'}"
    open_study("s", open_storage(url), Settings(SPACE, seed=1))
    options = parse(["--study", "s", "--storage", url, "--runs", str(tmp_path / "runs"), "--sampler", "grid"])
    with pytest.raises(UsageError, match="--sampler grid: the space has conditions"):
        make_plan(options)


def test_steps_decide_sizes_and_grids():
    """All values of few, evenly chosen ones of many; also of floats."""
    space = Space.of(
        {
            "units": {"type": "int", "low": 1, "high": 401, "step": 4},
            "rate": {"type": "float", "low": 0.0, "high": 0.75, "step": 0.25},
        },
        PROBLEM,
        "",
    )
    assert space.distributions["rate"] == FloatDistribution(0.0, 0.75, step=0.25)
    assert space.size == 101 * 4
    assert space.grid() == {"units": [1, 101, 201, 301, 401], "rate": [0.0, 0.25, 0.5, 0.75]}
    assert all((value - 1) % 4 == 0 for value in space.grid()["units"])


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_drawn_configurations_lie_in_the_space(sampler):
    """Parents before children; inactive ones are not in the trial; nothing warns of groups."""
    study = optuna.create_study(sampler=SAMPLERS[sampler](SPACE, 3), direction="maximize")
    seen = set()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for place in range(30):
            trial = study.ask()
            SPACE.draw(trial)
            study.tell(trial, place % 7)
            assert SPACE.check(trial.params, "") == {name: trial.params[name] for name in SPACE.distributions
                                                     if name in trial.params}  # fmt: skip
            seen.add(frozenset(trial.params))
    always = set(BASELINE)
    assert {frozenset(always), frozenset(always | {"momentum"})} <= seen


def test_space_without_conditions_is_drawn_as_before():
    """The same values in the same order as Optuna gives when it is asked for all at once."""
    space = Space.of({name: TABLES[name] for name in ("units", "rate", "epochs")}, PROBLEM, "")
    for sampler in SAMPLERS:
        one, other = (optuna.create_study(sampler=SAMPLERS[sampler](space, 3), direction="maximize") for _ in "ab")
        for place in range(12):
            first, second = one.ask(dict(space.distributions)), other.ask()
            space.draw(second)
            assert list(first.params.items()) == list(second.params.items())
            one.tell(first, place % 5)
            other.tell(second, place % 5)


# Spaces of up to five parameters, each of which may need another one.
values = st.one_of(
    st.booleans(), st.integers(-9, 9), st.floats(-9, 9).map(lambda value: round(value, 2)), st.text("ab", max_size=2)
)
choices = st.lists(values, min_size=1, max_size=4, unique_by=lambda value: value)


@st.composite
def spaces(draw):
    """A space with conditions that follow the order of names, in any order of tables."""
    tables = {}
    for number in range(draw(st.integers(1, 5))):
        kind = draw(st.sampled_from(["choices", "int", "float"]))
        if kind == "choices":
            table = {"type": "categorical", "choices": draw(choices)}
        elif kind == "int":
            low, step = draw(st.integers(-20, 20)), draw(st.integers(1, 5))
            table = {"type": "int", "low": low, "high": low + step * draw(st.integers(0, 6)), "step": step}
        else:
            table = {"type": "float", "low": draw(st.integers(-3, 0)) / 2, "high": draw(st.integers(0, 3)) / 2}
        if number and draw(st.booleans()):
            parent = draw(st.sampled_from(sorted(tables)))
            known = tables[parent]
            allowed = known.get("choices") or [known["low"], known["high"]]
            table["when"] = {parent: draw(st.lists(st.sampled_from(allowed), min_size=1, max_size=2))}
        tables[f"p{number}"] = table
    tables = dict(draw(st.permutations(list(tables.items()))))
    return Space.of(tables, problem(tables, {"batch_size": 32, "epochs": 4}), "")


@given(spaces(), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_what_is_drawn_is_accepted_and_comes_again(space, seed):
    """Of any space: a drawn configuration passes the check, is drawn again where it is queued, and so after JSON."""
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    first = study.ask()
    space.draw(first)
    params = json.loads(json.dumps(first.params))
    checked = space.check(params, "")
    assert checked == first.params
    assert space.searched(checked) == checked
    study.enqueue_trial(checked)
    second = study.ask()
    read = Space.from_json(
        json.loads(json.dumps(space.to_json())), space.problem, json.loads(json.dumps(space.further_json()))
    )
    assert read == space
    read.draw(second)
    assert second.params == first.params
    for name in space.conditions:
        assert (name in first.params) == (name in space.complete(first.params))
    assert all(math.isfinite(value) for value in first.params.values() if isinstance(value, float))


def test_default_of_an_inactive_parameter_is_kept(tmp_path):
    """A space file says it; the study has it wherever the parameter becomes active, and its file says it again."""
    tables = TABLES | {"momentum": {**TABLES["momentum"], "default": 0.25}}
    space = Space.of(tables, PROBLEM, "")
    assert space.problem.baseline == BASELINE
    assert space.complete({"optimizer": "sgd"})["momentum"] == 0.25
    read = Settings.from_json(json.loads(json.dumps(Settings(space, seed=1).to_json())))
    assert read.space.defaults["momentum"] == 0.25
    (tmp_path / "s.toml").write_text(to_toml(read.space))
    assert load_space(tmp_path / "s.toml", PROBLEM) == space
    bare = problem(tables={name: table for name, table in TABLES.items() if name != "momentum"}, names=["momentum"])
    assert Space.of(TABLES, bare, "").complete({"optimizer": "sgd"})["momentum"] == 0.5


def test_other_values_of_today_are_no_default_space():
    """What a search is compared with is a part of it, also where the ranges are the same."""
    assert SPACE.is_default
    for name, value in (("units", 64), ("momentum", 0.25)):
        tables = TABLES | {name: {**TABLES[name], "default": value}}
        assert not Space.of(tables, PROBLEM, "").is_default


def test_value_of_today_is_left_out_of_a_table_that_does_not_have_it():
    """A parameter that is inactive today may have any value: only an active one has to lie in the space."""
    for value, table in (
        (0.95, {"type": "float", "low": 0.0, "high": 0.9}),
        (0.25, {"type": "float", "low": 0.0, "high": 0.9, "step": 0.3}),
        (1.5, {"type": "int", "low": 1, "high": 2}),
        (1, {"type": "categorical", "choices": [True, "a"]}),
        ("a", {"type": "int", "low": 1, "high": 2}),
        (1, {"type": "int", "low": "a", "high": None}),
        (1, {"type": "int"}),
    ):
        assert _with_default({**table, "when": {"optimizer": ["sgd"]}}, value).get("default") is None
    table = {"type": "float", "low": 0.0, "high": 0.9, "step": 0.3, "when": {"optimizer": ["sgd"]}}
    assert _with_default(table, 0.6)["default"] == 0.6
    tables = TABLES | {"momentum": {**TABLES["momentum"], "default": 5.0}}
    with pytest.raises(UsageError, match=r"momentum: default is 5\.0, but the space goes from"):
        Space.of(tables, PROBLEM, "")


def test_file_s_own_space_is_checked_beside_another_one(tmp_path, monkeypatch):
    """The study records it, and every later command reads it."""
    wrong = problem(tables=TABLES | {"units": {"type": "int", "low": 9, "high": 1}})
    monkeypatch.setattr("search.run.plan.found_in", lambda *_: wrong)
    (tmp_path / "s.toml").write_text("epochs = {type = 'int', low = 2, high = 6}")
    options = parse(["--model", "model.py", "--space", str(tmp_path / "s.toml"), "--runs", str(tmp_path)])
    with pytest.raises(UsageError, match=r"--model model\.py: its space: units: low must not be greater than high"):
        make_plan(options)


def test_rungs_do_not_depend_on_conditions_of_another_space():
    """A space file may fix what the file's own space has its conditions on."""
    tables = {name: table for name, table in TABLES.items() if name != "optimizer"}
    sgd = problem(tables=tables, baseline={**BASELINE, "optimizer": "sgd", "momentum": 0.5, "nesterov": True})
    space = Space.of({"optimizer": {**TABLES["optimizer"], "default": "adam"}}, sgd, "")
    assert first_rung(space) == 1


@pytest.mark.parametrize(
    "further", [{"when": {"rate": {"optimizer": ["sgd"]}}}, {"open": ["depth"]}, {"open": ["rate"]}]
)
def test_recorded_conditions_are_of_what_is_searched(further):
    """A study's record may be damaged: it is said where it is read, and not where a trial is drawn."""
    tables = {name: table for name, table in SPACE.to_json().items() if name not in ("rate", "momentum", "nesterov")}
    with pytest.raises(ValueError, match="is of no parameter that is searched"):
        Space.from_json(tables, PROBLEM, further)
