"""Pages on studies of a person's own models: nothing of these is run, and neither Keras nor TensorFlow is loaded."""

import json
import shutil
import sys
import zipfile
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import pytest
from commands import study_of
from model_studies import DATA, FILES, PAIR, PICTURES

from dashboard.model.layers import MOST, layers_of
from dashboard.models import file_of
from search.confirmation.extent import GOAL
from search.confirmation.goal import Goal
from search.errors import SearchError
from search.study.settings import SETTINGS
from trainable.keras_file import CONFIG
from trainable.program import LARGEST

PAGES_OF_A_STUDY = ("overview", "trials", "trial", "compare", "parameters", "failures", "timeline", "model", "studies")


@pytest.fixture
def runs(model_studies, tmp_path, monkeypatch):
    """A copy of the studies, where the pages look; what a page may not import cannot be imported."""
    shutil.copytree(model_studies / "runs", tmp_path / "runs")
    for name in ("tensorflow", "keras"):
        monkeypatch.setitem(sys.modules, name, None)
    return tmp_path / "runs"


def said(page):
    """All that a page says as text."""
    kinds = ("markdown", "caption", "subheader", "info", "warning", "error", "code")
    return "\n".join(each.value for kind in kinds for each in page.get(kind))


@pytest.mark.parametrize("study", [PICTURES, PAIR])
def test_every_page_shows_a_study_of_such_models(study, runs, open_page):
    """With texts among the parameters, and examples that are no table of numbers."""
    for path in PAGES_OF_A_STUDY:
        page = open_page(path, "--runs", runs, study=study)
        assert not page.exception, path
        assert not [each.value for each in page.error], path
    page = open_page("control", "--runs", runs, "--allow-control", study=study)
    assert not page.exception


@pytest.mark.parametrize(("study", "kinds"), [(PICTURES, "Conv2D"), (PAIR, "Centred")])
def test_page_of_the_model_shows_its_layers(study, kinds, runs, open_page, model_studies):
    """As its file names them; the size that was recorded; and one sentence says why there are no predictions."""
    page = open_page("model", "--runs", runs, study=study)
    assert [each.label for each in page.tabs] == ["Layers", "Card", "Files"]
    table = page.dataframe[0].value
    assert kinds in table["kind"].tolist()
    assert "[batch, 8, 8, 1]" in table["takes"].tolist() or study == PAIR
    metrics = {each.label: each.value for each in page.metric}
    assert metrics["Weights"] == {PICTURES: "1,120", PAIR: "57"}[study]
    assert "What it says of " in said(page)
    command = next(each.value for each in page.code if "search.export" in each.value)
    named = f"--model={model_studies / FILES[study]}"
    assert (named in command) is (study == PAIR)  # whose layers Keras does not know
    assert "Hidden units" not in metrics


def kept(file, content=None, **members):
    """A model whose file has a content, or is an archive of members."""
    if content is not None:
        file.write_bytes(content)
    else:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, member in members.items():
                archive.writestr({"config": CONFIG}.get(name, name), member)
    return SimpleNamespace(file=file)


HOSTILE = {
    "no mapping": [1, 2],
    "no layers": {"config": {"layers": 5}},
    "layers of other kinds": {"config": {"layers": [None, 3, "x", {"config": 1}, {"class_name": 2}]}},
    "shapes": {"config": {"layers": [{"class_name": "A", "build_config": {"input_shape": ["<b>", {}]}}]}},
}


@pytest.mark.parametrize("name", list(HOSTILE))
def test_configuration_that_keras_did_not_write_is_passed_over(name, tmp_path):
    """Anyone may have written the file: what is no layer is left out."""
    found = layers_of(kept(tmp_path / "m.keras", config=json.dumps(HOSTILE[name])))
    assert [tuple(each) for each in found] == ([("", "A", "")] if name == "shapes" else [])


def test_configuration_is_read_as_far_as_a_page_can_show_it(tmp_path):
    """So many layers, so deep, so long a name; models in models have the place of theirs before their names."""
    layer = {"class_name": "A\n", "config": {"name": "n" * 1000, "layers": []}}
    inner = {"class_name": "Functional", "config": {"name": "inner", "layers": [layer]}}
    found = layers_of(kept(tmp_path / "m.keras", config=json.dumps({"config": {"layers": [inner] * MOST}})))
    assert len(found) == MOST
    assert found[1].name.startswith("inner / nnn")
    assert len(found[1].name) < 80
    assert "\n" not in found[1].kind
    nested = layer
    for _ in range(50):
        nested = {"class_name": "Functional", "config": {"name": "f", "layers": [nested]}}
    assert len(layers_of(kept(tmp_path / "deep.keras", config=json.dumps({"config": {"layers": [nested]}})))) == 8


@pytest.mark.parametrize(
    ("members", "line"),
    [
        ({"content": b"no archive"}, "is no .keras file"),
        ({"other": "x"}, "is no .keras file"),
        ({"config": "{"}, "is no .keras file"),
        ({"config": "[" * 200_000}, "is no .keras file"),
        ({"config": " " * 50_000_000}, "its configuration has more than 4,194,304 bytes"),
    ],
    ids=["bytes", "without", "no JSON", "deep", "bomb"],
)
def test_file_that_is_none_is_said(members, line, tmp_path):
    """In one line; an archive that unpacks to much is not unpacked."""
    with pytest.raises(SearchError, match=line):
        layers_of(kept(tmp_path / "m.keras", **members))


def test_file_that_is_gone_is_said(tmp_path):
    """In one line."""
    with pytest.raises(SearchError, match="cannot be read: No such file"):
        layers_of(SimpleNamespace(file=tmp_path / "gone.keras"))


@pytest.fixture
def models(model_studies, tmp_path):
    """A folder with the file of one study, other files, and links out of it."""
    folder = tmp_path / "models"
    folder.mkdir()
    shutil.copy(model_studies / FILES[PICTURES], folder / "a renamed one.py")
    (folder / "broken.py").write_text("def build(:")
    (folder / "notes.txt").write_text("")
    (folder / "folder.py").mkdir()
    (folder / "link.py").symlink_to(model_studies / FILES[PAIR])
    return folder


def test_form_offers_the_files_of_the_folder(runs, models, open_page):
    """By name, the chosen study's own first; nothing that is no file of it, and no link to elsewhere."""
    page = open_page("control", "--runs", runs, "--allow-control", "--models", models, study=PICTURES)
    box = next(each for each in page.main.selectbox if each.label == "Model")
    assert box.options == ["built in", "a renamed one.py", "broken.py"]
    assert box.value == "a renamed one.py"
    assert f"'--model={models / 'a renamed one.py'}'" in page.code[-1].value
    box.select("built in").run()
    assert "--model" not in page.code[-1].value
    without = open_page("control", "--runs", runs, "--allow-control", study=PICTURES)
    assert "Model" not in [each.label for each in without.main.selectbox]


def test_study_goes_on_only_with_its_own_file(runs, models, open_page):
    """Known by its hash, whatever it is called; where it is not there, the page says what to type."""
    for name in (PICTURES, PAIR):
        study_of(runs, name).set_user_attr(GOAL, Goal(50, None, 1).to_json())
    page = open_page("control", "--runs", runs, "--allow-control", "--models", models, study=PICTURES)
    assert "Resume the search" in [each.label for each in page.main.button]
    assert f"'--model={models / 'a renamed one.py'}'" in page.code[0].value
    page = open_page("control", "--runs", runs, "--allow-control", "--models", models, study=PAIR)
    assert "Resume the search" not in [each.label for each in page.main.button]
    assert "is not in the folder that this dashboard was given" in said(page)
    assert "--model=" in page.code[0].value
    assert FILES[PAIR] in page.code[0].value


def test_record_without_a_files_name_is_refused_in_a_line(runs, open_page):
    """Another program's, or a hostile one's."""
    study = study_of(runs, PICTURES)
    settings = study.user_attrs[SETTINGS]
    study.set_user_attr(SETTINGS, settings | {"problem": settings["problem"] | {"code": {"name": 3}}})
    page = open_page("model", "--runs", runs, study=PICTURES)
    assert not page.exception
    assert page.error


def test_function_that_the_storage_names_is_never_run(runs, models, open_page):
    """Whoever wrote it may have named any of the file's: a person types the command, and the form leaves it out."""
    study = study_of(runs, PICTURES)
    study.set_user_attr(GOAL, Goal(50, None, 1).to_json())
    settings = study.user_attrs[SETTINGS]
    code = settings["problem"]["code"] | {"function": "wipe"}
    study.set_user_attr(SETTINGS, settings | {"problem": settings["problem"] | {"code": code}})
    page = open_page("control", "--runs", runs, "--allow-control", "--models", models, study=PICTURES)
    assert not page.exception
    assert "Resume the search" not in [each.label for each in page.main.button]
    assert ":wipe" in page.code[0].value
    assert ":wipe" not in page.code[-1].value


def test_study_of_data_that_a_file_makes_goes_on_at_a_terminal(runs, model_studies, open_page, tmp_path):
    """No page runs that file; the command names it, and the model's."""
    folder = tmp_path / "models"
    folder.mkdir()
    shutil.copy(model_studies / FILES[PAIR], folder)
    study_of(runs, PAIR).set_user_attr(GOAL, Goal(50, None, 1).to_json())
    page = open_page("control", "--runs", runs, "--allow-control", "--models", folder, study=PAIR)
    assert not page.exception
    assert "Resume the search" not in [each.label for each in page.main.button]
    assert f"--data={model_studies / DATA}" in page.code[0].value
    assert f"--model={model_studies / FILES[PAIR]}" in page.code[0].value


def test_file_of_a_study_is_found_by_its_bytes_once(tmp_path, monkeypatch):
    """Nothing of it is compiled; it is read again where it has changed."""
    file = tmp_path / "model.py"
    options = SimpleNamespace(models=tmp_path)
    for text in ("def build(:", "\ufeffx = 1\r\n"):
        file.write_bytes(text.encode())
        problem = SimpleNamespace(code={"sha256": sha256(text.removeprefix("\ufeff").encode()).hexdigest()})
        assert file_of(options, problem) == "model.py"
    assert file_of(options, SimpleNamespace(code={"sha256": "0"})) is None
    assert file_of(options, SimpleNamespace(code={})) is None
    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", lambda _: pytest.fail("it was read again"))
        assert file_of(options, problem) == "model.py"
    file.write_bytes(b"#" * (LARGEST + 1))
    assert file_of(options, problem) is None
