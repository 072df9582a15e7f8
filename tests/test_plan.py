"""From options to a plan: what is refused before anything is made."""

import pytest
import sqlalchemy as sa

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


def test_refused_command_makes_nothing_in_an_empty_storage(tmp_path, storage_url):
    """Not a table: the folder of the study's name is another one's."""
    ModelStore(tmp_path / "runs", "s").claim("another")
    chosen = parse(["--study", "s", "--runs", str(tmp_path / "runs"), "--storage", storage_url])
    with pytest.raises(UsageError, match="holds the models of another study of this name"):
        make_plan(chosen)
    assert not (tmp_path / "studies.db").exists()
    engine = sa.create_engine(storage_url)
    assert sa.inspect(engine).get_table_names() == []
    engine.dispose()
