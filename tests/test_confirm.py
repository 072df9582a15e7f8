"""The confirmation: which networks are trained again, in which order, and what is recorded of them."""

import functools
import hashlib
import math
import shutil
from pathlib import Path

import pytest
from confirmations import THE_BASELINE

from search.confirmation.alpha import ANALYSES, Analysis
from search.confirmation.candidates import TESTED, are_best
from search.confirmation.confirmation import Confirmation
from search.confirmation.evidence import WRONG
from search.confirmation.explanation import explanation_of, lacks_explanation, most_to_explain
from search.confirmation.extent import GOAL, Extent, is_confirmed
from search.confirmation.goal import Goal
from search.confirmation.record import CONFIRMATION, LOOKS, evidence_of, fresh_seeds
from search.confirmation.stopping import Limits, spread_networks
from search.confirmation.verdict import Word, compare
from search.confirmation.wording import json_of, sentence_of
from search.errors import SearchError
from search.storage.address import open_storage
from search.study.settings import Settings
from search.study.study import enqueue, find_study, open_study, settings_of
from search.trials.failures import CRASHED, ERROR, LOST_NODE, OUT_OF_MEMORY, Failure, FailureStore
from search.trials.lifecycle import Trials
from search.trials.live import Measurement, Observer
from search.trials.models import ModelStore
from search.trials.stops import Reason
from trainable.data.dataset import HeldOutSet
from trainable.keys import ALL_DATA, KEEP_FROM
from trainable.mlp.network import initial_weights, keras_bytes
from trainable.mlp.scoring import read_weights, wrong_examples
from trainable.mnist.source import load_held_out
from trainable.problems import BUILT_IN

EXTENT = Extent(candidates=2, seeds=2)
BASELINE_UNITS = 9  # of the models that stand for the baseline's
PARAMETERS = ("hidden_units", "learning_rate", "batch_size", "epochs")


class Recorder(Observer):
    """Writes down what it is told of networks."""

    def __init__(self):
        self.trained, self.lost_ones, self.spared_ones = [], [], []

    def retrained(self, network, done, total):
        self.trained.append((network.title, done, total))

    def lost(self, network, reason):
        self.lost_ones.append((network.title, reason))

    def spared(self, number, total, reason):
        self.spared_ones.append((number, total, reason))


def measurement(accuracy, epoch=1, **changes):
    """What a worker measures."""
    values = {"train_accuracy": 0.5, "seconds": 2.0, "samples_per_second": 100.0, "host": "h", "parameters_count": 9}
    return Measurement(epoch=epoch, val_accuracy=accuracy, **(values | changes))


@pytest.fixture(scope="module")
def held_out():
    """The real test images."""
    return load_held_out()


@functools.cache
def some_model(number, units):
    """The content of one of a few models that have learnt nothing, each with errors of its own."""
    return keras_bytes(initial_weights(784, [units], 10, seed=number))


def model_of(config):
    """The model that the bench's worker hands back for a configuration: neighbours have different ones."""
    units = BASELINE_UNITS if params(config) == BUILT_IN.baseline else 8
    return some_model((config["hidden_units"] + config["seed"]) % 5, units)


ERRORS = {}  # of each of the few models, by its weights


def errors_once(weights, images, labels, *_):
    """The real errors of a model, computed the first time."""
    key = tuple(each.tobytes() for each in weights)
    if key not in ERRORS:
        ERRORS[key] = wrong_examples(weights, images, labels)
    return [*ERRORS[key]]


class Bench:
    """A study, and a worker that reports what it is told to."""

    def __init__(self, folder, study, held_out):
        self.study, self.settings = study, settings_of(study)
        self.models, self._folder, self._held_out = ModelStore(folder, "s"), folder, held_out
        self.looks = 0

    def command(self, goal=4, max_retries=1, extent=EXTENT, limits=Limits(), **options):  # noqa: B008 (frozen)
        """Begin as a new command does."""
        self.observer = Recorder()
        self.failures = FailureStore(self._folder, "s")
        self.trials = Trials(
            self.study, self.settings, goal=goal, models=self.models, failures=self.failures, observer=self.observer,
            max_retries=max_retries, keep=2, is_time_up=limits.is_time_up, enough=limits.reached,
        )  # fmt: skip
        self.work = Confirmation(self.trials, extent, held_out=self._load, **options)
        self.work.take_stock()

    def _load(self):
        self.looks += 1
        return self._held_out

    def search(self, *accuracies):
        """Run trials, the baseline first."""
        for number, accuracy in enumerate(accuracies):
            self.work.ask(f"t{number}")
            self.work.start(f"t{number}")
            self.work.finish(f"t{number}", measurement(accuracy))

    def train(self, key, accuracy_of):
        """Train the next network; return its configuration, or None where there is none."""
        config = self.work.ask(key)
        if config is None:
            return None
        self.work.start(key)
        self.work.report(key, measurement(0.1))
        if config[ALL_DATA] or KEEP_FROM in config:
            self.work.keep_model(key, model_of(config))
        self.work.finish(key, measurement(math.nan if config[ALL_DATA] else accuracy_of(config), epoch=2))
        return config

    def confirm(self, accuracy_of):
        """Train all that is asked for; return the configurations."""
        found = []
        while not self.work.exhausted:
            found.append(self.train(f"n{len(found)}", accuracy_of))
        return found

    @property
    def evidence(self):
        return evidence_of(self.study.user_attrs)


@pytest.fixture
def bench(tmp_path, storage_url, held_out, monkeypatch):
    """A bench on each kind of storage; three networks of the baseline will do."""
    monkeypatch.setattr("search.confirmation.extent.BASELINES", 3)
    monkeypatch.setattr("trainable.mnist.problem.wrong_examples", errors_once)
    settings = Settings(seed=7, sampler="random", pruner="none")
    study = open_study("s", open_storage(storage_url), settings)
    enqueue(study, settings, [])
    made = Bench(tmp_path, study, held_out)
    made.command(goal=4)
    return made


def params(config):
    """The parameters of a configuration."""
    return {name: config[name] for name in PARAMETERS}


def by_units(config):
    """An accuracy that grows with the hidden units; the baseline's is the least."""
    return 0.0 if params(config) == BUILT_IN.baseline else config["hidden_units"] / 10_000


def best_of(bench, first, *others):
    """The parameters of trials, by number."""
    return [bench.settings.space.complete(bench.study.trials[number].params) for number in (first, *others)]


def test_best_configurations_are_trained_with_the_same_fresh_seeds(bench):
    """The best two as the search ranked them, two seeds each: none of the search's own, and no baseline."""
    bench.search(0.97, 0.96, 0.98, 0.99)
    configs = [config for config in bench.confirm(by_units) if not config[ALL_DATA]]
    seeds = fresh_seeds(bench.settings, 2)
    third, second = best_of(bench, 3, 2)
    assert [(params(config), config["seed"]) for config in configs] == [
        (each, seed) for each in (third, second) for seed in seeds
    ]
    assert not {trial.user_attrs["seed"] for trial in bench.study.trials} & set(seeds)


def test_winner_is_chosen_by_the_mean_over_fresh_seeds_and_tested_with_the_baseline(bench):
    """The second best of the search wins where its networks are better; only finalists are trained on all images."""
    bench.search(0.97, 0.96, 0.98, 0.99)
    [second] = best_of(bench, 2)
    configs = bench.confirm(lambda config: 0.999 if params(config) == second else 0.97)
    assert [params(config) for config in configs[4:]] == [second] * 2 + [BUILT_IN.baseline] * 3
    assert [config[ALL_DATA] for config in configs] == [False] * 4 + [True] * 5
    assert bench.evidence.winner.trial == 2
    assert bench.observer.trained[-1] == (f"the baseline again, seed {bench.evidence.final_seeds[2]}, all images", 9, 9)


def test_single_configuration_is_trained_on_no_split(bench):
    """With --confirm-top 1 there is nothing to choose."""
    bench.command(extent=Extent(candidates=1, seeds=2))
    bench.search(0.97, 0.96, 0.98, 0.99)
    configs = bench.confirm(by_units)
    assert [(params(config) == BUILT_IN.baseline, config[ALL_DATA]) for config in configs] == [
        *([(False, True)] * 2),
        *([(True, True)] * 3),
    ]
    assert bench.evidence.winner.trial == 3


def test_without_a_test_the_winner_is_chosen_and_nothing_is_looked_at(bench):
    """No network of all images, no look on record; a later command tests what was chosen, and that stays."""
    untested = Extent(candidates=2, test=False)
    bench.command(extent=untested)
    bench.search(0.97, 0.96, 0.98, 0.99)
    configs = bench.confirm(by_units)
    assert [config[ALL_DATA] for config in configs] == [False] * 4
    chosen = bench.evidence
    assert (chosen.is_complete, chosen.verdict, bench.looks) == (True, None, 0)
    assert not {LOOKS, ANALYSES} & bench.study.user_attrs.keys()
    assert bench.observer.trained[-1][1:] == (4, 4)
    assert is_confirmed(bench.study.user_attrs, bench.study.trials, bench.settings, untested)
    assert not is_confirmed(bench.study.user_attrs, bench.study.trials, bench.settings, EXTENT)
    bench.command(extent=EXTENT)
    assert [config[ALL_DATA] for config in bench.confirm(by_units)] == [True] * 5
    tested = bench.evidence
    assert (tested.winner, tested.verdict is not None, tested.looked) == (chosen.winner, True, 1)
    bench.command(extent=untested)
    assert bench.confirm(by_units) == []
    assert bench.evidence == tested
    assert is_confirmed(bench.study.user_attrs, bench.study.trials, bench.settings, untested)


def test_new_winner_that_is_not_tested_takes_the_place_of_a_verdict(bench):
    """What was tested of another one says nothing of it, but counts as the first verdict where it is tested later."""
    bench.search(0.97, 0.96, 0.98, 0.985)
    bench.confirm(by_units)
    looked = bench.evidence.looked
    bench.command(goal=5, extent=Extent(candidates=2, test=False))
    bench.search(0.999)
    bench.confirm(lambda config: 0.999 if params(config) == best_of(bench, 4)[0] else 0.9)
    assert (bench.evidence.winner.trial, bench.evidence.verdict, bench.evidence.looked) == (4, None, looked)
    bench.command(goal=5, extent=EXTENT)
    bench.confirm(by_units)
    assert bench.evidence.number == 2


def errors_of(monkeypatch, winner, baseline):
    """Let networks make so many errors on the test images: of the winner and of the baseline, a few more each time."""
    made = {"winner": 0, "baseline": 0}

    def wrong(weights, images, labels, *_):
        side = "baseline" if len(weights[1]) == BASELINE_UNITS else "winner"
        made[side] += 1
        own = range(5000, 5020) if side == "winner" else range(6000, 6020)
        return [*range({"winner": winner, "baseline": baseline}[side] + made[side]), *own]

    monkeypatch.setattr("trainable.mnist.problem.wrong_examples", wrong)


@pytest.mark.parametrize(("winner", "word", "networks"), [(100, Word.BETTER, 3), (198, Word.NO_DIFFERENCE, 5)])
def test_second_look_is_only_for_what_the_first_did_not_tell(bench, monkeypatch, winner, word, networks):
    """Two more networks of the winner, or none; either way the sentence says so, and so does what was told before."""
    errors_of(monkeypatch, winner, 200)
    bench.command(extent=Extent(candidates=2))
    bench.search(0.97, 0.96, 0.98, 0.99)
    configs = bench.confirm(by_units)
    evidence = bench.evidence
    assert sum(config[ALL_DATA] and params(config) != BUILT_IN.baseline for config in configs) == networks
    assert (evidence.verdict.word, evidence.networks_compared) == (word, (networks, 3))
    assert [(look.candidates, look.seeds, look.verdict) for look in evidence.looks if look.verdict] == [
        ((evidence.winner.name,), size, 1) for size in ((3,) if networks == 3 else (3, 2))
    ]
    assert [each.sizes for each in evidence.analyses] == [(3, 5)]
    spared = [(2, 12, "the first look at the test images was clear")] if networks == 3 else []
    assert bench.observer.spared_ones == spared
    assert is_confirmed(bench.study.user_attrs, bench.study.trials, bench.settings, Extent(candidates=2))


@pytest.mark.parametrize(("workers", "sizes"), [(8, (5,)), (7, (3, 5)), (1, (3, 5))])
def test_there_is_one_look_where_a_second_would_make_idle_workers_wait(bench, workers, sizes):
    """The five and the baseline's three have a worker each; what is laid down stays, whoever carries it on."""
    bench.command(extent=Extent(candidates=2), workers=lambda: workers)
    bench.search(0.97, 0.96, 0.98, 0.99)
    for number in range(4):
        bench.train(f"n{number}", by_units)
    assert bench.work.ask("first of the winner")[ALL_DATA]
    assert [each.sizes for each in bench.evidence.analyses] == [sizes]
    bench.command(extent=Extent(candidates=2), workers=lambda: 1)
    bench.confirm(by_units)
    assert [each.sizes for each in bench.evidence.analyses] == [sizes]
    assert bench.evidence.verdict.confidence == pytest.approx(1 - 0.04 / len(sizes))


def test_what_a_verdict_is_taken_from_is_laid_down_before_it_is_seen(bench):
    """When the first network of the winner is asked for, and not before there is a winner."""
    bench.search(0.97, 0.96, 0.98, 0.99)
    for number in range(4):
        assert ANALYSES not in bench.study.user_attrs
        bench.train(f"n{number}", by_units)
    bench.work.ask("the winner's")
    assert [each["number"] for each in bench.study.user_attrs[ANALYSES]] == [1]
    assert LOOKS not in bench.study.user_attrs


def test_networks_that_are_tested_have_seeds_of_their_own(bench):
    """The luck by which a candidate was chosen is not its luck on the test images; each one's errors are its own."""
    bench.search(0.97, 0.96, 0.98, 0.99)
    configs = [config for config in bench.confirm(by_units) if config[ALL_DATA]]
    evidence = bench.evidence
    assert not set(evidence.seeds) & set(evidence.final_seeds)
    assert {config["seed"] for config in configs} == set(evidence.final_seeds)
    for config in configs:
        name = "baseline" if params(config) == BUILT_IN.baseline else evidence.winner.name
        images = bench._load()
        errors = wrong_examples(read_weights(model_of(config)), images.x, images.y)
        assert evidence.tested[name, config["seed"]][WRONG] == errors
        if config["seed"] == evidence.final_seeds[0]:
            assert bench.models.final(name).read_bytes() == model_of(config)
    assert evidence.verdict == compare(
        evidence.errors(evidence.winner, 2), evidence.errors(THE_BASELINE, 3), 10_000, 0.96
    )


def test_test_images_are_looked_at_once_for_each_finalist_and_the_study_says_so(bench):
    """A look is recorded with its time before it happens, and the models that are kept are those of the first seed."""
    bench.search(0.97, 0.96, 0.98, 0.99)
    bench.confirm(by_units)
    evidence = bench.evidence
    looks = [(look.candidates, look.seeds) for look in evidence.looks]
    assert looks == [((evidence.winner.name,), 2), (("baseline",), 3)]
    assert evidence.looked == 1
    assert all(look.time.endswith("+00:00") for look in evidence.looks)
    for finalist in evidence.finalists:
        content = bench.models.final(finalist.name).read_bytes()
        tested = evidence.tested[finalist.name, evidence.final_seeds[0]]
        assert tested["sha256"] == hashlib.sha256(content).hexdigest()
        assert "sha256" not in evidence.tested[finalist.name, evidence.final_seeds[1]]
    assert len(list(bench.models.folder.glob("final-*.keras"))) == 2


def test_look_is_recorded_before_the_images_are_read(bench, monkeypatch):
    """A kill while a network is scored leaves the look on record."""
    bench.search(0.97, 0.96, 0.98, 0.99)
    monkeypatch.setattr("trainable.mnist.problem.wrong_examples", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        bench.confirm(by_units)
    assert len(bench.study.user_attrs[LOOKS]) == 1
    assert not [key for key in bench.study.user_attrs if key.startswith(f"{TESTED}:")]


def test_kill_while_finalists_are_scored_is_no_further_look(bench):
    """The next command scores the networks that were announced, and no others."""
    bench.search(0.97, 0.96, 0.98, 0.99)
    for number in range(5):
        bench.train(f"n{number}", by_units)
    looks = bench.study.user_attrs[LOOKS]
    assert [look["seeds"] for look in looks] == [2]
    bench.command()
    assert len(bench.confirm(by_units)) == 4
    assert bench.study.user_attrs[LOOKS][:1] == looks
    assert (len(bench.evidence.looks), bench.evidence.looked) == (2, 1)


def test_idle_workers_begin_with_the_baseline_while_trials_are_in_flight(bench):
    """Who else is confirmed is not known before the last trial has ended."""
    bench.search(0.97, 0.96, 0.98)
    assert bench.work.ask("last")["hidden_units"] != BUILT_IN.baseline["hidden_units"]
    bench.work.start("last")
    for key in "abc":
        config = bench.train(key, by_units)
        assert (params(config), config[ALL_DATA]) == (BUILT_IN.baseline, True)
    assert bench.work.ask("d") is None
    assert not bench.work.exhausted
    assert CONFIRMATION not in bench.study.user_attrs
    bench.work.finish("last", measurement(0.99))
    assert params(bench.work.ask("d")) == best_of(bench, 3)[0]


def test_winner_is_waited_for(bench):
    """While the last network of the split runs, idle workers train the baseline, and then wait."""
    bench.search(0.97, 0.96, 0.98, 0.99)
    for number in range(3):
        bench.train(f"n{number}", by_units)
    assert not bench.work.ask("last")[ALL_DATA]
    bench.work.start("last")
    for number in range(3):
        config = bench.train(f"f{number}", by_units)
        assert (params(config), config[ALL_DATA]) == (BUILT_IN.baseline, True)
    assert bench.work.ask("f3") is None
    assert not bench.work.exhausted
    bench.work.finish("last", measurement(0.5))
    assert params(bench.train("f3", by_units)) != BUILT_IN.baseline


def test_first_look_is_waited_for(bench, monkeypatch):
    """While its last network runs, it is not known whether there is a second one."""
    errors_of(monkeypatch, 198, 200)
    bench.command(extent=Extent(candidates=1))
    bench.search(0.97, 0.96, 0.98, 0.99)
    one = bench.work.ask("one")
    bench.work.start("one")
    for number in range(5):
        bench.train(f"n{number}", by_units)
    assert bench.work.ask("next") is None
    assert not bench.work.exhausted
    bench.work.keep_model("one", model_of(one))
    bench.work.finish("one", measurement(math.nan))
    assert bench.work.ask("next")[ALL_DATA]


def test_nothing_is_trained_twice_after_a_kill(bench):
    """A new command asks only for what the study lacks, and nothing once it has the verdict."""
    bench.search(0.97, 0.96, 0.98, 0.99)
    first = [bench.train(f"n{number}", by_units) for number in range(4)]
    bench.work.ask("lost with the driver")
    bench.command()
    rest = bench.confirm(by_units)
    keys = [(config["seed"], config[ALL_DATA], config["hidden_units"]) for config in first + rest]
    assert len(keys) == len(set(keys)) == 9
    assert is_confirmed(bench.study.user_attrs, bench.study.trials, bench.settings, EXTENT)
    recorded = dict(bench.study.user_attrs)
    bench.command()
    assert bench.work.exhausted
    assert bench.study.user_attrs == recorded


def test_more_trials_add_only_the_new_candidates_networks(bench):
    """A further best trial is confirmed against what is known; its verdict is the second one, and stricter."""
    bench.search(0.97, 0.96, 0.98, 0.99)
    bench.confirm(lambda _: 0.9)
    [before] = bench.evidence.analyses
    bench.command(goal=5)
    assert not bench.work.exhausted
    bench.search(0.995)
    assert not is_confirmed(bench.study.user_attrs, bench.study.trials, bench.settings, EXTENT)
    [new] = best_of(bench, 4)
    configs = bench.confirm(lambda _: 0.95)
    assert [(params(config), config[ALL_DATA]) for config in configs] == [(new, False)] * 2 + [(new, True)] * 2
    assert [look.candidates for look in bench.evidence.looks] == [("3",), ("baseline",), ("4",)]
    assert (bench.evidence.looked, bench.evidence.number) == (2, 2)
    assert bench.evidence.analyses == (before, Analysis("4", (2,), 2))
    assert bench.evidence.verdict.confidence == pytest.approx(0.995)
    assert [bench.models.final(name) is not None for name in ("3", "4", "baseline")] == [True, True, True]


def test_verdict_on_a_winner_that_stays_is_not_made_anew(bench):
    """More trials, and the same configuration wins: nothing is trained but what the choice takes, nothing is spent."""
    bench.search(0.97, 0.96, 0.98, 0.99)
    bench.confirm(by_units)
    verdict, analyses = bench.evidence.verdict, bench.evidence.analyses
    bench.command(goal=5)
    bench.search(0.985)
    [third] = best_of(bench, 3)
    configs = bench.confirm(lambda _: 0.0)
    assert [config[ALL_DATA] for config in configs] == [False] * 2
    assert (bench.evidence.verdict, bench.evidence.analyses) == (verdict, analyses)
    assert bench.evidence.winner.params == third


def test_verdict_that_was_never_seen_spends_nothing(bench):
    """A confirmation that more trials cut short: the next one is the first still."""
    bench.search(0.97, 0.96, 0.98, 0.99)
    for number in range(5):
        bench.train(f"n{number}", by_units)
    assert [each.number for each in bench.evidence.analyses] == [1]
    bench.command(goal=5)
    bench.search(0.995)
    bench.confirm(lambda config: 0.99 if params(config) == best_of(bench, 4)[0] else 0.5)
    assert [(each.candidate, each.number) for each in bench.evidence.analyses] == [("3", 1), ("4", 1)]


def test_lost_network_is_trained_again(bench):
    """A lost worker costs an attempt, a preempted one none; the results are as if nothing had been."""
    bench.search(0.97, 0.96, 0.98, 0.99)
    config = bench.work.ask("a")
    bench.work.start("a")
    bench.work.fail("a", Failure(CRASHED, "", retried=True))
    assert bench.work.ask("b") == config
    bench.work.fail("b", Failure(LOST_NODE, "", retried=True, counted=False))
    assert len(bench.confirm(by_units)) == 9
    assert bench.evidence.verdict is not None
    assert [reason for _, reason in bench.observer.lost_ones] == ["crashed: trained again", "lost node: trained again"]


def test_network_that_cannot_be_trained_is_left_to_the_next_command(bench):
    """After its retries it is not asked again, and nothing false is recorded; the others are trained meanwhile."""
    bench.search(0.97, 0.96, 0.98, 0.99)
    for key in "ab":
        bench.work.ask(key)
        bench.work.fail(key, Failure(CRASHED, "the worker's last words", retried=True))
    assert len(bench.confirm(by_units)) == 3 + 3
    assert bench.evidence.verdict is None
    [story] = bench.failures.folder.iterdir()
    assert story.name == f"confirmed-3-{bench.evidence.seeds[0]}.txt"
    assert "the worker's last words" in story.read_text()
    bench.command()
    assert len(bench.confirm(by_units)) == 1 + 2
    assert bench.evidence.verdict is not None


@pytest.mark.parametrize("before", [0, 6], ids=["a candidate's", "the baseline's"])
@pytest.mark.parametrize("reason", [OUT_OF_MEMORY, f"{ERROR}: ValueError: upside down"])
def test_network_that_an_error_ends_is_left_to_the_next_command(bench, before, reason):
    """The configuration was trained before, so that another time may go well: nothing is recorded against it."""
    bench.search(0.97, 0.96, 0.98, 0.99)
    for number in range(before):
        bench.train(f"n{number}", by_units)
    failed = bench.work.ask("x")
    assert (params(failed) == BUILT_IN.baseline) is (before == 6)
    bench.work.fail("x", Failure(reason, "a traceback"))
    bench.confirm(by_units)
    assert bench.observer.lost_ones[-1][1] == f"{reason}: left to the next command"
    assert not is_confirmed(bench.study.user_attrs, bench.study.trials, bench.settings, EXTENT)
    assert not any(bench.evidence.failure(each) for each in bench.evidence.candidates)
    bench.command()
    assert bench.confirm(by_units)[0] == failed
    assert bench.evidence.verdict is not None


def test_networks_that_fail_alike_stop_the_command(bench):
    """The next ones would, too; one that ends well in between begins the row anew. A later command trains them all."""
    full = Failure("the disk is full: /tmp", "", retried=True, counted=False, remedy="make room")
    bench.search(0.97, 0.96, 0.98, 0.99)
    for failure in (Failure(f"{ERROR}: ImportError: no"), full):
        bench.command()
        for number in range(5):
            if number == 2:
                bench.train("good", by_units)
            bench.work.ask(str(number))
            if number == 4:
                with pytest.raises(SearchError, match="3 attempts failed alike, and none of them counts: "):
                    bench.work.fail("4", failure)
            else:
                bench.work.fail(str(number), failure)
    bench.command()
    assert len(bench.confirm(by_units)) == 7
    assert bench.evidence.verdict is not None


def test_baseline_that_diverges_leaves_the_study_without_a_verdict(bench):
    """The same seed would diverge again: it is on record, and no further network is trained for nothing."""
    bench.search(0.97, 0.96, 0.98, 0.99)
    for number in range(6):
        bench.train(f"n{number}", by_units)
    assert params(bench.work.ask("x")) == BUILT_IN.baseline
    bench.work.finish("x", measurement(math.nan, failure="diverged at epoch 1"))
    for _ in range(2):
        assert bench.confirm(by_units) == []
        assert sentence_of(bench.evidence) == "no verdict: the baseline diverged at epoch 1"
        bench.command()


def test_verdict_is_not_made_of_fewer_networks_afterwards(bench):
    """A later command that asks for less keeps what the study has: one cannot choose among verdicts."""
    bench.search(0.97, 0.96, 0.98, 0.99)
    bench.confirm(by_units)
    attributes = bench.study.user_attrs
    assert Extent.wanted(1, 2, attributes) == EXTENT
    assert Extent.wanted(None, None, attributes) == EXTENT
    assert Extent.wanted(None, 4, attributes) == Extent(2, 4)
    assert Extent.wanted(None, None, {}) == Extent(3, None)


def test_two_looks_are_no_fewer_networks_than_they_may_come_to(bench):
    """Five at once, or fewer, are not asked of a study that has two looks; more are, at once."""
    bench.command(extent=Extent(2))
    bench.search(0.97, 0.96, 0.98, 0.99)
    bench.confirm(by_units)
    wishes = {seeds: Extent.wanted(None, seeds, bench.study.user_attrs).seeds for seeds in (None, 2, 5, 6)}
    assert wishes == {None: None, 2: None, 5: None, 6: 6}


@pytest.mark.parametrize(
    ("wanted", "options", "expected"),
    [
        (Extent(3, 5), (None, None), Extent(3, 5)),
        (Extent(3), (None, None), Extent(3, None)),
        (Extent(3, 5), (1, 2), Extent(1, 2)),
        (Extent(1, 2), (None, None), Extent(1, 2)),
        (Extent(1, 4), (2, None), Extent(2, 4)),
        (None, (None, None), Extent()),
    ],
)
def test_verdict_is_of_as_many_as_were_wanted_even_where_there_were_fewer(bench, wanted, options, expected):
    """A first command with few trials does not make the verdict on many small: its design holds what there was."""
    bench.command(goal=2, extent=Extent(3, 2))
    bench.search(0.97, 0.98)
    bench.confirm(by_units)
    assert len(bench.evidence.candidates) == 1 + 1
    goal = Goal(2, wanted, workers=1)
    assert Extent.wanted(*options, bench.study.user_attrs | {GOAL: goal.to_json()}) == expected


def test_more_seeds_are_a_further_verdict(bench):
    """Of the same winner, on the networks that there are and the new ones, with less error allowed."""
    bench.search(0.97, 0.96, 0.98, 0.99)
    bench.confirm(by_units)
    bench.command(extent=Extent(2, 4))
    assert len(bench.confirm(by_units)) == 2
    evidence = bench.evidence
    assert [(each.sizes, each.number) for each in evidence.analyses] == [((2,), 1), ((4,), 2)]
    assert (evidence.looked, evidence.networks_compared, evidence.number) == (2, (4, 3), 2)
    model = bench.models.final(evidence.winner.name).read_bytes()
    assert hashlib.sha256(model).hexdigest() == evidence.tested[evidence.winner.name, evidence.final_seeds[0]]["sha256"]


def test_same_configuration_again_is_the_same_candidate(bench):
    """A trial that repeats another's parameters, and does better, adds no network to train and no look."""
    bench.search(0.97, 0.96, 0.98, 0.99)
    bench.confirm(by_units)
    recorded = bench.evidence
    bench.command(goal=5)
    bench.study.enqueue_trial(bench.study.trials[3].params)
    bench.search(0.999)
    assert bench.confirm(by_units) == []
    assert bench.evidence == recorded
    assert are_best(recorded.candidates, bench.study.trials, bench.settings)


def test_network_of_a_candidate_that_has_failed_meanwhile_is_not_scored(bench):
    """Where one final network diverges, another of the same candidate in training is dropped, and another wins."""
    bench.search(0.97, 0.96, 0.98, 0.99)
    third, second = best_of(bench, 3, 2)
    scores = {str(third): 0.98, str(second): 0.97}
    for number in range(4):
        bench.train(f"n{number}", lambda config: scores.get(str(params(config)), 0.9))
    one, other = bench.work.ask("one"), bench.work.ask("other")
    assert params(one) == params(other) == third
    bench.work.finish("one", measurement(math.nan, failure="diverged at epoch 1"))
    bench.work.keep_model("other", model_of(other))
    bench.work.finish("other", measurement(math.nan))
    assert LOOKS not in bench.study.user_attrs
    bench.confirm(by_units)
    assert [look.candidates for look in bench.evidence.looks] == [("2",), ("baseline",)]
    assert [(each.candidate, each.number) for each in bench.evidence.analyses] == [("3", 1), ("2", 1)]


def test_networks_of_a_lost_runtime_are_trained_again(bench):
    """Taking stock forgets what was in training, and says so."""
    bench.search(0.97, 0.96, 0.98, 0.99)
    first = bench.work.ask("a")
    bench.work.take_stock()
    assert bench.work.ask("b") == first
    assert [reason for _, reason in bench.observer.lost_ones] == ["interrupted: trained again"]


def test_trial_that_is_lost_while_the_baseline_is_confirmed_is_asked_again(bench):
    """The confirmation waits for its successor."""
    bench.search(0.97, 0.96, 0.98)
    lost = bench.work.ask("last")
    bench.train("a", by_units)
    bench.work.fail("last", Failure(LOST_NODE, "", retried=True, counted=False))
    assert params(bench.work.ask("again")) == params(lost)
    bench.work.finish("again", measurement(0.99))
    assert len(bench.confirm(by_units)) == 8


def test_held_out_set_that_cannot_be_loaded_is_no_look(bench):
    """Only what was seen is counted."""
    bench.search(0.97, 0.96, 0.98, 0.99)
    bench.work._ledger._held_out = lambda: (_ for _ in ()).throw(SearchError("no test images"))
    with pytest.raises(SearchError, match="no test images"):
        bench.confirm(by_units)
    assert LOOKS not in bench.study.user_attrs


def test_candidate_that_diverges_cannot_win(bench):
    """The next best wins."""
    bench.search(0.97, 0.96, 0.98, 0.99)
    [third, second] = best_of(bench, 3, 2)
    config = None
    while config is None or params(config) != third:
        if config is not None:
            bench.work.finish("x", measurement(0.9))
        config = bench.work.ask("x")
    bench.work.finish("x", measurement(0.9, failure="diverged at epoch 1"))
    bench.confirm(lambda config: 0.99 if params(config) == third else 0.98 if params(config) == second else 0.9)
    assert bench.evidence.winner.trial == 2
    [entry] = [each for each in json_of(bench.evidence)["candidates"] if each["trial"] == 3]
    assert entry["failure"] == "diverged at epoch 1"


def test_configuration_that_is_worse_than_the_baseline_is_told_so(bench, monkeypatch):
    """What won is compared in any case, and its model is not the one to take away."""
    errors_of(monkeypatch, 400, 200)
    bench.search(0.97, 0.96, 0.965, 0.96)
    bench.confirm(by_units)
    assert bench.evidence.verdict.word == Word.WORSE
    assert bench.evidence.taken == THE_BASELINE
    assert bench.models.final("baseline") is not None


def test_networks_of_configurations_that_a_study_lacks_are_told(bench):
    """A short study may have fewer than are confirmed; the count does not jump when the last trials end."""
    bench.command(goal=2)
    bench.search(0.97)
    bench.work.ask("last")
    bench.work.start("last")
    bench.work.finish("last", measurement(0.96))
    bench.confirm(by_units)
    assert [counted for _, *counted in bench.observer.trained] == [[1, 9], *([done, 5] for done in range(2, 6))]
    assert bench.observer.spared_ones == [(4, 9, "there is 1 configuration besides the baseline to confirm")]


def test_networks_of_a_configuration_that_failed_are_not_counted_as_trained(bench):
    """Its other networks are not trained: the count does not jump over them."""
    bench.search(0.97, 0.96, 0.98, 0.99)
    bench.work.ask("x")
    bench.work.start("x")
    bench.work.finish("x", measurement(0.9, failure="diverged at epoch 1"))
    bench.confirm(by_units)
    assert [counted for _, *counted in bench.observer.trained] == [[1, 9], *([done, 8] for done in range(2, 9))]
    assert bench.observer.spared_ones == [(1, 9, "a configuration that failed cannot win")]


def test_networks_that_a_search_has_to_know_are_trained_before_its_trials(bench):
    """The baseline's on the split, each once; then the trials, and what is confirmed."""
    first = spread_networks(bench.settings)[:2]
    bench.command(first=first)
    for each in first:
        config = bench.train(f"first {each.seed}", lambda _: 0.97)
        assert (params(config), config["seed"], config[ALL_DATA]) == (BUILT_IN.baseline, each.seed, False)
    bench.search(0.97, 0.96, 0.98, 0.99)
    assert len(bench.confirm(by_units)) == 9
    assert [counted for _, *counted in bench.observer.trained] == [[done, 11] for done in range(1, 12)]
    bench.command(first=first)
    assert bench.work.exhausted


def test_nothing_is_confirmed_where_nothing_is_to_be(bench):
    """With --no-confirm a search may have to know something all the same."""
    bench.command(extent=None, first=spread_networks(bench.settings)[:1])
    bench.train("first", lambda _: 0.97)
    began = bench.work.first_started
    bench.search(0.97, 0.96, 0.98, 0.99)
    assert bench.work.exhausted
    assert bench.evidence is None
    assert bench.work.first_started == began  # training began with the network, not with the first trial


def test_why_a_search_ends_is_told_before_its_best_are_confirmed(bench):
    """Once, and only where the study lacks trials: the confirmation can take long."""
    told = []
    bench.command(goal=9, limits=Limits(value=0.985), tell_stop=lambda *stop: told.append(stop))
    bench.search(0.97, 0.96, 0.98, 0.99)
    bench.train("first", by_units)
    assert told == [(Reason.REACHED, "trial 3 reached 0.9900: 0.985 is enough")]
    bench.confirm(by_units)
    assert len(told) == 1
    bench.command(goal=4, tell_stop=lambda *stop: told.append(stop))
    assert bench.work.exhausted
    assert len(told) == 1


def test_winner_is_explained_after_the_verdict(bench):
    """The winner, the baseline and what lies between them, three networks each, on the validation images alone."""
    bench.command(validation=lambda: bench._held_out)
    bench.search(0.97, 0.96, 0.98, 0.99)
    configs = bench.confirm(by_units)
    winner = bench.evidence.winner.params
    differing = [name for name in PARAMETERS if winner[name] != BUILT_IN.baseline[name]]
    explained = [params(config) for config in configs if config.get(KEEP_FROM) == -math.inf]
    back = [winner | {name: BUILT_IN.baseline[name]} for name in differing]
    longer = BUILT_IN.baseline | {"epochs": winner["epochs"]}
    expected = [winner, BUILT_IN.baseline, *back, *([longer] if longer not in (BUILT_IN.baseline, *back) else [])]
    assert explained == [each for each in expected for _ in range(3)]
    assert len(configs) == 9 + len(explained)
    found = explanation_of(bench.study.user_attrs, bench.settings)
    assert {each.parameter for each in found.effects} == set(differing)
    assert not lacks_explanation(bench.study.user_attrs, bench.settings)
    assert bench.evidence.looked == 1
    spared = most_to_explain(BUILT_IN) - len(explained)
    assert bench.observer.trained[-1][1:] == (9 + len(explained), 9 + len(explained))
    assert sum(number for number, *_ in bench.observer.spared_ones) == spared


def test_study_of_nothing_but_the_baseline_has_nothing_to_confirm(bench):
    """There is no verdict on a configuration against itself."""
    bench.command(goal=1)
    bench.search(0.97)
    assert bench.work.exhausted
    assert bench.evidence is None


def test_test_images_are_read_when_a_final_network_is_scored(bench):
    """Nothing reads them before."""
    bench.search(0.97, 0.96, 0.98, 0.99)
    for number in range(4):
        bench.train(f"n{number}", by_units)
    assert bench.looks == 0
    bench.confirm(by_units)
    assert bench.looks == 5
    assert isinstance(bench._load(), HeldOutSet)


def test_stored_study_keeps_its_verdict_and_is_continued(tmp_path, held_out):
    """One of before there were two looks: nothing is left to do; with a better trial, its networks are of use."""
    file = tmp_path / "studies.db"
    shutil.copy(Path(__file__).parent / "studies/version-0.1.0-verdict.db", file)
    storage = open_storage(f"sqlite:///{file}")
    settings = settings_of(find_study("verdict", storage))
    bench = Bench(tmp_path, open_study("verdict", storage, settings), held_out)
    told = sentence_of(bench.evidence)
    assert told.startswith(
        "trial 1 against the baseline: no difference shown. Test accuracy 0.9781 (0.9695 to 0.9868) against 0.9803 "
        "(0.9736 to 0.9870), -0.22 points (-0.51 to +0.07); 3 networks against 3, verdict 1 of this study, "
        "95 % intervals"
    )
    extent = Extent.wanted(None, None, bench.study.user_attrs)
    assert extent == Extent(2, 3)
    assert is_confirmed(bench.study.user_attrs, bench.study.trials, settings, extent)
    bench.command(goal=5, extent=extent)
    assert bench.work.exhausted
    assert sentence_of(bench.evidence) == told

    bench.command(goal=6, extent=extent)
    bench.search(0.999)
    configs = bench.confirm(lambda _: 0.999)
    new = best_of(bench, 5)[0]
    assert [(params(config), config[ALL_DATA]) for config in configs] == [
        *([(new, False)] * 2),
        *([(new, True)] * 3),
        *([(BUILT_IN.baseline, True)] * 7),  # of ten, three are there
    ]
    evidence = bench.evidence
    assert (evidence.winner.trial, evidence.networks_compared, evidence.number) == (5, (3, 10), 2)
    assert evidence.verdict.confidence == pytest.approx(0.995)
    assert evidence.looked == 2
