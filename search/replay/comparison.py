"""A trial as the study recorded it against the same training done again: what has to agree, and what does not."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from search.errors import UsageError, refused_configuration
from search.study.settings import Settings
from search.study.study import EPOCHS_RUN, params_of, settings_of
from trainable.environment import differences
from trainable.keys import ENVIRONMENT, FAILURE, SEED, TRAIN_ACCURACY
from trainable.precision import check_precision

DIVERGED = None  # in place of a val_accuracy: the loss of that epoch was not finite


@dataclass(frozen=True)
class Recorded:
    """What a study holds of a trial's training.

    Attributes:
        study: Its name.
        number: The trial's.
        settings: The study's.
        params: All parameters.
        seed: Of the training.
        val_accuracies: Of each epoch that the trial ran, a share, or `DIVERGED`.
        train_accuracy: Of the last epoch, a share; None where it was not recorded, as of interrupted trials.
        environment: As in `trainable.environment`; None where it was not recorded.
    """

    study: str
    number: int
    settings: Settings
    params: Mapping[str, Any]
    seed: int
    val_accuracies: Sequence[float | None]
    train_accuracy: float | None
    environment: Mapping[str, Any] | None


@dataclass(frozen=True)
class Comparison:
    """A trial as it was recorded and as it was replayed.

    Attributes:
        recorded: By the study.
        epochs: As many as were recorded, one at least: of each the val_accuracy, a share or `DIVERGED`, and the
            train_accuracy, a share, when it was trained again.
        environment: The one in which they were trained again.
    """

    recorded: Recorded
    epochs: Sequence[tuple[float | None, float]]
    environment: Mapping[str, Any]

    @property
    def pairs(self) -> list[tuple[float | None, float | None]]:
        """The val_accuracy of each epoch, recorded and replayed."""
        return list(zip(self.recorded.val_accuracies, (each for each, _ in self.epochs), strict=True))

    @property
    def train_accuracies(self) -> tuple[float | None, float]:
        """The train_accuracy of the last epoch, recorded and replayed."""
        return self.recorded.train_accuracy, self.epochs[-1][1]

    @property
    def first_difference(self) -> int | None:
        """The first epoch, 1-based, whose val_accuracy is not the recorded one to the last bit."""
        return next((epoch for epoch, (old, new) in enumerate(self.pairs, start=1) if old != new), None)

    @property
    def largest_difference(self) -> float:
        """Between two val_accuracies, a share; infinite where one of the two diverged and the other did not."""
        differing = [pair for pair in self.pairs if pair[0] != pair[1]]
        return max((math.inf if old is None or new is None else abs(new - old) for old, new in differing), default=0.0)

    @property
    def identical(self) -> bool:
        """Whether every number that was recorded came again, bit for bit."""
        old, new = self.train_accuracies
        return self.first_difference is None and old in (None, new)

    @property
    def environment_differences(self) -> dict[str, tuple[Any, Any]]:
        """What differs between the environments, recorded and here, by name; nothing where none was recorded."""
        return {} if self.recorded.environment is None else differences(self.recorded.environment, self.environment)

    def to_json(self) -> dict[str, Any]:
        """Return all of it in a form that JSON can hold; a val_accuracy of null is an epoch that diverged."""
        recorded, largest = self.recorded, self.largest_difference
        return {
            "study": recorded.study,
            "trial": recorded.number,
            "params": dict(recorded.params),
            "seed": recorded.seed,
            "precision": recorded.settings.precision,
            "identical": self.identical,
            "first_difference": self.first_difference,
            "largest_difference": largest if math.isfinite(largest) else None,
            "val_accuracy": [{"recorded": old, "replayed": new} for old, new in self.pairs],
            "train_accuracy": dict(zip(("recorded", "replayed"), self.train_accuracies, strict=True)),
            "environment": {"recorded": recorded.environment, "replayed": self.environment},
            "environment_differences": list(self.environment_differences),
        }


def recorded_of(study: optuna.Study, trial: FrozenTrial) -> Recorded:
    """Return what is needed to train a trial again and to compare.

    Raises:
        UsageError: The trial has not ended or has no epoch, or was trained with what is not here.
    """
    settings, attributes = settings_of(study), trial.user_attrs
    epochs = epochs_to_compare(trial)
    with refused_configuration(f"--study {study.study_name}"):
        check_precision(settings.precision)
    return Recorded(
        study=study.study_name,
        number=trial.number,
        settings=settings,
        params=params_of(trial, settings.space),
        seed=attributes[SEED],
        val_accuracies=[trial.intermediate_values.get(epoch, DIVERGED) for epoch in range(1, epochs + 1)],
        train_accuracy=attributes.get(TRAIN_ACCURACY),
        environment=study.user_attrs.get(f"{ENVIRONMENT}:{attributes.get(ENVIRONMENT)}"),
    )


def epochs_to_compare(trial: FrozenTrial) -> int:
    """Return how many epochs a trial that is trained again has to run.

    Raises:
        UsageError: The trial has not ended, has no epoch, or was made by another program.
    """
    if not trial.state.is_finished():
        state = "still running" if trial.state == TrialState.RUNNING else "not started yet"
        raise UsageError(f"--trial {trial.number}: is {state}; only a trial that has ended can be replayed")
    epochs = int(trial.user_attrs.get(EPOCHS_RUN, max(trial.intermediate_values, default=0)))
    if not epochs:
        reason = trial.user_attrs.get(FAILURE, "nothing is recorded")
        raise UsageError(f"--trial {trial.number}: has no epoch to compare with: {reason}")
    if SEED not in trial.user_attrs:
        raise UsageError(f"--trial {trial.number}: its seed is not recorded: another program made it")
    return epochs
