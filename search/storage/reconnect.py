"""A study's storage on a database server that may go away for a while."""

import json
import logging
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from optuna.exceptions import StorageInternalError, UpdateFinishedTrialError
from optuna.storages import RDBStorage
from optuna.storages._rdb.models import StudyModel, TrialModel, TrialSystemAttributeModel
from optuna.storages._rdb.storage import _create_scoped_session
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from search.errors import lines_of

PATIENCE = 300.0  # seconds
PAUSE = 0.5  # seconds between two tries
MARK = "insert"  # system attribute of a trial: a random name of the insert that made it
INSUFFICIENT_RESOURCES, TOO_MANY_CONNECTIONS = "53", "53300"  # a class of PostgreSQL's error codes, and one of it

log = logging.getLogger(__name__)

# What Optuna's cache calls and what may be done twice with the same effect.
REPEATABLE = (
    "_get_trials",
    "_set_trial_param",
    "get_study_directions",
    "get_study_id_from_name",
    "get_study_name_from_id",
    "get_study_system_attrs",
    "get_study_user_attrs",
    "get_trial",
    "get_trial_id_from_study_id_trial_number",
    "set_study_system_attr",
    "set_study_user_attr",
    "set_trial_intermediate_value",
    "set_trial_system_attr",
    "set_trial_user_attr",
)


class ReconnectingStorage(RDBStorage):
    """Tries again, for as long as `PATIENCE`, what the server's absence has cut short.

    Each operation is one transaction. Where the server had stored it and only its answer was lost, trying again finds
    that out: a trial is known by the mark of the insert that made it, since any program may enqueue others meanwhile;
    attributes and reports are the same when they are written twice; only this process starts and ends trials, so a
    state that is set is the one that it has set.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Open it as Optuna does: a server that is not there at the start is not waited for."""
        super().__init__(*args, **kwargs)
        self.given_up: Callable[[], bool] = lambda: False  # asked before each further try
        self._absences = 0  # operations that failed so far
        self._deadline: float | None = None  # from an operation that failed to the next one that does not
        self._cause: BaseException | None = None  # of the last failure

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
        """Make a trial as Optuna does, without Optuna's own five tries, which would not know of each other."""
        mark, before = uuid.uuid4().hex, self._absences
        trial: FrozenTrial = self._patiently(self._make_trial, study_id, template_trial, mark, before)
        return trial

    def _make_trial(self, study_id: int, template_trial: FrozenTrial | None, mark: str, before: int) -> FrozenTrial:
        """Make a trial's rows, its mark among them, unless an earlier try of the same call has."""
        with _create_scoped_session(self.scoped_session) as session:
            StudyModel.find_or_raise_by_id(study_id, session, for_update=True)  # waits for what an earlier try left
            made = self._marked(session, study_id, mark) if self._absences != before else None
            if made is None:
                made = self._get_prepared_new_trial(study_id, template_trial, session)
                session.add(TrialSystemAttributeModel(trial_id=made.trial_id, key=MARK, value_json=json.dumps(mark)))
            return self._build_frozen_trial_from_trial_model(made)

    @staticmethod
    def _marked(session: Session, study_id: int, mark: str) -> TrialModel | None:
        """Return the trial that an insert with this mark has made."""
        has_mark = TrialModel.system_attributes.any(key=MARK, value_json=json.dumps(mark))
        return session.scalar(sa.select(TrialModel).where(TrialModel.study_id == study_id, has_mark))

    def _patiently(self, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        while True:
            if self._deadline is not None and self.given_up():
                raise StorageInternalError from self._cause
            try:
                result = method(*args, **kwargs)
            except StorageInternalError as error:
                reason = _absence(error)
                if reason is None:
                    raise
                if self._deadline is None:
                    log.warning("the database server is away, waiting for it: %s", reason)
                    self._deadline = time.monotonic() + PATIENCE
                self._cause = error.__cause__
                self._absences += 1
                if time.monotonic() > self._deadline:
                    raise
                time.sleep(PAUSE)
            else:
                self._deadline = None
                return result


def _absence(error: BaseException | None) -> str | None:
    """Return the line in which a driver says that the connection is gone, or the server ends, starts or is not there.

    Nothing where an operation failed for another reason, want of disk, memory or the like on the server among them.
    """
    while error is not None and not isinstance(error, OperationalError | InterfaceError):
        error = error.__cause__ or error.__context__
    original = getattr(error, "orig", None)
    state = getattr(original, "sqlstate", None) or ""
    if error is None or (state.startswith(INSUFFICIENT_RESOURCES) and state != TOO_MANY_CONNECTIONS):
        return None
    return lines_of(original)[0]


def _repeatable(name: str) -> Callable[..., Any]:
    method = getattr(RDBStorage, name)

    def call(self: ReconnectingStorage, *args: Any, **kwargs: Any) -> Any:
        return self._patiently(method.__get__(self), *args, **kwargs)

    return call


for _name in REPEATABLE:
    setattr(ReconnectingStorage, _name, _repeatable(_name))
