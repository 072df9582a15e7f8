"""Which configurations are trained: what breaks a limit is recorded as infeasible, and another one is drawn."""

from collections.abc import Mapping

import optuna
from optuna.trial import TrialState

from search.errors import HopelessError
from search.study.instants import ENDED, stamp
from search.study.settings import Settings
from search.study.study import IS_BASELINE, cause_in
from search.trials.live import Measurement
from trainable.keys import AT_MOST, FAILURE
from trainable.limits import INFEASIBLE, excess_of, of_parameters, reason_of, sizes

MOST_INFEASIBLE = 1000  # in a row: hardly any other configuration keeps the limits


class Drawing:
    """Draws trials from a study; one that is infeasible does not count, and a sampler learns how far off it is."""

    def __init__(self, study: optuna.Study) -> None:
        """Begin with none refused."""
        self._study, self._in_a_row = study, 0

    def draw(self, settings: Settings) -> optuna.Trial:
        """Return a trial that keeps the limits, where they can be looked at before its network is built.

        Raises:
            HopelessError: Hardly any configuration keeps them.
        """
        while True:
            trial = self._study.ask()
            settings.space.draw(trial)
            if not settings.at_most or trial.user_attrs.get(IS_BASELINE):
                return trial
            found = sizes(settings.problem, settings.space.complete(trial.params))
            if found is None:
                return trial
            if not (reason := reason_of(found, settings.at_most)):
                self._constrain(trial, found, settings)
                self._in_a_row = 0
                return trial
            self._refuse(trial, reason, found, settings)

    def told(self, trial: optuna.Trial, settings: Settings) -> dict[str, Mapping[str, int]]:
        """Return what the worker has to know of limits: those of a network that only it can build."""
        is_for_worker = settings.at_most and settings.problem.code and not trial.user_attrs.get(IS_BASELINE)
        return {AT_MOST: dict(settings.at_most)} if is_for_worker else {}

    def refuses(self, trial: optuna.Trial, last: Measurement, settings: Settings) -> bool:
        """Record a trial of which a worker found that its network breaks a limit; return whether it is one.

        Raises:
            HopelessError: As for `draw`.
        """
        if last.failure is None or cause_in(last.failure) != INFEASIBLE:
            self._in_a_row = 0
            return False
        self._refuse(trial, last.failure, of_parameters(last.parameters_count), settings)
        return True

    def _refuse(self, trial: optuna.Trial, reason: str, found: Mapping[str, int], settings: Settings) -> None:
        """Record a trial that is not trained, with its sizes."""
        self._constrain(trial, found, settings)
        trial.set_user_attr(FAILURE, reason)
        trial.set_user_attr(ENDED, stamp())
        self._study.tell(trial, state=TrialState.PRUNED)
        self._in_a_row += 1
        if self._in_a_row >= MOST_INFEASIBLE:
            limits = " ".join(f"--at-most {name}={most}" for name, most in settings.at_most.items())
            raise HopelessError(f"{limits}: of {MOST_INFEASIBLE:,} configurations in a row none keeps it")

    def _constrain(self, trial: optuna.Trial, found: Mapping[str, int], settings: Settings) -> None:
        for name, excess in excess_of(found, settings.at_most).items():
            trial.set_constraint(name, excess)
