"""The export of models that a person's file builds: they take examples as they are stored, of one input or several."""

import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from commands import clean_environment, invoke
from keras_files import PROGRAM, arrays_of
from model_studies import DATA, FILES, PAIR, PICTURES

from search.errors import SearchError
from search.export.bundle import _needing, write_models
from search.export.exportable import own
from search.export.formats import FORMATS, ONNX, SAVEDMODEL, TFLITE
from search.export.kept import Kept
from search.study.settings import Settings
from search.study.space import Space
from trainable.keras_file import CONFIG, archived
from trainable.model_file.spec import LOAD, TRAIN

CASES = [
    pytest.param((PICTURES, "onnx"), id="pictures"),
    pytest.param((PICTURES, "all"), id="pictures-all", marks=pytest.mark.thorough),  # loads TensorFlow for each format,
    pytest.param((PAIR, "all"), id="pair-all", marks=pytest.mark.thorough),  # and again for the card's code
]


def export(folder, study, *options):
    """Export a study's best model."""
    data = ["--data", folder / DATA] if study == PAIR else []
    return invoke("search.export", "--study", study, "--runs", folder / "runs", *data, *options)


@pytest.fixture(scope="module", params=CASES)
def exported(request, model_studies, tmp_path_factory):
    """A study, the folder of its best model, and what the command said."""
    study, formats = request.param
    output = tmp_path_factory.mktemp("exported") / "out"
    model = ["--model", model_studies / FILES[study]] if study == PAIR else []
    result = export(model_studies, study, *model, "--format", formats, "--output", output, "--json")
    assert result.returncode == 0, result.stderr
    return study, output, result


def test_description_says_what_the_model_takes(exported):
    """As it is stored, by the names that the model has; what it gives, and which file has built it."""
    study, output, result = exported
    found = json.loads((output / "model.json").read_text())
    assert found["code"]["name"] == FILES[study]
    assert found["left_out"] == {}
    assert json.loads(result.stdout)["left_out"] == {}
    if study == PICTURES:
        assert found["input"] == "input_layer: uint8 [batch, 8, 8]; an image as it is stored"
        assert found["output"] == "float32 [batch, 10]: for each class a number, whose softmax is its probability"
    else:
        assert set(found["interface"]["inputs"]) == {"small", "numbers"}
        assert "small: uint8 [batch, 2, 3]" in found["input"]
        assert "numbers: float32 [batch, 6]" in found["input"]
        assert found["output"] == "float32 [batch, 1]: the probability of the second class: above 0.5 it is 1"
    assert all(each["largest_difference"] <= 1e-4 for each in found["checks"].values())


def test_code_on_the_card_says_the_class(exported, model_studies, tmp_path):
    """Copied and run without this project, beside the data and the person's file, each format says the same."""
    _, output, _ = exported
    begin, *uses = re.findall(r"```python\n(.*?)```", (output / "MODEL_CARD.md").read_text(), re.DOTALL)
    for file in (*model_studies.glob("*.np*"), *model_studies.glob("*.py"), *output.iterdir()):
        (tmp_path / file.name).symlink_to(file)
    result = subprocess.run(
        [sys.executable, "-I", "-c", "\n".join([begin, *uses])],
        cwd=tmp_path, env=clean_environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    said = [line for line in result.stdout.splitlines() if line != "this is no part of an answer"]
    assert len(said) == len(uses)
    assert re.fullmatch(r"\[\d\]", said[0])
    assert set(said) == {said[0]}


def test_files_and_options_that_do_not_fit_are_refused(model_studies, tmp_path):
    """Each in one line, with status 2, and nothing is left."""
    other = tmp_path / "other.py"
    other.write_text((model_studies / FILES[PICTURES]).read_text() + "\n")
    cases = {
        ("--with-preprocessing",): "--with-preprocessing: a model of your own takes examples as they are stored",
        ("--model", other): f"--model {other}: is not the file that the study 'pictures' was made with",
        ("--model", tmp_path / "gone.py"): f"--model {tmp_path / 'gone.py'}: there is no such file",
        ("--model", model_studies / "digits.npz"): "must be FILE.py or FILE.py:FUNCTION",
    }
    for options, line in cases.items():
        result = export(model_studies, PICTURES, *options, "--output", tmp_path / "out")
        assert (result.returncode, result.stdout) == (2, "")
        assert result.stderr.startswith("error: ")
        assert line in result.stderr
        assert len(result.stderr.splitlines()) == 1
        assert not (tmp_path / "out").exists()


def test_layers_of_the_persons_own_need_their_file(model_studies, tmp_path):
    """Where Keras cannot load the model without it, one line asks for it; it is run only where it is named."""
    import keras

    keras.saving.get_custom_objects().clear()  # what another export of this process has registered
    result = export(model_studies, PAIR, "--output", tmp_path / "out")
    assert result.returncode == 2
    assert result.stderr.startswith(f"error: --model: has to name {FILES[PAIR]}: without it Keras cannot load ")
    assert not (tmp_path / "out").exists()


def test_file_is_for_models_of_ones_own(own_studies, tmp_path):
    """A study whose networks are built in takes none."""
    file = tmp_path / "model.py"
    file.write_text("")
    command = ("search.export", "--study", "images", "--runs", own_studies / "runs", "--model", file)
    result = invoke(*command, "--output", tmp_path / "out")
    assert result.returncode == 2
    assert result.stderr == f"error: --model {file}: no file builds what the study 'images' trains; leave --model out\n"


@pytest.fixture
def problem(model_studies):
    """What a study of a person's own model is about."""
    from commands import study_of

    from search.study.settings import problem_in

    return problem_in(study_of(model_studies / "runs", PICTURES).user_attrs)


def exportable(keras_files, problem, name):
    """A tiny model as it is exported, with its examples."""
    import keras

    from trainable.program import run

    run(PROGRAM)
    file = keras_files / f"{name}.keras"
    kept = Kept(problem, "best", file, None, 0, 1, 1, 0.5)
    return own(keras.models.load_model(file), kept, arrays_of(name), PROGRAM)


@pytest.mark.filterwarnings("ignore::FutureWarning")  # of tf2onnx, which the command keeps to itself
@pytest.mark.thorough  # loads TensorFlow for each format of each
@pytest.mark.parametrize("name", ["one", "several", "binary", "custom", "logits", "logit"])
def test_every_kind_of_model_goes_in_every_format(keras_files, problem, tmp_path, name):
    """With one input or several, one output or many, probabilities or not; the inputs keep their names."""
    exported = exportable(keras_files, problem, name)
    checks, left_out = write_models(tmp_path, list(FORMATS.values()), exported, problem)
    assert (list(checks), left_out) == (list(FORMATS), {})
    import onnx

    names = {each.name for each in onnx.load(tmp_path / ONNX.file).graph.input}
    assert names == set(exported.interface.inputs)
    assert names == {"one": {"picture"}, "several": {"image", "numbers"}}.get(name, names)


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.thorough  # as above
def test_format_that_a_model_does_not_allow_is_left_out_where_it_may_be(keras_files, problem, tmp_path):
    """With `all` the others are there, and the reason is one line; asked for by its name it is an error."""
    exported = exportable(keras_files, problem, "rare")
    formats = [SAVEDMODEL, ONNX, TFLITE]
    checks, left_out = write_models(tmp_path, formats, exported, problem, optional=FORMATS)
    assert (list(checks), list(left_out)) == (["savedmodel"], ["onnx", "tflite"])
    assert all("\n" not in reason and len(reason) > 20 for reason in left_out.values())
    assert [each.name for each in tmp_path.iterdir()] == ["savedmodel"]
    for kind in (ONNX, TFLITE):
        with pytest.raises(SearchError, match=f"^--format {kind.name}: "):
            write_models(tmp_path, [kind], exported, problem, optional=["keras"])
    with pytest.raises(SearchError, match=r"^--format: onnx: .*; tflite: "):
        write_models(tmp_path, [ONNX, TFLITE], exported, problem, optional=FORMATS)


def test_model_that_scores_something_else_is_refused(model_studies, tmp_path):
    """A file that is not the trial's own is found out by its accuracy."""
    runs = tmp_path / "runs"
    shutil.copytree(model_studies / "runs", runs)
    models = runs / PICTURES / "models"
    import keras

    model = keras.models.load_model(models / "trial-00000.keras")
    model.set_weights([np.zeros_like(each) for each in model.get_weights()])
    model.save(models / "trial-00000.keras")
    command = ("search.export", "--study", PICTURES, "--runs", runs, "--trial", 0, "--output", tmp_path / "out")
    result = invoke(*command)
    assert result.returncode == 1
    assert "on the validation images, the study recorded" in result.stderr


def test_damaged_model_is_not_for_want_of_a_file(model_studies, tmp_path):
    """A file that nobody can read is said to be one, whatever else Keras might have needed."""
    shutil.copytree(model_studies / "runs", tmp_path / "runs")
    for file in (tmp_path / "runs" / PAIR).rglob("*.keras"):
        file.write_bytes(file.read_bytes()[:100])
    data = ("--data", model_studies / DATA)
    result = invoke("search.export", "--study", PAIR, "--runs", tmp_path / "runs", *data, "--output", tmp_path / "out")
    assert result.returncode == 1
    assert "Keras cannot load it" in result.stderr
    assert "--model" not in result.stderr


@pytest.mark.parametrize(("registered", "needed"), [("person>Own", LOAD), ("Dense", TRAIN)])
def test_what_a_file_is_needed_for_is_the_exported_models(registered, needed, problem):
    """Not what the baseline's needed, which may have had other layers."""
    config = {"class_name": "Own", "module": "keras.layers", "registered_name": registered}
    content = archived({CONFIG: json.dumps({"layers": [config]}).encode()})
    settings = Settings(Space.of(problem.space, problem, ""), seed=1)
    for before in (LOAD, TRAIN):
        code = {**problem.code, "needed_to": before}
        other = replace(settings, space=replace(settings.space, problem=replace(problem, code=code)))
        assert _needing(other, content).problem.code["needed_to"] == needed
