"""What is told before a search starts: only what would surprise, and the figures are right."""

import json
from dataclasses import replace

import pytest
from optuna.trial import create_trial

from search.run.foresight import surprises
from search.run.options import parse
from search.run.plan import make_plan
from search.storage.address import open_storage
from search.study.study import IS_BASELINE, enqueue, open_study
from trainable.problems import BUILT_IN

SPACE = """
hidden_units = {type = "categorical", choices = [256, 512]}
epochs = {type = "int", low = 4, high = 5}
"""

LEFT_OUT = (
    "--enqueue FILE: {} of its configurations will not be tried: the study ends with --trials {}; "
    "--trials 3 tries them all"
)


@pytest.fixture
def told(tmp_path):
    """A function that returns a command's plan and lines, with so many trials and these epochs enqueued."""
    (tmp_path / "space.toml").write_text(SPACE, encoding="utf-8")

    def tell(trials, given=None, *arguments):
        options = ["--trials", trials, "--study", "s", "--runs", tmp_path, *arguments]
        if given is not None:
            file = tmp_path / "first.jsonl"
            file.write_text("\n".join(json.dumps({"hidden_units": 256, "epochs": each}) for each in given))
            options += ["--enqueue", file]
        if "--space" not in arguments:
            options += ["--space", tmp_path / "space.toml"]
        chosen = parse(list(map(str, options)))
        plan = make_plan(chosen)
        return plan, [line.replace(str(tmp_path / "first.jsonl"), "FILE") for line in surprises(chosen, plan)]

    return tell


def test_nothing_is_told_where_nothing_surprises(told):
    """The usual command has no further line."""
    assert told(4)[1] == []
    assert told(4, [4, 5])[1] == []


def test_equal_configurations_are_tried_once(told):
    """The line says how many there were."""
    plan, lines = told(4, [4, 4, 5, 4])
    assert [each["epochs"] for each in plan.configurations] == [4, 5]
    assert lines == ["--enqueue FILE: 2 of its 4 configurations repeat another: tried once"]


def test_file_without_a_configuration_is_named(told):
    """An empty file is no error, but hardly what was meant."""
    assert told(4, [])[1] == ["--enqueue FILE: no configuration in it"]


def test_configurations_for_which_no_trial_is_left_are_counted(told, tmp_path):
    """In a new study beside its baseline, and in one that has its trials: nothing is dropped without a word."""
    plan, lines = told(2, [4, 5])
    assert lines == [LEFT_OUT.format(1, 2)]
    study = open_study("s", open_storage(f"sqlite:///{tmp_path / 'studies.db'}"), plan.settings)
    enqueue(study, plan.settings, [])
    study.tell(study.ask(dict(plan.settings.space.distributions)), 0.9)
    assert told(1)[1] == []
    assert told(1, [4, 5])[1] == [LEFT_OUT.format(2, 1)]
    assert told(3, [4, 5])[1] == []


def test_small_space_is_told_where_its_configurations_are_repeated(told):
    """Every further trial of them is another seed."""
    assert told(5)[1] == ["the space has 4 configurations for 5 trials: some are tried again, with other seeds"]


def test_parameters_that_a_sampler_draws_at_random_are_named(told):
    """CMA-ES learns from ranges alone; the sampler is said nothing of where it learns from all."""
    line = "--sampler cmaes draws hidden_units at random: it learns from ranges of numbers, not from choices"
    assert told(4, None, "--sampler", "cmaes")[1] == [line]
    for sampler in ("tpe", "qmc", "random", "grid"):
        assert told(4, None, "--sampler", sampler)[1] == []


@pytest.mark.parametrize(
    ("sizes", "arguments", "lines"),
    [
        ({"test": 270}, (), ["with 270 test wines and 5 seeds a difference below about 2.5 points cannot be shown"]),
        (
            {"test": 27}, ("--confirm-seeds", 9),
            ["with 27 test wines and 9 seeds a difference below about 25 points cannot be shown"],
        ),
        ({"test": 6}, (), ["with 6 test wines nothing can be shown: a verdict needs more of them"]),
        ({"test": 270}, ("--no-test",), []),
        ({"test": 270}, ("--no-confirm",), []),
        ({"test": 0}, (), ["the study has no test wines: what wins will not be tested, and there is no verdict"]),
    ],
    ids=["two looks", "few examples", "fewer than ten", "no test", "search only", "no test examples"],
)  # fmt: skip
def test_what_a_verdict_can_show_is_said_of_other_data(told, sizes, arguments, lines):
    """By the number of test examples; of the built-in ones nothing is said."""
    plan, usual = told(4, None, *arguments)
    assert usual == []
    words = replace(BUILT_IN.words, example="wine")
    problem = replace(BUILT_IN, sizes=BUILT_IN.sizes | sizes, words=words)
    settings = replace(plan.settings, space=replace(plan.settings.space, problem=problem))
    chosen = parse(["--trials", "4", "--study", "s", *map(str, arguments)])
    assert surprises(chosen, replace(plan, settings=settings)) == lines


def test_what_can_be_shown_goes_by_the_baseline_once_it_is_trained(told):
    """The fewer errors it makes, the smaller a difference shows."""
    plan, _ = told(4)
    problem = replace(BUILT_IN, sizes=BUILT_IN.sizes | {"test": 270})
    settings = replace(plan.settings, space=replace(plan.settings.space, problem=problem))
    lines = []
    for value in (0.98, 0.8):
        trial = create_trial(
            value=value, params={"hidden_units": 512, "epochs": 5}, user_attrs={IS_BASELINE: True},
            distributions=dict(settings.space.distributions),
        )  # fmt: skip
        [line] = surprises(parse(["--trials", "4", "--study", "s"]), replace(plan, settings=settings, trials=[trial]))
        lines.append(line.split("about ")[1])
    assert lines == ["1.7 points cannot be shown", "3.5 points cannot be shown"]
