"""What goes with each parameter of a winner, from made-up networks."""

import confirmations
import pytest

from search.confirmation.candidates import Candidate
from search.confirmation.evidence import WRONG
from search.confirmation.explanation import explanation_of, lacks_explanation, networks_to_explain
from search.confirmation.record import CONFIRMATION, design_of, evidence_of
from search.study.settings import Settings
from trainable.keys import FAILURE, SECONDS
from trainable.problems import BUILT_IN

SETTINGS = Settings(seed=5)
WINNER = Candidate(7, BUILT_IN.baseline | {"hidden_units": 1024, "batch_size": 32, "epochs": 20}, 0.985)


def confirmed(winner=WINNER):
    """The attributes of a study whose verdict is on this winner."""
    design = design_of([winner], SETTINGS, split=2, sizes=(2,), baselines=2)
    return {CONFIRMATION: design} | confirmations.decided(design, winner, lambda _: range(150), lambda _: range(210))


def explained(numbers, winner=WINNER):
    """And has so many errors on the validation images of each network, by the configuration's name."""
    attributes = confirmed(winner)
    for place, each in enumerate(networks_to_explain(evidence_of(attributes), SETTINGS)):
        wrong = [*range(numbers[each.candidate.name]), *range(9000, 9000 + place % 3)]
        attributes[each.key] = {WRONG: wrong, SECONDS: 2.0}
    return attributes


def test_nothing_is_explained_before_there_is_a_verdict():
    """There is no winner yet."""
    design = confirmed()[CONFIRMATION]
    assert networks_to_explain(evidence_of({CONFIRMATION: design}), SETTINGS) == []
    assert explanation_of({CONFIRMATION: design}, SETTINGS) is None
    assert explanation_of({}, SETTINGS) is None
    assert not lacks_explanation({}, SETTINGS)


def test_each_parameter_that_differs_is_set_back_alone():
    """The winner, the baseline, what lies between, and the baseline trained as long; three networks each."""
    networks = networks_to_explain(evidence_of(confirmed()), SETTINGS)
    configurations = {each.candidate.name: dict(each.candidate.params) for each in networks}
    assert configurations == {
        "7": WINNER.params,
        "baseline": BUILT_IN.baseline,
        "7-hidden_units-of-baseline": WINNER.params | {"hidden_units": 512},
        "7-batch_size-of-baseline": WINNER.params | {"batch_size": 128},
        "7-epochs-of-baseline": WINNER.params | {"epochs": 5},
        "baseline-epochs-of-7": BUILT_IN.baseline | {"epochs": 20},
    }
    assert len(networks) == 3 * 6
    assert networks[6].title("images").startswith("trial 7 with hidden_units of the baseline again, seed ")


def test_what_is_two_things_is_trained_once():
    """Of two parameters, one set back leaves the baseline with the other: trained as long, where that is the epochs."""
    both = Candidate(7, BUILT_IN.baseline | {"hidden_units": 1024, "epochs": 20}, 0.985)
    names = {each.candidate.name for each in networks_to_explain(evidence_of(confirmed(both)), SETTINGS)}
    assert names == {"7", "baseline", "7-hidden_units-of-baseline", "7-epochs-of-baseline"}
    numbers = {"7": 150, "baseline": 250, "7-hidden_units-of-baseline": 170, "7-epochs-of-baseline": 230}
    found = explanation_of(explained(numbers, both), SETTINGS)
    assert found.longer.startswith("+0.80 (")
    assert [(each.parameter, each.share) for each in found.effects] == [
        ("epochs", pytest.approx(0.8)),
        ("hidden_units", pytest.approx(0.2)),
    ]


def test_gain_is_laid_at_each_parameter():
    """With intervals, as points and as shares, the greatest first; and what epochs alone bring."""
    numbers = {
        "7": 150, "baseline": 250, "7-hidden_units-of-baseline": 170, "7-batch_size-of-baseline": 160,
        "7-epochs-of-baseline": 230, "baseline-epochs-of-7": 170,
    }  # fmt: skip
    attributes = explained(numbers)
    found = explanation_of(attributes, SETTINGS)
    assert found.gain.mean == pytest.approx(0.01)
    effects = {each.parameter: (each.winner, each.baseline, each.gain.mean, each.share) for each in found.effects}
    assert list(effects) == ["epochs", "hidden_units", "batch_size"]
    assert effects["epochs"] == (20, 5, pytest.approx(0.008), pytest.approx(0.8))
    assert effects["hidden_units"] == (1024, 512, pytest.approx(0.002), pytest.approx(0.2))
    assert all(each.gain.low < each.gain.mean < each.gain.high for each in found.effects)
    assert found.longer.startswith("+0.80 (")
    assert found.seconds == 36.0
    assert "the baseline trained for as many epochs as the winner gains +0.80 (" in found.told("images")
    assert [row[0] for row in found.rows] == ["epochs", "hidden_units", "batch_size"]
    assert not lacks_explanation(attributes, SETTINGS)


def test_single_parameter_has_the_whole_gain():
    """Set back, such a winner is the baseline: nothing between them is trained."""
    wide = Candidate(7, BUILT_IN.baseline | {"hidden_units": 1024}, 0.985)
    found = explanation_of(explained({"7": 150, "baseline": 250}, wide), SETTINGS)
    assert [(each.parameter, each.share) for each in found.effects] == [("hidden_units", 1.0)]
    assert found.longer is None
    assert found.told("images").endswith("it trains as many epochs as the baseline.")


def test_share_of_no_gain_is_none():
    """Where the winner is not ahead on the validation images, there is nothing to share."""
    wide = Candidate(7, BUILT_IN.baseline | {"hidden_units": 1024}, 0.985)
    found = explanation_of(explained({"7": 250, "baseline": 250}, wide), SETTINGS)
    assert found.effects[0].share is None
    assert found.rows[0][-1] == "-"
    found = explanation_of(explained({"7": 249, "baseline": 250}, wide), SETTINGS)
    assert (found.gain.mean > 0, found.gain.low > 0, found.effects[0].share) == (True, False, None)


def test_configuration_that_does_not_train_is_a_finding_too():
    """Its row says why there are no points; it is not trained again and again."""
    attributes = explained({"7": 1, "baseline": 2, "7-hidden_units-of-baseline": 3, "7-batch_size-of-baseline": 4,
                            "7-epochs-of-baseline": 5, "baseline-epochs-of-7": 6})  # fmt: skip
    key = networks_to_explain(evidence_of(attributes), SETTINGS)[7].key
    attributes[key] = {FAILURE: "diverged at epoch 1", SECONDS: 1.0}
    found = explanation_of(attributes, SETTINGS)
    assert found.rows[0] == ("hidden_units", "1024", "512", "diverged at epoch 1", "-")
    assert found.effects[1].gain is not None
    assert not lacks_explanation(attributes, SETTINGS)


def test_side_that_does_not_train_leaves_it_unexplained():
    """Without the winner, or the baseline, on the split there is no gain to lay anywhere."""
    attributes = explained({"7": 1, "baseline": 2, "7-hidden_units-of-baseline": 3, "7-batch_size-of-baseline": 4,
                            "7-epochs-of-baseline": 5, "baseline-epochs-of-7": 6})  # fmt: skip
    key = networks_to_explain(evidence_of(attributes), SETTINGS)[0].key
    attributes[key] = {FAILURE: "diverged at epoch 1", SECONDS: 1.0}
    assert explanation_of(attributes, SETTINGS) is None
    assert not lacks_explanation(attributes, SETTINGS)


def test_epochs_alone_are_told_as_such():
    """Where the two differ in nothing else, the baseline trained as long is the winner."""
    longer = Candidate(7, BUILT_IN.baseline | {"epochs": 20}, 0.985)
    found = explanation_of(explained({"7": 150, "baseline": 250}, longer), SETTINGS)
    assert found.longer.startswith("+1.00 (")
    assert [(each.parameter, each.share) for each in found.effects] == [("epochs", 1.0)]
