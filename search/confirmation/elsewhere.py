"""How often the other studies of a storage have looked at the same test examples: chance counts them all."""

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from optuna.storages._rdb import models

from search.confirmation.looks import occasions
from search.confirmation.record import LOOKS, looks_of
from search.study.settings import SETTINGS


def looks_elsewhere(engine: sa.Engine, name: str, data: Mapping[str, str]) -> int:
    """Return how often the test examples were looked at for a storage's studies of the same data besides the named one.

    They have the same SHA-256, as in `Settings.data`.
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
    same = [each for each, settings in known if isinstance(settings, dict) and settings.get("data") == dict(data)]
    return sum(len(occasions(looks_of(each))) for each in same)
