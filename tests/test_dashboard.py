"""The dashboard: its tables, its figures, and its page in each state a storage can be in."""

import sys

import optuna
import pandas as pd
import pytest
from commands import ROOT
from streamlit.testing.v1 import AppTest

from dashboard.charts import epochs_chart, trials_chart
from dashboard.queries import COLUMNS, read_snapshot, study_names
from search.errors import UsageError
from search.settings import Wishes
from search.storage import open_read_only, open_storage
from search.study import FAILURE, enqueue, open_study


@pytest.fixture
def url(tmp_path):
    """The URL of a storage that does not exist yet."""
    return f"sqlite:///{tmp_path / 'studies.db'}"


def make_study(url, name="s"):
    """A study with a baseline, a better trial, a pruned, a failed, an interrupted and a running one."""
    settings = Wishes(seed=1, sampler="random", pruner="none").settings({"x_train": "a"})
    study = open_study(name, open_storage(url, create=True), settings)
    enqueue(study, settings, [])
    states = optuna.trial.TrialState
    for values, state, failure in (
        ([0.96, 0.97], states.COMPLETE, None),
        ([0.97, 0.98], states.COMPLETE, None),
        ([0.5], states.PRUNED, None),
        ([], states.FAIL, "diverged at epoch 1"),
        ([0.4], states.FAIL, "interrupted"),
        ([0.3], None, None),
    ):
        trial = study.ask(dict(settings.space.distributions))
        for epoch, value in enumerate(values, start=1):
            trial.report(value, epoch)
        if failure:
            trial.set_user_attr(FAILURE, failure)
        if state:
            study.tell(trial, values[-1] if state == states.COMPLETE else None, state=state)
    return study


@pytest.fixture
def open_page(monkeypatch):
    """A function that opens the page on a storage."""

    def run(url):
        monkeypatch.setattr(sys, "argv", ["app.py", "--storage", url])
        return AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=30).run()

    return run


def test_snapshot_is_what_the_study_says(url):
    """Best, baseline, gain, counts and a row a trial; an interrupted trial counts nowhere."""
    make_study(url)
    snapshot = read_snapshot(open_read_only(url), "s")
    assert (snapshot.best.number, snapshot.baseline.number) == (1, 0)
    assert snapshot.gain == pytest.approx(1.0)
    counts = snapshot.counts
    assert (counts.complete, counts.pruned, counts.failed, counts.running, counts.finished) == (2, 1, 1, 1, 4)
    assert list(snapshot.table.columns) == list(COLUMNS)
    assert list(snapshot.table["state"]) == ["complete", "complete", "pruned", "failed", "interrupted", "running"]
    assert snapshot.table["gain"].round(6)[:3].tolist() == [0.0, 1.0, -47.0]
    assert snapshot.table["failure"][3] == "diverged at epoch 1"
    assert snapshot.epochs[snapshot.epochs["trial"] == 1].to_numpy().tolist() == [[1, 1, 0.97], [1, 2, 0.98]]


def test_studies_are_listed_newest_first(url):
    """The study that was made last is the one that a person sees first."""
    make_study(url, "older")
    make_study(url, "newer")
    assert study_names(open_read_only(url)) == ["newer", "older"]


def test_study_of_another_program_is_refused(url):
    """A plain Optuna study has no settings to compare by."""
    optuna.create_study(study_name="theirs", storage=open_storage(url, create=True))
    with pytest.raises(UsageError, match="was made by another program"):
        read_snapshot(open_read_only(url), "theirs")


def test_trials_chart_shows_each_state_and_the_baselines_line():
    """One series a state that occurs, one point a trial with a value, one line."""
    table = pd.DataFrame(
        {
            "trial": [0, 1, 2],
            "state": ["complete", "pruned", "failed"],
            "val_accuracy": [0.9, 0.8, None],
            "hidden_units": [1, 2, 3],
            "learning_rate": [0.1, 0.2, 0.3],
            "batch_size": [1, 2, 3],
            "epochs": [1, 2, 3],
        }
    )
    figure = trials_chart(table, 0.9)
    assert [(trace.name, list(trace.x), list(trace.y)) for trace in figure.data] == [
        ("complete", [0], [0.9]),
        ("pruned", [1], [0.8]),
    ]
    assert [shape.y0 for shape in figure.layout.shapes] == [0.9]
    assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == ("trial", "validation accuracy")


def test_epochs_chart_shows_the_chosen_trials_and_the_baseline_once():
    """The baseline is always there, and not twice where it is chosen too."""
    epochs = pd.DataFrame({"trial": [0, 0, 1], "epoch": [1, 2, 1], "val_accuracy": [0.8, 0.9, 0.7]})
    figure = epochs_chart(epochs, [0, 1], baseline=0)
    assert [(trace.name, list(trace.y)) for trace in figure.data] == [
        ("trial 1", [0.7]),
        ("trial 0 (baseline)", [0.8, 0.9]),
    ]


def test_page_shows_best_baseline_gain_and_counts(url, open_page):
    """The first things on the page are what a person wants to know."""
    make_study(url)
    page = open_page(url)
    assert not page.exception
    assert [(metric.label, metric.value) for metric in page.metric] == [
        ("Best val_accuracy", "0.9800"),
        ("Baseline (512 units)", "0.9700"),
        ("Gain, percentage points", "+1.00"),
        ("Finished trials", "4"),
    ]
    assert page.caption[0].value == "2 complete · 1 pruned · 1 failed · 1 running · best is trial 1"
    assert len(page.dataframe[0].value) == 6
    assert page.multiselect[0].value == [1, 0]


def test_page_follows_the_chosen_study(url, open_page):
    """Another study from the picker is shown without a restart."""
    make_study(url, "older")
    open_study("empty", open_storage(url, create=True), Wishes(seed=1).settings({}))
    page = open_page(url)
    assert not page.exception
    assert page.metric[0].value == "none yet"
    page.selectbox[0].select("older").run()
    assert page.metric[0].value == "0.9800"


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (lambda _: None, "there is no storage here yet"),
        (lambda file: open_storage(f"sqlite:///{file}", create=True), "holds no study yet"),
        (lambda file: file.write_bytes(b"something else"), "is not a SQLite database"),
        (lambda file: file.write_bytes(b""), "there is no storage here yet"),
    ],
    ids=["missing", "empty", "foreign", "no bytes"],
)
def test_storage_without_studies_gives_a_helpful_page(prepare, message, tmp_path, open_page):
    """The page says what is missing and how to start a search; it is never a traceback."""
    prepare(tmp_path / "studies.db")
    page = open_page(f"sqlite:///{tmp_path / 'studies.db'}")
    assert not page.exception
    assert message in page.info[0].value
    assert "python -m search.run" in page.code[0].value


def test_page_shows_a_real_search(finished, open_page):
    """The page's best is the answer that the command printed."""
    page = open_page(finished.storage)
    assert not page.exception
    assert page.metric[0].value == f"{finished.answer['best']['val_accuracy']:.4f}"
    assert page.metric[1].value == f"{finished.answer['baseline']['val_accuracy']:.4f}"
