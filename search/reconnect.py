"""A study's storage on a database server that may go away for a while."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from optuna.exceptions import StorageInternalError, UpdateFinishedTrialError
from optuna.storages import RDBStorage
from optuna.storages._rdb.models import TrialModel
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

PATIENCE = 300.0  # seconds
PAUSE = 0.5  # seconds between two tries

# What Optuna's cache calls and what may be done twice with the same effect.
REPEATABLE = (
    "_get_trials",
    "_set_trial_param",
    "get_study_system_attrs",
    "get_study_user_attrs",
    "get_trial",
    "set_study_system_attr",
    "set_study_user_attr",
    "set_trial_intermediate_value",
    "set_trial_system_attr",
    "set_trial_user_attr",
)


class ReconnectingStorage(RDBStorage):
    """Tries again, for as long as `PATIENCE`, what the server's absence has cut short.

    Each operation is one transaction. Where the server had stored it and only its answer was lost, trying again finds
    that out, as this process is the study's only writer: no trial is made twice.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Open it as Optuna does: a server that is not there at the start is not waited for."""
        super().__init__(*args, **kwargs)
        self.given_up: Callable[[], bool] = lambda: False  # asked before each further try
        self._absences = 0
        self._deadline: float | None = None  # while the server is away
        self._newest: int | None = None

    def set_trial_state_values(self, trial_id: int, state: TrialState, values: Sequence[float] | None = None) -> bool:
        """Set the state, and say whether it is set, which it may be already."""
        before = self._absences
        try:
            if self._patiently(super().set_trial_state_values, trial_id, state, values):
                return True
        except UpdateFinishedTrialError:
            if self._absences == before:
                raise
        return self._absences != before and self.get_trial(trial_id).state == state

    def _create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> FrozenTrial:
        self._newest = None
        trial: FrozenTrial = self._patiently(super()._create_new_trial, study_id, template_trial)
        return trial

    def _get_prepared_new_trial(
        self, study_id: int, template_trial: FrozenTrial | None, session: Session
    ) -> TrialModel:
        """Make a trial's rows, unless an earlier try of the same call has: Optuna itself tries up to five times."""
        newest = session.scalar(sa.select(sa.func.max(TrialModel.trial_id)).where(TrialModel.study_id == study_id)) or 0
        if self._newest is None:
            self._newest = newest
        stored = session.get(TrialModel, newest) if newest != self._newest else None
        return stored or super()._get_prepared_new_trial(study_id, template_trial, session)

    def _patiently(self, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        while True:
            try:
                result = method(*args, **kwargs)
            except StorageInternalError as error:
                self._absences += 1
                self._deadline = self._deadline or time.monotonic() + PATIENCE
                if not _is_absence(error) or time.monotonic() > self._deadline or self.given_up():
                    raise
                time.sleep(PAUSE)
            else:
                self._deadline = None
                return result


def _is_absence(error: StorageInternalError) -> bool:
    """Say whether an operation failed because of the connection, or of the server's end or start."""
    return isinstance(error.__cause__, OperationalError | InterfaceError)


def _repeatable(name: str) -> Callable[..., Any]:
    method = getattr(RDBStorage, name)

    def call(self: ReconnectingStorage, *args: Any, **kwargs: Any) -> Any:
        return self._patiently(method.__get__(self), *args, **kwargs)

    return call


for _name in REPEATABLE:
    setattr(ReconnectingStorage, _name, _repeatable(_name))
