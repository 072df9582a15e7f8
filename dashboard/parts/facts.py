"""What is said of trials in small tables, as text: their parameters, and what was measured."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.marks import title_of
from dashboard.snapshot import Snapshot, points
from search.study.study import ATTEMPTS, EPOCHS_RUN
from search.terminal.words import capital, clock, number
from trainable.keys import ENVIRONMENT, HOST, PARAMETERS_COUNT, SAMPLES_PER_SECOND, SECONDS, SEED, TRAIN_ACCURACY
from trainable.problem import ProblemSpec

SAME = "same"
UNKNOWN = "not known"
MINUTE = 60  # seconds


def parameters(study: Snapshot, trial: int) -> pd.DataFrame:
    """Return a row for each parameter: a trial's value, and how it lies to the baseline's and to the best's."""
    own, names = study.params(trial), study.settings.problem.names
    table = pd.DataFrame({title_of(study, trial): [_value(own[name]) for name in names]}, index=[*names])
    for other in (study.baseline, study.best):
        if other is not None and other.number != trial and title_of(study, other.number) not in table:
            values = study.params(other.number)
            table[title_of(study, other.number)] = [_value(values[name]) for name in names]
            table[f"against trial {other.number}"] = [against(own[name], values[name]) for name in names]
    return table


def against(value: float | None, other: float | None) -> str:
    """Say in words how a value lies to another one."""
    if value is None or other is None:
        return UNKNOWN
    if value == other:
        return SAME
    return f"{'higher' if value > other else 'lower'} ({value / other:.3g} times)"


def side_by_side(study: Snapshot, trials: Sequence[int], shown: Sequence[str]) -> pd.DataFrame:
    """Return a column for each trial: its accuracy, the parameters that are shown, its times and its size."""
    return pd.DataFrame({title_of(study, trial): _column(study, trial, shown) for trial in trials})


def differing(study: Snapshot, trials: Sequence[int]) -> list[str]:
    """Return the parameters that are not the same in all trials."""
    known = [study.params(trial) for trial in trials]
    return [name for name in study.settings.problem.names if len({params[name] for params in known}) > 1]


def measured(study: Snapshot, trial: int) -> dict[str, str]:
    """Return what is known of a trial besides its accuracy and parameters, by what people call it."""
    attributes, row = study.trials[trial].user_attrs, study.rows[trial]
    facts = {
        "epochs run": f"{row['epochs_run']} of {_value(study.params(trial)['epochs'])}",
        "time of training": _seconds(attributes.get(SECONDS)),
        "time of an epoch": _per_epoch(attributes),
        "samples per second": _whole(attributes.get(SAMPLES_PER_SECOND)),
        "weights": _whole(attributes.get(PARAMETERS_COUNT)),
        f"accuracy on the training {study.settings.problem.examples}": _accuracy(attributes.get(TRAIN_ACCURACY)),
        "seed": _value(attributes.get(SEED)),
        "attempt": _value(attributes.get(ATTEMPTS)),
        "host": _value(attributes.get(HOST)),
        "started": _time(row["started"]),
        "ended": _time(row["ended"]),
        "environment": _value(attributes.get(ENVIRONMENT)),
    }
    return {capital(name): value for name, value in facts.items()}


def formats(problem: ProblemSpec) -> dict[str, Any]:
    """Return how the columns of parameters look in a large table: three digits of what is no whole number."""
    floats = [each.name for each in problem.parameters if each.kind == "float"]
    return dict.fromkeys(floats, st.column_config.NumberColumn(format="%.3g"))


def _column(study: Snapshot, trial: int, shown: Sequence[str]) -> dict[str, str]:
    row, attributes, params = study.rows[trial], study.trials[trial].user_attrs, study.params(trial)
    gained = points(row["val_accuracy"], study.baseline_value)
    return {
        "state": row["state"],
        "val_accuracy": _accuracy(row["val_accuracy"]),
        "gain, points": UNKNOWN if gained is None else f"{gained:+.2f}",
        **{name: _value(params[name]) for name in shown},
        "epochs run": str(row["epochs_run"]),
        "time of training": _seconds(row["seconds"]),
        "time of an epoch": _per_epoch(attributes),
        "weights": _whole(row["weights"]),
    }


def _value(value: Any) -> str:
    return UNKNOWN if value is None else number(value)


def _accuracy(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:.4f}"


def _whole(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:,.0f}"


def _seconds(value: float | None) -> str:
    """Return a time; short ones in seconds, since minutes would hide how they differ."""
    if value is None:
        return UNKNOWN
    return f"{value:.1f} s" if value < MINUTE else clock(value)


def _per_epoch(attributes: Mapping[str, Any]) -> str:
    seconds, epochs = attributes.get(SECONDS), attributes.get(EPOCHS_RUN)
    return _seconds(seconds / epochs) if seconds is not None and epochs else UNKNOWN


def _time(moment: Any) -> str:
    return UNKNOWN if moment is None else f"{moment:%Y-%m-%d %H:%M:%S}"
