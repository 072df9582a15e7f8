"""A large study that no one searched, and a search that goes on with it: what the dashboard reads, made in seconds."""

import json
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
import sqlalchemy as sa
from optuna.distributions import distribution_to_json
from optuna.storages import RDBStorage
from optuna.storages._rdb import models
from optuna.trial import FrozenTrial, TrialState, create_trial

from benchmarks.networks import NETWORKS
from benchmarks.peers.space import MLP
from search.confirmation.extent import GOAL
from search.confirmation.goal import Goal
from search.storage.lease import Lease
from search.study import study as keys
from search.study.settings import Settings
from trainable.keys import ENVIRONMENT, FAILURE, HOST, PARAMETERS_COUNT, SAMPLES_PER_SECOND, SEED, TRAIN_ACCURACY
from trainable.keys import SECONDS as TOOK
from trainable.problems import BUILT_IN

STUDY = "large"
EPOCHS = 10
WORKERS = 2
CONFIGURATIONS = 997  # different ones
STATES = ("COMPLETE", "PRUNED") * 4 + ("COMPLETE", "FAIL")
INTERRUPTED_EVERY = 50  # trials: the failure is an interruption, and the next trial its successor
SECONDS, BETWEEN = 8.0, 4.0  # that a trial takes, and from one's start to the next one's
PACE = 1.1  # seconds from commit to commit, so that they fall on every moment between two questions of a page


def fill(storage: RDBStorage, settings: Settings, trials: int) -> None:
    """Make the study, with that many trials of `EPOCHS` epochs: all states but running, the baseline first."""
    study = keys.open_study(STUDY, storage, settings)
    start = datetime.now() - timedelta(seconds=BETWEEN * trials)  # noqa: DTZ005 (Optuna's times are local)
    study.set_user_attr(GOAL, Goal(2 * trials, None, WORKERS, start.astimezone(UTC)).to_json())
    made = [made_up(number, STATES[number % len(STATES)], settings) for number in range(trials)]
    for trial in made:
        trial.datetime_start = start + timedelta(seconds=BETWEEN * trial.number)
        trial.datetime_complete = trial.datetime_start + timedelta(seconds=SECONDS)
    _insert(storage, study._study_id, made)  # noqa: SLF001 (no public way to many trials in a moment)


@contextmanager
def searching(storage: RDBStorage, settings: Settings) -> Iterator[list[tuple[int, float]]]:
    """Go on with the study for the length of a block, as a driver: every `PACE` a trial ends and another has an epoch.

    Yields:
        Of each commit the number of finished trials and the time, in seconds since 1970; the list grows.
    """
    study = storage.get_study_id_from_name(STUDY)
    trials = storage.get_all_trials(study, deepcopy=False)
    commits: list[tuple[int, float]] = []
    over = threading.Event()

    def search() -> None:
        number, finished = len(trials), keys.count(trials).finished
        running = storage.create_new_trial(study, made_up(number, "RUNNING", settings))
        while not over.wait(PACE):
            number, finished = number + 1, finished + 1
            storage.create_new_trial(study, made_up(number, "COMPLETE", settings))
            commits.append((finished, time.time()))
            storage.set_trial_intermediate_value(running, len(commits), 0.9)

    thread = threading.Thread(target=search, name="search", daemon=True)
    with Lease(storage, STUDY):
        thread.start()
        try:
            yield commits
        finally:
            over.set()
            thread.join()


def made_up(number: int, state: str, settings: Settings) -> FrozenTrial:
    """Return a trial with everything that a real one records."""
    final = 0.95 + 0.03 * float(np.random.default_rng(number).beta(5, 2))
    reached = {epoch: final - 0.05 * 0.6**epoch for epoch in range(1, EPOCHS + 1)} if state != "RUNNING" else {}
    searched = settings.space.distributions
    trial = create_trial(
        state=TrialState[state],
        value=reached[EPOCHS] if state == "COMPLETE" else None,
        params={name: value for name, value in _params(number).items() if name in searched},
        distributions=dict(searched),
        intermediate_values=reached,
        user_attrs=_attributes(number, state),
        system_attrs={f"completed_rung_{rung}": reached[2**rung] for rung in range(3) if reached},
    )
    trial.number = number
    return trial


def _params(number: int) -> dict[str, Any]:
    return dict(BUILT_IN.baseline) if number == 0 else {**_configurations()[number % CONFIGURATIONS], "epochs": EPOCHS}


@cache
def _configurations() -> list[dict[str, Any]]:
    return NETWORKS[MLP].draw(CONFIGURATIONS)


def _attributes(number: int, state: str) -> dict[str, Any]:
    """Return the user attributes of a trial."""
    found = {
        SEED: number,
        HOST: f"node-{number % 4}",
        keys.ATTEMPTS: 1,
        PARAMETERS_COUNT: 407_050,
        ENVIRONMENT: "6f618d325b17",
        keys.EPOCHS_RUN: EPOCHS,
        TOOK: SECONDS,
        SAMPLES_PER_SECOND: 60_000 * EPOCHS / SECONDS,
        TRAIN_ACCURACY: 0.99,
    }
    if number == 0:
        found[keys.IS_BASELINE] = True
    elif number % INTERRUPTED_EVERY == 0:
        found[keys.RETRY_OF] = number - 1
    if state == "FAIL":
        interrupted = (number + 1) % INTERRUPTED_EVERY == 0
        found[FAILURE] = f"{keys.INTERRUPTED}: the worker was lost" if interrupted else "diverged at epoch 10"
    return found


def _insert(storage: RDBStorage, study: int, trials: Sequence[FrozenTrial]) -> None:
    """Write the trials of the storage's only study into Optuna's tables, each table at once."""
    with storage.engine.begin() as connection:
        for model, rows in _rows(study, trials).items():
            connection.execute(sa.insert(model.__table__), rows)


def _rows(study: int, trials: Sequence[FrozenTrial]) -> dict[Any, list[dict[str, Any]]]:
    """Return the rows of each table."""
    value_of = models.TrialValueModel.value_to_stored_repr
    reported = models.TrialIntermediateValueModel.intermediate_value_to_stored_repr
    rows: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for trial in trials:
        own = {"trial_id": trial.number + 1}
        rows[models.TrialModel].append(
            own
            | {"number": trial.number, "study_id": study, "state": trial.state}
            | {"datetime_start": trial.datetime_start, "datetime_complete": trial.datetime_complete}
        )
        if trial.value is not None:
            value, kind = value_of(trial.value)
            rows[models.TrialValueModel].append(own | {"objective": 0, "value": value, "value_type": kind})
        for name, each in trial.params.items():
            distribution = trial.distributions[name]
            rows[models.TrialParamModel].append(
                own
                | {"param_name": name, "param_value": distribution.to_internal_repr(each)}
                | {"distribution_json": distribution_to_json(distribution)}
            )
        for epoch, accuracy in trial.intermediate_values.items():
            stored, kind_of_it = reported(accuracy)
            rows[models.TrialIntermediateValueModel].append(
                own | {"step": epoch, "intermediate_value": stored, "intermediate_value_type": kind_of_it}
            )
        for model, attributes in (
            (models.TrialUserAttributeModel, trial.user_attrs),
            (models.TrialSystemAttributeModel, trial.system_attrs),
        ):
            rows[model] += [own | {"key": key, "value_json": json.dumps(given)} for key, given in attributes.items()]
    return rows
