"""The folder of a study: which names are those of one."""

from pathlib import Path

import pytest

from search.errors import UsageError
from search.folder import folder_of
from search.trials.failures import FailureStore
from search.trials.models import ModelStore

ELSEWHERE = ["..", ".", "", "a/b", "../s", "/tmp", "a\0b", "s\n", ".hidden", "_logs", "ä", "a" * 101]


@pytest.mark.parametrize("place", [folder_of, ModelStore, FailureStore])
@pytest.mark.parametrize("name", ELSEWHERE)
def test_name_that_is_not_that_of_a_folder_leads_nowhere(place, name):
    """Other programs name studies as they like; a folder is looked for only where a search would make it."""
    with pytest.raises(UsageError, match=r"^the study's name '.*' is not that of a folder$"):
        place(Path("runs"), name)


def test_folder_of_a_study_has_its_name():
    """Below the runs."""
    assert folder_of(Path("runs"), "mnist-1.b_c") == Path("runs/mnist-1.b_c")
