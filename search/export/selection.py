"""Which kept model of a study is exported, and the proof that its file is the model that the study speaks of."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from search.confirmation.evidence import SHA256, Evidence
from search.confirmation.record import evidence_of
from search.errors import SearchError, UsageError, lines_of
from search.study.settings import Settings
from search.study.study import BEST, EPOCHS_RUN, IDENTITY, trial_of
from search.terminal.quiet import quiet_import
from search.trials.models import ModelStore
from trainable.data.dataset import Dataset
from trainable.errors import ConfigError
from trainable.keys import SEED, TRAIN_ACCURACY
from trainable.precision import FLOAT32, check_precision
from trainable.process import prepare_tensorflow

# How a model was selected; any other word is the number of a trial.
WINNER = "winner"
NUMBER = "number"

ONE_IMAGE = 1e-4  # of the 10,000 validation images: rounding in another order of summation may move one across a border


@dataclass(frozen=True)
class Selected:
    """A kept model and what the study says about it.

    Attributes:
        how: `WINNER`, `BEST` or `NUMBER`.
        file: The kept `.keras` file.
        trial: The number of the trial that found the configuration; None for the baseline where it won.
        params: All four parameters.
        seed: The model was trained with it, or None where the study does not know.
        val_accuracy: A share. Of the winner the mean of the networks that were trained without the validation images;
            None where there is none.
        epochs_run: Epochs that the model was trained.
        train_accuracy: A share of its training images, or None where the study does not know.
        sha256: Of the file, where the study recorded it: of the winner's.
    """

    how: str
    file: Path
    trial: int | None
    params: Mapping[str, Any]
    seed: int | None
    val_accuracy: float | None
    epochs_run: int | None
    train_accuracy: float | None = None
    sha256: str | None = None


def select(study: optuna.Study, settings: Settings, models: ModelStore, which: str | None) -> Selected:
    """Find the model to export.

    Args:
        study: To read.
        settings: The study's.
        models: Where its models are kept.
        which: `WINNER`, `BEST` or a number in digits; None for the winner, or the best where there is no verdict.

    Raises:
        UsageError: There is no such trial, no verdict, or the model is not kept.
    """
    models.check_owner(study.user_attrs.get(IDENTITY))
    evidence = evidence_of(study.user_attrs)
    if which is None:
        which = BEST if evidence is None or evidence.verdict is None else WINNER
    if which == WINNER:
        return _winner(evidence, models)
    trial = trial_of(study.get_trials(deepcopy=False), which)
    return _of_trial(trial, settings, models, BEST if which == BEST else NUMBER)


def load_accepted(selected: Selected, dataset: Dataset) -> Any:
    """Load the selected model with Keras, and accept it if it is the one that the study speaks of.

    The winner has seen the validation images, so its file's hash decides; any other one has to score what was recorded.

    Raises:
        SearchError: It is another one, or cannot be loaded.
    """
    if selected.how == WINNER:
        _check_hash(selected)
    model = _loaded(selected.file)
    if selected.how != WINNER:
        _check_accuracy(selected, model, dataset)
    return model


def _winner(evidence: Evidence | None, models: ModelStore) -> Selected:
    if evidence is None or evidence.taken is None or evidence.verdict is None:
        raise UsageError("--trial winner: the study has no verdict; leave --trial out for the best trial")
    winner, seed = evidence.taken, evidence.final_seeds[0]
    file = models.final(winner.name)
    if file is None:
        raise UsageError(f"--trial winner: its model is not kept in {models.folder}; --trial best may be")
    recorded = evidence.tested[winner.name, seed].get(SHA256)
    return Selected(
        how=WINNER,
        file=file,
        trial=winner.trial,
        params=winner.params,
        seed=seed,
        val_accuracy=evidence.val_accuracy(winner),
        epochs_run=winner.params["epochs"],
        sha256=recorded,
    )


def _of_trial(trial: FrozenTrial, settings: Settings, models: ModelStore, how: str) -> Selected:
    file = models.path(trial.number)
    if file is None or trial.state != TrialState.COMPLETE:
        kept = ", ".join(map(str, models.kept())) or "none"
        raise UsageError(f"--trial {trial.number}: its model is not kept in {models.folder} (kept: {kept})")
    return Selected(
        how=how,
        file=file,
        trial=trial.number,
        params=settings.space.complete(trial.params),
        seed=trial.user_attrs.get(SEED),
        val_accuracy=float(trial.value or 0.0),
        epochs_run=trial.user_attrs.get(EPOCHS_RUN),
        train_accuracy=trial.user_attrs.get(TRAIN_ACCURACY),
    )


def _check_hash(selected: Selected) -> None:
    try:
        found = hashlib.sha256(selected.file.read_bytes()).hexdigest()
    except OSError as error:
        raise SearchError(f"{selected.file}: cannot be read: {error.strerror}") from error
    if found != selected.sha256:
        raise SearchError(f"{selected.file}: has the SHA-256 {found}, the study recorded {selected.sha256}")


def _loaded(file: Path) -> Any:
    try:
        check_precision(FLOAT32)
    except ConfigError as error:
        raise SearchError(f"{file}: cannot be loaded here: {error}") from error
    with quiet_import():
        prepare_tensorflow(None, gpu=False)
        import keras  # noqa: PLC0415 (seconds that a wrong option should not cost)

    try:
        return keras.models.load_model(file)
    except Exception as error:  # Keras lets out whatever zipfile, h5py or json raise
        raise SearchError(f"{file}: Keras cannot load it: {lines_of(error)[0]}") from error


def _check_accuracy(selected: Selected, model: Any, dataset: Dataset) -> None:
    with quiet_import():
        from trainable.mlp.evaluate import keras_accuracy  # noqa: PLC0415 (loads TensorFlow)

    accuracy = keras_accuracy(model, dataset.x_val, dataset.y_val)
    if selected.val_accuracy is None or abs(accuracy - selected.val_accuracy) > ONE_IMAGE + 1e-9:
        raise SearchError(
            f"{selected.file}: scores {accuracy:.4f} on the validation images, "
            f"the study recorded {selected.val_accuracy}"
        )
