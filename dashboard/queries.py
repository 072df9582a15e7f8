"""What the dashboard reads from a study, as tables that know nothing of how they are shown."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState

from search.settings import Settings
from search.storage import one_line_errors
from search.study import (
    EPOCHS_RUN,
    FAILURE,
    HOST,
    SECONDS,
    Counts,
    baseline_of,
    count,
    is_interrupted,
    load_study,
    ranked,
    settings_of,
)

INTERRUPTED_STATE = "interrupted"
COLUMNS = (
    "trial",
    "state",
    "val_accuracy",
    "gain",
    "hidden_units",
    "learning_rate",
    "batch_size",
    "epochs",
    "epochs_run",
    "seconds",
    "host",
    "failure",
)

MEASURED = ("val_accuracy", "gain", "seconds")  # numbers or nothing, in a study without trials too


@dataclass(frozen=True)
class Snapshot:
    """One study as it is now.

    Attributes:
        counts: Trials by state.
        best: The best complete trial, if there is one.
        baseline: The complete baseline trial, if there is one.
        table: A row a trial with `COLUMNS`; accuracies are shares, gain is in percentage points, seconds of training.
        epochs: A row a reported epoch: trial, epoch, val_accuracy.
    """

    name: str
    counts: Counts
    best: FrozenTrial | None
    baseline: FrozenTrial | None
    table: pd.DataFrame
    epochs: pd.DataFrame

    @property
    def gain(self) -> float | None:
        """The best's gain over the baseline in percentage points."""
        return _points(_value(self.best), _value(self.baseline))


def read_snapshot(storage: RDBStorage, name: str) -> Snapshot:
    """Read a study.

    Raises:
        SearchError: There is no such study, or it is another program's.
    """
    with one_line_errors(storage.url):
        study = load_study(name, storage)
        settings, trials = settings_of(study), study.get_trials(deepcopy=False)
    baseline = baseline_of(trials)
    rows = [_row(trial, settings, _value(baseline)) for trial in trials]
    reports = [
        (trial.number, epoch, value) for trial in trials for epoch, value in sorted(trial.intermediate_values.items())
    ]
    return Snapshot(
        name=name,
        counts=count(trials),
        best=next(iter(ranked(trials)), None),
        baseline=baseline,
        table=pd.DataFrame(rows, columns=list(COLUMNS)).astype(dict.fromkeys(MEASURED, float)),
        epochs=pd.DataFrame(reports, columns=["trial", "epoch", "val_accuracy"]),
    )


def study_names(storage: RDBStorage) -> list[str]:
    """Return the names of the studies, the newest first.

    Raises:
        SearchError: The storage does not answer.
    """
    with one_line_errors(storage.url):
        return [study.study_name for study in storage.get_all_studies()][::-1]


def state_of(trial: FrozenTrial) -> str:
    """Return the state of a trial in the words of this project."""
    if is_interrupted(trial):
        return INTERRUPTED_STATE
    return "failed" if trial.state == TrialState.FAIL else trial.state.name.lower()


def _row(trial: FrozenTrial, settings: Settings, baseline: float | None) -> dict[str, Any]:
    reported = trial.intermediate_values
    value = trial.value if trial.value is not None else (reported[max(reported)] if reported else None)
    attributes = trial.user_attrs
    return settings.space.complete(trial.params) | {
        "trial": trial.number,
        "state": state_of(trial),
        "val_accuracy": value,
        "gain": _points(value, baseline),
        "epochs_run": attributes.get(EPOCHS_RUN, len(reported)),
        "seconds": attributes.get(SECONDS),
        "host": attributes.get(HOST),
        "failure": attributes.get(FAILURE),
    }


def _value(trial: FrozenTrial | None) -> float | None:
    return None if trial is None else trial.value


def _points(value: float | None, baseline: float | None) -> float | None:
    return None if value is None or baseline is None else 100 * (value - baseline)
