"""One study: making it, continuing it, and what it says about its trials.

The Optuna study in the storage is the only truth. What was decided when it was made (the `Settings`) is one user
attribute, so that a study either has all of it or none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import optuna
from optuna.pruners import NopPruner
from optuna.samplers import BaseSampler, RandomSampler
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState

from search.errors import UsageError
from search.space import BUILT_IN, Space
from search.strategies import DEFAULT_PRUNER, DEFAULT_SAMPLER, make_pruner, make_sampler
from trainable.config import BASELINE, MAX_SEED
from trainable.precision import FLOAT32

SETTINGS = "settings"  # study user attribute
FORMAT = 1
OBJECTIVE = "val_accuracy"

# Trial user attributes.
SEED = "seed"
EPOCHS_RUN = "epochs_run"
SECONDS = "seconds"
SAMPLES_PER_SECOND = "samples_per_second"
HOST = "host"
ATTEMPTS = "attempts"
PARAMETERS_COUNT = "parameters_count"
TRAIN_ACCURACY = "train_accuracy"
FAILURE = "failure"
RETRY_OF = "retry_of"
IS_BASELINE = "baseline"

INTERRUPTED = "interrupted"  # a failure that does not count: its successor does


@dataclass(frozen=True)
class Settings:
    """What stays the same for the whole life of a study.

    Attributes:
        space: The search space.
        seed: Seeds the sampler and every trial.
        data: SHA-256 by name of the arrays that trials see.
        baseline: Whether trial 0 is the baseline.
        sampler: Name, as in `strategies`.
        pruner: Name, as in `strategies`.
        precision: Of matrix products in training, as in `trainable.precision`.
    """

    space: Space
    seed: int
    data: Mapping[str, str]
    baseline: bool
    sampler: str
    pruner: str
    precision: str = FLOAT32

    def to_json(self) -> dict[str, Any]:
        """Return what the study records."""
        values = {name: getattr(self, name) for name in ("seed", "baseline", "sampler", "pruner", "precision")}
        return values | {
            "format": FORMAT,
            "objective": OBJECTIVE,
            "data": dict(self.data),
            "space": self.space.to_json(),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        known = {name: values[name] for name in ("seed", "baseline", "sampler", "pruner", "data")}
        precision = values.get("precision", FLOAT32)  # the first studies did not record it
        return cls(space=Space.from_json(values["space"]), precision=precision, **known)


@dataclass(frozen=True)
class Wishes:
    """What a command asks of a study; None leaves it to the study, or to the default where it is new."""

    space: Space | None = None
    seed: int | None = None
    sampler: str | None = None
    pruner: str | None = None
    baseline: bool = True
    precision: str | None = None

    def settings(self, data: Mapping[str, str]) -> Settings:
        """Return the settings of a new study."""
        return Settings(
            space=self.space or BUILT_IN,
            seed=int(np.random.SeedSequence().generate_state(1)[0] % MAX_SEED) if self.seed is None else self.seed,
            data=data,
            baseline=self.baseline,
            sampler=self.sampler or DEFAULT_SAMPLER,
            pruner=self.pruner or DEFAULT_PRUNER,
            precision=self.precision or FLOAT32,
        )

    def continued(self, recorded: Settings, data: Mapping[str, str], name: str) -> Settings:
        """Return the settings of a study that is continued.

        Raises:
            UsageError: The command asks for something that a study cannot change.
        """
        for option, wish, value in (
            ("--space", self.space, recorded.space),
            ("--seed", self.seed, recorded.seed),
            ("--precision", self.precision, recorded.precision),
        ):
            if wish is not None and wish != value:
                made_with = "another one" if isinstance(value, Space) else value
                raise UsageError(
                    f"{option}: the study {name!r} was made with {made_with}; leave {option} out to continue it, "
                    "or give --study a new name"
                )
        if recorded.baseline and not self.baseline:
            raise UsageError(f"--no-baseline: the study {name!r} has its baseline already")
        if data != recorded.data:
            raise UsageError(f"the study {name!r} was made with other data; give --study a new name")
        return replace(recorded, sampler=self.sampler or recorded.sampler, pruner=self.pruner or recorded.pruner)


@dataclass(frozen=True)
class Counts:
    """How many trials are in which state; an interrupted trial counts in none, its successor does."""

    complete: int = 0
    pruned: int = 0
    failed: int = 0
    running: int = 0

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
    if SETTINGS not in study.user_attrs and not study.get_trials(deepcopy=False):
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
        raise UsageError(f"--study {name}: the storage has no such study, but {', '.join(sorted(names)[-5:])}")
    return optuna.load_study(study_name=name or names[-1], storage=storage, sampler=RandomSampler(), pruner=NopPruner())


def open_study(name: str, storage: BaseStorage, settings: Settings) -> optuna.Study:
    """Make a study with these settings, or continue the one that has them."""
    study = optuna.create_study(study_name=name, storage=storage, direction="maximize", load_if_exists=True)
    if study.user_attrs.get(SETTINGS) != settings.to_json():
        study.set_user_attr(SETTINGS, settings.to_json())
    study.pruner = make_pruner(settings.pruner, settings.space)
    study.sampler = _sampler(settings, len(study.get_trials(deepcopy=False)))
    return study


def _sampler(settings: Settings, trials: int) -> BaseSampler:
    """Return a sampler that does not repeat, after a restart, what it drew before.

    Grid and quasi-Monte Carlo keep their place in the study, by the seed: it must stay the same.
    """
    if settings.sampler in ("grid", "qmc"):
        return make_sampler(settings.sampler, settings.space, settings.seed)
    seed = int(np.random.SeedSequence([settings.seed, trials]).generate_state(1)[0])
    return make_sampler(settings.sampler, settings.space, seed)


def settings_of(study: optuna.Study) -> Settings:
    """Return the settings that a study recorded.

    Raises:
        UsageError: The study was not made by this project.
    """
    recorded = study.user_attrs.get(SETTINGS)
    if not isinstance(recorded, dict) or recorded.get("objective") != OBJECTIVE:
        raise UsageError(f"the study {study.study_name!r} was made by another program")
    if recorded.get("format") != FORMAT:
        raise UsageError(
            f"the study {study.study_name!r} has format {recorded.get('format')}; this version reads {FORMAT}"
        )
    return Settings.from_json(recorded)


def enqueue(study: optuna.Study, settings: Settings, configurations: Sequence[Mapping[str, Any]]) -> None:
    """Queue the baseline and the given configurations, those that the study does not hold already."""
    trials = study.get_trials(deepcopy=False)
    if settings.baseline and not any(trial.user_attrs.get(IS_BASELINE) for trial in trials):
        params = {name: BASELINE.params[name] for name in settings.space.distributions}
        study.enqueue_trial(params, user_attrs={IS_BASELINE: True})
    held = [queued_params(trial) for trial in trials if not trial.user_attrs.get(IS_BASELINE)]
    for configuration in configurations:
        if configuration not in held:
            study.enqueue_trial(dict(configuration))


def recover(study: optuna.Study, settings: Settings) -> None:
    """Record trials that no one runs any more as interrupted, and queue their configurations again.

    The successor is queued before the trial is told, so that a configuration cannot be lost in between. A trial whose
    parameters were not all drawn yet has none: another one is drawn in its place.
    """
    trials = study.get_trials(deepcopy=False)
    succeeded = {trial.user_attrs.get(RETRY_OF) for trial in trials}
    for trial in trials:
        if trial.state != TrialState.RUNNING:
            continue
        params = queued_params(trial)
        if params.keys() == settings.space.distributions.keys() and trial.number not in succeeded:
            enqueue_again(study, trial.number, params, trial.user_attrs)
        study._storage.set_trial_user_attr(trial._trial_id, FAILURE, INTERRUPTED)  # noqa: SLF001 (no public way for a trial asked elsewhere)
        study.tell(trial.number, state=TrialState.FAIL)


def enqueue_again(study: optuna.Study, number: int, params: Mapping[str, Any], attributes: Mapping[str, Any]) -> None:
    """Queue the successor of a trial: the same parameters and seed, and the attempts that were made already."""
    inherited = {key: attributes[key] for key in (SEED, IS_BASELINE, ATTEMPTS) if key in attributes}
    study.enqueue_trial(dict(params), user_attrs={RETRY_OF: number, **inherited})


def queued_params(trial: FrozenTrial) -> dict[str, Any]:
    """Return the searched parameters that a trial has, or will have once it is started."""
    return {**trial.system_attrs.get("fixed_params", {}), **trial.params}


def trial_seed(settings: Settings, number: int) -> int:
    """Return the seed of a trial, which the study's seed and the trial's number decide."""
    return int(np.random.SeedSequence([settings.seed, number]).generate_state(1)[0] % MAX_SEED)


def is_interrupted(trial: FrozenTrial) -> bool:
    """Say whether a trial ended without a result of its own."""
    return trial.state == TrialState.FAIL and trial.user_attrs.get(FAILURE) == INTERRUPTED


def count(trials: Sequence[FrozenTrial]) -> Counts:
    """Count trials by state."""
    states = [trial.state for trial in trials if not is_interrupted(trial)]
    return Counts(
        complete=states.count(TrialState.COMPLETE),
        pruned=states.count(TrialState.PRUNED),
        failed=states.count(TrialState.FAIL),
        running=states.count(TrialState.RUNNING),
    )


def ranked(trials: Sequence[FrozenTrial]) -> list[FrozenTrial]:
    """Return the complete trials, best first; of equal ones the earlier is better."""
    complete = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    return sorted(complete, key=lambda trial: (-float(trial.value or 0.0), trial.number))


def baseline_of(trials: Sequence[FrozenTrial]) -> FrozenTrial | None:
    """Return the complete baseline trial, if there is one."""
    return next((trial for trial in ranked(trials) if trial.user_attrs.get(IS_BASELINE)), None)
