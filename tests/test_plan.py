"""From options to a plan: what is refused before anything is made."""

import pytest

from search.errors import UsageError
from search.models import ModelStore
from search.options import parse
from search.plan import make_plan
from search.study import IDENTITY


def options(folder, storage):
    """Options that name a study in a storage of its own."""
    return parse(["--study", "s", "--runs", str(folder / "runs"), "--storage", f"sqlite:///{folder / storage}"])


def made(chosen):
    """Make or continue the study; return its identity."""
    with make_plan(chosen).open(chosen, given_up=lambda: False) as study:
        return study.user_attrs[IDENTITY]


def test_studies_of_one_name_in_two_storages_do_not_share_a_folder(tmp_path):
    """The second is told before it is made; the first goes on, and its folder stays its own."""
    first, second = options(tmp_path, "a.db"), options(tmp_path, "b.db")
    identity = made(first)
    with pytest.raises(UsageError, match="holds the models of another study of this name"):
        make_plan(second)
    assert not (tmp_path / "b.db").exists()
    assert made(first) == identity == ModelStore(tmp_path / "runs", "s").owner
