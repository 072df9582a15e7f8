"""`python -m search.export`: take a kept model away, after checking that it does what the study says."""

import argparse
import hashlib
import json
import platform
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from optuna.trial import FrozenTrial, TrialState

from search.data import load
from search.errors import EXIT_DONE, EXIT_INTERRUPTED, SearchError, UsageError
from search.models import ModelStore
from search.noise import quiet, quiet_import
from search.options import Parser, add_data_option, add_storage_options, default_storage
from search.settings import Settings
from search.storage import one_line_errors, open_read_only
from search.study import EPOCHS_RUN, SEED, TRAIN_ACCURACY, load_study, ranked, settings_of
from trainable.data import Dataset

BEST = "best"
ONE_IMAGE = 1e-4  # of the 10,000 validation images: rounding in another order of summation may move one across a border
PACKAGES = ("tensorflow", "keras", "numpy", "optuna", "ray")


@dataclass(frozen=True)
class Request:
    """What the person asked to take away, and where to."""

    study: str | None
    trial: str
    output: Path
    storage: str
    runs: Path
    data: Path | None


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    request = _parse(arguments)
    quiet(verbose=False)
    try:
        with one_line_errors(request.storage):
            folder = export(request)
    except SearchError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    print(f"{folder / 'model.keras'}\n{folder / 'model.json'}")
    return EXIT_DONE


def export(request: Request) -> Path:
    """Copy a kept model and a description of it into a folder.

    Returns:
        The folder, which holds `model.keras` and `model.json`.

    Raises:
        UsageError: There is no such study, trial or kept model, or the folder holds something else.
        SearchError: The model does not give the accuracy that the study recorded; nothing is left behind.
    """
    _check_free(request.output)
    study = load_study(request.study, open_read_only(request.storage))
    settings = settings_of(study)
    trial = _choose(study.get_trials(deepcopy=False), request.trial)
    models = ModelStore(request.runs, study.study_name)
    source = models.path(trial.number)
    if source is None or trial.state != TrialState.COMPLETE:
        kept = ", ".join(map(str, models.kept())) or "none"
        raise UsageError(f"--trial {trial.number}: its model is not kept in {models.folder} (kept: {kept})")
    dataset = load(request.data)
    accuracy = _scored(source, dataset)
    if abs(accuracy - float(trial.value or 0.0)) > ONE_IMAGE + 1e-9:
        raise SearchError(f"{source}: scores {accuracy:.4f} on the validation images, the study recorded {trial.value}")
    return _write(source, _description(study.study_name, settings, trial, dataset, source), request.output)


def _parse(arguments: list[str] | None) -> Request:
    parser = Parser(
        prog="python -m search.export",
        allow_abbrev=False,
        description="Export a kept model as a Keras file, with model.json beside it.",
    )
    parser.add_argument("--study", metavar="NAME", help="(default: the most recent)")
    parser.add_argument("--trial", metavar="best|N", type=_trial, default=BEST, help="(default: best)")
    parser.add_argument("--output", metavar="DIR", type=Path, required=True, help="a new or empty folder")
    add_storage_options(parser)
    add_data_option(parser)
    values = vars(parser.parse_args(arguments))
    values["storage"] = values["storage"] or default_storage(values["runs"])
    return Request(**values)


def _trial(text: str) -> str:
    if text != BEST and not re.fullmatch("[0-9]{1,9}", text):
        raise argparse.ArgumentTypeError(f"must be 'best' or the number of a trial, got {text!r}")
    return text


def _choose(trials: list[FrozenTrial], which: str) -> FrozenTrial:
    if which == BEST:
        best = ranked(trials)
        if not best:
            raise UsageError("--trial best: no trial of the study is complete")
        return best[0]
    if int(which) >= len(trials):
        have = f"has trials 0 to {len(trials) - 1}" if trials else "has no trial yet"
        raise UsageError(f"--trial {which}: the study {have}")
    return trials[int(which)]


def _scored(file: Path, dataset: Dataset) -> float:
    """Load a model as anyone would and return its accuracy on the validation images."""
    with quiet_import():
        import keras  # noqa: PLC0415 (seconds that a wrong option should not cost)

        from trainable.evaluate import keras_accuracy  # noqa: PLC0415

    try:
        model = keras.models.load_model(file)
    except Exception as error:  # Keras lets out whatever zipfile, h5py or json raise
        raise SearchError(f"{file}: Keras cannot load it: {error}".splitlines()[0]) from error
    return keras_accuracy(model, dataset.x_val, dataset.y_val)


def _description(study: str, settings: Settings, trial: FrozenTrial, dataset: Dataset, source: Path) -> dict[str, Any]:
    return {
        "study": study,
        "trial": trial.number,
        "params": settings.space.complete(trial.params),
        "seed": trial.user_attrs.get(SEED),
        "precision": settings.precision,
        "epochs_run": trial.user_attrs.get(EPOCHS_RUN),
        "val_accuracy": trial.value,
        "train_accuracy": trial.user_attrs.get(TRAIN_ACCURACY),
        "input": f"float32 [batch, {dataset.features}] in [0, 1]: a uint8 image, flattened row by row, divided by 255",
        "output": f"float32 [batch, {dataset.classes}]: the probability of each digit",
        "versions": {"python": platform.python_version()} | {name: version(name) for name in PACKAGES},
        "data_sha256": dict(settings.data),
        "files": {"model.keras": hashlib.sha256(source.read_bytes()).hexdigest()},
    }


def _check_free(output: Path) -> None:
    """Refuse a folder that holds something, before seconds are spent."""
    try:
        if output.exists() and (not output.is_dir() or any(output.iterdir())):
            raise UsageError(f"--output {output}: must be a new or an empty folder")
    except OSError as error:
        raise SearchError(f"--output {output}: {error.strerror}") from error


def _write(source: Path, description: dict[str, Any], output: Path) -> Path:
    """Put both files into the folder at once: it is filled aside and then takes its name."""
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{output.name}.", dir=output.parent))
        try:
            shutil.copyfile(source, aside / "model.keras")
            (aside / "model.json").write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")
            aside.chmod(0o755)
            aside.replace(output)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    except OSError as error:
        raise SearchError(f"--output {output}: {error.strerror}") from error
    return output


if __name__ == "__main__":
    sys.exit(main())
