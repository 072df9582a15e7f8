"""What a study says of its confirmation at each stage, read off plain attributes; nothing is trained."""

import json
from dataclasses import asdict

import confirmations
import optuna
import pytest
from commands import WIDE_SPACE
from confirmations import THE_BASELINE, key_of
from optuna.trial import TrialState

from search.confirmation.alpha import ANALYSES, Analysis, alpha
from search.confirmation.candidates import CONFIRMED, TESTED, Candidate, choose
from search.confirmation.evidence import WRONG
from search.confirmation.looks import compared, occasions
from search.confirmation.price import worst_of
from search.confirmation.record import CONFIRMATION, LOOKS, design_of, evidence_of, fresh_seeds
from search.confirmation.verdict import Word
from search.confirmation.wording import circumstances_of, json_of, method_of, sentence_of
from search.report.findings import remarks
from search.study.settings import Settings
from search.study.study import trial_seed
from trainable.keys import FAILURE, PARAMETERS_COUNT, SECONDS, VAL_ACCURACY
from trainable.parameter import MAX_SEED
from trainable.problems import BUILT_IN

SETTINGS = Settings(seed=5, space=WIDE_SPACE)
WIDE = Candidate(7, BUILT_IN.baseline | {"hidden_units": 1024, "epochs": 20}, 0.983)
NARROW = Candidate(3, BUILT_IN.baseline | {"hidden_units": 64}, 0.982)
DESIGN = design_of([WIDE, NARROW], SETTINGS, split=2, sizes=(3, 5), baselines=4)
SEEDS, FINAL_SEEDS = DESIGN["seeds"], DESIGN["final_seeds"]


def completed(number, val_accuracy, state=TrialState.COMPLETE, **changes):
    """A trial that ended so."""
    params = BUILT_IN.baseline | changes
    trial = optuna.trial.create_trial(
        params=params, distributions=dict(SETTINGS.space.distributions), value=val_accuracy, state=state
    )
    trial.number = number
    return trial


def design(**changes):
    """The attributes of a study whose confirmation has begun."""
    return {CONFIRMATION: DESIGN | changes}


def validated(wide=0.983, narrow=0.975, **changes):
    """And has a validation accuracy of every network."""
    return design(**changes) | confirmations.validated([(WIDE, wide), (NARROW, narrow)], SEEDS, step=1e-5, seconds=2.0)


def scored(wrong=range(150), baseline_wrong=range(210), winner=WIDE, networks=3, number=1, **accuracies):
    """And the errors of the winner and the baseline on the test images: a few more with each seed."""

    def more(errors, own):
        return lambda place: [*errors, *range(own, own + 20), *range(9000, 9011 + place)]

    made = validated(**accuracies)
    return made | confirmations.decided(
        made[CONFIRMATION],
        winner,
        more(wrong, 5000),
        more(baseline_wrong, 6000),
        networks=networks,
        number=number,
        seconds=3.0,
    )


def named(networks):
    """The names and places of the seeds of networks."""
    places = {seed: place for seeds in (SEEDS, FINAL_SEEDS) for place, seed in enumerate(seeds)}
    return [(each.what, each.candidate.name, places[each.seed]) for each in networks]


def test_distinct_configurations_are_chosen_best_first():
    """A configuration that two trials have is one candidate: ranked by the better one, known by the first."""
    trials = [
        completed(1, 0.980, hidden_units=64),
        completed(2, 0.982, hidden_units=1024),
        completed(3, 0.981, hidden_units=64),
        completed(4, 0.979, hidden_units=2000),
        completed(5, 0.985, TrialState.PRUNED, hidden_units=99),
    ]
    assert [each.trial for each in choose(trials, SETTINGS, 2)] == [2, 1]
    chosen = choose(trials, SETTINGS, 9)
    assert [(each.trial, each.val_accuracy) for each in chosen] == [(2, 0.982), (1, 0.980), (4, 0.979)]


def test_baseline_is_not_chosen_because_it_is_confirmed_anyway():
    """Whether it is trial 0 or was found again."""
    trials = [completed(0, 0.99), completed(1, 0.98, hidden_units=64), completed(2, 0.985)]
    assert choose(trials, SETTINGS, 3) == [Candidate(1, BUILT_IN.baseline | {"hidden_units": 64}, 0.98)]
    assert choose(trials[:1], SETTINGS, 3) == []


def test_fresh_seeds_stay_the_same_when_more_are_asked_for():
    """A network that is trained already is not trained for nothing where --confirm-seeds grows."""
    seeds = fresh_seeds(SETTINGS, 30)
    assert fresh_seeds(SETTINGS, 5) == seeds[:5]
    assert len(set(seeds)) == 30
    assert all(0 <= seed < MAX_SEED for seed in seeds)


def test_fresh_seeds_are_not_those_of_trials():
    """The luck that a trial was chosen for does not come back."""
    for seed in (0, 5, 2**31):
        settings = Settings(seed=seed)
        assert not {trial_seed(settings, number) for number in range(2000)} & set(fresh_seeds(settings, 30))


def test_study_without_a_confirmation_has_no_evidence():
    """Its attributes do not say what was to be confirmed."""
    assert evidence_of({"settings": {}}) is None


def test_begun_confirmation_knows_what_is_missing():
    """Every configuration with every seed, and the baseline on all images; nobody has won yet."""
    evidence = evidence_of(design() | {key_of(CONFIRMED, WIDE, SEEDS[0]): {VAL_ACCURACY: 0.98, SECONDS: 2.0}})
    assert evidence.candidates == (THE_BASELINE, WIDE, NARROW)
    baselines = [(TESTED, "baseline", place) for place in range(4)]
    assert named(evidence.missing) == [(CONFIRMED, "7", 1), (CONFIRMED, "3", 0), (CONFIRMED, "3", 1), *baselines]
    assert (evidence.winner, evidence.finalists, evidence.verdict, json_of(evidence)) == (None, [], None, None)
    assert (sentence_of(evidence), evidence.seconds) == ("not confirmed yet", 2.0)


def test_best_mean_of_the_searchs_network_and_the_fresh_ones_wins():
    """One lucky seed does not make a winner: what counts is the mean over all networks of a configuration."""
    assert evidence_of(validated() | {key_of(CONFIRMED, NARROW, SEEDS[1]): {VAL_ACCURACY: 0.985}}).winner == WIDE
    evidence = evidence_of(validated(wide=0.9800, narrow=0.9813))
    assert evidence.val_accuracy(WIDE) == pytest.approx((0.983 + 2 * 0.98 + 1e-5) / 3, abs=1e-6)
    assert evidence.val_accuracy(NARROW) == pytest.approx((0.982 + 2 * 0.9813 + 1e-5) / 3, abs=1e-6)
    assert (evidence.winner, evidence.val_accuracy(THE_BASELINE)) == (NARROW, None)


def test_single_configuration_is_trained_on_no_split():
    """There is nothing to choose: it goes on as the search had it."""
    evidence = evidence_of({CONFIRMATION: design_of([WIDE], SETTINGS, split=2, sizes=(3, 5), baselines=4)})
    assert evidence.winner == WIDE
    assert {each.what for each in evidence.missing} == {TESTED}
    assert [each.candidate for each in evidence.missing] == [WIDE] * 3 + [THE_BASELINE] * 4
    assert "went on as it was" in method_of(evidence)[0]


def test_only_the_winner_and_the_baseline_are_tested():
    """Test images say nothing about candidates that were not chosen."""
    evidence = evidence_of(validated())
    assert evidence.finalists == [WIDE, THE_BASELINE]
    assert named(evidence.missing) == [
        *((TESTED, "7", place) for place in range(3)),
        *((TESTED, "baseline", place) for place in range(4)),
    ]
    assert (evidence.verdict, evidence_of(scored()).missing) == (None, [])


def test_progress_counts_networks():
    """The total is that of the longer way until the first look is clear."""
    stages = (design(), validated(), scored(), scored(range(209)), scored(range(209), networks=5))
    all_stages = [evidence_of(each) for each in stages]
    assert [(each.done, each.total) for each in all_stages] == [(0, 13), (4, 13), (11, 11), (11, 13), (13, 13)]
    assert [each.is_complete for each in all_stages] == [False, False, True, False, True]


def test_verdict_compares_the_winner_with_the_baseline():
    """Sixty test images more, of 10,000, are better, whatever the seed."""
    evidence = evidence_of(scored())
    assert evidence.verdict.word == Word.BETTER
    assert evidence.verdict.difference.mean == pytest.approx(0.006 + 0.00005)
    assert evidence.verdict.first.mean == pytest.approx(1 - 0.0182)
    assert (evidence.networks_compared, evidence.verdict.confidence) == ((3, 4), pytest.approx(0.98))


def test_second_look_is_only_for_what_the_first_did_not_tell():
    """Where the interval holds 0, two more networks are trained; where it does not, they change nothing."""
    unclear = evidence_of(scored(range(209)))
    assert (unclear.verdict, unclear.may_follow) == (None, 0)
    assert named(unclear.missing) == [(TESTED, "7", 3), (TESTED, "7", 4)]
    second = evidence_of(scored(range(209), networks=5))
    assert (second.verdict.word, second.networks_compared) == (Word.NO_DIFFERENCE, (5, 4))
    clear = evidence_of(scored(networks=5))
    assert (clear.verdict.word, clear.networks_compared) == (Word.BETTER, (3, 4))


def test_verdict_that_is_not_laid_down_is_none():
    """What it may be taken from, and how sure it has to be, is on record before there is one."""
    attributes = scored()
    del attributes[ANALYSES]
    evidence = evidence_of(attributes)
    assert (evidence.winner, evidence.analysis, evidence.verdict, evidence.is_complete) == (WIDE, None, None, False)


@pytest.mark.parametrize(("number", "share"), [(1, 0.04), (2, 0.005), (3, 0.0025), (10, 0.01 / 2**9)])
def test_each_further_verdict_may_err_less(number, share):
    """The first may in 4 %, all in 5 % at most; two looks share it."""
    assert alpha(number) == pytest.approx(share)
    assert sum(map(alpha, range(1, 200))) <= 0.05 + 1e-12
    assert Analysis("7", (3, 5), number).confidence == pytest.approx(1 - share / 2)
    assert Analysis("7", (5,), number).confidence == pytest.approx(1 - share)


def test_further_verdict_has_a_wider_interval_and_says_so():
    """The same networks as a second verdict show less."""
    first, second = (evidence_of(scored(number=number)) for number in (1, 2))
    widths = [each.verdict.difference.high - each.verdict.difference.low for each in (first, second)]
    assert widths[1] > 1.2 * widths[0]
    assert "verdict 1 of this study, 98 % intervals" in sentence_of(first)
    assert "verdict 2 of this study, 99.75 % intervals" in sentence_of(second)
    assert "in 0.5 % of studies" in method_of(second)[2]


def test_verdict_that_there_is_stays_although_another_was_made_since():
    """A configuration that wins again is not tested anew, and spends nothing."""
    of_narrow = confirmations.decided(DESIGN, NARROW, lambda _: range(100), lambda _: range(200), number=2)
    analyses = [*scored()[ANALYSES], *of_narrow[ANALYSES]]
    both = scored() | of_narrow | {ANALYSES: analyses}
    assert evidence_of(both).number == 1
    assert evidence_of(both | confirmations.validated([(NARROW, 0.99)], SEEDS)).number == 2


def test_analysis_that_was_only_begun_is_carried_on_unless_another_was_made_since():
    """Nothing was seen of it: where a later verdict was spent, it has to be laid down anew."""
    begun = asdict(Analysis("7", (3, 5), 1))
    assert evidence_of(validated() | {ANALYSES: [begun]}).analysis == Analysis("7", (3, 5), 1)
    of_narrow = confirmations.decided(DESIGN, NARROW, lambda _: range(100), lambda _: range(200))
    since = validated() | of_narrow | {ANALYSES: [begun, *of_narrow[ANALYSES]]}
    assert evidence_of(since).analysis is None


@pytest.mark.parametrize(
    ("noted", "looked", "before"),
    [
        ("", 0, 0),
        ("7", 1, 1),
        ("7 baseline", 1, 1),
        ("baseline 7", 1, 1),
        ("baseline", 1, 0),
        ("7 baseline 3", 2, 2),
        ("7 baseline 7 baseline", 2, 2),
        ("baseline baseline 7", 2, 1),
        ("7+baseline", 1, 1),
        ("7+baseline 7 baseline", 2, 2),
    ],
)
def test_winner_and_baseline_are_one_look(noted, looked, before):
    """They are noted singly, or together as at first; a further look is one at a side that was looked at before."""
    looks = [{"time": "2026-11-24T12:00:00+00:00", "candidates": each.split("+"), "seeds": 3} for each in noted.split()]
    evidence = evidence_of(design() | {LOOKS: looks})
    assert (evidence.looked, len(compared(evidence.looks))) == (looked, before)
    assert [name for occasion in occasions(evidence.looks) for each in occasion for name in each.candidates] == (
        noted.replace("+", " ").split()
    )


def test_looks_of_the_whole_storage_are_told():
    """A look for another study is one at the same images."""
    looks = [{"time": "t", "candidates": [name], "seeds": 3, "verdict": None} for name in ("baseline", "7")]
    attributes = scored() | {LOOKS: looks}
    assert "looked at once for this study" in circumstances_of(evidence_of(attributes))
    assert "looked at 5 times in this storage" in circumstances_of(evidence_of(attributes, 4))
    told = json_of(evidence_of(attributes, 4))
    assert (told["looked"], told["looked_in_storage"]) == (1, 5)


def test_earlier_one_of_equals_wins():
    """As the search ranked them."""
    same = confirmations.validated([(WIDE, 0.98), (NARROW, 0.9805)], SEEDS)
    assert evidence_of(design() | same).winner == WIDE


@pytest.mark.parametrize(("what", "seed"), [(CONFIRMED, SEEDS[1]), (TESTED, FINAL_SEEDS[1])])
def test_candidate_that_failed_cannot_win(what, seed):
    """One network without a result is enough; the next candidate takes its place."""
    attributes = scored() | {key_of(what, WIDE, seed): {FAILURE: "diverged at epoch 2", SECONDS: 1.0}}
    evidence = evidence_of(attributes)
    assert evidence.failure(WIDE) == "diverged at epoch 2"
    assert (evidence.winner, evidence.verdict) == (NARROW, None)
    assert named(evidence.missing) == [(TESTED, "3", place) for place in range(3)]


def test_nothing_is_compared_where_every_configuration_failed():
    """The sentence says so, and no further network is trained."""
    failed = {key_of(CONFIRMED, each, SEEDS[0]): {FAILURE: "diverged at epoch 2"} for each in (WIDE, NARROW)}
    evidence = evidence_of(design() | failed)
    assert (evidence.winner, evidence.missing, evidence.is_complete) == (None, [], True)
    assert sentence_of(evidence).startswith("no verdict: none of the configurations")


def test_no_verdict_without_the_baseline():
    """Where it fails there is nothing to compare with, and the sentence says so."""
    evidence = evidence_of(scored() | {key_of(TESTED, THE_BASELINE, FINAL_SEEDS[2]): {FAILURE: "diverged at epoch 1"}})
    assert (evidence.winner, evidence.verdict, json_of(evidence), evidence.missing) == (None, None, None, [])
    assert sentence_of(evidence) == "no verdict: the baseline diverged at epoch 1"


def test_model_of_a_winner_that_is_worse_is_not_taken():
    """What won on the validation images and lost on the test images is no model to take away."""
    assert evidence_of(scored()).taken == WIDE
    assert evidence_of(scored(range(209), networks=5)).taken == WIDE
    worse = evidence_of(scored(range(300), range(200)))
    assert (worse.verdict.word, worse.taken) == (Word.WORSE, THE_BASELINE)


def test_winner_that_is_behind_is_taken_and_said_to_be_no_gain():
    """Test images choose nothing: without a difference the model is the winner's, whoever was ahead there."""
    ahead, behind = evidence_of(scored(range(209), networks=5)), evidence_of(scored(range(211), networks=5))
    assert (ahead.verdict.word, behind.verdict.word) == (Word.NO_DIFFERENCE, Word.NO_DIFFERENCE)
    assert (behind.taken, ahead.verdict.is_behind, behind.verdict.is_behind) == (WIDE, False, True)
    [told] = [each for each in remarks(behind) if each not in remarks(ahead) and "keep what you have" in each]
    assert told.startswith("The winner is no gain so far: its mean on the test images is below the baseline's")


def test_sentence_says_which_trial_how_much_how_sure_and_at_what_price():
    """One line holds the verdict, both accuracies, the difference, its interval, the networks and the price."""
    attributes = scored()
    for candidate, size in ((WIDE, 814_090), (THE_BASELINE, 407_050)):
        for key in [each for each in attributes if each.startswith(f"{TESTED}:{candidate.name}:")]:
            attributes[key] = {**attributes[key], PARAMETERS_COUNT: size, SECONDS: 12.0 if size > 500_000 else 3.0}
    evidence = evidence_of(attributes)
    difference = evidence.verdict.difference
    text = sentence_of(evidence)
    assert text.startswith("trial 7 against the baseline: better. Test accuracy 0.9818 (")
    assert f"points ({100 * difference.low:+.2f} to {100 * difference.high:+.2f}); 3 networks against 4, " in text
    assert text.endswith(
        ". It trains 20 epochs instead of the baseline's 5, takes 12 s instead of 3.0 s (4.0 times), and has 814,090 "
        "parameters instead of 407,050"
    )
    assert "\n" not in text


def test_price_without_sizes_is_told_without_them():
    """Networks of before do not have theirs on record."""
    assert sentence_of(evidence_of(scored())).endswith(
        "It trains 20 epochs instead of the baseline's 5, takes 3.0 s instead of 3.0 s (1.0 times)"
    )


def test_worst_of_all_networks_is_named():
    """Those of the search, of the split and of all images; each is compared with those on the same images."""
    worst = evidence_of(scored()).worst
    assert (worst.networks, worst.images, worst.is_far) == (6, "test", False)
    assert worst.accuracy == pytest.approx(0.9817)
    explained = scored() | {f"explained:7:{seed}": {WRONG: list(range(400 + seed))} for seed in (1, 2)}
    worst = evidence_of(explained).worst
    assert (worst.networks, worst.images, worst.accuracy) == (8, "validation", pytest.approx(0.9598))
    far = worst_of({"validation": [0.983, 0.984, 0.9835], "test": [0.985, 0.965, 0.9851]})
    assert (far.accuracy, far.images, far.networks, far.is_far) == (0.965, "test", 6, True)
    assert not worst_of({"validation": [0.98, 0.95]}).is_far  # of two, neither is the odd one
    assert worst_of({"test": []}) is None


def test_json_holds_all_that_the_verdict_rests_on():
    """A program reads the words, intervals, candidates, seeds and looks, after a round trip through JSON."""
    looks = [{"time": "2026-11-24T12:00:00+00:00", "candidates": ["7"], "seeds": 3, "verdict": 1}]
    attributes = json.loads(json.dumps(scored() | {LOOKS: looks}))
    found = json.loads(json.dumps(json_of(evidence_of(attributes, 0)), allow_nan=False))
    assert (found["verdict"], found["seeds"], found["looks"]) == ("better", SEEDS, looks)
    assert (found["winner"]["trial"], found["winner"]["params"]) == (7, WIDE.params)
    assert found["baseline"]["trial"] is None
    assert found["winner"]["test_accuracy"]["mean"] == pytest.approx(0.9818)
    assert found["difference"].keys() == {"mean", "low", "high"}
    assert (found["number"], found["confidence"], found["pairs_won"]) == (1, 0.98, 1.0)
    assert found["networks"] == {"winner": 3, "baseline": 4}
    assert found["price"]["winner"]["epochs"] == 20
    assert found["worst"]["networks"] == 6
    assert [each["trial"] for each in found["candidates"]] == [None, 7, 3]
    assert found["candidates"][1]["val_accuracies"] == pytest.approx([0.983, 0.98301])
    assert found["candidates"][1]["search_val_accuracy"] == 0.983
    assert found["notebook"]["mean"] == 0.9765
    assert found["seconds"] == 4 * 2.0 + 7 * 3.0


def test_errors_are_of_the_first_seeds():
    """As many as are asked for, in the order of the seeds."""
    attributes = scored()
    recorded = [attributes[key_of(TESTED, WIDE, seed)][WRONG] for seed in FINAL_SEEDS[:2]]
    assert evidence_of(attributes).errors(WIDE, 2) == recorded


def test_networks_that_say_how_much_a_seed_makes_are_no_part_of_the_evidence():
    """The baseline is not chosen from: its networks on the split have no mean, and their seconds are not counted."""
    spread = {key_of(CONFIRMED, THE_BASELINE, seed): {VAL_ACCURACY: 0.98, SECONDS: 7.0} for seed in SEEDS}
    without, evidence = evidence_of(scored()), evidence_of(scored() | spread)
    assert evidence.seconds == without.seconds
    assert evidence.val_accuracy(THE_BASELINE) is None
    assert json_of(evidence)["baseline"]["val_accuracies"] == [None, None]
