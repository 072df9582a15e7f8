"""What is said of a search while it runs: trials in training, and the networks of a confirmation as they come in."""

import json

import pytest
from confirmations import key_of, validated

from dashboard.parts.running import estimate_of
from search.confirmation.candidates import TESTED, Candidate
from search.confirmation.evidence import WRONG
from search.confirmation.extent import GOAL, Extent, wanted_design
from search.confirmation.goal import Goal
from search.confirmation.record import CONFIRMATION
from search.confirmation.verdict import Estimate
from search.storage.address import open_storage
from search.storage.lease import Lease
from search.study.study import settings_of
from trainable.keys import FAILURE, SECONDS


def texts(page):
    """All sentences of a page but its sidebar's, in one."""
    return "\n".join(each.value for each in (*page.main.markdown, *page.main.caption))


def given(page, key):
    """What the components of a page are given that draw such a thing."""
    found = [json.loads(each.proto.json) for each in page.get("bidi_component")]
    return [each[key] for each in found if key in each]


def begin(study, candidates):
    """Begin a confirmation of so many candidates; return them and their seeds on the split."""
    trials, settings = study.get_trials(), settings_of(study)
    design = wanted_design(trials, settings, Extent(candidates, None), {})
    study.set_user_attr(CONFIRMATION, design)
    study.set_user_attr(GOAL, Goal(1, Extent(candidates, None), 2).to_json())
    return [Candidate(**each) for each in design["candidates"]], design


@pytest.fixture
def followed(open_page, url):
    """A function that opens the overview while somebody drives the study."""

    def run():
        with Lease(open_storage(url), "s"):
            page = open_page()
        assert not page.exception
        return page

    return run


def test_running_trial_lies_beside_the_best(make_study, followed):
    """Its epoch of those that it trains, and its distance to the best trial's accuracy at the same epoch."""
    study = make_study()
    epochs = study.trials[5].params["epochs"]
    page = followed()
    assert (
        f"- **Trial 5**: epoch 1 of {epochs}, 0.3000, -67.00 points to the best trial's at that epoch, on here"
    ) in texts(page)
    curves = json.loads(given(page, "figure")[-1])["data"]
    assert [each["name"] for each in curves] == ["trial 5", "trial 1 (best)"]


def test_trial_that_has_no_epoch_yet_is_told(make_study, followed):
    """It has nothing to draw or to compare."""
    make_study(trials=[([], None, None)])
    page = followed()
    assert "- **Trial 0**: epoch 0 of 5, on here" in texts(page)
    assert not given(page, "figure")


def test_more_trials_than_colours_are_counted(make_study, followed):
    """Those that are the furthest are drawn and told."""
    make_study(trials=[*(([0.5], None, None) for _ in range(7)), ([0.5, 0.6], None, None)])
    said = texts(followed())
    assert "**In training**: 8 trials" in said
    assert said.index("**Trial 7**: epoch 2") < said.index("**Trial 0**: epoch 1")
    assert "**Trial 5**" not in said
    assert "And 2 trials that are not as far." in said


def test_nothing_runs_where_nobody_drives_the_study(make_study, confirm, open_page):
    """A trial that was running is one that somebody lost."""
    confirm(make_study(), tested=False)
    said = texts(open_page())
    assert "In training" not in said
    assert "Preliminary" not in said


def test_networks_are_told_as_they_come_in(make_study, followed):
    """How many of how many, with an interval that each makes narrower; it is said that this is no verdict."""
    study = make_study(trials=[*((([0.97 + number / 1000]), "COMPLETE", None) for number in range(3))])
    (first, second), design = begin(study, 2)
    seeds = design["seeds"]
    for key, value in validated([(first, 0.98)], seeds[:2], step=0.002).items():
        study.set_user_attr(key, value)
    page = followed()
    assert "**Preliminary, and no verdict**" in texts(page)
    drawing = given(page, "drawing")[0]
    assert f"Trial {first.trial}: 2 of {len(seeds)} networks" in drawing
    assert f"Trial {second.trial}" not in drawing
    assert 'class="zero"' not in drawing
    assert not page.success


def test_test_accuracies_are_not_told_before_the_verdict(make_study, followed):
    """Only how many networks there are: what they err on is in the study already, and decides nothing yet."""
    study = make_study(trials=[([0.96, 0.97], "COMPLETE", None), ([0.97, 0.98], "COMPLETE", None)])
    (first,), design = begin(study, 1)
    for seed in design["final_seeds"][:2]:
        study.set_user_attr(key_of(TESTED, first, seed), {WRONG: list(range(123)), SECONDS: 1.0})
    page = followed()
    said = texts(page)
    assert (
        f"0 of {design['baselines']} networks of the baseline, 2 of {design['sizes'][0]} networks of trial 1." in said
    )
    assert "told with the verdict, and not before" in said
    assert "0.9877" not in repr(page.main)
    assert not given(page, "drawing")


def test_configuration_that_is_out_says_why(make_study, followed):
    """One of its networks gave no result; the reason is no Markdown."""
    study = make_study(trials=[*((([0.97 + number / 1000]), "COMPLETE", None) for number in range(3))])
    (first, _), design = begin(study, 2)
    study.set_user_attr(f"confirmed:{first.name}:{design['seeds'][0]}", {FAILURE: "it *diverged*", SECONDS: 1.0})
    assert f"Trial {first.trial} is out: it \\*diverged\\*." in texts(followed())


def test_interval_narrows_with_each_network():
    """Student's, of fresh seeds; one network alone has none."""
    assert estimate_of([0.98]) == Estimate(0.98, 0.98, 0.98)
    two, four = estimate_of([0.97, 0.99]), estimate_of([0.97, 0.99, 0.97, 0.99])
    assert two.mean == four.mean == pytest.approx(0.98)
    assert two.high == 1.0  # no share exceeds it
    assert two.reach > four.reach > 0
    assert four.high - 0.98 == pytest.approx(3.182 * 0.01 * (4 / 3) ** 0.5 / 2, rel=1e-3)
