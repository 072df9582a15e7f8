"""The page of the best model: what it shows, and what it says where something is missing."""

import hashlib
import io
import json
import zipfile
from dataclasses import replace

import h5py
import numpy as np
import pytest
from confirmations import THE_BASELINE, decided, key_of

from search.confirmation.candidates import TESTED, Candidate
from search.confirmation.evidence import SHA256
from search.confirmation.record import CONFIRMATION, design_of
from search.storage.address import open_storage
from search.study.settings import Settings
from search.study.space import Space
from search.study.study import IDENTITY, open_study, settings_of
from search.trials.models import ModelStore
from trainable.keras_file import CONFIG, MEMBER
from trainable.problems import BUILT_IN

HIDDEN = 6
PATHS = [f"layers/{layer}/vars/{at}" for layer in ("dense", "dense_1") for at in (0, 1)]  # of its weights
# The same data, as if they were rows of a table: nothing that the page says of them is about pictures.
ROWS = replace(
    BUILT_IN,
    inputs=replace(BUILT_IN.inputs, shape=(784,)),
    labels=tuple("abcdefghij"),
    words=replace(BUILT_IN.words, example="row", label="letter", layers="{hidden_units} units by softmax"),
)


def keras_file(seed=1, shapes=((784, HIDDEN), (HIDDEN,), (HIDDEN, 10), (10,))):
    """The content of a `.keras` file of any weights."""
    random, arrays, content = np.random.default_rng(seed), io.BytesIO(), io.BytesIO()
    with h5py.File(arrays, "w") as file:
        for path, shape in zip(PATHS, shapes, strict=True):
            file[path] = random.normal(size=shape).astype(np.float32)
    layers = [{"class_name": "Dense", "config": {"name": each, "activation": "relu"}} for each in ("hidden", "output")]
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(MEMBER, arrays.getvalue())
        archive.writestr(CONFIG, json.dumps({"config": {"layers": layers}}))
    return content.getvalue()


@pytest.fixture
def runs(tmp_path):
    """The home of kept models."""
    return tmp_path / "runs"


@pytest.fixture
def confirmed(make_study, runs):
    """A study whose trial 1 won, with the models that its search kept: trials 1 and 0, and both finalists."""
    study, store = make_study(), ModelStore(runs, "s")
    store.claim(study.user_attrs[IDENTITY])
    winner = Candidate(1, study.trials[1].params)
    design = design_of([winner], settings_of(study), split=2, sizes=(3,), baselines=3)
    found = {CONFIRMATION: design} | decided(design, winner, lambda _: range(150), lambda _: range(200))
    for candidate, wrong in ((winner, 150), (THE_BASELINE, 200)):
        content = keras_file(seed=wrong)
        found[key_of(TESTED, candidate, design["final_seeds"][0])][SHA256] = hashlib.sha256(content).hexdigest()
        store.write_final(candidate.name, content)
    for key, value in found.items():
        study.set_user_attr(key, value)
    store.write(0, keras_file(seed=3))
    store.write(1, keras_file(seed=4))
    return study


@pytest.fixture
def open_model(open_page, runs, tmp_path):
    """A function that opens the page; what stands in the address may be given."""
    return lambda *options, **query: open_page(
        "model", "--runs", runs, "--exports", tmp_path / "exports", *options, **query
    )


def seed_of(study):
    """The seed of the network that is kept of each finalist."""
    return study.user_attrs[CONFIRMATION]["final_seeds"][0]


def texts(elements):
    """All that elements say."""
    return "\n".join(str(each.value) for each in elements)


def test_winner_is_shown_first(confirmed, open_model):
    """The verdict's winner, with its test accuracy and its gain over the baseline."""
    page = open_model()
    assert not page.exception
    assert page.selectbox(key="model").value == "Trial 1, trained on all 60,000 images (winner)"
    assert [(each.label, each.value) for each in page.metric] == [
        ("Test accuracy", "0.9850"), ("Gain, points", "+0.50"),
        ("Hidden units", f"{confirmed.trials[1].params['hidden_units']:,}"),
    ]  # fmt: skip


def test_every_kept_model_can_be_chosen(confirmed, open_model):
    """Winner, trials from the best on, then the baseline; the choice is in the address."""
    page = open_model(model="Trial 1 (best kept trial)")
    assert page.selectbox(key="model").options == [
        "Trial 1, trained on all 60,000 images (winner)", "Trial 1 (best kept trial)", "The baseline",
        "The baseline, trained on all 60,000 images",
    ]  # fmt: skip
    assert [each.label for each in page.metric][:2] == ["Validation accuracy", "Gain, points"]
    for title in page.selectbox(key="model").options:
        assert not page.selectbox(key="model").select(title).run().exception


def test_mistakes_are_those_of_the_network_that_never_saw_the_images(confirmed, open_model):
    """The winner was trained on the validation images, so its trial's own network is scored, and the page says so."""
    page = open_model()
    said = texts(page.markdown)
    assert "This is the network of trial 1 itself" in said
    assert "of the 10,000 validation images are wrong" in said


def test_flattering_figures_are_called_so(confirmed, open_model, runs):
    """Where only the network that was trained on all images is kept, its mistakes are shown with a warning."""
    ModelStore(runs, "s").keep_only([])
    assert "its figures on them are flattering" in texts(open_model().markdown)


def test_mistakes_can_be_filtered_through_the_address(confirmed, open_model):
    """The true and the predicted digit of the pictures are in the address."""
    page = open_model(true="4", said="9")
    assert (page.selectbox(key="true").value, page.selectbox(key="said").value) == ("4", "9")
    assert not page.exception


def test_model_of_one_trial_is_shown_without_a_verdict(make_study, open_model, runs):
    """The best kept trial, what it scored, and that luck is part of it."""
    make_study()
    ModelStore(runs, "s").write(1, keras_file())
    page = open_model()
    assert page.selectbox(key="model").value == "Trial 1 (best kept trial)"
    assert "partly luck" in texts(page.markdown)
    assert "The baseline's model is not kept" in texts(page.caption)


def test_validation_image_is_classified_without_a_mouse(confirmed, open_model, dataset):
    """Both models say what they read, and the page says what the image is."""
    page = open_model()
    page.radio(key="digit").set_value("take a validation image").run()
    page.number_input(key="image").set_value(3).run()
    assert not page.exception
    said = next(each.value for each in page.markdown if "says" in each.value)
    assert said.count(", probability 0.") + said.count(", probability 1.") == 2
    said = f"Validation image 3: digit {dataset.y_val[3]}. A network trained on all 60,000 images has seen it."
    assert said in [each.value for each in page.caption]


def test_missing_images_are_said_and_not_fetched(confirmed, open_model, monkeypatch, tmp_path):
    """Without the cached images the page says how to get them."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    page = open_model()
    assert not page.exception
    assert "MNIST's images are not on this machine yet" in texts(page.info)
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"something else", "cannot be read as a model"),
        (keras_file()[:-100], "cannot be read as a model"),
        (keras_file(shapes=((10, 6), (6,), (6, 10), (10,))), "does not hold a network"),
        (keras_file(shapes=((784, 6), (5,), (6, 10), (10,))), "does not hold a network"),
    ],
    ids=["foreign", "torn", "other images", "shapes that do not fit"],
)
def test_damaged_model_is_one_line(content, reason, make_study, open_model, runs):
    """A file that is no such network is said to be none; the files stay on offer."""
    make_study()
    ModelStore(runs, "s").write(1, content)
    page = open_model()
    assert not page.exception
    assert reason in page.error[0].value
    assert "\n" not in page.error[0].value


def test_finalist_that_is_not_the_recorded_one_is_refused(confirmed, open_model, runs):
    """The study recorded the hash of the winner's file."""
    ModelStore(runs, "s").write_final("1", keras_file(seed=99))
    assert "is not the file whose SHA-256 the study recorded" in open_model().error[0].value


def test_models_of_another_study_of_the_name_are_not_shown(make_study, open_model, runs):
    """A folder that another study claimed is left alone."""
    make_study()
    ModelStore(runs, "s").claim("another")
    ModelStore(runs, "s").write(1, keras_file())
    page = open_model()
    assert "holds the models of another study" in page.info[0].value
    assert not page.metric


def test_models_of_a_study_whose_name_is_no_folder_are_not_looked_for(make_study, open_model, runs):
    """One level above the runs there may be models, too."""
    make_study(name="..")
    models = runs.parent / "models"
    models.mkdir()
    (models / "trial-00001.keras").write_bytes(keras_file())
    page = open_model()
    assert page.info[0].value == "No model can be shown: the study's name '..' is not that of a folder"
    assert not page.metric


def test_study_without_models_says_where_they_are(make_study, open_model, runs):
    """A search keeps models where it is driven."""
    make_study()
    assert f"No model of this study is kept in {runs / 's'}" in open_model().info[0].value


def test_model_that_is_gone_is_said(confirmed, open_model):
    """An address that names a model which is not kept any more shows another one, and says so."""
    page = open_model(model="Trial 77")
    assert page.selectbox(key="model").value == "Trial 1, trained on all 60,000 images (winner)"
    assert "'Trial 77' is not kept here any more" in page.warning[0].value


def test_facts_and_the_command_stand_in_for_a_card(confirmed, open_model, runs):
    """Without an export the page gives the facts and the command that exports this model."""
    page = open_model()
    command = next(each.value for each in page.code if "search.export" in each.value)
    assert "--study s --trial winner --output" in command
    assert f"--runs {runs}" in command
    assert f"| seed | {seed_of(confirmed)} |" in texts(page.markdown)


def export_to(folder, **description):
    """Write what an export holds besides the model."""
    folder.mkdir(parents=True)
    (folder / "model.json").write_text(json.dumps(description))
    (folder / "MODEL_CARD.md").write_text("# Model card: trial 1\n\n```python\n# a comment\n```\n\n## Accuracy\n")
    return folder


def test_card_of_an_export_is_shown(confirmed, open_model, tmp_path):
    """The card of this very model, its headings below the page's; its files are on offer."""
    params = confirmed.trials[1].params
    export_to(tmp_path / "exports" / "a", study="s", params=params, seed=seed_of(confirmed), trained_on=60_000)
    page = open_model()
    assert "### Model card: trial 1\n\n```python\n# a comment\n```\n\n#### Accuracy\n" in texts(page.markdown)
    assert any(each.label.startswith("MODEL_CARD.md (") for each in page.get("download_button"))


def test_card_of_an_export_outlives_the_kept_models(make_study, open_model, tmp_path):
    """Where no model is kept, an export of the study still has its card and its files."""
    make_study()
    export_to(tmp_path / "exports" / "a", study="s")
    page = open_model()
    assert "### Model card: trial 1" in texts(page.markdown)
    assert len(page.get("download_button")) == 2


def test_export_of_another_network_is_no_card(confirmed, open_model, tmp_path):
    """An export of the trial's own network does not describe the winner's."""
    params = confirmed.trials[1].params
    export_to(tmp_path / "exports" / "a", study="s", params=params, seed=7, trained_on=50_000)
    assert "a comment" not in texts(open_model().markdown)


def test_files_of_models_and_report_are_offered(confirmed, open_model, runs):
    """Kept models and the report can be taken away."""
    (runs / "s" / "report.html").write_text("a report")
    labels = [each.label for each in open_model().get("download_button")]
    assert "report.html (8 bytes)" in labels
    assert sum(label.startswith("models/") for label in labels) == 4


def test_as_many_units_as_there_are_have_a_picture(confirmed, open_model):
    """A network of 6 hidden units has 6 pictures, however many are wished for."""
    page = open_model(units="64")
    assert f"{HIDDEN} of {HIDDEN} hidden units" in texts(page.markdown)
    assert not page.exception


def test_page_speaks_of_the_studys_problem(url, open_model, runs, dataset):
    """Its classes and what its examples are called; nothing can be drawn by hand where they are no pictures."""
    settings = Settings(Space.default(ROWS), seed=1, sampler="random", pruner="none")
    study = open_study("s", open_storage(url), settings)
    study.tell(study.ask(dict(settings.space.distributions)), 0.97)
    ModelStore(runs, "s").write(0, keras_file())
    page = open_model()
    assert not page.exception
    assert not [each for each in page.radio if each.key == "digit"]
    said = "abcdefghij"[dataset.y_val[0]]
    assert f"Validation row 0: letter {said}." in texts(page.caption)
    assert "of the 10,000 validation rows are wrong" in texts(page.markdown)
    assert {"What does it say to a validation row?", "Which letter is taken for which?"} <= {
        each.value for each in page.subheader
    }
