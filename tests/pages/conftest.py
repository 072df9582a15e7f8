"""Studies and pages for the tests of the dashboard."""

import contextlib
import functools
import sqlite3
import sys

import confirmations
import optuna
import pytest
from commands import ROOT
from confirmations import THE_BASELINE
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from search.confirmation.candidates import Candidate
from search.confirmation.extent import Extent, wanted_design
from search.confirmation.record import CONFIRMATION, fresh_seeds
from search.storage.address import open_storage, sqlite_file
from search.study.settings import Settings
from search.study.space import Space
from search.study.study import EPOCHS_RUN, enqueue, open_study, settings_of
from trainable.keys import FAILURE, HOST, PARAMETERS_COUNT, SECONDS, SEED
from trainable.problems import BUILT_IN

# What the trials of `make_study` come to: val_accuracy by epoch, state, and why they failed.
TRIALS = (
    ([0.96, 0.97], "COMPLETE", None),  # the baseline
    ([0.97, 0.98], "COMPLETE", None),
    ([0.5], "PRUNED", None),
    ([], "FAIL", "diverged at epoch 1"),
    ([0.4], "FAIL", "interrupted: crashed"),
    ([0.3], None, None),  # running
)


@pytest.fixture(scope="session", autouse=True)
def installed_components():
    """What is installed does not change under the tests: Streamlit looks for it once, not for each page."""
    with pytest.MonkeyPatch.context() as patch:
        once = functools.cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", once)
        yield


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """A folder and, by what was asked of `make_study`, the file in it with such a study: a copy is made faster."""
    return tmp_path_factory.mktemp("made"), {}


@pytest.fixture
def url(tmp_path):
    """The URL of a storage that does not exist yet."""
    return f"sqlite:///{tmp_path / 'runs' / 'studies.db'}"


def _settings():
    return Settings(Space.default(BUILT_IN), seed=1, sampler="random", pruner="none")


def _fill(storage, name, trials):
    """Make a study of some trials."""
    settings = _settings()
    study = open_study(name, open_storage(storage), settings)
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


@pytest.fixture
def make_study(url, made):
    """A function that makes a study of some trials; by default one in each state, the baseline first."""
    folder, files = made

    def make(name="s", trials=TRIALS, storage=url):
        file, asked = sqlite_file(storage), (name, repr(trials))
        if file.exists():
            return _fill(storage, name, trials)
        if asked not in files:
            files[asked] = folder / f"{len(files)}.db"
            _fill(f"sqlite:///{files[asked]}", name, trials)
        file.parent.mkdir(exist_ok=True)
        with (
            contextlib.closing(sqlite3.connect(files[asked])) as source,
            contextlib.closing(sqlite3.connect(file)) as to,
        ):
            source.backup(to)
        return open_study(name, open_storage(storage), _settings())

    return make


def _confirmed(trials, settings, *, wrong=100, baseline_wrong=200, tested=True, test=True):
    """The attributes of a study whose trial 1 and baseline were trained again with fresh seeds.

    Args:
        trials: The study's.
        settings: The study's.
        wrong: How many test images each network of trial 1 gets wrong.
        baseline_wrong: Likewise of the baseline.
        tested: Whether the test images were looked at.
        test: Whether they shall be.
    """
    design = wanted_design(trials, settings, Extent(1, 5, test), {})
    first = Candidate(1, trials[1].params)
    # The baseline's are from a search that had to know how much a seed makes.
    of_baseline = confirmations.validated([(THE_BASELINE, 0.97)], fresh_seeds(settings, 5), step=0.001)
    decided = confirmations.decided(design, first, lambda _: range(20, 20 + wrong), lambda _: range(baseline_wrong))
    return {CONFIRMATION: design} | of_baseline | (decided if tested else {})


@pytest.fixture
def confirmed():
    """A function that returns the attributes of a study that is confirmed."""
    return _confirmed


@pytest.fixture
def confirm():
    """A function that records a confirmation in a study of `make_study`."""

    def record(study, **options):
        for key, value in _confirmed(study.get_trials(), settings_of(study), **options).items():
            study.set_user_attr(key, value)

    return record


@pytest.fixture(scope="session")
def hashes():
    """By its path, what Streamlit calls each page that was opened before: the app has to run once to say."""
    return {"overview": ""}


@pytest.fixture
def open_page(url, hashes, monkeypatch):
    """A function that opens a page: its path, options of the dashboard, and what stands in the address."""

    def run(path="overview", *options, **query):
        monkeypatch.setattr(sys, "argv", ["app.py", "--storage", url, *map(str, options)])
        app = str(ROOT / "dashboard" / "app.py")
        if path not in hashes:
            first = AppTest.from_file(app, default_timeout=60).run()
            hashes.update({known["url_pathname"]: each for each, known in first._registered_pages.items()})
        page = AppTest.from_file(app, default_timeout=60)
        page._page_hash = hashes[path]
        said = {key: [*map(str, value)] if isinstance(value, list) else str(value) for key, value in query.items()}
        page.query_params.update(said)
        return page.run()

    return run
