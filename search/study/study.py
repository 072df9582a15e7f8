"""One study: making it, continuing it, and what it says about its trials.

The Optuna study in the storage is the only truth. What was decided when it was made (the `Settings`) is one user
attribute, so that a study either has all of it or none.
"""

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna
from optuna.pruners import NopPruner
from optuna.samplers import BaseSampler, RandomSampler
from optuna.storages import BaseStorage, RDBStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from search.errors import UsageError
from search.storage.lease import GoneError
from search.storage.mirror import MirroredStorage
from search.study.instants import BEGAN
from search.study.samplers import PRUNERS, SAMPLERS, Grid
from search.study.settings import FORMATS, SETTINGS, Settings
from search.study.space import Space
from trainable.keys import FAILURE, SEED
from trainable.limits import INFEASIBLE
from trainable.parameter import MAX_SEED
from trainable.problems import BUILT_IN, KINDS

IDENTITY = "identity"  # study user attribute: a random name, by which the folder of its models knows the study
NAMED = 5  # studies in a message
BEST = "best"  # in place of a trial's number

# Trial user attributes, beside those of `trainable.keys`; of an environment a trial holds the digest, and the study's
# attribute `environment:DIGEST` says what it is.
EPOCHS_RUN = "epochs_run"
ATTEMPTS = "attempts"  # which attempt at its configuration a trial is, counted from 1; interruptions do not count
RETRY_OF = "retry_of"
IS_BASELINE = "baseline"
OUTSIDE = "outside"  # by name, what it had of parameters that other trials met with other tables

# A failure that does not count, since a successor does: alone, or before a colon and what the worker died of.
INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Counts:
    """How many trials are in which state; an interrupted trial counts in none, its successor does.

    An infeasible one, which breaks a limit and is not trained, is not pruned.
    """

    complete: int = 0
    pruned: int = 0
    failed: int = 0
    running: int = 0
    infeasible: int = 0

    @property
    def finished(self) -> int:
        """Trials that `--trials` counts."""
        return self.complete + self.pruned + self.failed


def find_study(name: str, storage: BaseStorage) -> optuna.Study | None:
    """Return a study to read, or None where there is none of that name yet.

    Raises:
        UsageError: The study was not made by this project.
    """
    try:
        study = optuna.load_study(study_name=name, storage=storage, sampler=RandomSampler(), pruner=NopPruner())
    except KeyError:
        return None
    empty = not study.user_attrs and not study.get_trials(deepcopy=False)
    if empty and study.directions == [StudyDirection.MAXIMIZE]:
        return None  # its making was cut short: it is made anew
    settings_of(study)
    return study


def load_study(name: str | None, storage: BaseStorage) -> optuna.Study:
    """Return a study to read, the most recently made one where no name is given.

    Raises:
        UsageError: There is no such study.
    """
    names = optuna.get_all_study_names(storage)
    if not names:
        raise UsageError("there is no study in the storage yet")
    if name is not None and name not in names:
        others = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        raise UsageError(f"--study {name}: there is no such study; the newest are {', '.join(names[-NAMED:])}{others}")
    return optuna.load_study(study_name=name or names[-1], storage=storage, sampler=RandomSampler(), pruner=NopPruner())


def open_study(name: str, storage: RDBStorage, settings: Settings) -> optuna.Study:
    """Make a study with these settings, or continue the one that has them; this process is its only writer."""
    mirror = MirroredStorage(storage)
    study = optuna.create_study(study_name=name, storage=mirror, direction="maximize", load_if_exists=True)
    recorded = study.user_attrs.get(SETTINGS)
    if recorded is not None and settings.space.is_open:  # another command may have let it grow since it was read
        settings = settings.with_space(settings_of(study).space)
    if recorded != settings.to_json():
        study.set_user_attr(SETTINGS, settings.to_json())
    if IDENTITY not in study.user_attrs:
        study.set_user_attr(IDENTITY, uuid.uuid4().hex)
    study.pruner = PRUNERS[settings.pruner](settings.space)
    study.sampler = _sampler(settings, len(study.get_trials(deepcopy=False)))
    return study


def _sampler(settings: Settings, trials: int) -> BaseSampler:
    """Return a sampler that does not repeat, after a restart, what it drew before.

    Grid and quasi-Monte Carlo keep their place in the study, by the seed: it must stay the same.
    """
    seed = settings.seed
    if settings.sampler not in ("grid", "qmc"):
        seed = int(np.random.SeedSequence([seed, trials]).generate_state(1)[0])
    return SAMPLERS[settings.sampler](settings.space, seed)


def settings_of(study: optuna.Study) -> Settings:
    """Return the settings that a study recorded.

    Raises:
        UsageError: The study was not made by this project.
    """
    return settings_in(study.user_attrs, study.study_name)


def settings_in(attributes: Mapping[str, Any], name: str) -> Settings:
    """Return the settings that a study's user attributes hold; errors as for `settings_of`."""
    recorded = attributes.get(SETTINGS)
    if not isinstance(recorded, dict) or "format" not in recorded:
        raise UsageError(f"the study {name!r} was made by another program")
    kind = recorded["problem"].get("kind") if isinstance(recorded.get("problem"), dict) else BUILT_IN.kind
    for what, value, known in (
        ("format", recorded["format"], FORMATS),
        ("objective", recorded.get("objective"), (BUILT_IN.metric,)),
        ("kind of problem", kind, KINDS),
    ):
        if value not in known:
            ours = " or ".join(map(str, known))
            raise UsageError(f"the study {name!r} has the {what} {value}; this version has {ours}")
    try:
        return Settings.from_json(recorded)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise UsageError(f"the study {name!r} has settings that cannot be read: {error!r}") from error


def enqueue(study: optuna.Study, settings: Settings, configurations: Sequence[Mapping[str, Any]]) -> None:
    """Queue the baseline and the given configurations, those that the study does not hold already."""
    for params, attributes in lacking(study.get_trials(deepcopy=False), settings, configurations):
        study.enqueue_trial(params, user_attrs=attributes)


def lacking(
    trials: Sequence[FrozenTrial], settings: Settings, configurations: Sequence[Mapping[str, Any]]
) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return what `enqueue` adds to a study that has these trials: parameters and user attributes.

    A configuration that equals the baseline is one beside it.
    """
    space, today = settings.space, settings.problem.baseline
    baseline = {name: today[name] for name in space.distributions if name in today}
    has_baseline = any(trial.user_attrs.get(IS_BASELINE) for trial in trials)
    held = [space.searched(queued_params(trial)) for trial in trials if not trial.user_attrs.get(IS_BASELINE)]
    first = [(baseline, {IS_BASELINE: True})] if settings.baseline and not has_baseline else []
    return [*first, *((dict(each), {}) for each in configurations if each not in held)]


def recover(study: optuna.Study, settings: Settings) -> None:
    """Record trials that no one runs any more as interrupted, and queue their configurations again.

    The successor is queued before the trial is told, so that a configuration cannot be lost in between. A trial whose
    parameters were not all drawn yet has none: another one is drawn in its place.
    """
    if isinstance(study._storage, MirroredStorage):  # noqa: SLF001 (no public way to it)
        study._storage.forget()  # noqa: SLF001 (likewise)
    trials = study.get_trials(deepcopy=False)
    succeeded = {trial.user_attrs.get(RETRY_OF) for trial in trials}
    for trial in trials:
        if trial.state != TrialState.RUNNING:
            continue
        point = study.sampler.point(trial) if isinstance(study.sampler, Grid) else {}
        params = point | queued_params(trial)
        if _is_drawn(trial, params, settings.space) and trial.number not in succeeded:
            enqueue_again(study, trial.number, params, trial.user_attrs)
        study._storage.set_trial_user_attr(trial._trial_id, FAILURE, INTERRUPTED)  # noqa: SLF001 (no public way for a trial asked elsewhere)
        study.tell(trial.number, state=TrialState.FAIL)


def _is_drawn(trial: FrozenTrial, params: Mapping[str, Any], space: Space) -> bool:
    """Say whether a trial has all of its parameters; which these are, not every space says."""
    if space.is_fixed:
        return params.keys() == space.distributions.keys()
    return BEGAN in trial.user_attrs or "fixed_params" in trial.system_attrs


def enqueue_again(study: optuna.Study, number: int, params: Mapping[str, Any], attributes: Mapping[str, Any]) -> None:
    """Queue the successor of a trial: the same parameters and seed, and which attempt it is."""
    inherited = {key: attributes[key] for key in (SEED, IS_BASELINE, ATTEMPTS) if key in attributes}
    study.enqueue_trial(dict(params), user_attrs={RETRY_OF: number, **inherited})


def cause_of(error: BaseException, study: optuna.Study | None) -> BaseException:
    """Return what made a command that writes a study fail: where its records are gone, that another program did it."""
    if isinstance(error, KeyError) and study is not None:
        storage = study._storage  # noqa: SLF001 (no public way to it)
        if study.study_name not in optuna.get_all_study_names(storage):
            return GoneError(f"the study {study.study_name!r} was deleted while this command wrote it")
    return error


def queued_params(trial: FrozenTrial) -> dict[str, Any]:
    """Return the searched parameters that a trial has, or will have once it is started."""
    return {**trial.system_attrs.get("fixed_params", {}), **trial.params}


def params_of(trial: FrozenTrial, space: Space) -> dict[str, Any]:
    """Return all parameters that a trial is trained with, also those values that the space does not have."""
    return space.complete({**trial.user_attrs.get(OUTSIDE, {}), **trial.params})


def was_queued(trial: FrozenTrial) -> bool:
    """Say whether a trial was given by a person or is the baseline, rather than drawn."""
    return "fixed_params" in trial.system_attrs and RETRY_OF not in trial.user_attrs


def trial_seed(settings: Settings, number: int) -> int:
    """Return the seed of a trial, which the study's seed and the trial's number decide."""
    return int(np.random.SeedSequence([settings.seed, number]).generate_state(1)[0] % MAX_SEED)


def cause_in(reason: object) -> str:
    """Return the first word of the reason for which a trial gave no result."""
    return str(reason).split(":")[0]


def is_interrupted(trial: FrozenTrial) -> bool:
    """Say whether a trial ended without a result of its own."""
    return trial.state == TrialState.FAIL and cause_in(trial.user_attrs.get(FAILURE)) == INTERRUPTED


def is_infeasible(trial: FrozenTrial) -> bool:
    """Say whether a trial was not trained because it breaks a limit."""
    return trial.state == TrialState.PRUNED and cause_in(trial.user_attrs.get(FAILURE)) == INFEASIBLE


def count(trials: Sequence[FrozenTrial]) -> Counts:
    """Count trials by state."""
    infeasible = sum(map(is_infeasible, trials))
    states = [trial.state for trial in trials if not is_interrupted(trial)]
    return Counts(
        complete=states.count(TrialState.COMPLETE),
        pruned=states.count(TrialState.PRUNED) - infeasible,
        failed=states.count(TrialState.FAIL),
        running=states.count(TrialState.RUNNING),
        infeasible=infeasible,
    )


def rank(value: float, number: int) -> tuple[float, int]:
    """Return what sorts complete trials, best first: by val_accuracy; of equal ones the earlier is better."""
    return -value, number


def ranked(trials: Sequence[FrozenTrial]) -> list[FrozenTrial]:
    """Return the complete trials, best first, in the order of `rank`."""
    complete = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    return sorted(complete, key=lambda trial: rank(float(trial.value or 0.0), trial.number))


def trial_of(trials: Sequence[FrozenTrial], which: str) -> FrozenTrial:
    """Return the trial that `--trial` names: `BEST`, or a number.

    Raises:
        UsageError: There is no such trial, or no such way to name one.
    """
    if which == BEST:
        best = ranked(trials)
        if not best:
            raise UsageError("--trial best: no trial of the study is complete")
        return best[0]
    if not re.fullmatch("[0-9]{1,9}", which):
        raise UsageError(f"--trial: must be 'best' or the number of a trial, got {which!r}")
    if int(which) >= len(trials):
        have = f"has trials 0 to {len(trials) - 1}" if trials else "has no trial yet"
        raise UsageError(f"--trial {which}: the study {have}")
    return trials[int(which)]


def baseline_of(trials: Sequence[FrozenTrial]) -> FrozenTrial | None:
    """Return the complete baseline trial, if there is one."""
    return next((trial for trial in ranked(trials) if trial.user_attrs.get(IS_BASELINE)), None)
