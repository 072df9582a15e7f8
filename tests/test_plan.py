"""From options to a plan: what is refused before anything is made."""

import json
from dataclasses import replace

import pytest
import sqlalchemy as sa

from search.errors import UsageError
from search.run.options import parse
from search.run.plan import _check_test, make_plan
from search.storage.address import open_storage
from search.storage.lease import HeldError
from search.study.study import IDENTITY, enqueue, open_study
from search.trials.models import ModelStore
from trainable.problems import BUILT_IN


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


GRID = """
[hidden_units]
type = "categorical"
choices = [256, 512]
"""


@pytest.fixture
def grid(tmp_path):
    """A function that plans so many trials of a grid of two points, with the given ones enqueued."""
    (tmp_path / "space.toml").write_text(GRID)

    def plan(trials, *given):
        (tmp_path / "first.jsonl").write_text("\n".join(json.dumps({"hidden_units": units}) for units in given))
        arguments = ["--sampler", "grid", "--space", tmp_path / "space.toml", "--trials", trials, "--study", "s"]
        place = ["--runs", tmp_path / "runs", "--enqueue", tmp_path / "first.jsonl"]
        return make_plan(parse(list(map(str, [*arguments, *place]))))

    return plan


def test_grid_is_asked_for_as_many_trials_as_it_has_with_what_is_queued(grid, tmp_path):
    """A configuration that equals the baseline is a trial beside it, in a new study as in one that has its baseline."""
    baseline = BUILT_IN.baseline["hidden_units"]
    study = None
    for given, most in (((), 3), ((baseline,), 4), ((baseline,), 4), ((baseline, 256), 5), ((), 5)):
        with pytest.raises(UsageError, match=f"has 2 points, so {most} trials at most"):
            grid(most + 1, *given)
        plan = grid(most, *given)
        study = study or open_study("s", open_storage(f"sqlite:///{tmp_path / 'runs/studies.db'}"), plan.settings)
        enqueue(study, plan.settings, plan.configurations)
        assert len(study.trials) == most - 2


def test_baseline_that_a_study_still_lacks_counts_in_its_grid(grid, tmp_path):
    """Where another program has enqueued a trial before the driver could queue the baseline."""
    storage = open_storage(f"sqlite:///{tmp_path / 'runs/studies.db'}")
    open_study("s", storage, grid(3).settings).enqueue_trial({"hidden_units": 256})
    assert grid(4).continued


def test_name_that_was_not_given_is_another_one_where_it_is_taken(tmp_path, storage_url):
    """By a driver, by a study, or by a folder of models; a name that was given stays."""
    arguments = ["--runs", str(tmp_path / "runs"), "--storage", storage_url]
    first = parse(arguments)
    plan, never = make_plan(first), lambda: False
    ModelStore(tmp_path / "runs", f"{first.study}-2").claim("another")
    with plan.open(first, never) as one, plan.open(first, never) as two:
        assert [one.study_name, two.study_name] == [first.study, f"{first.study}-3"]
    again = make_plan(first)
    assert not again.continued
    with again.open(first, never) as three:
        assert three.study_name == f"{first.study}-4"
    named = replace(first, named=True)
    with pytest.raises(HeldError, match="another driver made the study"):
        plan.open(named, never).__enter__()
    assert make_plan(named).continued


@pytest.mark.parametrize("arguments", [["--explain"], ["--confirm-seeds", "4"]])
def test_options_for_a_verdict_are_refused_where_there_can_be_none(arguments):
    """Data without test examples are never tested; the other commands are not concerned."""
    wines = replace(BUILT_IN, sizes=BUILT_IN.sizes | {"test": 0}, words=replace(BUILT_IN.words, example="wine"))
    with pytest.raises(UsageError, match=f"^{arguments[0]}: is for a verdict, and the data have no test wines$"):
        _check_test(parse(arguments), wines)
    _check_test(parse([]), wines)
    _check_test(parse(arguments), BUILT_IN)
