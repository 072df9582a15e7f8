"""Pages about studies whose parameters are of any kind, under conditions, and called as anything may be."""

import pytest
from optuna.trial import TrialState
from own_models import BASELINE, TABLES, problem

from dashboard.filters import as_csv
from dashboard.parts.facts import DIFFERENT, SAME, UNKNOWN, against
from dashboard.screens.parameters import PARTS
from dashboard.snapshot import Snapshot, column_of, row_of
from search.storage.address import open_storage
from search.study.settings import Settings
from search.study.space import Space
from search.study.study import EPOCHS_RUN, enqueue, open_study
from trainable.keys import FAILURE, HOST, PARAMETERS_COUNT, SECONDS, SEED

ODD = "<b>a|b</b> `%{x}` $c$ *d*"
FURTHER = {
    ODD: {"type": "categorical", "choices": ["<i>|`", "**b**", "%{y}"], "default": "<i>|`"},
    "state": {"type": "float", "low": -1.0, "high": 1.0, "default": 0.0},
    "order": {"type": "categorical", "choices": [0, 5], "when": {"state": [0.0]}, "default": 5},
    "free": {"type": "float", "low": -2.0, "high": -1.0, "when": {"optimizer": ["sgd"]}, "default": -1.0},
}
PROBLEM = problem(TABLES | FURTHER, BASELINE | {ODD: "<i>|`", "state": 0.0, "order": 5, "fixed": "text"})
SPACE = Space.default(PROBLEM)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """The URL of a storage with such a study: the baseline, complete, pruned, failed and running trials."""
    folder = tmp_path_factory.mktemp("kinds")
    settings = Settings(SPACE, seed=1, sampler="random", pruner="none")
    url = f"sqlite:///{folder / 'studies.db'}"
    study = open_study("s", open_storage(url), settings)
    enqueue(study, settings, [])
    for number in range(26):
        trial = study.ask()
        SPACE.draw(trial)
        state = "PRUNED" if number == 20 else "FAIL" if number == 21 else None if number == 22 else "COMPLETE"
        trial.report(0.5, 1)
        measured = {SEED: 7, EPOCHS_RUN: 2, SECONDS: 1.5, HOST: "here", PARAMETERS_COUNT: 9 + number}
        for key, value in measured.items():
            trial.set_user_attr(key, value)
        if state == "FAIL":
            trial.set_user_attr(FAILURE, "diverged at epoch 1")
        if state:
            study.tell(trial, 0.5 + number % 9 / 100 if state == "COMPLETE" else None, state=TrialState[state])
    study.enqueue_trial({})
    return url


@pytest.fixture
def url(file):
    """The storage that pages open."""
    return file


PAGES = {
    "overview": {},
    "trials": {},
    "compare": {"trials": "1", "all": "true"},
    "trial": {"trial": "3"},
    "timeline": {},
    "studies": {},
    "failures": {},
    "model": {},
    "control": {},
}


@pytest.mark.parametrize("path", PAGES)
def test_every_page_shows_such_a_study(open_page, path):
    """Nothing raises, whatever parameters are called and have for values."""
    page = open_page(path, *(["--allow-control"] if path == "control" else []), **PAGES[path])
    assert not page.exception


@pytest.mark.parametrize("part", PARTS)
def test_every_view_of_parameters_shows_them(open_page, part):
    """Figures and tables of what not every trial has."""
    page = open_page("parameters", show=part)
    assert not page.exception
    if part == "importance":
        table = page.dataframe[0].value.set_index("Parameter")
        assert table.loc["optimizer", ["Lowest", "Highest"]].tolist() == ["-", "-"]
        captions = " ".join(each.value for each in page.caption)
        assert "From 23 trials, by the accuracy each at its own end." in captions
    if part == "two parameters":
        page = open_page("parameters", show=part, across="optimizer", up="momentum")
        assert not page.exception


def test_table_has_texts_and_dashes(open_page):
    """Texts and booleans as such, a dash where a trial does not have a parameter, and other names for taken ones."""
    table = open_page("trials").dataframe[0].value.set_index("trial")
    assert table.loc[0, "optimizer"] == "adam"
    assert table.loc[0, "nesterov"] == "-"
    assert set(table["nesterov"]) <= {"-", "true", "false"}
    assert table["momentum"].isna().any()
    assert table.loc[0, "state (parameter)"] == 0
    assert table.loc[0, "state"] == "complete"
    assert set(table["rate"].dropna()) <= {"none", "0.25", "true"}


def test_texts_and_numbers_of_some_trials_are_filtered(open_page):
    """A trial without a parameter has none of its values, unless that is asked for."""
    page = open_page("trials", optimizer="sgd")
    assert set(page.dataframe[0].value["optimizer"]) == {"sgd"}
    page = open_page("trials", nesterov="-")
    assert set(page.dataframe[0].value["nesterov"]) == {"-"}


def test_values_of_any_kind_are_compared():
    """Times only between numbers above 0."""
    assert against(2, 1) == "higher (2 times)"
    assert against(0, 1) == "lower"
    assert against(-1.0, -2.0) == "higher"
    assert against("a", "b") == DIFFERENT
    assert against(True, 1) == DIFFERENT
    assert against("a", "a") == SAME
    assert against(None, "a") == UNKNOWN


def test_rows_hold_what_a_trial_has(file):
    """A name that is taken has another column; CSV has all of them."""
    settings = Settings(SPACE, seed=1)
    study = open_study("s", open_storage(file), settings)
    trials = study.get_trials()
    rows = [row_of(each, SPACE) for each in trials]
    known = {"name": "s", "storage": "", "runs": None, "settings": settings, "attributes": study.user_attrs}
    snapshot = Snapshot(**known, trials=trials, elsewhere=0, rows=rows)
    for trial in trials[:-1]:
        assert snapshot.params(trial.number) == SPACE.complete(trial.params)
    assert snapshot.params(len(trials) - 1)["optimizer"] is None
    content = as_csv(snapshot.table, PROBLEM).decode()
    assert all(column_of(name) in content.splitlines()[0] for name in ("state", "momentum", "fixed"))
