"""Pages about studies of somebody's own data: rows or pictures, any names, and data that are not there."""

import io
import json
import os
import zipfile

import h5py
import numpy as np
import pytest
from own_data import csv_of

from dashboard import control
from dashboard.text import plain
from search.confirmation.extent import GOAL
from search.confirmation.goal import Goal
from search.storage.address import open_storage
from search.study.settings import SETTINGS, Settings
from search.study.space import Space
from search.study.study import IDENTITY, open_study
from search.trials.models import ModelStore
from trainable.data.source import DataSource
from trainable.keras_file import CONFIG, MEMBER
from trainable.mlp.scoring import STANDARD
from trainable.problems import problem_of, spec_in

HIDDEN = 5
PATHS = [f"layers/{layer}/vars/{at}" for layer in ("dense", "dense_1") for at in (0, 1)]  # of its weights
ODD = "<b>a</b> | `b` $c$ :red[d]"


def keras_file(problem, standard):
    """The content of a `.keras` file of any weights for a problem."""
    random, arrays, content = np.random.default_rng(1), io.BytesIO(), io.BytesIO()
    classes = len(problem.labels)
    shapes = (problem.inputs.features, HIDDEN), (HIDDEN,), (HIDDEN, classes), (classes,)
    with h5py.File(arrays, "w") as file:
        for path, shape in zip(PATHS, shapes, strict=True):
            file[path] = random.normal(size=shape).astype(np.float32)
    layers = [{"class_name": "Dense", "config": {"name": each, "activation": "relu"}} for each in ("hidden", "output")]
    if standard:
        layers.insert(0, {"class_name": "Normalization", "config": {"name": STANDARD, **standard.to_json()}})
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(MEMBER, arrays.getvalue())
        archive.writestr(CONFIG, json.dumps({"config": {"layers": layers}}))
    return content.getvalue()


@pytest.fixture
def studied(url, tmp_path):
    """A function that makes a study of a file, with one trial whose model is kept."""

    def make(file, target=None):
        problem = spec_in(DataSource(str(file), target))
        settings = Settings(Space.default(problem), seed=1, sampler="random", pruner="none")
        study = open_study("s", open_storage(url), settings)
        study.tell(study.ask(dict(settings.space.distributions)), 0.9)
        store = ModelStore(tmp_path / "runs", "s")
        store.claim(study.user_attrs[IDENTITY])
        store.write(0, keras_file(problem, problem_of(problem).load(None).standard))
        return study

    return make


@pytest.fixture
def wine(studied, tmp_path):
    """The file of a table, which a study is about."""
    file = csv_of("wine", tmp_path)
    studied(file, "cultivar")
    return file


@pytest.fixture
def colours(studied, tmp_path):
    """A study of pictures in colours, of three classes with odd names."""
    random = np.random.default_rng(1)
    labels = np.array([ODD, "b", "c"])[np.arange(60) % 3]
    np.savez(tmp_path / "c.npz", x_train=random.integers(0, 256, (60, 5, 4, 3), np.uint8), y_train=labels)
    return studied(tmp_path / "c.npz")


@pytest.fixture
def open_model(open_page, tmp_path):
    """A function that opens the page of the best model."""
    return lambda *options, **query: open_page("model", "--runs", tmp_path / "runs", *options, **query)


def said(page):
    """All that a page says as text."""
    kinds = ("markdown", "caption", "subheader", "info", "warning", "error")
    return "\n".join(each.value for kind in kinds for each in page.get(kind))


def test_examples_of_a_table_are_rows(wine, open_model):
    """One by column, mistakes with the columns that tell most, weights by column; no word of pictures."""
    page = open_model()
    assert not page.exception
    assert "Validation example 0: class class_0." in said(page)
    assert {"What does it say to a validation example?", "The misclassified examples, the surest mistakes first"} <= {
        each.value for each in page.subheader
    }
    numbers, mistakes = (each.value for each in page.dataframe)
    assert (list(numbers), len(numbers)) == (["column", "value", "deviations"], 13)
    assert "proline" in numbers["column"].tolist()
    assert mistakes.shape[1] == 4 + 6
    assert "5 of 5 hidden units: each one's 13 weights, column by column." in said(page)
    assert not any(word in said(page) for word in ("image", "pixel", "picture"))
    assert "| what | 13 numbers, one hidden layer of" in said(page)


def test_names_mean_nothing_to_the_page(colours, open_model, open_page):
    """A label is shown as it is, beside pictures in colours, in sentences and in the facts of the data."""
    shown = "\\<b\\>a\\</b\\> \\| \\`b\\` \\$c\\$"
    page = open_model(image=0)
    assert not page.exception
    assert not page.radio(key="order").disabled
    assert shown in said(page)
    assert "Grey is a weight of 0" in said(page)
    facts = open_page().table[-1].value
    assert shown in facts.loc["Classes"].item()
    assert facts.loc["Read from"].item().endswith("c.npz")


def test_data_that_are_gone_are_asked_for(wine, open_model, tmp_path):
    """The page says where it looked; the dashboard's `--data` may say where they are now, and is checked likewise."""
    moved, other = wine.rename(tmp_path / "moved.csv"), csv_of("breast_cancer", tmp_path)
    assert plain(f"{wine}: there is no such file with this study's data. The dashboard's --data says") in said(
        open_model()
    )
    assert "validation examples are wrong" in said(open_model("--data", moved))
    assert f"--data={moved}" in next(each.value for each in open_model("--data", moved).code)
    assert "has no column 'cultivar'" in said(open_model("--data", other))


def test_of_other_data_in_the_recorded_place_nothing_is_repeated(wine, open_model):
    """Whoever wrote the record need not be somebody who may read the file."""
    wine.write_text("secret,cultivar\n1,hidden\n2,other\n")
    text = said(open_model())
    assert plain(f"{wine}: is not the data that this study was made with, or cannot be read.") in text
    assert "secret" not in text


def test_record_without_hashes_opens_no_file(url, studied, tmp_path, open_model):
    """What the study does not know to be its own is not shown."""
    study = studied(csv_of("wine", tmp_path), "cultivar")
    settings = study.user_attrs[SETTINGS]
    study.set_user_attr(SETTINGS, settings | {"problem": settings["problem"] | {"data": {}}})
    assert "is not the data that this study was made with" in said(open_model())


def test_record_without_a_place_is_said(url, studied, tmp_path, open_model):
    """Then `--data` has to name one."""
    study = studied(csv_of("wine", tmp_path), "cultivar")
    settings = study.user_attrs[SETTINGS]
    study.set_user_attr(SETTINGS, settings | {"problem": settings["problem"] | {"source": {}}})
    page = open_model()
    assert not page.exception
    assert "wine.csv: the study has not recorded where its data are; --data says it" in said(page)


def test_pipe_in_the_recorded_place_is_not_opened(wine, open_model):
    """It would never end."""
    wine.unlink()
    os.mkfifo(wine)
    assert "there is no such file" in said(open_model())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("labels", ["one"]),
        ("labels", ["x" * 400, "b"]),
        ("sizes", {"train": 1, "val": 0, "test": 0}),
        ("inputs", {"shape": [], "dtype": "uint8", "scale": 255}),
        ("source", {"location": 3}),
        ("source", {"command": "x"}),
        ("words", {"title": "", "network": "", "baseline": "", "units": "", "example": "![](http://e)"}),
        ("baseline", {}),
        ("name", 10**400),
    ],
    ids=["one class", "long name", "no examples", "no shape", "place", "command", "words", "baseline", "number"],
)
def test_damaged_record_is_one_line(field, value, wine, url, open_page):
    """Who can write the storage makes no page fall over."""
    study = open_study("s", open_storage(url), Settings(Space.default(spec_in(DataSource(str(wine), "cultivar"))), 1))
    settings = study.user_attrs[SETTINGS]
    study.set_user_attr(SETTINGS, settings | {"problem": settings["problem"] | {field: value}})
    page = open_page()
    assert not page.exception
    [error] = page.error
    assert error.value.startswith("the study 's' has settings that cannot be read")
    assert "\n" not in error.value


def test_search_from_the_page_is_about_the_chosen_studys_data(wine, open_page, tmp_path):
    """A new one names file and column; a file that has changed since is not searched."""
    page = open_page("control", "--allow-control", "--runs", tmp_path / "runs")
    assert page.code[-1].value.endswith(f"--runs {tmp_path / 'runs'} --data={wine} --target=cultivar")
    wine.write_text(wine.read_text() + wine.read_text().splitlines()[-1] + "\n")
    next(each for each in page.main.button if each.label == "Start the search").click().run()
    assert "is not the data that this study was made with" in page.error[0].value
    assert not [key for key in control._launches if key[0].endswith(f"{tmp_path / 'runs' / 'studies.db'}")]


def test_interrupted_study_goes_on_with_its_own_data(wine, url, open_page, monkeypatch):
    """The variable for the built-in problem's data is not for it."""
    study = open_study("s", open_storage(url), Settings(Space.default(spec_in(DataSource(str(wine), "cultivar"))), 1))
    study.set_user_attr(GOAL, Goal(50, None, 2).to_json())
    monkeypatch.setenv("SEARCH_DATA", "/elsewhere/mnist.npz")
    page = open_page("control", "--allow-control")
    assert page.code[0].value.startswith("python -m search.run --study s --trials 50 --workers 2")
    assert page.code[0].value.endswith(f"--data={wine} --target=cultivar")
