"""What trials teach: which parameters matter, where the best lies in the space, what an epoch gained."""

import json
from dataclasses import replace

import optuna
import pytest
from commands import WIDE_SPACE
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import create_trial

from search.study.insight import bounds, insight_of, warnings_of
from search.study.settings import Settings
from search.study.space import Space
from search.study.study import EPOCHS_RUN, IS_BASELINE
from trainable.problems import BUILT_IN

SETTINGS = Settings(seed=1, space=WIDE_SPACE)


def complete(value, params=(), epochs=(), settings=SETTINGS, **attributes):
    """A complete trial with these parameters, the baseline's otherwise."""
    distributions = settings.space.distributions
    values = {name: (BUILT_IN.baseline | dict(params))[name] for name in distributions}
    return create_trial(
        value=value,
        params=values,
        distributions=dict(distributions),
        intermediate_values=dict(enumerate(epochs, start=1)),
        user_attrs={EPOCHS_RUN: len(epochs), **attributes},
    )


def numbered(trials):
    """Trials as a study numbers them."""
    study = optuna.create_study(direction="maximize")
    study.add_trials(trials)
    return study.get_trials(deepcopy=False)


def many(settings=SETTINGS, number=60):
    """Trials of which the learning rate alone decides."""
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler(seed=2))
    for _ in range(number):
        trial = study.ask(dict(settings.space.distributions))
        study.tell(trial, 1 - trial.params["learning_rate"])
    return study.get_trials(deepcopy=False)


def test_parameter_that_decides_is_the_most_important():
    """Importances are shares that add up to 1, the greatest first."""
    insight = insight_of(many(), SETTINGS)
    assert next(iter(insight.importance.shares)) == "learning_rate"
    assert set(insight.importance.shares) == set(SETTINGS.space.distributions)
    assert sum(insight.importance.shares.values()) == pytest.approx(1)
    assert (insight.importance.unknown, insight.importance.rough) == (None, False)


def test_importance_of_few_trials_is_a_hint():
    """Optuna advises five trials at the top, a tenth of all."""
    assert insight_of(many(number=40), SETTINGS).importance.rough
    assert not insight_of(many(number=41), SETTINGS).importance.rough


@pytest.mark.parametrize(
    ("trials", "reason"),
    [
        ([], "0 trials can be compared, and fewer than 10 say nothing"),
        ([complete(0.9 + number / 100) for number in range(9)], "9 trials can be compared"),
        ([complete(0.9) for _ in range(20)], "the trials hardly differ in accuracy"),
        ([complete(0.9) for _ in range(19)] + [complete(0.91)], "the trials hardly differ in accuracy"),
    ],
)
def test_importances_that_cannot_be_known_have_a_reason(trials, reason):
    """Too few trials, and equal ones, say nothing."""
    insight = insight_of(numbered(trials), SETTINGS)
    assert insight.importance.shares is None
    assert insight.importance.unknown.startswith(reason)


def test_space_of_one_configuration_has_no_importances():
    """Where nothing varies, nothing decides, and no bound is too narrow."""
    single = replace(
        SETTINGS, space=Space({"epochs": CategoricalDistribution((5,)), "hidden_units": IntDistribution(512, 512)})
    )
    trials = numbered([complete(0.9 + number / 100, settings=single) for number in range(10)])
    insight = insight_of(trials, single)
    assert insight.importance.unknown == "the space holds a single configuration"
    assert insight.positions == {}


@pytest.mark.parametrize(
    ("params", "warnings"),
    [
        ({}, []),
        ({"learning_rate": 0.0001}, ["the best trial has learning_rate at the lower bound (0.0001): widen it"]),
        ({"learning_rate": 0.000109}, ["the best trial has learning_rate at the lower bound (0.0001): widen it"]),
        ({"learning_rate": 0.000111}, []),
        ({"hidden_units": 2048}, ["the best trial has hidden_units at the upper bound (2048): widen it"]),
        ({"batch_size": 1024}, ["the best trial has batch_size at the largest choice (1024): widen it"]),
        ({"batch_size": 32, "epochs": 20}, [
            "the best trial has batch_size at the smallest choice (32): widen it",
            "the best trial has epochs at the upper bound (20): widen it",
        ]),
    ],
)  # fmt: skip
def test_best_at_the_edge_of_the_space_is_a_warning(params, warnings):
    """Within 2 % of a range, on the scale of the space, or at the last choice, a wider space may hold a better one."""
    assert insight_of(numbered([complete(0.98, params)]), SETTINGS).warnings == warnings


def test_bound_that_cannot_be_widened_is_no_warning():
    """There is no network of 0 units, and none of more than the most that is allowed."""
    space = Space({"hidden_units": IntDistribution(1, 100_000), "epochs": IntDistribution(1, 9)})
    settings = replace(SETTINGS, space=space)
    for hidden_units in (1, 100_000):
        trial = complete(0.9, {"hidden_units": hidden_units, "epochs": 1}, settings=settings)
        assert insight_of(numbered([trial]), settings).warnings == []


@pytest.mark.parametrize(("name", "distribution"), [
    ("batch_size", CategoricalDistribution((32, 64))),
    ("batch_size", CategoricalDistribution((128, 32))),
    ("epochs", IntDistribution(4, 5)),
])  # fmt: skip
def test_best_of_two_values_is_no_warning(name, distribution):
    """One of two is always at an end, so that it says nothing of what lies beyond."""
    settings = replace(SETTINGS, space=Space({name: distribution}))
    for value in bounds(distribution):
        trial = complete(0.98, {name: value}, settings=settings)
        assert insight_of(numbered([trial]), settings).warnings == []


@pytest.mark.parametrize("attributes", [{IS_BASELINE: True}, {}], ids=["trial 0", "found again"])
def test_baseline_that_is_the_best_is_no_warning(attributes):
    """Where the search found nothing better, it did not come to a bound: the baseline merely lies there."""
    space = Space({"hidden_units": IntDistribution(32, 512), "epochs": IntDistribution(5, 20)})
    settings = replace(SETTINGS, space=space)
    assert insight_of(numbered([complete(0.98, settings=settings, **attributes)]), settings).warnings == []
    better = complete(0.99, {"epochs": 9}, settings=settings)
    [warning] = insight_of(numbered([complete(0.98, settings=settings, **attributes), better]), settings).warnings
    assert warning == "the best trial has hidden_units at the upper bound (512): widen it"


@pytest.mark.parametrize(
    ("epochs", "last", "warned"),
    [
        (20, [0.95, 0.96, 0.965, 0.97, 0.975, 0.98], True),
        (20, [0.98, 0.981, 0.981, 0.9805, 0.9812, 0.981], False),
        (20, [0.97, 0.98], True),
        (2, [0.95, 0.96, 0.965, 0.97, 0.975, 0.98], False),
        (2, [0.98, 0.981, 0.981, 0.9805, 0.9812, 0.981], True),
        (2, [0.97, 0.98], True),
    ],
)
def test_epochs_are_widened_the_way_the_last_ones_point(epochs, last, warned):
    """More epochs are no advice where the last ones brought nothing, and fewer none where they still did."""
    settings = replace(SETTINGS, space=Space({"epochs": IntDistribution(2, 20)}))
    trial = complete(0.98, {"epochs": epochs}, epochs=last, settings=settings)
    insight = insight_of(numbered([trial]), settings)
    assert bool(insight.warnings) is warned
    assert warnings_of(trial, settings) == insight.warnings


def test_position_is_a_share_of_the_range():
    """On a log scale the middle is the geometric one; of choices their order counts."""
    space = Space({
        "learning_rate": FloatDistribution(1e-4, 1e-2, log=True),
        "hidden_units": IntDistribution(100, 500),
        "batch_size": CategoricalDistribution((512, 32, 128)),
    })  # fmt: skip
    settings = replace(SETTINGS, space=space)
    trial = complete(0.9, {"learning_rate": 1e-3, "hidden_units": 200}, settings=settings)
    positions = insight_of(numbered([trial]), settings).positions
    assert positions["learning_rate"].from_low == pytest.approx(0.5)
    assert (positions["hidden_units"].from_low, positions["hidden_units"].from_high) == (0.25, 0.75)
    assert positions["batch_size"].from_low == 0.5


def test_gain_is_set_against_all_epochs_trained():
    """Trials that were pruned or failed have cost epochs, too; a running one has so far."""
    trials = [
        complete(0.97, epochs=[0.97] * 5, **{IS_BASELINE: True}),
        complete(0.98, {"epochs": 10}, epochs=[0.98] * 10),
        create_trial(state=optuna.trial.TrialState.PRUNED, user_attrs={EPOCHS_RUN: 3}),
        create_trial(state=optuna.trial.TrialState.FAIL, user_attrs={EPOCHS_RUN: 0}),
        create_trial(state=optuna.trial.TrialState.PRUNED, intermediate_values={1: 0.9, 2: 0.9}),
    ]
    insight = insight_of(numbered(trials), SETTINGS)
    assert insight.epochs == 20
    assert insight.gain == pytest.approx(1.0)
    assert insight.gain_rate == pytest.approx(5.0)


def test_gain_needs_a_baseline():
    """Without one there is nothing to set the best against."""
    insight = insight_of(numbered([complete(0.98, epochs=[0.98])]), SETTINGS)
    assert (insight.gain, insight.gain_rate) == (None, None)


@pytest.mark.parametrize(
    ("epochs", "rising"),
    [
        ([0.95, 0.96, 0.965, 0.97, 0.975, 0.98], True),
        ([0.95, 0.98, 0.981, 0.981, 0.9805, 0.9812, 0.981, 0.9815], False),
        ([0.95, 0.96, 0.97, 0.98, 0.99], None),
    ],
)
def test_best_still_rises_where_its_last_epochs_beat_those_before(epochs, rising):
    """Three epochs are set against the three before them; of fewer than six nothing is said."""
    assert insight_of(numbered([complete(epochs[-1], epochs=epochs)]), SETTINGS).rising is rising


@pytest.mark.parametrize("trials", [[], many()], ids=["none", "many"])
def test_insight_is_json(trials):
    """What goes into the answer for programs is plain JSON, whatever is known."""
    values = insight_of(trials, SETTINGS).to_json()
    assert json.loads(json.dumps(values)) == values
    assert set(values) == {
        "importances", "importances_rough", "importances_unknown", "importances_trials", "importances_epoch",
        "positions", "warnings", "gain", "epochs", "gain_per_100_epochs", "rising",
    }  # fmt: skip
