"""A storage of many studies, made by plain inserts within seconds: what a list of all of them has to cope with."""

import json
from datetime import datetime, timedelta

import confirmations
import sqlalchemy as sa
from optuna.distributions import distribution_to_json
from optuna.storages._rdb import models
from optuna.study import StudyDirection
from optuna.trial import TrialState

from search.confirmation.candidates import Candidate
from search.confirmation.extent import BASELINES, GOAL, SPLIT, TWO_LOOKS, Extent
from search.confirmation.goal import Goal
from search.confirmation.record import CONFIRMATION, design_of, fresh_seeds
from search.study.settings import SETTINGS, Settings
from search.study.study import IDENTITY, IS_BASELINE
from trainable.problems import BUILT_IN

STATES = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.PRUNED, TrialState.PRUNED)
MOMENT = datetime(2025, 11, 1)  # noqa: DTZ001 (as it is stored: UTC that does not say so)
EVERY = timedelta(hours=1)  # from one study to the next


def insert_studies(storage, studies, trials=50):
    """Fill a storage with studies of so many trials each, every second one confirmed.

    Args:
        storage: That holds none yet.
        studies: How many.
        trials: Of each.
    """
    settings = Settings(seed=1)
    attributes = {False: _attributes(settings, trials, []), True: _attributes(settings, trials, _leading(trials))}
    rows = {model: [] for model in (
        models.StudyModel, models.StudyDirectionModel, models.StudyUserAttributeModel, models.TrialModel,
        models.TrialValueModel, models.TrialParamModel, models.TrialUserAttributeModel,
    )}  # fmt: skip
    kinds = {name: (each, distribution_to_json(each)) for name, each in settings.space.distributions.items()}
    for study in range(1, studies + 1):
        rows[models.StudyModel].append({"study_id": study, "study_name": f"study {study}"})
        rows[models.StudyDirectionModel].append(
            {"study_id": study, "objective": 0, "direction": StudyDirection.MAXIMIZE}
        )
        for key, value in (attributes[study % 2 == 0] | {IDENTITY: json.dumps(str(study))}).items():
            rows[models.StudyUserAttributeModel].append({"study_id": study, "key": key, "value_json": value})
        for number in range(trials):
            _add_trial(rows, study, number, (study - 1) * trials + number + 1, kinds)
    with storage.engine.begin() as connection:
        for model, held in rows.items():
            connection.execute(sa.insert(model.__table__), held)


def _add_trial(rows, study, number, trial, kinds):
    """Add what the tables hold of a trial."""
    state, moment = STATES[number % len(STATES)], MOMENT + study * EVERY
    rows[models.TrialModel].append(
        {"trial_id": trial, "study_id": study, "number": number, "state": state,
         "datetime_start": moment, "datetime_complete": moment + timedelta(minutes=1)}
    )  # fmt: skip
    params = BUILT_IN.baseline if number == 0 else _params(number)
    rows[models.TrialParamModel] += [
        {"trial_id": trial, "param_name": name, "param_value": kind.to_internal_repr(params[name]),
         "distribution_json": described}
        for name, (kind, described) in kinds.items()
    ]  # fmt: skip
    marks = {"host": "here", "seconds": 2.0, "seed": 7, "epochs_run": 5, **({IS_BASELINE: True} if number == 0 else {})}
    rows[models.TrialUserAttributeModel] += [
        {"trial_id": trial, "key": key, "value_json": json.dumps(value)} for key, value in marks.items()
    ]
    if state == TrialState.COMPLETE:
        rows[models.TrialValueModel].append(
            {"trial_id": trial, "objective": 0, "value": _value(number),
             "value_type": models.TrialValueModel.TrialValueType.FINITE}
        )  # fmt: skip


def _params(number):
    return dict(BUILT_IN.baseline) | {"hidden_units": 512 + number}


def _value(number):
    return 0.97 + number / 10_000


def _leading(trials):
    """The best configurations of a study, best first."""
    complete = range(0, trials, len(STATES))
    return [Candidate(number, _params(number), _value(number)) for number in sorted(complete, reverse=True)[:3]]


def _attributes(settings, trials, candidates):
    """The attributes of a study as they are stored, with a verdict where there are candidates."""
    extent = Extent() if candidates else None
    held = {SETTINGS: settings.to_json(), GOAL: Goal(trials, extent, 2).to_json()}
    if candidates:
        design = design_of(candidates, settings, split=SPLIT, sizes=TWO_LOOKS, baselines=BASELINES)
        held |= {CONFIRMATION: design}
        held |= confirmations.validated(
            [(each, each.val_accuracy) for each in candidates], fresh_seeds(settings, SPLIT)
        )
        held |= confirmations.decided(design, candidates[0], lambda seed: range(seed, seed + 100), _of_baseline)
    return {key: json.dumps(value) for key, value in held.items()}


def _of_baseline(seed):
    return range(50 + seed, 250 + seed)
