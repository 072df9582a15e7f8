"""The confirmation after the trials: the best configurations and the baseline, trained again with fresh seeds.

The best configurations on the training split, where the mean validation accuracy decides who wins; and, with other
seeds, the winner and the baseline on all training examples: only these are scored on the test examples. Knows
nothing of Ray.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

from search.confirmation.candidates import CONFIRMED, EXPLAINED, TESTED, Network
from search.confirmation.evidence import WRONG, Evidence
from search.confirmation.explanation import most_to_explain, networks_to_explain, why_fewer_explain
from search.confirmation.extent import Extent, why_fewer
from search.confirmation.ledger import Ledger
from search.errors import SearchError
from search.study.instants import ENDED, stamp
from search.study.settings import Settings
from search.study.study import INTERRUPTED
from search.trials.failures import Failure
from search.trials.lifecycle import Trials
from search.trials.live import Measurement, Retraining
from search.trials.stops import STOPS, Reason, note_stop
from trainable.data.dataset import HeldOutSet
from trainable.errors import ModelError
from trainable.keys import ALL_DATA, FAILURE, KEEP_FROM, PARAMETERS_COUNT, SECONDS, SEED, VAL_ACCURACY
from trainable.problem import Problem
from trainable.problems import problem_of


class Confirmation:
    """Asks the trials until they are exhausted, and then what is to be confirmed, by the same calls.

    While the last trials are in flight, idle workers begin with the baseline, which is confirmed in any case. What a
    search has to know before its trials is trained before them.
    """

    def __init__(
        self,
        trials: Trials,
        extent: Extent | None,
        *,
        held_out: Callable[[], HeldOutSet],
        workers: Callable[[], int] = lambda: 1,
        first: Sequence[Network] = (),
        validation: Callable[[], HeldOutSet] | None = None,
        tell_stop: Callable[[Reason, str], None] = lambda *_: None,
        problem: Problem | None = None,
    ) -> None:
        """Follow on these trials.

        Args:
            trials: Asked first; networks have their study, stores, observer and number of retries.
            extent: How much is confirmed; None where nothing is.
            held_out: Loads the test examples; called only when a finalist is to be scored.
            workers: How many networks can be in training at once.
            first: Networks that are trained before the trials.
            validation: Loads the validation examples, where the verdict is to be explained.
            tell_stop: Is told once why no further trial starts, where the study lacks some.
            problem: Scores networks; where nothing is said, the one of the trials' settings.
        """
        self._trials, self._extent, self._observer = trials, extent, trials.observer
        self._workers, self._first, self._validation, self._tell_stop = workers, first, validation, tell_stop
        self._problem = problem or problem_of(trials.settings.problem)
        self._ledger = Ledger(trials, extent, held_out, self._problem)
        self._in_training: dict[str, tuple[Network, Retraining]] = {}
        self._losses: dict[str, int] = {}
        self._put_off: set[str] = set()  # keys of networks that this command cannot train
        self._spared = [0, 0]  # networks of the verdict, and of its explanation, that were told not to be needed
        self._has_ended = False  # whether it is on record why the search ended
        self._ended = 0

    def take_stock(self) -> None:
        """Forget what no worker has any more."""
        self._trials.take_stock()
        for _, training in self._in_training.values():
            self._observer.lost(training, f"{INTERRUPTED}: trained again")
        self._in_training.clear()
        self._ledger.read()

    @property
    def exhausted(self) -> bool:
        """Whether no trial and no network is to be asked, now or later."""
        if not self.has_searched or self._free():
            return False
        evidence = self._ledger.evidence
        is_open = evidence is not None and (evidence.may_follow or (self._validation and not evidence.verdict))
        return not (self._in_training and is_open)

    @property
    def settings(self) -> Settings:
        """The study's, whose space may grow with the trials."""
        return self._trials.settings

    @property
    def has_searched(self) -> bool:
        """Whether no trial is to be asked any more, and none is in flight; why the search ended is on record then."""
        is_over = self._trials.exhausted and not self._trials.in_flight
        if is_over and not self._has_ended:
            self._note_end()
        return is_over

    @property
    def ended(self) -> int:
        """How many trials and networks came to an end."""
        return self._trials.ended + self._ended

    @property
    def training_seconds(self) -> float:
        """What workers spent with training."""
        return self._trials.training_seconds

    @property
    def first_started(self) -> float | None:
        """`time.monotonic()` when the first worker began."""
        return self._trials.first_started

    def ask(self, key: str) -> dict[str, Any] | None:
        """Start a trial or a network; None where it is not yet known what comes next."""
        if self._trials.exhausted:
            free = self._free()
        elif all(each.key in self._put_off | self._ledger.attributes.keys() for each in self._first):
            return self._trials.ask(key)
        else:
            free = self._not_taken(self._first)
        if not free:
            return None
        network = free[0]
        config = {**network.candidate.params, SEED: network.seed, ALL_DATA: network.what == TESTED}
        if network.what == EXPLAINED:
            config[KEEP_FROM] = -math.inf
        title = network.title(self.settings.problem.examples)
        self._in_training[key] = network, Retraining(title, network.candidate.params)
        return config

    def rename(self, key: str, other: str) -> None:
        """Note that the executor calls a trial or a network otherwise from now on."""
        if key in self._in_training:
            self._in_training[other] = self._in_training.pop(key)
        else:
            self._trials.rename(key, other)

    def start(self, key: str) -> None:
        """Note that a worker has begun."""
        if key not in self._in_training:
            self._trials.start(key)
            return
        self._trials.note_start()
        self._observer.retraining(self._in_training[key][1])

    def report(self, key: str, measurement: Measurement) -> bool:
        """Record an epoch of a trial, or note one of a network, which is never stopped before its end."""
        if key not in self._in_training:
            return self._trials.report(key, measurement)
        self._take(self._in_training[key][1], measurement)
        return False

    def keep_model(self, key: str, model: bytes) -> None:
        """Remember a finished model."""
        if key in self._in_training:
            self._in_training[key][1].model = model
        else:
            self._trials.keep_model(key, model)

    def fail(self, key: str, failure: Failure) -> None:
        """Train a lost network again, or leave it to the next command: its configuration was trained before.

        Raises:
            SearchError: Further ones would fail, too.
        """
        if key not in self._in_training:
            self._trials.fail(key, failure)
            return
        network, training = self._in_training.pop(key)
        if failure.story:
            self._trials.failures.write(network.key, failure)
        losses = self._losses[network.key] = self._losses.get(network.key, 0) + failure.counted
        if is_again := failure.retried and losses <= self._trials.max_retries:
            self._observer.lost(training, f"{failure.reason}: trained again")
        else:
            self._put_off.add(network.key)
            self._observer.lost(training, f"{failure.reason}: left to the next command")
        if not is_again or failure.is_want:
            hopeless = self._trials.streak.add(failure, network.key)
            if hopeless:
                raise SearchError(hopeless)

    def finish(self, key: str, last: Measurement) -> None:
        """Record what came of a trial or a network."""
        if key not in self._in_training:
            self._trials.finish(key, last)
            return
        network, training = self._in_training.pop(key)
        self._take(training, last)
        self._trials.streak.break_off()
        self._ended += 1
        if (result := self._result(network, training, last)) is None:
            return  # another network of the candidate has failed meanwhile: nothing but finalists is scored
        self._ledger.record(network.key, {SECONDS: training.seconds, ENDED: stamp()} | result)
        if network in self._first:
            self._trials.weigh_again()
        evidence = self._ledger.evidence
        if evidence is not None and evidence.verdict is not None:
            self._trials.models.keep_only_final([each.name for each in evidence.candidates])
        self._observer.retrained(training, self._done(evidence), self._most - sum(self._spared))
        self._tell_spared(evidence)

    def _result(self, network: Network, training: Retraining, last: Measurement) -> dict[str, Any] | None:
        """Return what is recorded of a network; None where it is of no use any more."""
        try:
            return self._measured(network, training, last)
        except ModelError as error:  # of this network only: it may not end the search
            return {FAILURE: str(error)}

    def _measured(self, network: Network, training: Retraining, last: Measurement) -> dict[str, Any] | None:
        if last.failure:
            return {FAILURE: last.failure}
        if network.what == CONFIRMED:
            return {VAL_ACCURACY: last.val_accuracy}
        model = training.model or b""
        if network.what == EXPLAINED and self._validation is not None:
            return {WRONG: self._problem.wrong(model, self._validation())}
        evidence = self._ledger.evidence
        if evidence is None or network.key not in [each.key for each in evidence.networks]:
            return None
        return {PARAMETERS_COUNT: last.parameters_count} | self._ledger.score(network, model, evidence)

    def _take(self, training: Retraining, measurement: Measurement) -> None:
        training.last = measurement
        training.seconds += measurement.seconds
        self._trials.training_seconds += measurement.seconds

    @property
    def _most(self) -> int:
        """How many networks there are at most."""
        explained = most_to_explain(self.settings.problem) if self._validation else 0
        return len(self._first) + (self._extent.most + explained if self._extent else 0)

    def _done(self, evidence: Evidence | None) -> int:
        """How many of them are trained."""
        others = self._ledger.has([*self._first, *self._to_explain(evidence)])
        return others + (evidence.done if evidence else 0)

    def _tell_spared(self, evidence: Evidence | None) -> None:
        """Tell of networks that are not needed as soon as it is known, so that their number is no surprise."""
        if evidence is None or self._extent is None or not self.has_searched:
            return  # who is confirmed may still change
        spared = [self._extent.most - evidence.total, 0]
        if self._validation and evidence.is_complete:
            spared[1] = most_to_explain(self.settings.problem) - len(self._to_explain(evidence))
        for place, reason in enumerate((why_fewer, why_fewer_explain)):
            if spared[place] > self._spared[place]:
                self._observer.spared(spared[place] - self._spared[place], self._most, reason(evidence))
                self._spared[place] = spared[place]

    def _free(self) -> list[Network]:
        """Return the networks that can be trained now and are not in training."""
        evidence = self._ledger.evidence
        if evidence is None:
            return []
        if not self.has_searched:  # trials in flight may still change who is confirmed besides the baseline
            return self._not_taken([each for each in evidence.missing if each.candidate.name == evidence.baseline.name])
        self._ledger.lay_down(evidence, self._sizes)
        evidence = self._ledger.evidence or evidence
        return self._not_taken(evidence.missing or self._to_explain(evidence))

    def _not_taken(self, networks: Sequence[Network]) -> list[Network]:
        """Return those that have no result, are not in training and were not put off."""
        taken = {each.key for each, _ in self._in_training.values()} | self._put_off | self._ledger.attributes.keys()
        return [each for each in networks if each.key not in taken]

    def _to_explain(self, evidence: Evidence | None) -> list[Network]:
        return networks_to_explain(evidence, self.settings) if self._validation and evidence else []

    def _sizes(self, evidence: Evidence) -> tuple[int, ...]:
        """Return the networks of the winner at each look: all at the first one where a second would make one wait."""
        others = self._not_taken([each for each in evidence.missing if each.candidate.name == evidence.baseline.name])
        idle = self._workers() - len(self._in_training)
        return evidence.sizes[-1:] if idle >= evidence.sizes[-1] + len(others) else evidence.sizes

    def _note_end(self) -> None:
        """Record why the search ended, unless it did so with all its trials before this command."""
        self._has_ended = True
        reason, detail = self._trials.stopped or (Reason.TRIALS, "it has all the trials that were asked for")
        if reason != Reason.TRIALS or self._trials.ended or STOPS not in self._ledger.attributes:
            note_stop(self._trials.study, reason, detail)
        if self._trials.stopped:
            self._tell_stop(reason, detail)
