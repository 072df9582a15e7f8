"""What the storage holds of all studies: a few queries for all of them, and more only of those that have changed."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from optuna.distributions import json_to_distribution
from optuna.storages._rdb import models
from optuna.trial import FrozenTrial, TrialState

from dashboard.queries import AT_ONCE, TRIALS
from search.confirmation.alpha import ANALYSES
from search.confirmation.candidates import CONFIRMED, EXPLAINED, TESTED
from search.confirmation.extent import GOAL
from search.confirmation.record import CONFIRMATION, LOOKS
from search.study import instants
from search.study.settings import SETTINGS
from search.study.study import IDENTITY, INTERRUPTED, IS_BASELINE, OUTSIDE
from search.trials.stops import STOPS
from trainable.keys import FAILURE
from trainable.limits import INFEASIBLE

READ = (IDENTITY, SETTINGS, GOAL, STOPS, LOOKS, ANALYSES, CONFIRMATION)  # of each study, every time
NETWORKS = (CONFIRMED, TESTED, EXPLAINED)  # of a study that has changed: they are long, and do not change themselves
LEADING = 6  # complete trials of a study that are read, the best ones: they say whether its verdict is up to date
INSTANTS = (instants.BEGAN, instants.ENDED)
FINISHED = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)

HELD, VALUES = models.StudyUserAttributeModel.__table__, models.TrialValueModel.__table__
MARKS, PARAMS = models.TrialUserAttributeModel.__table__, models.TrialParamModel.__table__

_distribution = lru_cache(maxsize=1000)(json_to_distribution)


class Tally(NamedTuple):
    """The trials of a study in one state."""

    state: TrialState
    number: int
    began: datetime | None
    ended: datetime | None


@dataclass(frozen=True)
class Sight:
    """What is read of each study every time: where this is as it was, the study is.

    Attributes:
        name: Of the study.
        is_driven: Whether a driver has it.
        tallies: Of its trials.
        attributes: The user attributes in `READ`, as they are stored.
        rows: How many user attributes it has, and the last one's id: a network adds one.
    """

    name: str
    is_driven: bool
    tallies: frozenset[Tally]
    attributes: frozenset[tuple[str, str]]
    rows: tuple[int, int]

    @property
    def known(self) -> dict[str, Any]:
        """The attributes that are read every time."""
        return {key: json.loads(value) for key, value in self.attributes}


@dataclass
class Details:
    """What is read of a study that has changed.

    Attributes:
        networks: The attributes of its confirmation's networks.
        leading: Its best complete trials, best first, with their parameters alone.
        baseline: What its baseline trial came to; None before that is complete.
        uncounted: How many of its trials do not count: they were interrupted, or are infeasible.
        last: The last moment that a trial has recorded itself, ISO 8601, UTC; None where none has.
    """

    networks: dict[str, Any] = field(default_factory=dict)
    leading: list[FrozenTrial] = field(default_factory=list)
    baseline: float | None = None
    uncounted: int = 0
    last: str | None = None

    def finished(self, tallies: Collection[Tally]) -> int:
        """Return how many trials a study of these has finished: an interrupted or infeasible one has a successor."""
        return sum(each.number for each in tallies if each.state in FINISHED) - self.uncounted


def sights(connection: sa.Connection, driven: Collection[str]) -> dict[int, Sight]:
    """Return what is read of each study every time, by its id, the newest first."""
    study = models.StudyModel.__table__
    names = connection.execute(sa.select(study.c.study_id, study.c.study_name).order_by(study.c.study_id.desc())).all()
    tallies, attributes = defaultdict(set), defaultdict(set)
    counted = sa.select(
        TRIALS.c.study_id, TRIALS.c.state, sa.func.count(),
        sa.func.max(TRIALS.c.datetime_start), sa.func.max(TRIALS.c.datetime_complete),
    ).group_by(TRIALS.c.study_id, TRIALS.c.state)  # fmt: skip
    for number, *tally in connection.execute(counted):
        tallies[number].add(Tally(*tally))
    for number, key, value in connection.execute(
        sa.select(HELD.c.study_id, HELD.c.key, HELD.c.value_json).where(HELD.c.key.in_(READ))
    ):
        attributes[number].add((key, value))
    last = sa.func.max(HELD.c.study_user_attribute_id)
    held = connection.execute(sa.select(HELD.c.study_id, sa.func.count(), last).group_by(HELD.c.study_id))
    rows = {number: (count, newest) for number, count, newest in held}
    return {
        number: Sight(
            name,
            name in driven,
            frozenset(tallies[number]),
            frozenset(attributes[number]),
            rows.get(number, (0, 0)),
        )
        for number, name in names
    }


def details(connection: sa.Connection, studies: Sequence[int]) -> dict[int, Details]:
    """Return, by its id, what else an entry needs to know of each of some studies."""
    found = {study: Details() for study in studies}
    for start in range(0, len(studies), AT_ONCE):
        part = studies[start : start + AT_ONCE]
        beginnings = sa.or_(*(HELD.c.key.startswith(f"{each}:") for each in NETWORKS))
        held = sa.select(HELD.c.study_id, HELD.c.key, HELD.c.value_json).where(HELD.c.study_id.in_(part), beginnings)
        for study, key, value in connection.execute(held):
            found[study].networks[key] = json.loads(value)
        for study, trial in _leading(connection, part):
            found[study].leading.append(trial)
        for study, value in connection.execute(_baselines(part)):
            found[study].baseline = value
        for study, number in connection.execute(_uncounted(part)):
            found[study].uncounted = number
        for study, moment in connection.execute(_instants(part)):
            found[study].last = json.loads(moment)
    return found


def _baselines(studies: Sequence[int]) -> sa.Select[Any]:
    """Ask for the value of each study's baseline trial."""
    return (
        sa.select(TRIALS.c.study_id, sa.func.max(VALUES.c.value))
        .join(VALUES, VALUES.c.trial_id == TRIALS.c.trial_id)
        .join(MARKS, MARKS.c.trial_id == TRIALS.c.trial_id)
        .where(TRIALS.c.study_id.in_(studies), TRIALS.c.state == TrialState.COMPLETE)
        .where(MARKS.c.key == IS_BASELINE, MARKS.c.value_json == json.dumps(obj=True))
        .group_by(TRIALS.c.study_id)
    )


def _instants(studies: Sequence[int]) -> sa.Select[Any]:
    """Ask for the last moment that trials of each study have recorded themselves: texts of one zone."""
    return (
        sa.select(TRIALS.c.study_id, sa.func.max(MARKS.c.value_json))
        .join(MARKS, MARKS.c.trial_id == TRIALS.c.trial_id)
        .where(TRIALS.c.study_id.in_(studies), MARKS.c.key.in_(INSTANTS))
        .group_by(TRIALS.c.study_id)
    )


def _uncounted(studies: Sequence[int]) -> sa.Select[Any]:
    """Ask how many trials of each study do not count: they were interrupted, or are infeasible."""
    whole = json.dumps(INTERRUPTED)
    interrupted, infeasible = (json.dumps(f"{each}:").removesuffix('"') for each in (INTERRUPTED, INFEASIBLE))
    reason = MARKS.c.value_json
    is_interrupted = sa.or_(reason == whole, reason.startswith(interrupted))
    return (
        sa.select(TRIALS.c.study_id, sa.func.count())
        .join(MARKS, MARKS.c.trial_id == TRIALS.c.trial_id)
        .where(TRIALS.c.study_id.in_(studies), MARKS.c.key == FAILURE)
        .where(
            sa.or_(
                sa.and_(TRIALS.c.state == TrialState.FAIL, is_interrupted),
                sa.and_(TRIALS.c.state == TrialState.PRUNED, reason.startswith(infeasible)),
            )
        )
        .group_by(TRIALS.c.study_id)
    )


def _leading(connection: sa.Connection, studies: Sequence[int]) -> Iterator[tuple[int, FrozenTrial]]:
    """Yield the best complete trials of each study with its id, best first, with their parameters alone."""
    place = sa.func.row_number().over(partition_by=TRIALS.c.study_id, order_by=(VALUES.c.value.desc(), TRIALS.c.number))
    ranked = (
        sa.select(TRIALS.c.study_id, TRIALS.c.trial_id, TRIALS.c.number, VALUES.c.value, place.label("place"))
        .join(VALUES, VALUES.c.trial_id == TRIALS.c.trial_id)
        .where(TRIALS.c.study_id.in_(studies), TRIALS.c.state == TrialState.COMPLETE, VALUES.c.value.is_not(None))
        .subquery()
    )
    best = sa.select(ranked).where(ranked.c.place <= LEADING).order_by(ranked.c.study_id, ranked.c.place)
    chosen = sa.select(ranked.c.trial_id).where(ranked.c.place <= LEADING)
    drawn: dict[int, dict[str, tuple[float, str]]] = defaultdict(dict)
    params = sa.select(PARAMS.c.trial_id, PARAMS.c.param_name, PARAMS.c.param_value, PARAMS.c.distribution_json)
    for trial, name, *value in connection.execute(params.where(PARAMS.c.trial_id.in_(chosen))):
        drawn[trial][name] = tuple(value)
    outside = sa.select(MARKS.c.trial_id, MARKS.c.value_json).where(
        MARKS.c.key == OUTSIDE, MARKS.c.trial_id.in_(chosen)
    )
    others = {trial: json.loads(value) for trial, value in connection.execute(outside)}
    for row in connection.execute(best):
        kinds = {name: _distribution(kind) for name, (_, kind) in drawn[row.trial_id].items()}
        yield (
            row.study_id,
            FrozenTrial(
                number=row.number,
                state=TrialState.COMPLETE,
                value=row.value,
                datetime_start=None,
                datetime_complete=None,
                params={name: kinds[name].to_external_repr(value) for name, (value, _) in drawn[row.trial_id].items()},
                distributions=kinds,
                user_attrs={OUTSIDE: others[row.trial_id]} if row.trial_id in others else {},
                system_attrs={},
                intermediate_values={},
                trial_id=row.trial_id,
            ),
        )
