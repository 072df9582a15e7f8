"""The samplers and pruners on offer: Optuna's, by name, with this project's settings."""

import warnings
from collections.abc import Callable
from typing import Any

import optuna
from optuna.pruners import BasePruner, HyperbandPruner, MedianPruner, NopPruner, SuccessiveHalvingPruner
from optuna.samplers import BaseSampler, CmaEsSampler, GridSampler, QMCSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState

from search.errors import UsageError
from search.study.halving import EPOCHS, ShareHalving
from search.study.space import Space

FIRST_RUNG = 1 / 12  # of the longest training: after less, the order of configurations says little about their end
SCHEDULE = "schedule"  # of the learning rate, a parameter
FEWEST_EPOCHS = 2  # before trials are compared, where there are so many
REDUCTION_FACTOR = 3  # of the trials at a rung one in three goes on, as in Li et al. 2020 (ASHA)


ONE_LIST = ("grid", "qmc", "cmaes")  # samplers for spaces in which every configuration has every parameter


class Grid(GridSampler):
    """Optuna's grid without its call to `study.stop()`, which only works inside `study.optimize`."""

    def point(self, trial: FrozenTrial) -> dict[str, Any]:
        """Return the parameters that a trial was going to have, or none before its point was chosen."""
        chosen = trial.system_attrs.get("grid_id")
        return {} if chosen is None else dict(zip(self._param_names, self._all_grids[chosen], strict=True))

    def after_trial(self, study: optuna.Study, trial: FrozenTrial, state: TrialState, values: Any) -> None:
        """Do nothing: the number of trials is bounded by the caller."""


def first_rung(space: Space) -> int:
    """Return the epoch after which trials are compared first: of what is usual on these data, or of a shorter space."""
    tables = {name: each for name, each in space.problem.space.items() if name == EPOCHS}
    usual, longest = Space.of(tables, space.problem, "the default space: ").max_epochs, space.max_epochs
    return max(1, min(round(FIRST_RUNG * usual), max(FEWEST_EPOCHS, round(FIRST_RUNG * longest))))


def _qmc(seed: int) -> BaseSampler:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)  # since 3.0; the lock pins its version
        return QMCSampler(seed=seed, scramble=True, warn_independent_sampling=False, warn_asynchronous_seeding=False)


def _tpe(space: Space, seed: int) -> BaseSampler:
    """Return Optuna's TPE; where configurations have different parameters, it models together what stands together."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)  # of groups, since 2.8; see `_qmc`
        return TPESampler(seed=seed, group=not space.is_fixed)


def check_sampler(sampler: str, space: Space) -> None:
    """Refuse a sampler that draws all configurations from one list of parameters, where they have different ones.

    Raises:
        UsageError: It is one.
    """
    if sampler in ONE_LIST and not space.is_fixed:
        others = " or ".join(name for name in SAMPLERS if name not in ONE_LIST)
        if space.conditions:
            raise UsageError(f"--sampler {sampler}: the space has conditions; give --sampler {others}")
        raise UsageError(f"--sampler {sampler}: the space grows while networks are built; give --sampler {others}")


def _halving(space: Space) -> BasePruner:
    """Return successive halving: at equal epochs, or at equal shares where learning rates may fall to the last one."""
    if SCHEDULE in space.distributions:
        return ShareHalving(FIRST_RUNG, REDUCTION_FACTOR, space.max_epochs)
    return SuccessiveHalvingPruner(min_resource=first_rung(space), reduction_factor=REDUCTION_FACTOR)


SAMPLERS: dict[str, Callable[[Space, int], BaseSampler]] = {
    "tpe": _tpe,
    "random": lambda _, seed: RandomSampler(seed=seed),
    "qmc": lambda _, seed: _qmc(seed),
    "grid": lambda space, seed: Grid(space.grid(), seed=seed),
    "cmaes": lambda _, seed: CmaEsSampler(seed=seed, warn_independent_sampling=False),
}
PRUNERS: dict[str, Callable[[Space], BasePruner]] = {
    "asha": _halving,
    "hyperband": lambda space: HyperbandPruner(
        min_resource=first_rung(space),
        max_resource=max(space.max_epochs, first_rung(space)),
        reduction_factor=REDUCTION_FACTOR,
    ),
    "median": lambda space: MedianPruner(n_startup_trials=5, n_warmup_steps=first_rung(space)),
    "none": lambda _: NopPruner(),
}
