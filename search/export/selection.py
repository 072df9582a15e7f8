"""Which kept model of a study is exported, and the proof that its file is the model that the study speaks of."""

import hashlib
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import optuna

from search.confirmation.evidence import Evidence
from search.confirmation.record import evidence_of
from search.confirmation.untested import chosen
from search.errors import SearchError, UsageError, lines_of
from search.export.kept import CHOSEN, NUMBER, WINNER, Kept, kept_finals, kept_trial
from search.study.settings import Settings
from search.study.study import BEST, IDENTITY, trial_of
from search.terminal.quiet import quiet_import, quiet_stdout
from search.trials.models import ModelStore
from trainable.errors import ConfigError, ProgramError
from trainable.keras_file import needs_file
from trainable.model_file.loading import note_output
from trainable.model_file.stand_in import run_persons_file
from trainable.precision import FLOAT32, check_precision
from trainable.problem import ProblemSpec
from trainable.process import prepare_tensorflow
from trainable.program import Program


def select(study: optuna.Study, settings: Settings, models: ModelStore, which: str | None) -> Kept:
    """Find the model to export.

    Args:
        study: To read.
        settings: The study's.
        models: Where its models are kept.
        which: `WINNER`, `BEST` or a number in digits; None for the winner, or the best where there is no verdict. A
            winner that was not tested is the trial that found it.

    Raises:
        UsageError: There is no such trial, no verdict, or the model is not kept.
    """
    models.check_owner(study.user_attrs.get(IDENTITY))
    evidence = evidence_of(study.user_attrs)
    number = chosen(evidence) if which in (None, WINNER) else None
    if number is not None and (found := kept_trial(study.get_trials(deepcopy=False)[number], settings, models, CHOSEN)):
        return found
    if which is None:
        which = BEST if evidence is None or evidence.verdict is None else WINNER
    if which == WINNER:
        return _winner(evidence, models)
    trial = trial_of(study.get_trials(deepcopy=False), which)
    if found := kept_trial(trial, settings, models, BEST if which == BEST else NUMBER):
        return found
    kept = ", ".join(map(str, models.kept())) or "none"
    raise UsageError(f"--trial {trial.number}: its model is not kept in {models.folder} (kept: {kept})")


def load_accepted(selected: Kept, dataset: Any, program: Program | None = None) -> Any:
    """Load the selected model with Keras, and accept it if it is the one that the study speaks of.

    The winner has seen the validation examples, so its file's hash decides; another has to score what was recorded.

    Args:
        selected: The model.
        dataset: What trials see.
        program: The person's file that defines its layers, which is run.

    Raises:
        UsageError: It needs the person's file, and that is not given.
        SearchError: It is another one, or cannot be loaded.
    """
    if selected.is_winner:
        _check_hash(selected)
    model = _loaded(selected, program)
    if not selected.is_winner:
        _check_accuracy(selected, model, dataset)
    return model


def _winner(evidence: Evidence | None, models: ModelStore) -> Kept:
    if evidence is None or evidence.taken is None or (evidence.verdict is None and evidence.is_tested):
        raise UsageError("--trial winner: the study has no verdict; leave --trial out for the best trial")
    kept = next((each for each in kept_finals(evidence, models) if each.is_winner), None)
    if kept is None:
        raise UsageError(f"--trial winner: its model is not kept in {models.folder}; --trial best may be")
    return kept


def _check_hash(selected: Kept) -> None:
    try:
        found = hashlib.sha256(selected.file.read_bytes()).hexdigest()
    except OSError as error:
        raise SearchError(f"{selected.file}: cannot be read: {error.strerror}") from error
    if found != selected.sha256:
        raise SearchError(f"{selected.file}: has the SHA-256 {found}, the study recorded {selected.sha256}")


def _loaded(selected: Kept, program: Program | None) -> Any:
    file, code = selected.file, selected.problem.code
    try:
        check_precision(FLOAT32)
    except ConfigError as error:
        raise SearchError(f"{file}: cannot be loaded here: {error}") from error
    with quiet_import():
        prepare_tensorflow(None, gpu=False)
        import keras  # noqa: PLC0415 (seconds that a wrong option should not cost)

    try:
        with quiet_stdout():
            if program is not None:
                run_persons_file(program)
            model = keras.models.load_model(file, compile=not code)
            if code:
                note_output(model, file.read_bytes())
            return model
    except ProgramError as error:
        raise SearchError(f"--model {error}") from error
    except Exception as error:  # Keras lets out whatever zipfile, h5py or json raise
        if code and program is None and _needs_file(file):
            raise UsageError(f"--model: has to name {code['name']}: without it Keras cannot load {file}") from error
        raise SearchError(f"{file}: Keras cannot load it: {lines_of(error)[0]}") from error


def _needs_file(file: Path) -> bool:
    """Say whether a model has what only a person's file defines; of a damaged one nobody knows."""
    try:
        return needs_file(file.read_bytes())
    except (OSError, zipfile.BadZipFile, KeyError, ValueError):
        return False


def _check_accuracy(selected: Kept, model: Any, dataset: Any) -> None:
    accuracy = _accuracy(selected.problem, model, dataset)
    if not selected.scores(accuracy):
        raise SearchError(
            f"{selected.file}: scores {accuracy:.4f} on the validation {selected.problem.examples}, "
            f"the study recorded {selected.val_accuracy}"
        )


def _accuracy(problem: ProblemSpec, model: Any, dataset: Any) -> float:
    """Return the accuracy of a model on the validation examples, a share."""
    with quiet_import():
        if not problem.code:
            from trainable.mlp.network import keras_accuracy  # noqa: PLC0415 (loads TensorFlow)

            return keras_accuracy(model, dataset.x_val, dataset.y_val)
        from trainable.model_file.loading import batch_of  # noqa: PLC0415 (likewise)
        from trainable.model_file.predicting import predicted_classes  # noqa: PLC0415 (likewise)

        found = predicted_classes(model, dataset.x_val, batch_of(dataset.x_val))
        return float(np.mean(found == dataset.y_val))
