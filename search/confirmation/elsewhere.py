"""How often the other studies of a storage have looked at the same test examples: chance counts them all."""

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from optuna.storages._rdb import models

from search.confirmation.looks import occasions
from search.confirmation.record import LOOKS, looks_of
from search.study.settings import SETTINGS
from trainable.data.names import is_of_test

TEST = "x_test"  # of the arrays of a problem; of several inputs "x_test/image" and so on


def looks_elsewhere(engine: sa.Engine, name: str, data: Mapping[str, str]) -> int:
    """Return how often the test examples were looked at for a storage's other studies than the named one.

    Args:
        engine: Of the storage.
        name: The study's.
        data: SHA-256 by name of the arrays of the study's problem. Other studies have the same test examples if these
            have the same one, whatever they train on, or, where that is not recorded, if what trials see has.
    """
    study, held = models.StudyModel, models.StudyUserAttributeModel
    found = (
        sa.select(study.study_name, held.key, held.value_json)
        .join(held, held.study_id == study.study_id)
        .where(study.study_name != name, held.key.in_((LOOKS, SETTINGS)))
    )
    others: dict[str, dict[str, Any]] = {}
    with engine.connect() as connection:
        for other, key, value in connection.execute(found):
            others.setdefault(other, {})[key] = json.loads(value)
    known = ((each, each.get(SETTINGS)) for each in others.values())  # of other programs' studies it may be anything
    same = [each for each, settings in known if isinstance(settings, dict) and _is_same(settings, data)]
    return sum(len(occasions(looks_of(each))) for each in same)


def _is_same(settings: Mapping[str, Any], data: Mapping[str, str]) -> bool:
    """Say whether the settings of a study are about the same test examples."""
    problem = settings.get("problem")
    recorded = problem.get("data") if isinstance(problem, dict) else None
    theirs = _tested(recorded) if isinstance(recorded, dict) else {}
    if theirs and _tested(data):
        return theirs == _tested(data)
    trained = {array: digest for array, digest in data.items() if not is_of_test(array)}
    return bool(settings.get("data") == trained)


def _tested(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the hashes of the test examples, without their labels."""
    return {array: digest for array, digest in data.items() if array.partition("/")[0] == TEST}
