"""What is said of another problem than the built-in one: its own words, sizes and forms."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from confirmations import decided

from search.confirmation.candidates import TESTED, Candidate, Network
from search.confirmation.explanation import Explanation
from search.confirmation.record import CONFIRMATION, design_of, evidence_of
from search.confirmation.verdict import Estimate, Word
from search.confirmation.view import StudyView
from search.confirmation.wording import finding_of, json_of, sentence_of
from search.export.card import card
from search.export.description import input_of, output_of
from search.export.formats import FORMATS
from search.export.snippets import prepare
from search.report.document import page_of
from search.report.findings import MEANINGS, WORDS
from search.report.page import to_markdown
from search.study.about import facts_of
from search.study.settings import SETTINGS, Settings
from search.study.space import Space
from trainable.inputs import Inputs
from trainable.problems import BUILT_IN
from trainable.words import Words

FOREIGN = re.compile(r"(?i)image|mnist|digit|pixel|\b784\b|\b28\b|[156]0,000")
HASHES = dict.fromkeys(("x_train", "y_train", "x_test", "y_test"), 64 * "0")


@pytest.fixture
def problem():
    """Thirteen numbers of a wine and three growers; what it does not say itself has a default."""
    return replace(
        BUILT_IN, kind="csv", name="Wine", reference=None, data=HASHES, split="36 drawn at random",
        inputs=Inputs((13,), "float32", 2, name="wines"), labels=("Rossi", "Bianchi", "Verdi"),
        sizes={"train": 106, "val": 36, "test": 36},
        words=Words("Wine search", "a network on wines", "8-unit baseline", "8 units", example="wine"),
    )  # fmt: skip


def test_report_speaks_of_the_studys_examples(problem):
    """Title, method and verdicts have the problem's words and sizes."""
    view = StudyView("s", "sqlite:///s.db", Path("runs"), Settings(Space.default(problem)), {}, [], None)
    text = to_markdown(page_of(view))
    assert "Hyperparameter search for a network on wines" in text
    assert "compared its trials on 36 validation wines" in text
    assert problem.said(WORDS[Word.TOO_FEW]) == "Too few wines differ to say"
    told = Explanation(Estimate(0.1, 0.0, 0.2), (), None, 1.0).told(problem.examples)
    name = Network(TESTED, Candidate(7, {}), 3).title(problem.examples)
    assert name == "trial 7 again, seed 3, all wines"
    assert FOREIGN.search("".join((text, told, *map(problem.said, MEANINGS.values())))) is None


@pytest.mark.parametrize(
    ("fewer", "word", "end"),
    [
        (4, "no difference shown", "; a difference below about 1.9 points could not have been shown"),
        (0, "too few wines differ to say", "; fewer than 10 of 400 test wines tell them apart"),
    ],
)
def test_verdict_says_what_it_could_not_show(problem, fewer, word, end):
    """In the words of its examples; where 12 of 400 differ, 2.05 (12 + 2)^0.5 / 400 is 1.9 points."""
    problem = replace(problem, sizes=problem.sizes | {"test": 400})
    settings = Settings(Space.default(problem))
    winner = Candidate(7, dict(problem.baseline), 0.9)
    design = design_of([winner], settings, split=2, sizes=(3,), baselines=10)
    wrong = [*range(20 - fewer), *range(100, 100 + 2 * fewer)]
    evidence = evidence_of(
        {SETTINGS: {"problem": problem.to_json()}, CONFIRMATION: design}
        | decided(design, winner, lambda _: wrong, lambda _: range(20), parameters_count=9)
    )
    assert f"trial 7 against the baseline: {word}. " in sentence_of(evidence)
    assert finding_of(evidence).endswith(end)
    assert json_of(evidence)["verdict"] == word
    assert FOREIGN.search(sentence_of(evidence)) is None


def test_card_describes_the_studys_network(problem):
    """Inputs, classes, sizes and limits are the problem's."""
    check = {"file": "f", "runtime": "r 1", "images": 36, "largest_difference": 0.0, "ties": 0}
    text = card(
        problem,
        {
            "study": "s", "selected": "best", "trial": 1, "params": problem.baseline, "seed": 1, "precision": "float32",
            "epochs_run": 2, "trained_on": 106, "val_accuracy": 0.9, "sampler": "tpe", "pruner": "none",
            "trials": dict.fromkeys(("complete", "pruned", "failed"), 1), "data_sha256": problem.trial_data,
            "preprocessing": False, "input": input_of(problem, preprocessing=False),
            "output": output_of(problem), "checks": dict.fromkeys(FORMATS, check),
        },
        None,
    )  # fmt: skip
    for said in (
        "13 numbers in, 3 probabilities out",
        "Wine: 142 training wines, of which 36 drawn at random validate",
        "float32 [batch, 13]: a float32 wine, divided by 2",
        "the probability of each class (Rossi, Bianchi, Verdi)",
        "Labels are classes, 0 to 2.",
        "run(wines=inputs)",
    ):
        assert said in text
    assert FOREIGN.search(text) is None


def test_code_of_the_card_reads_an_array(problem, tmp_path, monkeypatch):
    """Without code of its own a problem's examples come from a file of NumPy, scaled unless the model does that."""
    monkeypatch.chdir(tmp_path)
    np.save("wines.npy", np.full((2, 13), 3, np.float32))
    Path("model.json").write_text(json.dumps({"labels": problem.labels}))
    for preprocessing, expected in ((False, 1.5), (True, 3.0)):
        found = {}
        exec(prepare(problem, preprocessing=preprocessing), found)
        assert (found["inputs"] == np.full((2, 13), expected, np.float32)).all()


def test_facts_of_data_are_a_screenful(problem):
    """However many columns and classes: the first ones are named; splits that are not there or repeat are told."""
    columns, labels = (tuple(f"{what}{each}" for each in range(100)) for what in ("f", "grower "))
    many = replace(
        problem, inputs=replace(problem.inputs, shape=(100,), columns=columns), labels=labels, test_split="none",
        sizes={"train": 1_060, "val": 36, "test": 0}, split="the file's own", repeated={"val": 1},
    )  # fmt: skip
    facts = dict(facts_of(many))
    assert facts["training wines"] == "1,060"
    assert facts["validation wines"] == "36: the file's own"
    assert facts["test wines"] == "none"
    assert facts["repeated"] == "1 of the 36 validation wines is in the training split, too"
    assert facts["columns"].startswith("f0, f1, ")
    assert facts["columns"].endswith("f29 and 70 more")
    assert facts["classes"].startswith("100: grower 0, grower 1, ")
    assert all(len(each) < 1000 for each in facts.values())
