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
    """Return how often the test examples were looked at for studies of the same data, besides one of them.

    Args:
        engine: Of the storage.
        name: The study that is left out.
        data: The SHA-256 of its arrays, as `Settings.data`.
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
    return sum(len(occasions(looks_of(each))) for each in others.values() if _is_of(each, data))


def _is_of(attributes: Mapping[str, Any], data: Mapping[str, str]) -> bool:
    """Say whether a study is of the same data; other programs' may have anything in its attributes."""
    settings = attributes.get(SETTINGS)
    return isinstance(settings, dict) and settings.get("data") == dict(data)
