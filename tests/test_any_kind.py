"""What is said of studies whose parameters are of any kind, and which not every configuration has."""

import io
import json
import re

import optuna
import pytest
from confirmations import decided
from own_models import BASELINE, OPEN_PROBLEM, TABLES, problem
from rich.console import Console

from search.confirmation.candidates import Candidate, are_best, choose
from search.confirmation.evidence import WRONG
from search.confirmation.explanation import explanation_of, networks_to_explain
from search.confirmation.record import CONFIRMATION, design_of, evidence_of
from search.confirmation.view import StudyView
from search.export.card import training_of
from search.report.document import page_of
from search.report.page import to_html, to_markdown
from search.run.summary import Summary, Times
from search.study.insight import insight_of
from search.study.settings import SETTINGS as KEY
from search.study.settings import Settings
from search.study.space import Space
from search.study.space_file import load_space
from search.study.study import enqueue
from search.trials.failures import FailureStore
from trainable.keys import SECONDS

NAMED = "a/b: [bold]c[/bold] <i>"  # what a person may call a parameter
FURTHER = {NAMED: {"type": "categorical", "choices": ["[red]x", "<b>"], "default": "<b>"}}
PROBLEM = problem(TABLES | FURTHER, BASELINE | {NAMED: "<b>"})
SETTINGS = Settings(Space.default(PROBLEM), seed=5, sampler="random")
TODAY = dict(PROBLEM.baseline)
WINNER = Candidate(
    3, TODAY | {"optimizer": "sgd", "momentum": 0.9, "nesterov": True, NAMED: "[red]x", "epochs": 6}, 0.9
)


def study_of(number=14):
    """A study whose trial 3 is the winner."""
    study = optuna.create_study(study_name="s", direction="maximize", sampler=optuna.samplers.RandomSampler(seed=1))
    study.set_user_attr(KEY, SETTINGS.to_json())
    enqueue(study, SETTINGS, [])
    for place in range(number):
        if place == WINNER.trial:
            study.enqueue_trial(dict(WINNER.params))
        trial = study.ask()
        SETTINGS.space.draw(trial)
        trial.report(0.5, 1)
        study.tell(trial, 0.9 if place == WINNER.trial else 0.5 + place / 100)
    return study


@pytest.fixture(scope="module")
def study():
    """Such a study with a verdict that is explained."""
    made = study_of()
    design = design_of([WINNER], SETTINGS, split=2, sizes=(2,), baselines=2)
    recorded = {KEY: SETTINGS.to_json(), CONFIRMATION: design}
    recorded |= decided(design, WINNER, lambda _: range(100), lambda _: range(300))
    for place, each in enumerate(networks_to_explain(evidence_of(recorded), SETTINGS)):
        recorded[each.key] = {WRONG: list(range(100 + place)), SECONDS: 1.0}
    for key, value in recorded.items():
        made.set_user_attr(key, value)
    return made


def view_of(study, runs):
    """What is known of the study."""
    return StudyView("s", "sqlite:///x", runs, SETTINGS, study.user_attrs, study.trials, None)


def test_parameter_that_is_set_back_brings_its_children_along(study):
    """What becomes inactive goes, what becomes active has the value of today; a child is not set back alone."""
    networks = networks_to_explain(evidence_of(study.user_attrs), SETTINGS)
    params = {each.candidate.change: dict(each.candidate.params) for each in networks[6:]}
    assert set(params) == {"optimizer", NAMED, "epochs"}
    assert params["optimizer"] == TODAY | {NAMED: "[red]x", "epochs": 6}
    assert params[NAMED] == dict(WINNER.params) | {NAMED: "<b>"}
    back = Candidate(3, TODAY | {"optimizer": "adam", "units": 64}, 0.9)
    tables = TABLES | FURTHER | {"optimizer": {**TABLES["optimizer"], "default": "sgd"}}
    today = Settings(Space.default(problem(tables, TODAY)), seed=5)
    recorded = {KEY: today.to_json(), CONFIRMATION: design_of([back], today, split=2, sizes=(2,), baselines=2)}
    recorded |= decided(recorded[CONFIRMATION], back, lambda _: range(100), lambda _: range(300))
    evidence = evidence_of(recorded)
    variants = {each.candidate.change: each.candidate.params for each in networks_to_explain(evidence, today)[6:]}
    assert evidence.baseline.params == TODAY | {"optimizer": "sgd", "momentum": 0.5, "nesterov": True}
    assert variants["optimizer"] == evidence.baseline.params | {"units": 64}


def test_explanation_has_a_row_for_each_parameter_that_both_have(study, tmp_path):
    """Texts as they are; the name of a parameter is no part of a key or of a file."""
    rows = explanation_of(study.user_attrs, SETTINGS).rows
    assert {row[:3] for row in rows} == {("optimizer", "sgd", "adam"), (NAMED, "[red]x", "<b>"), ("epochs", "6", "4")}
    for each in networks_to_explain(evidence_of(study.user_attrs), SETTINGS):
        file = FailureStore(tmp_path, "s").path(each.key)
        assert file.parent == tmp_path / "s" / "failures"
        assert each.key.count(":") == len(("what", "seed"))


def test_candidates_are_told_apart_by_all_they_have(study):
    """Two configurations with the same values of other parameters are two."""
    chosen = choose(study.trials, SETTINGS, 20)
    assert chosen[0].params == WINNER.params
    assert len({json.dumps(each.params, sort_keys=True) for each in chosen}) == len(chosen)
    assert are_best(chosen, study.trials, SETTINGS)


def test_importance_is_judged_among_the_trials_that_have_a_parameter(study):
    """Of one that too few have nothing is said; choices that are no numbers lie nowhere between two ends."""
    insight = insight_of(study.trials, SETTINGS)
    assert set(insight.importance.shares) == set(TODAY)
    assert set(insight.importance.partial) == {"momentum", "nesterov"}
    assert (insight.positions["optimizer"].best, insight.positions["optimizer"].from_low) == ("sgd", None)
    assert insight.positions["momentum"].from_low == 1
    assert not any("optimizer" in each or "rate" in each for each in insight.warnings)
    json.dumps(insight.to_json())


def test_report_shows_what_each_configuration_has(study, tmp_path):
    """A dash where a parameter is inactive; conditions and steps where the space is described."""
    document = page_of(view_of(study, tmp_path))
    markdown, html = to_markdown(document), to_html(document)
    assert "0.0 to 0.9" not in markdown
    assert "0 to 0.9; where optimizer is sgd" in markdown
    assert "16 to 64, in steps of 16" in markdown
    assert "false, true; where momentum is 0.9 or 0.5" in markdown
    assert "| momentum | - | 0.9 |" in markdown
    assert "Nothing is said of momentum, nesterov: too few have it, or it had no say by then." in markdown
    assert "<i>" not in html
    assert "--space space.toml" not in markdown


def test_answer_shows_texts_as_they_are(study, tmp_path):
    """What looks like a console's markup is none; JSON has the parameters that a trial has."""
    summary = Summary(view_of(study, tmp_path), Times())
    console = Console(file=io.StringIO(), width=250)
    summary.print(console)
    text = console.file.getvalue()
    assert "[red]x" in text
    assert NAMED in text
    answer = json.loads(json.dumps(summary.to_json()))
    assert answer["best"]["params"] == WINNER.params
    assert answer["baseline"]["params"] == TODAY


def test_card_says_what_a_configuration_has():
    """Booleans and texts as a space file writes them."""
    told = training_of(PROBLEM, WINNER.params, 6, 1)
    assert (told["nesterov"], told["optimizer"], told["momentum"]) == ("true", "sgd", "0.9")
    assert "momentum" not in training_of(PROBLEM, TODAY, 4, 1)


def test_search_is_repeated_with_what_was_known_before_it(tmp_path):
    """A new study knows no parameter that appeared; one that was compared with other values of today says them."""
    space = Space.of(TABLES | {"units": {**TABLES["units"], "default": 64}}, OPEN_PROBLEM, "")
    grown = space.grown({"depth": {"type": "int", "low": 1, "high": 4, "default": 2}})
    study = optuna.create_study(study_name="s", direction="maximize")
    study.enqueue_trial(BASELINE | {"depth": 3})
    trial = study.ask()
    grown.draw(trial)
    study.tell(trial, 0.5)
    view = StudyView("s", "sqlite:///s.db", tmp_path, Settings(grown, seed=5), {}, study.trials, None)
    command, toml, first = re.findall(r"```\n(.*?)\n```", to_markdown(page_of(view)), re.DOTALL)[:3]
    assert "--space space.toml --enqueue first.jsonl" in command
    assert json.loads(first) == BASELINE
    (tmp_path / "space.toml").write_text(toml)
    assert load_space(tmp_path / "space.toml", OPEN_PROBLEM) == space
