"""From options to a plan: what is refused before anything is made."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from own_data import TARGETS, csv_of, npz_of

from search.confirmation.extent import is_confirmed
from search.confirmation.record import evidence_of
from search.confirmation.wording import sentence_of
from search.errors import SearchError, UsageError
from search.run.forecast import extent_of
from search.run.options import parse
from search.run.plan import _check_test, make_plan
from search.storage.address import open_storage
from search.storage.lease import HeldError
from search.study.data import found_in, load
from search.study.settings import Settings
from search.study.study import IDENTITY, Counts, count, enqueue, open_study
from search.trials.models import ModelStore
from trainable.data.source import DataSource
from trainable.errors import DataError
from trainable.mnist.source import cache_file
from trainable.model_file.problem import ModelProblem
from trainable.problems import BUILT_IN


def options(folder, storage):
    """Options that name a study in a storage of its own."""
    return parse(["--study", "s", "--runs", str(folder / "runs"), "--storage", f"sqlite:///{folder / storage}"])


def own(folder):
    """Options for a study of somebody's table."""
    source = {"data": str(csv_of("wine", folder)), "target": TARGETS["wine"]}
    return replace(options(folder, "own.db"), **source)


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


def recorded(settings):
    """What a study with these settings holds, as it is read back."""
    return Settings.from_json(json.loads(json.dumps(settings.to_json())))


def test_own_data_are_what_a_new_study_is_about(tmp_path):
    """Its space and baseline are fitted to them, and recorded, in a format that earlier versions refuse."""
    chosen = own(tmp_path)
    settings = make_plan(chosen).settings
    problem, written = settings.problem, settings.to_json()
    assert (problem.kind, problem.name, problem.labels) == ("arrays", "wine.csv", ("class_0", "class_1", "class_2"))
    assert problem.source == {"location": str(tmp_path / "wine.csv"), "target": TARGETS["wine"], "test": True}
    assert settings.space.distributions["epochs"].high == 500
    assert settings.space.check(problem.baseline, "baseline") == problem.baseline
    assert (written["format"], written["problem"]["kind"]) == (2, "arrays")
    assert recorded(settings) == settings


def test_study_of_own_data_goes_on_without_their_name(tmp_path):
    """It has recorded where they are; under another name they are compared by their hashes."""
    made(own(tmp_path))
    bare = options(tmp_path, "own.db")
    assert make_plan(bare).settings.problem.name == "wine.csv"
    shutil.copy(tmp_path / "wine.csv", tmp_path / "copy.csv")
    moved = replace(bare, data=str(tmp_path / "copy.csv"))
    assert made(moved) == made(bare)
    (tmp_path / "wine.csv").unlink()
    assert make_plan(bare).settings.problem.source["location"] == str(tmp_path / "copy.csv")
    other = replace(bare, data=str(csv_of("breast_cancer", tmp_path)), target=TARGETS["breast_cancer"])
    with pytest.raises(UsageError, match=r"--study s: was made with other data \(x_train, .*y_val\); give --study"):
        make_plan(other)
    with pytest.raises(UsageError, match=r"--study s: was made with another problem \(arrays\)"):
        make_plan(replace(bare, data=str(cache_file())))


@pytest.mark.parametrize(("old", "new", "what"), [("class_", "kind_", "classes"), ("alcohol,", "spirit,", "columns")])
def test_other_names_of_the_same_numbers_are_other_data(old, new, what, tmp_path):
    """A model that was trained on them would speak of classes, or take columns, that it does not know."""
    problem = make_plan(own(tmp_path)).settings.problem
    file = tmp_path / "wine.csv"
    file.write_text(file.read_text().replace(old, new))
    with pytest.raises(SearchError, match=f"wine.csv: names of {what}: not what the study was made with; --data says"):
        load(problem, None)


def test_official_arrays_are_the_built_in_problem(tmp_path):
    """Whatever the file is called: their hashes decide, and nothing more is recorded of the study than ever."""
    settings = make_plan(replace(options(tmp_path, "a.db"), data=str(cache_file()))).settings
    assert (settings.problem, settings.to_json()["format"]) == (BUILT_IN, 1)


def test_target_without_a_table_is_refused(tmp_path):
    """The built-in problem has no columns."""
    with pytest.raises(UsageError, match="--target kind: is for a table that --data names"):
        make_plan(replace(options(tmp_path, "a.db"), target="kind"))


def test_network_of_today_is_the_baseline(tmp_path):
    """A space file's defaults; the published figure is another network's, and a study that goes on keeps them."""
    file = tmp_path / "space.toml"
    file.write_text('[hidden_units]\ntype = "int"\nlow = 64\nhigh = 1024\ndefault = 300\n')
    chosen = replace(options(tmp_path, "a.db"), space=file)
    settings = make_plan(chosen).settings
    assert settings.problem.baseline == BUILT_IN.baseline | {"hidden_units": 300}
    assert (settings.problem.reference, settings.to_json()["format"]) == (None, 2)
    assert recorded(settings) == settings
    made(chosen)
    assert make_plan(options(tmp_path, "a.db")).settings == make_plan(chosen).settings
    file.write_text(file.read_text().replace("300", "301"))
    with pytest.raises(UsageError, match=r"was made with another baseline \(hidden_units\)"):
        make_plan(chosen)


@pytest.mark.parametrize("arguments", [["--explain"], ["--confirm-seeds", "4"]])
def test_options_for_a_verdict_are_refused_where_there_can_be_none(arguments):
    """Data without test examples are never tested; the other commands are not concerned."""
    wines = replace(BUILT_IN, sizes=BUILT_IN.sizes | {"test": 0}, words=replace(BUILT_IN.words, example="wine"))
    with pytest.raises(UsageError, match=f"^{arguments[0]}: is for a verdict, and the study has no test wines$"):
        _check_test(parse(arguments), wines)
    _check_test(parse([]), wines)
    _check_test(parse(arguments), BUILT_IN)


def test_stored_study_of_own_data_is_continued_as_it_was_made(tmp_path):
    """One of the version before people brought models: its settings stay to the byte, its verdict and trials count."""
    file = tmp_path / "own.db"
    shutil.copy(Path(__file__).parent / "studies/version-0.1.0-own-data.db", file)
    chosen = replace(options(tmp_path, "own.db"), study="wine", trials=5)
    engine = sa.create_engine(f"sqlite:///{file}")
    query = sa.text("select value_json from study_user_attributes where key = 'settings'")
    with engine.connect() as connection:
        before = connection.execute(query).scalar()
    plan = make_plan(chosen)
    assert json.dumps(plan.settings.to_json()) == before
    with plan.open(chosen, given_up=lambda: False) as study:
        first = study.trials
        assert count(first) == Counts(complete=2, pruned=1)
        assert is_confirmed(study.user_attrs, first, plan.settings, extent_of(chosen, plan.settings, study.user_attrs))
        assert sentence_of(evidence_of(study.user_attrs)).startswith(
            "trial 1 against the baseline: no difference shown"
        )
        enqueue(study, plan.settings, plan.configurations)
        trial = study.ask()
        plan.settings.space.draw(trial)
        assert trial.params.keys() == plan.settings.space.distributions.keys()
        assert study.trials[:3] == first
    with engine.connect() as connection:
        assert connection.execute(query).scalar() == before
    named = replace(chosen, data=str(npz_of("wine", tmp_path)))  # elsewhere, with the same content
    settings = make_plan(named).settings
    assert settings == plan.settings
    assert load(settings.problem, named.data).y_val.size == settings.problem.sizes["val"]


def test_data_that_are_not_named_are_not_to_blame_for_their_option(tmp_path, monkeypatch):
    """That the built-in ones cannot be had is no wrong use of the command; of named ones it is."""

    def away(*_):
        raise DataError("could not be fetched")

    monkeypatch.setattr("trainable.model_file.problem.problem_in", away)
    model = tmp_path / "model.py"
    model.write_text("def build(input_shape, classes): ...\n")
    with pytest.raises(SearchError, match=r"^could not be fetched$") as raised:
        found_in(None, str(model))
    assert not isinstance(raised.value, UsageError)
    with pytest.raises(UsageError, match=r"^--data could not be fetched$"):
        found_in(DataSource(str(csv_of("wine", tmp_path)), TARGETS["wine"]), str(model))


def test_what_scores_ends_with_the_studys_lease(tmp_path):
    """Its memory is free then, whatever the command still does with the answer."""
    chosen, closed = options(tmp_path, "s.db"), []
    plan = make_plan(chosen)
    vars(plan)["problem"] = SimpleNamespace(close=lambda: closed.append("plan"))
    with plan.open(chosen, given_up=lambda: False):
        assert not closed
    assert closed == ["plan"]
    problem = ModelProblem(BUILT_IN)
    problem.close()
    assert "_scorer" not in vars(problem)
    vars(problem)["_scorer"] = SimpleNamespace(close=lambda: closed.append("scorer"))
    problem.close()
    assert closed == ["plan", "scorer"]
