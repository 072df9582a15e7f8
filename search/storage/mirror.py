"""A study's storage with its trials in memory beside it, for the one process that writes them.

Optuna's own cache keeps the trials that have ended, and reads those that are running anew whenever a trial is asked for
or compared, since another process might have written them. Of this project's studies only one driver at a time does.
"""

import copy
import json
from collections.abc import Container, Sequence
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.storages import RDBStorage
from optuna.storages._cached_storage import _CachedStorage
from optuna.trial import FrozenTrial, TrialState

TABLES = ("params", "distributions", "user_attrs", "system_attrs", "intermediate_values")  # of a trial


class MirroredStorage(_CachedStorage):
    """Writes to the storage first and then to its trials in memory, from which it reads.

    What waits to be started is read anew, as any program may enqueue a trial.
    """

    def __init__(self, backend: RDBStorage) -> None:
        """Mirror this storage."""
        super().__init__(backend)
        self._complete = set[int]()  # ids of the studies whose trials are all in memory

    def forget(self) -> None:
        """Read at the next question what may have changed: a write that failed may have been stored after all."""
        self._complete.clear()

    def get_all_trials(
        self, study_id: int, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        """Return trials by number; the objects stay as they are, whatever is written later."""
        if states == (TrialState.WAITING,):
            waiting = self._backend._get_trials(study_id, states, set(), -1)  # noqa: SLF001 (as Optuna's cache does)
            with self._lock:
                self._add_trials_to_cache(study_id, waiting)
            return copy.deepcopy(waiting) if deepcopy else waiting
        found: list[FrozenTrial] = super().get_all_trials(study_id, deepcopy, states)
        return found

    def get_trial(self, trial_id: int) -> FrozenTrial:
        """Return a trial that is the caller's own: Optuna's `Trial` writes into it."""
        trial: FrozenTrial = copy.copy(super().get_trial(trial_id))
        for name in TABLES:
            setattr(trial, name, dict(getattr(trial, name)))
        return trial

    def set_trial_param(
        self, trial_id: int, param_name: str, param_value_internal: float, distribution: BaseDistribution
    ) -> None:
        """Set a parameter."""
        super().set_trial_param(trial_id, param_name, param_value_internal, distribution)
        value = distribution.to_external_repr(param_value_internal)
        self._note(trial_id, params={param_name: value}, distributions={param_name: distribution})

    def set_trial_state_values(self, trial_id: int, state: TrialState, values: Sequence[float] | None = None) -> bool:
        """Set state and values, and read the trial with the time that the storage noted."""
        done = bool(super().set_trial_state_values(trial_id, state, values))
        self._put(self._backend.get_trial(trial_id))
        return done

    def set_trial_intermediate_value(self, trial_id: int, step: int, intermediate_value: float) -> None:
        """Set what was reported at a step."""
        super().set_trial_intermediate_value(trial_id, step, intermediate_value)
        self._note(trial_id, intermediate_values={step: intermediate_value})

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Set a user attribute."""
        super().set_trial_user_attr(trial_id, key, value)
        self._note(trial_id, user_attrs={key: _stored(value)})

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Set a system attribute."""
        super().set_trial_system_attr(trial_id, key, value)
        self._note(trial_id, system_attrs={key: _stored(value)})

    def _get_cached_trial(self, trial_id: int) -> FrozenTrial | None:
        """Return a trial in whatever state, where Optuna's cache returns those that have ended."""
        place = self._trial_id_to_study_id_and_number.get(trial_id)
        return None if place is None else self._studies[place[0]].trials[place[1]]

    def _read_trials_from_remote_storage(self, study_id: int) -> None:
        """Read trials once; after `forget` those again that had not ended when they were read."""
        if study_id not in self._complete:
            super()._read_trials_from_remote_storage(study_id)
            self._complete.add(study_id)

    def _note(self, trial_id: int, **further: dict[Any, Any]) -> None:
        """Put a changed copy of a trial in its place, so that lists of trials handed out before do not change."""
        trial = copy.copy(self._get_cached_trial(trial_id))
        if trial is not None:
            for name, entries in further.items():
                setattr(trial, name, {**getattr(trial, name), **entries})
            self._put(trial)

    def _put(self, trial: FrozenTrial) -> None:
        """Put a trial in the place of what was known of it; one whose study was not read yet will be read."""
        with self._lock:
            place = self._trial_id_to_study_id_and_number.get(trial._trial_id)  # noqa: SLF001 (as Optuna's cache does)
            if place is not None:
                self._studies[place[0]].trials[place[1]] = trial


def _stored(value: Any) -> Any:
    """Return what is read where an attribute was written, e.g. a list for a tuple."""
    return json.loads(json.dumps(value))
