"""Studies and pages for the tests of the dashboard."""

import sys

import optuna
import pytest
from commands import ROOT
from streamlit.testing.v1 import AppTest

from search.settings import Wishes
from search.storage import open_storage
from search.study import EPOCHS_RUN, FAILURE, HOST, PARAMETERS_COUNT, SECONDS, SEED, enqueue, open_study

# What the trials of `make_study` come to: val_accuracy by epoch, state, and why they failed.
TRIALS = (
    ([0.96, 0.97], "COMPLETE", None),  # the baseline
    ([0.97, 0.98], "COMPLETE", None),
    ([0.5], "PRUNED", None),
    ([], "FAIL", "diverged at epoch 1"),
    ([0.4], "FAIL", "interrupted: crashed"),
    ([0.3], None, None),  # running
)


@pytest.fixture
def url(tmp_path):
    """The URL of a storage that does not exist yet."""
    return f"sqlite:///{tmp_path / 'runs' / 'studies.db'}"


@pytest.fixture
def make_study(url):
    """A function that makes a study of some trials; by default one in each state, the baseline first."""

    def make(name="s", trials=TRIALS, storage=url):
        settings = Wishes(seed=1, sampler="random", pruner="none").settings({"x_train": "a"})
        study = open_study(name, open_storage(storage, create=True), settings)
        enqueue(study, settings, [])
        for values, state, failure in trials:
            trial = study.ask(dict(settings.space.distributions))
            for epoch, value in enumerate(values, start=1):
                trial.report(value, epoch)
            measured = {SEED: 7, EPOCHS_RUN: len(values), SECONDS: 1.5 * len(values), HOST: "here", PARAMETERS_COUNT: 9}
            for key, value in measured.items():
                trial.set_user_attr(key, value)
            if failure:
                trial.set_user_attr(FAILURE, failure)
            if state:
                told = optuna.trial.TrialState[state]
                study.tell(trial, values[-1] if state == "COMPLETE" else None, state=told)
        return study

    return make


@pytest.fixture
def open_page(url, monkeypatch):
    """A function that opens a page: its path, options of the dashboard, and what stands in the address."""

    def run(path="overview", *options, **query):
        monkeypatch.setattr(sys, "argv", ["app.py", "--storage", url, *map(str, options)])
        page = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=30)
        page.query_params.update({key: str(value) for key, value in query.items()})
        page.run()
        if path != "overview":
            pages = page._registered_pages.items()
            page._page_hash = next(each for each, known in pages if known["url_pathname"] == path)
            page.query_params.update({key: str(value) for key, value in query.items()})
            page.run()
        return page

    return run
