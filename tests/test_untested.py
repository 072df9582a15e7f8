"""A winner that is not tested: what is said, kept and taken away of it; test_confirm.py has what is trained for it."""

import io
import shlex
from dataclasses import replace
from pathlib import Path

import confirmations
import optuna
import pytest
from commands import WIDE_SPACE
from rich.console import Console

from search.confirmation.candidates import Candidate
from search.confirmation.extent import Extent
from search.confirmation.record import CONFIRMATION, design_of, evidence_of
from search.confirmation.untested import chosen
from search.confirmation.verdict import Word
from search.confirmation.view import StudyView
from search.confirmation.wording import NOTHING_LEFT, json_of, method_of, reference_of, sentence_of
from search.errors import UsageError
from search.export.card import card
from search.export.formats import FORMATS
from search.export.kept import CHOSEN
from search.export.selection import select
from search.report.document import page_of
from search.report.page import to_markdown
from search.run.summary import Summary, Times
from search.study.settings import SETTINGS, Settings
from search.study.study import BEST
from search.trials.models import ModelStore
from trainable.keys import FAILURE
from trainable.problems import BUILT_IN

MADE = Settings(seed=5, space=WIDE_SPACE)


@pytest.fixture
def study():
    """A study of three trials, the last of which is the best."""
    made = optuna.create_study(direction="maximize")
    for number in range(3):
        made.enqueue_trial(BUILT_IN.baseline | {"hidden_units": 600 + number})
        made.tell(made.ask(dict(WIDE_SPACE.distributions)), 0.97 + number / 1000)
    return made


def untested(study, *numbers, values=(0.98, 0.99)):
    """The attributes of a study whose trials of these numbers were candidates, the last of which did better again."""
    made = [Candidate(each, study.trials[each].params, study.trials[each].value) for each in numbers]
    design = design_of(made, MADE, split=2, sizes=(3, 5), baselines=10, test=False)
    found = confirmations.validated(zip(made, values, strict=False), design["seeds"]) if len(made) > 1 else {}
    return {CONFIRMATION: design} | found


def view_of(study, attributes, settings=MADE):
    """The study as it is read."""
    return StudyView("s", "sqlite:///x", Path("runs"), settings, attributes, study.trials, None)


def test_design_says_so_only_where_there_is_no_test(study):
    """What a study records otherwise is what it always was, and so is what a command wants."""
    assert "test" not in design_of([], MADE, split=2, sizes=(3, 5), baselines=10)
    assert Extent().to_json() == {"candidates": 3, "sizes": [3, 5]}
    assert Extent.from_json(Extent(2, 4, test=False).to_json()) == Extent(2, 4, test=False)
    assert evidence_of(untested(study, 2, 1)).is_tested is False


def test_sentence_names_the_winner_and_gives_no_test_figure(study):
    """Where there was a choice, the mean of the search's own network and the fresh ones; else the search's own."""
    evidence = evidence_of(untested(study, 2, 1))
    assert sentence_of(evidence) == (
        "trial 1 against the baseline: not tested. It has the best mean of 2 configurations on the validation images, "
        "0.9837 over 3 networks, which is no verdict; the same search without --no-test comes to one"
    )
    alone = evidence_of(untested(study, 2))
    assert "It has the best result of the search on the validation images, 0.9720, which is" in sentence_of(alone)
    assert (alone.is_complete, alone.missing, alone.total, alone.seconds) == (True, [], 0, 0)
    assert chosen(alone) == 2
    assert method_of(alone)[0] == "The best configuration of the search went on as it was."


def test_configurations_that_all_failed_leave_no_winner(study):
    """Then nothing is chosen, and that is said as ever."""
    attributes = untested(study, 2, 1)
    for key in attributes.keys() - {CONFIRMATION}:
        attributes[key] = {FAILURE: "diverged"}
    evidence = evidence_of(attributes)
    assert (evidence.is_complete, chosen(evidence), sentence_of(evidence)) == (True, None, NOTHING_LEFT)
    assert json_of(evidence) is None


def test_answer_and_report_say_so(study, tmp_path):
    """The JSON object has a word and no figure of a test; a choice among others than the best is marked."""
    console = Console(file=io.StringIO(), width=300)
    view = view_of(study, untested(study, 2, 1))
    Summary(view, Times()).print(console)
    printed, told = console.file.getvalue(), Summary(view, Times()).to_json()
    assert f"verdict    {sentence_of(view.evidence)}" in printed
    assert "since this choice" not in printed
    confirmed = told["confirmed"]
    assert (confirmed["verdict"], confirmed["current"]) == (Word.NOT_TESTED, True)
    assert {confirmed[name] for name in ("difference", "confidence", "price", "networks", "pairs_won")} == {None}
    assert confirmed["winner"]["test_accuracy"] is None
    assert (confirmed["winner"]["trial"], confirmed["looked"], confirmed["looks"]) == (1, 0, [])
    text = to_markdown(page_of(view))
    assert "Not tested" in text
    assert "network counted, went on. Nothing was scored on test images, so there is no verdict" in text
    assert "--confirm-top 2 --no-test" in text
    stale = view_of(study, untested(study, 0, 1))
    Summary(stale, Times()).print(console)
    assert "note       the best trials are others since this choice" in console.file.getvalue()


@pytest.mark.parametrize(
    ("held_out", "confirmed", "options"),
    [
        (False, True, ["--confirm-top", "2", "--no-test"]),
        (False, False, ["--no-confirm", "--no-test"]),
        (True, True, ["--confirm-top", "2"]),  # else its test examples would be among those that are trained on
        (True, False, ["--no-confirm"]),
    ],
)
def test_report_repeats_a_search_on_the_same_splits(study, held_out, confirmed, options):
    """Of one's own data `--no-test` says which examples are trained on, with a confirmation and without one."""
    source = {"location": "/data/-wine.csv", "target": "-y", "test": held_out}
    settings = Settings(seed=5, space=replace(WIDE_SPACE, problem=replace(BUILT_IN, source=source)))
    attributes = untested(study, 2, 1) if confirmed else {}
    text = to_markdown(page_of(view_of(study, attributes, settings)))
    command = next(each for each in text.splitlines() if "search.run" in each)
    assert shlex.split(command)[3:5] == ["--data=/data/-wine.csv", "--target=-y"]
    assert shlex.split(command)[-len(options) :] == options


def test_data_without_test_examples_need_no_option(study):
    """The reason is another one, nothing is divided by their number, and a published figure has no interval."""
    problem = replace(BUILT_IN, sizes=BUILT_IN.sizes | {"test": 0})
    attributes = untested(study, 2, 1) | {SETTINGS: {"problem": problem.to_json()}}
    evidence = evidence_of(attributes)
    assert sentence_of(evidence).endswith("which is no verdict; the study has no test images")
    assert reference_of(problem) is None
    assert json_of(evidence)["worst"] is None
    assert evidence.worst.networks == 3
    settings = Settings(seed=5, space=replace(WIDE_SPACE, problem=problem))
    assert "the study has no test images" in to_markdown(page_of(view_of(study, attributes, settings)))


def test_export_takes_the_trial_that_was_chosen(study, tmp_path):
    """By default and as the winner; where its model is not kept, the best is there, and no other one is the winner."""
    models = ModelStore(tmp_path, "s")
    for key, value in untested(study, 2, 1).items():
        study.set_user_attr(key, value)
    models.write(2, b"best")
    assert select(study, MADE, models, None).how == BEST
    with pytest.raises(UsageError, match="--trial winner: its model is not kept"):
        select(study, MADE, models, "winner")
    models.write(1, b"chosen")
    for which in (None, "winner"):
        found = select(study, MADE, models, which)
        assert (found.how, found.trial, found.is_final) == (CHOSEN, 1, False)
    summary = Summary(replace(view_of(study, study.user_attrs), runs=tmp_path), Times())
    assert summary.to_json()["model"] == str(models.path(1))


def test_card_says_that_it_was_not_tested(study):
    """In the accuracies, and in how it was selected."""
    check = {"file": "f", "runtime": "r 1", "images": 36, "largest_difference": 0.0, "ties": 0}
    evidence = evidence_of(untested(study, 2, 1))
    text = card(
        BUILT_IN,
        {
            "study": "s", "selected": CHOSEN, "trial": 1, "params": BUILT_IN.baseline, "seed": 1,
            "precision": "float32", "epochs_run": 2, "trained_on": 50_000, "val_accuracy": 0.9, "sampler": "tpe",
            "pruner": "none", "trials": dict.fromkeys(("complete", "pruned", "failed"), 1), "data_sha256": {},
            "preprocessing": False, "input": "", "output": "", "checks": dict.fromkeys(FORMATS, check),
        },
        evidence,
    )  # fmt: skip
    assert "- Test: this network was not scored on the test images.\n- Not tested: there is no verdict" in text
    assert "The test images have not been looked at." in text
    assert "This is the network of the trial that won, the search's own." in text
