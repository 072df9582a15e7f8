"""Looks at the same test images for other studies of a storage."""

from dataclasses import replace

import pytest

from search.confirmation.elsewhere import looks_elsewhere
from search.confirmation.record import LOOKS
from search.storage.address import open_storage
from search.study.settings import Settings
from search.study.space import Space
from search.study.study import open_study
from trainable.problems import BUILT_IN

DATA, OTHER = {"x_train": "a", "y_train": "b"}, {"x_train": "c", "y_train": "b"}


@pytest.fixture
def storage(storage_url):
    """A storage with three studies of the same data, of which two were confirmed, and one of other data."""
    opened = open_storage(storage_url)
    noted = {"mine": "7 baseline", "twice": "baseline 3 5", "never": "", "other": "1 baseline"}
    for name, names in noted.items():
        study = open_study(
            name, opened, Settings(Space.default(replace(BUILT_IN, data=OTHER if name == "other" else DATA)), seed=1)
        )
        looks = [{"time": "t", "candidates": [each], "seeds": 2, "verdict": None} for each in names.split()]
        if looks:
            study.set_user_attr(LOOKS, looks)
    return opened


@pytest.mark.parametrize(("name", "looks"), [("mine", 2), ("twice", 1), ("never", 3), ("new", 3)])
def test_looks_for_other_studies_of_the_same_data_are_counted(storage, name, looks):
    """A study's own are not, nor those at other images."""
    assert looks_elsewhere(storage.engine, name, DATA) == looks


def test_looks_at_the_same_test_examples_count_whatever_is_trained_on(storage):
    """Whoever changes the training examples looks at the same test examples again; others are not counted."""
    tests = {"same": "e", "different": "f"}
    for name, digest in tests.items():
        problem = replace(BUILT_IN, kind="arrays", data=OTHER | {"x_test": digest})
        study = open_study(name, storage, Settings(Space.default(problem), seed=1))
        study.set_user_attr(LOOKS, [{"time": "t", "candidates": ["1"], "seeds": 2, "verdict": None}])
    assert looks_elsewhere(storage.engine, "new", DATA | {"x_test": "e"}) == 1 + 3
    assert looks_elsewhere(storage.engine, "new", {"x_train": "g", "x_test": "f"}) == 1
