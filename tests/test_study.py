"""Studies: made once, continued as they were, and never left with a trial that no one runs."""

import json
import math
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, IntDistribution
from optuna.trial import TrialState

from search.errors import UsageError
from search.storage.address import open_storage
from search.study.instants import BEGAN
from search.study.settings import SETTINGS, Settings, problem_in
from search.study.space import Space
from search.study.study import (
    INTERRUPTED,
    IS_BASELINE,
    RETRY_OF,
    Counts,
    baseline_of,
    cause_of,
    count,
    enqueue,
    find_study,
    load_study,
    open_study,
    ranked,
    recover,
    settings_of,
    trial_seed,
)
from search.trials.failures import FailureStore
from search.trials.lifecycle import Trials
from search.trials.live import Observer
from search.trials.models import ModelStore
from trainable.keys import FAILURE, SEED
from trainable.problems import BUILT_IN

STUDIES = Path(__file__).parent / "studies"  # as earlier versions of this project left them
PROBLEM = replace(BUILT_IN, data=BUILT_IN.data | {"x_train": "a", "y_train": "b"})
SPACE = Space.default(PROBLEM)


@pytest.fixture
def settings():
    """Settings with the random sampler, which asks fast."""
    return Settings(SPACE, seed=7, sampler="random", pruner="none")


@pytest.fixture
def study(storage, settings):
    """A new study."""
    return open_study("s", storage, settings)


def ask(study, settings):
    """Ask for a trial as a driver does, seed included."""
    trial = study.ask(dict(settings.space.distributions))
    trial.set_user_attr(SEED, trial.user_attrs.get(SEED, trial_seed(settings, trial.number)))
    return trial


def test_settings_survive_in_the_study(storage, settings, study):
    """What a study was made with is read back equal."""
    assert settings_of(load_study("s", storage)) == settings
    assert settings_of(find_study("s", storage)) == settings
    assert find_study("other", storage) is None


def test_precision_is_the_studys_for_life(settings):
    """It is recorded, read back, and cannot be changed in between."""
    half = Settings(SPACE, seed=7, precision="bfloat16")
    assert Settings.from_json(half.to_json()) == half
    assert settings.precision == "float32"
    with pytest.raises(UsageError, match="--precision: the study 's' was made with float32;"):
        settings.continued("s", PROBLEM, precision="bfloat16")


def test_study_that_recorded_no_precision_is_float32(settings):
    """The first studies knew one precision only, and can be continued."""
    recorded = settings.to_json()
    del recorded["precision"]
    assert Settings.from_json(recorded) == settings


def test_options_left_out_are_taken_from_the_study(settings):
    """A continued study keeps what the command does not mention."""
    assert settings.continued("s", PROBLEM) == settings
    assert settings.continued("s", PROBLEM, sampler="tpe").sampler == "tpe"


def test_study_cannot_change_its_space_seed_or_data(settings):
    """A command that asks for something else is refused by name."""
    with pytest.raises(
        UsageError,
        match=r"--space: the study 's' was made with another space \(of batch_size, epochs, ",
    ):
        settings.continued("s", PROBLEM, space=Space({"epochs": IntDistribution(1, 2)}))
    with pytest.raises(UsageError, match="--seed: the study 's'"):
        settings.continued("s", PROBLEM, seed=8)
    with pytest.raises(UsageError, match="--no-baseline: the study 's' has its baseline already"):
        settings.continued("s", PROBLEM, baseline=False)
    with pytest.raises(UsageError, match=r"--study s: was made with other data \(x_train\);"):
        settings.continued("s", replace(PROBLEM, data=PROBLEM.data | {"x_train": "c"}))


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"kind": "wine"}, r"another problem \(mnist\)"),
        ({"metric": "val_loss"}, r"another metric \(val_accuracy\)"),
        ({"baseline": PROBLEM.baseline | {"epochs": 6}}, r"another baseline \(epochs\)"),
    ],
)
def test_study_cannot_change_what_it_is_about(settings, change, line):
    """The problem's kind, metric and baseline are compared by name, as the data are."""
    with pytest.raises(UsageError, match=f"--study s: was made with {line}; give --study a new name"):
        settings.continued("s", replace(PROBLEM, **change))


def test_built_in_problem_is_not_recorded_and_any_other_is(storage):
    """So studies of it are what they were, and versions that know no other refuse the others by their format."""
    recorded = Settings(SPACE, seed=7).to_json()
    assert (recorded["format"], "problem" in recorded) == (1, False)
    other = replace(BUILT_IN, name="others.npz", labels=("a", "b"), data={"x_train": "a"}, reference=None)
    settings = Settings(Space.default(other), seed=7)
    study = open_study("o", storage, settings)
    assert (study.user_attrs[SETTINGS]["format"], study.user_attrs[SETTINGS]["problem"]["name"]) == (2, "others.npz")
    assert settings_of(load_study("o", storage)) == settings
    assert problem_in(study.user_attrs) == other
    assert problem_in({}) == BUILT_IN


@pytest.mark.parametrize("problem", [PROBLEM, replace(BUILT_IN, name="others.npz")])
def test_fields_of_a_later_version_are_kept(storage, problem):
    """A study that goes on with this version loses nothing that it does not know."""
    settings = Settings(Space.default(problem), seed=7)
    later = settings.to_json() | {"colour": "red"}
    if "problem" in later:
        later["problem"] |= {"smell": "sweet"}
        later["problem"]["words"] |= {"plural": "pictures"}
        later["problem"]["parameters"][0] |= {"unit": "units"}
    later = json.loads(json.dumps(later))
    open_study("s", storage, settings).set_user_attr(SETTINGS, later)
    study = open_study("s", storage, settings_of(load_study("s", storage)))
    assert study.user_attrs[SETTINGS] == later


BOUNDLESS = {"epochs": {"name": "IntDistribution", "attributes": {"low": 1, "high": math.inf, "step": 1, "log": False}}}


@pytest.mark.parametrize(
    "damaged",
    [
        {"problem": {"kind": "mnist"}},
        {"problem": [1]},
        {"problem": BUILT_IN.to_json() | {"parameters": 5}},
        {"problem": BUILT_IN.to_json(), "space": BOUNDLESS},
    ],
)
def test_settings_that_cannot_be_read_are_one_line(storage, settings, damaged):
    """Whoever has damaged them."""
    study = open_study("s", storage, settings)
    study.set_user_attr(SETTINGS, settings.to_json() | {"format": 2} | damaged)
    with pytest.raises(UsageError, match=r"the study 's' has settings that cannot be read: \w+Error\("):
        settings_of(study)


def test_what_people_call_things_may_change(settings):
    """A study goes on with its own space, and is still the same one, where only words of its problem are others."""
    other = replace(PROBLEM, words=replace(PROBLEM.words, title="Digits"))
    assert settings.continued("s", other, space=Space.default(other)).problem == PROBLEM


def test_settings_are_written_once(storage):
    """What is recorded is what is read back, so a study that goes on writes nothing of it again."""
    settings = Settings(Space.default(replace(BUILT_IN, name="others.npz")), seed=7)
    assert open_study("s", storage, settings).user_attrs[SETTINGS] == settings.to_json()


def test_kind_of_problem_that_is_not_known_is_refused(storage, settings):
    """A later version has others."""
    study = open_study("s", storage, settings)
    problem = BUILT_IN.to_json() | {"kind": "tables"}
    study.set_user_attr(SETTINGS, settings.to_json() | {"format": 2, "problem": problem})
    with pytest.raises(UsageError, match="'s' has the kind of problem tables; this version has mnist or arrays"):
        settings_of(study)


def test_study_of_another_program_is_refused(storage):
    """A study that plain Optuna made is not continued."""
    other = optuna.create_study(study_name="theirs", storage=storage)
    other.tell(other.ask(), 1.0)
    with pytest.raises(UsageError, match="'theirs' was made by another program"):
        find_study("theirs", storage)


def test_study_whose_making_was_cut_short_is_made_anew(storage):
    """A study without settings and without trials counts as not there, unless it cannot be this project's."""
    optuna.create_study(study_name="half", storage=storage, direction="maximize")
    assert find_study("half", storage) is None
    optuna.create_study(study_name="theirs", storage=storage, direction="minimize")
    with pytest.raises(UsageError, match="'theirs' was made by another program"):
        find_study("theirs", storage)


def test_study_of_another_objective_is_refused(study, settings):
    """A study that maximizes something else is not continued, and the line says what it maximizes."""
    study.set_user_attr("settings", settings.to_json() | {"objective": "test_accuracy"})
    with pytest.raises(UsageError, match="'s' has the objective test_accuracy; this version has val_accuracy"):
        settings_of(study)


def test_study_of_the_first_version_can_be_continued(tmp_path):
    """A stored study, of a driver that was killed, keeps its finished trials and loses no configuration."""
    file = tmp_path / "studies.db"
    shutil.copy(STUDIES / "version-0.1.0-first.db", file)
    storage = open_storage(f"sqlite:///{file}")
    recorded = settings_of(find_study("first", storage))
    assert (recorded.seed, recorded.precision, recorded.baseline) == (5, "float32", True)
    study = open_study("first", storage, recorded)
    finished = {trial.number: trial for trial in study.trials if trial.state.is_finished()}
    cut = [trial.params for trial in study.trials if trial.state == TrialState.RUNNING]
    assert (len(finished), len(cut)) == (6, 2)
    recover(study, recorded)
    assert [ask(study, recorded).params for _ in range(2)] == cut
    assert {number: study.trials[number] for number in finished} == finished
    assert baseline_of(study.trials).value == 0.9776


def test_study_without_instants_is_continued_with_them(tmp_path):
    """A stored study of the version that recorded local times only keeps its trials; a new one has its instants."""
    file = tmp_path / "studies.db"
    shutil.copy(STUDIES / "version-0.1.0-local-times.db", file)
    storage = open_storage(f"sqlite:///{file}")
    recorded = settings_of(find_study("s", storage))
    study = open_study("s", storage, recorded)
    before = study.trials
    assert count(before).finished == 6
    stores = {"models": ModelStore(tmp_path, "s"), "failures": FailureStore(tmp_path, "s")}
    trials = Trials(study, recorded, goal=7, observer=Observer(), **stores)
    assert trials.take_stock() == 1
    assert trials.ask("a") is not None
    assert study.trials[:6] == before
    new = study.trials[6]
    assert datetime.fromisoformat(new.user_attrs[BEGAN]) > datetime(2026, 1, 1, tzinfo=UTC)


def test_newer_format_is_refused(storage, study, settings):
    """A study of a later version is not misread."""
    study.set_user_attr("settings", settings.to_json() | {"format": 99})
    with pytest.raises(UsageError, match="has the format 99; this version has 1 or 2"):
        settings_of(study)


def test_baseline_comes_first_then_what_was_enqueued(study, settings):
    """Trial 0 is the baseline, then the given configurations in their order; a second call adds nothing."""
    first = BUILT_IN.baseline | {"hidden_units": 264}
    second = BUILT_IN.baseline | {"hidden_units": 265}
    for _ in range(2):
        enqueue(study, settings, [first, second])
    trials = [ask(study, settings) for _ in range(4)]
    assert [trial.params for trial in trials[:3]] == [BUILT_IN.baseline, first, second]
    assert [trial.user_attrs.get(IS_BASELINE) for trial in trials] == [True, None, None, None]


def test_study_without_baseline_has_none(storage):
    """Where the settings leave it out, nothing is queued."""
    settings = Settings(SPACE, seed=1, baseline=False)
    study = open_study("plain", storage, settings)
    enqueue(study, settings, [])
    assert study.trials == []


def test_interrupted_trial_is_tried_again_with_its_seed(study, settings):
    """A trial that no one runs ends as interrupted; its successor has its parameters, its seed and its number."""
    enqueue(study, settings, [])
    lost = ask(study, settings)
    recover(study, settings)
    recover(study, settings)
    again = ask(study, settings)
    assert study.trials[0].state == TrialState.FAIL
    assert study.trials[0].user_attrs[FAILURE] == INTERRUPTED
    assert again.params == lost.params
    assert again.user_attrs == {RETRY_OF: 0, SEED: lost.user_attrs[SEED], IS_BASELINE: True}
    assert count(study.trials) == Counts(running=1)


def test_recovery_cut_short_does_not_queue_twice(study, settings):
    """If the driver dies between queueing a successor and telling the trial, the next recovery queues no second one."""
    ask(study, settings)
    study.enqueue_trial(study.trials[0].params, user_attrs={RETRY_OF: 0})
    recover(study, settings)
    assert [trial.state for trial in study.trials] == [TrialState.FAIL, TrialState.WAITING]


def test_point_of_a_grid_is_not_lost_with_its_trial(storage):
    """A grid's point was chosen before its parameters were written one by one: its successor has it."""
    space = Space({"hidden_units": CategoricalDistribution((8, 16)), "epochs": IntDistribution(1, 2)})
    settings = Settings(space, seed=3, sampler="grid", baseline=False)
    study = open_study("g", storage, settings)
    cut = study.ask({"epochs": settings.space.distributions["epochs"]})
    recover(study, settings)
    drawn = [ask(study, settings).params for _ in range(4)]
    assert drawn[0]["epochs"] == cut.params["epochs"]
    assert len({str(params) for params in drawn}) == 4


def test_trial_without_all_parameters_leaves_no_successor(study, settings):
    """A driver that died while it drew parameters has nothing to try again: other parameters are drawn."""
    study.ask({"epochs": settings.space.distributions["epochs"]})
    recover(study, settings)
    assert [trial.state for trial in study.trials] == [TrialState.FAIL]


def test_restarted_sampler_does_not_repeat_itself(storage, settings):
    """A continued study draws other configurations than it drew at first; a new one of the same seed the same."""
    first = ask(open_study("s", storage, settings), settings).params
    second = ask(open_study("s", storage, settings), settings).params
    elsewhere = ask(open_study("t", storage, settings), settings).params
    assert first != second
    assert first == elsewhere


@pytest.mark.parametrize("sampler", ["grid", "qmc"])
def test_continued_sequence_goes_on_where_it_stopped(storage, sampler):
    """A grid or a quasi-Monte Carlo sequence that is continued gives the points that an uninterrupted one gives."""
    space = Space({"hidden_units": CategoricalDistribution((8, 16, 32)), "epochs": IntDistribution(1, 2)})
    settings = Settings(space, seed=3, sampler=sampler, baseline=False)
    drawn = {}
    for name, restarts in (("whole", ()), ("cut", (2, 3))):
        study = open_study(name, storage, settings)
        drawn[name] = []
        for number in range(6):
            if number in restarts:
                study = open_study(name, storage, settings)
            trial = ask(study, settings)
            study.tell(trial, 0.5)
            drawn[name].append(trial.params)
    assert sorted(map(str, drawn["whole"])) == sorted(map(str, drawn["cut"]))
    if sampler == "grid":
        assert len({str(params) for params in drawn["cut"]}) == 6


def test_order_is_by_value_then_by_number(study, settings):
    """The best is the highest value; of equal ones the earlier; pruned and failed trials are in no order."""
    for value in (0.5, 0.9, 0.9):
        study.tell(ask(study, settings), value)
    study.tell(ask(study, settings), state=TrialState.FAIL)
    pruned = ask(study, settings)
    pruned.report(0.99, 1)
    study.tell(pruned, state=TrialState.PRUNED)
    assert [trial.number for trial in ranked(study.trials)] == [1, 2, 0]
    assert count(study.trials) == Counts(complete=3, pruned=1, failed=1)
    assert baseline_of(study.trials) is None


def test_missing_study_is_named_with_those_there_are(storage, study):
    """Reading a study that is not there lists some that are; without a name the newest is read."""
    with pytest.raises(UsageError, match=r"--study x: there is no such study; the newest are s$"):
        load_study("x", storage)
    optuna.create_study(study_name="a", storage=storage)
    assert load_study(None, storage).study_name == "a"


@pytest.mark.parametrize(
    ("storage_url", "sampler", "pruner"),
    [
        pytest.param(url, sampler, pruner, marks=[] if url == "sqlite" and place % 4 == other else pytest.mark.thorough)
        for url in ("sqlite", "postgresql")
        for place, sampler in enumerate(["tpe", "random", "qmc", "grid", "cmaes"])
        for other, pruner in enumerate(["asha", "hyperband", "median", "none"])
    ],
    indirect=["storage_url"],
)
def test_every_sampler_works_with_every_pruner(storage, sampler, pruner):
    """Each pair asks configurations of the space, after an enqueued baseline and a failed trial too."""
    settings = Settings(SPACE, seed=3, sampler=sampler, pruner=pruner)
    study = open_study("pair", storage, settings)
    enqueue(study, settings, [])
    for number in range(14):
        trial = ask(study, settings)
        Space.default(BUILT_IN).check(trial.params, "trial")
        if number == 1:
            study.tell(trial, state=TrialState.FAIL)
            continue
        for epoch in range(1, 5):
            trial.report(0.9 + number / 1000 + epoch / 10000, epoch)
            trial.should_prune()
        assert study.trials == load_study("pair", storage).trials
        study.tell(trial, 0.9 + number / 1000)
    assert count(study.trials).finished == 14


def test_study_that_was_deleted_is_the_cause_of_what_fails(storage):
    """Its records are not found then, which says nothing; another error stays what it is."""
    study = open_study("s", storage, Settings(seed=1, sampler="random"))
    assert isinstance(cause_of(KeyError("x"), study), KeyError)
    optuna.delete_study(study_name="s", storage=storage)
    with pytest.raises(KeyError) as failed:
        study.ask()
    assert str(cause_of(failed.value, study)) == "the study 's' was deleted while this command wrote it"
    assert isinstance(cause_of(OSError(), study), OSError)
