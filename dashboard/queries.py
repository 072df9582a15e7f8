"""What the storage holds of a study, read once, and after that only what is new.

Optuna's own reading makes an object of every cell and takes ten seconds for 10,000 trials of 10 epochs; these are a few
plain queries on the same tables. They only read. A trial that ended does not change, so it is never read again.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

import sqlalchemy as sa
from optuna.distributions import BaseDistribution, json_to_distribution
from optuna.storages import RDBStorage
from optuna.storages._rdb import models
from optuna.trial import FrozenTrial, TrialState

from search.errors import UsageError
from search.study.study import IDENTITY

TRIALS = models.TrialModel.__table__
AT_ONCE = 500  # trials in a query; databases limit how many values one may name
# With so many to read, the whole tables are read rather than many parts of them.
MANY = 2000

_distribution = lru_cache(maxsize=1000)(json_to_distribution)

Cells = dict[int, dict[Any, Any]]
"""By trial's id, what one table holds of it."""

# Of each table, the columns with the key of a cell among those of its trial and with its value, and how that is read.
CELLS: dict[Any, tuple[tuple[str, ...], Callable[..., Any]]] = {
    models.TrialValueModel: (("objective", "value", "value_type"), models.TrialValueModel.stored_repr_to_value),
    models.TrialParamModel: (("param_name", "param_value", "distribution_json"), lambda *value: value),
    models.TrialIntermediateValueModel: (
        ("step", "intermediate_value", "intermediate_value_type"),
        models.TrialIntermediateValueModel.stored_repr_to_intermediate_value,
    ),
    models.TrialUserAttributeModel: (("key", "value_json"), json.loads),
    models.TrialSystemAttributeModel: (("key", "value_json"), json.loads),
}


class History:
    """The trials and attributes of one study, brought up to date by `read`."""

    def __init__(self, storage: RDBStorage, name: str) -> None:
        """Name the study; nothing is read yet."""
        self._engine, self._name = storage.engine, name
        self._id: int | None = None
        self.trials: list[FrozenTrial] = []
        self.attributes: dict[str, Any] = {}

    def read(self) -> set[int]:
        """Read what is new; return the numbers of the trials that are, or changed.

        Raises:
            UsageError: There is no study of this name (any more).
        """
        with self._engine.connect() as connection:
            self._find(connection)
            rows = self._changed(connection)
            found = [trial for trial in _trials(connection, rows) if not self._has(trial)]
        for trial in found:
            self.trials[trial.number : trial.number + 1] = [trial]
        return {trial.number for trial in found}

    def _find(self, connection: sa.Connection) -> None:
        """Look the study up: another one may have taken its name, and in SQLite its id, too."""
        named = sa.select(models.StudyModel.study_id).where(models.StudyModel.study_name == self._name)
        found = connection.execute(named).scalar()
        if found is None:
            raise UsageError(f"--study {self._name}: there is no such study")
        attributes = _attributes(connection, found)
        if (found, attributes.get(IDENTITY)) != (self._id, self.attributes.get(IDENTITY)):
            self._id, self.trials = found, []
        self.attributes = attributes

    def _changed(self, connection: sa.Connection) -> Sequence[sa.Row[Any]]:
        """Return the rows of the trials that are not known, or not as they are; running ones always."""
        open_ones = (trial.number for trial in self.trials if not trial.state.is_finished())
        first = next(open_ones, len(self.trials))
        rows = connection.execute(
            sa.select(TRIALS).where(TRIALS.c.study_id == self._id, TRIALS.c.number >= first).order_by(TRIALS.c.number)
        )
        return [row for row in rows if not self._is_known(row)]

    def _has(self, trial: FrozenTrial) -> bool:
        """Say whether a trial that may still change has not."""
        return trial.number < len(self.trials) and self.trials[trial.number] == trial

    def _is_known(self, row: sa.Row[Any]) -> bool:
        known = self.trials[row.number] if row.number < len(self.trials) else None
        return known is not None and known.state == row.state != TrialState.RUNNING


def study_names(storage: RDBStorage) -> list[str]:
    """Return the names of the studies, the newest first."""
    with storage.engine.connect() as connection:
        named = sa.select(models.StudyModel.study_name).order_by(models.StudyModel.study_id.desc())
        return list(connection.execute(named).scalars())


def _attributes(connection: sa.Connection, study: int) -> dict[str, Any]:
    """Return the user attributes of a study."""
    attributes = models.StudyUserAttributeModel
    held = sa.select(attributes.key, attributes.value_json).where(attributes.study_id == study)
    return {key: json.loads(value) for key, value in connection.execute(held)}


def _trials(connection: sa.Connection, rows: Sequence[sa.Row[Any]]) -> Iterator[FrozenTrial]:
    """Yield the trials of some rows, with what the other tables hold of them."""
    ids = [row.trial_id for row in rows]
    values, params = _cells(connection, models.TrialValueModel, ids), _cells(connection, models.TrialParamModel, ids)
    epochs = _cells(connection, models.TrialIntermediateValueModel, ids)
    user = _cells(connection, models.TrialUserAttributeModel, ids)
    system = _cells(connection, models.TrialSystemAttributeModel, ids)
    for row in rows:
        distributions: dict[str, BaseDistribution] = {
            name: _distribution(kind) for name, (_, kind) in params[row.trial_id].items()
        }
        yield FrozenTrial(
            number=row.number,
            state=row.state,
            value=values[row.trial_id].get(0),
            datetime_start=row.datetime_start,
            datetime_complete=row.datetime_complete,
            params={
                name: distributions[name].to_external_repr(value) for name, (value, _) in params[row.trial_id].items()
            },
            distributions=distributions,
            user_attrs=user[row.trial_id],
            system_attrs=system[row.trial_id],
            intermediate_values=epochs[row.trial_id],
            trial_id=row.trial_id,
        )


def _cells(connection: sa.Connection, model: Any, ids: Sequence[int]) -> Cells:
    """Return what a table holds of some trials."""
    found: Cells = defaultdict(dict)
    columns, value_of = CELLS[model]
    table = model.__table__
    chosen = sa.select(table.c.trial_id, *(table.c[name] for name in columns))
    if model is models.TrialParamModel:
        chosen = chosen.order_by(table.c.param_id)  # as they were drawn
    for part in _parts(ids):
        for trial_id, key, *value in connection.execute(chosen.where(part(table.c.trial_id))):
            found[trial_id][key] = value_of(*value)
    return found


def _parts(ids: Sequence[int]) -> Iterator[Any]:
    """Yield conditions on a trial's id that together take in all of the given ones."""
    if len(ids) > MANY:
        yield lambda column: column.between(min(ids), max(ids))
        return
    left = iter(ids)
    while part := list(islice(left, AT_ONCE)):
        yield lambda column, part=part: column.in_(part)
