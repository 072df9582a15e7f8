"""What is said of trials in small tables, as text: their parameters, and what was measured."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.marks import title_of
from dashboard.snapshot import Snapshot, column_of, columns_of, points
from dashboard.text import MINUTE, lasting, plain
from search.study.ranges import is_number, is_same
from search.study.study import ATTEMPTS, EPOCHS_RUN
from search.study.tables import ANY
from search.terminal.words import INACTIVE, capital, number
from trainable.keys import ENVIRONMENT, HOST, PARAMETERS_COUNT, SAMPLES_PER_SECOND, SECONDS, SEED, TRAIN_ACCURACY

SAME = "same"
DIFFERENT = "different"
UNKNOWN = "not known"


def parameters(study: Snapshot, trial: int) -> pd.DataFrame:
    """Return a row for each parameter: a trial's value, and how it lies to the baseline's and to the best's."""
    own, names = study.params(trial), study.settings.problem.names
    shown = {title_of(study, trial): [_parameter(own, name) for name in names]}
    table = pd.DataFrame(shown, index=[*map(plain, names)])
    for other in (study.baseline, study.best):
        if other is not None and other.number != trial and title_of(study, other.number) not in table:
            values = study.params(other.number)
            table[title_of(study, other.number)] = [_parameter(values, name) for name in names]
            table[f"against trial {other.number}"] = [_compared(own, values, name) for name in names]
    return table


def against(value: Any, other: Any) -> str:
    """Say in words how a value, a number, a text or a boolean, lies to another one."""
    if value is None or other is None:
        return UNKNOWN
    if is_same(value, other):
        return SAME
    if not (is_number(value) and is_number(other)):
        return DIFFERENT
    way = "higher" if value > other else "lower"
    return f"{way} ({value / other:.3g} times)" if value > 0 and other > 0 else way


def _compared(values: Mapping[str, Any], others: Mapping[str, Any], name: str) -> str:
    """Say in words how a parameter lies to that of another trial; either may not have it."""
    if name in values and name in others:
        return against(values[name], others[name])
    return SAME if name not in values and name not in others else DIFFERENT


def side_by_side(study: Snapshot, trials: Sequence[int], shown: Sequence[str]) -> pd.DataFrame:
    """Return a column for each trial: its accuracy, the parameters that are shown, its times and its size."""
    return pd.DataFrame({title_of(study, trial): _column(study, trial, shown) for trial in trials})


def differing(study: Snapshot, trials: Sequence[int]) -> list[str]:
    """Return the parameters that are not the same in all trials."""
    known = [study.params(trial) for trial in trials]
    return [name for name in study.settings.problem.names if len({_parameter(each, name) for each in known}) > 1]


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
        "started": _time(study, row["started"]),
        "ended": _time(study, row["ended"]),
        "environment": _value(attributes.get(ENVIRONMENT)),
    }
    return {capital(name): value for name, value in facts.items()}


def formats(study: Snapshot) -> dict[str, Any]:
    """Return how the columns of parameters look in a large table: three digits of what is no whole number."""
    space, problem = study.settings.space, study.settings.problem
    kinds = columns_of(problem, space.distributions)
    digits = {"float": "%.3g", "share": "%.3g", ANY: "%.6g"}
    return {
        column_of(each.name): st.column_config.NumberColumn(format=digits[each.kind])
        for each in problem.parameters
        if each.kind in digits and kinds[column_of(each.name)] == "float64"
    }


def _column(study: Snapshot, trial: int, shown: Sequence[str]) -> dict[str, str]:
    row, attributes, params = study.rows[trial], study.trials[trial].user_attrs, study.params(trial)
    gained = points(row["val_accuracy"], study.baseline_value)
    return {
        "state": row["state"],
        "val_accuracy": _accuracy(row["val_accuracy"]),
        "gain, points": UNKNOWN if gained is None else f"{gained:+.2f}",
        **{plain(name): _parameter(params, name) for name in shown},
        "epochs run": str(row["epochs_run"]),
        "time of training": _seconds(row["seconds"]),
        "time of an epoch": _per_epoch(attributes),
        "weights": _whole(row["weights"]),
    }


def _parameter(params: Mapping[str, Any], name: str) -> str:
    """Return a trial's value of a parameter."""
    return plain(_value(params[name])) if name in params else INACTIVE


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
    return f"{value:.1f} s" if value < MINUTE else lasting(value)


def _per_epoch(attributes: Mapping[str, Any]) -> str:
    seconds, epochs = attributes.get(SECONDS), attributes.get(EPOCHS_RUN)
    return _seconds(seconds / epochs) if seconds is not None and epochs else UNKNOWN


def _time(study: Snapshot, moment: datetime | None) -> str:
    return UNKNOWN if moment is None else f"{study.local(moment):%Y-%m-%d %H:%M:%S}"
