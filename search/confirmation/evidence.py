"""What a confirmation says: who wins on the validation examples, and how the winner compares with the baseline.

Made from what a study records, see `search.confirmation.record`. Candidates are trained again with fresh seeds on the
training split, and the best mean wins; the winner and the baseline, trained on all examples, are scored on the test
examples. Where that does not tell them apart, some more of the winner are trained, and there is a second look.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from search.confirmation.alpha import Analysis, alpha
from search.confirmation.candidates import CONFIRMED, TESTED, Candidate, Network
from search.confirmation.looks import BASELINE_NAME, Look, compared, occasions
from search.confirmation.price import Cost, Price, Worst, worst_of
from search.confirmation.verdict import Verdict, Word, Wrong, accuracies_of, compare
from trainable.keys import FAILURE, PARAMETERS_COUNT, SECONDS, VAL_ACCURACY
from trainable.problem import ProblemSpec

# Keys of a result, beside those of `trainable.keys`.
WRONG = "wrong"  # positions of the test examples that were classified wrong
SHA256 = "sha256"  # of the kept model, where this network is the one that is kept

DIGITS = 6  # of a mean of shares: what floating point adds is cut off

Results = Mapping[tuple[str, int], Mapping[str, Any]]
"""By a candidate's name and a seed, what came of a network."""


@dataclass(frozen=True)
class Evidence:
    """What is known so far: complete where there is a verdict.

    Attributes:
        problem: What the study is about.
        candidates: The baseline first, then as the search ranked them.
        seeds: Each configuration besides the baseline is trained with each on the training split, where there are
            several to choose from.
        final_seeds: With the first ones of these the winner and the baseline are trained on all training examples.
        sizes: How many networks of the winner there shall be at each look at the test examples.
        baselines: How many of the baseline.
        validated: What came of networks of the training split.
        tested: Likewise of those of all training examples.
        explained: Likewise of those that say why the winner wins, which no verdict takes.
        looks: At the test examples, in order.
        analyses: What verdicts were, or are to be, taken from.
        elsewhere: How often the same examples were looked at for other studies of the storage; None where not known.
    """

    problem: ProblemSpec
    candidates: tuple[Candidate, ...]
    seeds: tuple[int, ...]
    final_seeds: tuple[int, ...]
    sizes: tuple[int, ...]
    baselines: int
    validated: Results
    tested: Results
    explained: Results
    looks: tuple[Look, ...]
    analyses: tuple[Analysis, ...] = ()
    elsewhere: int | None = None

    baseline_may_win: ClassVar[bool] = False  # on the validation examples
    is_tested: ClassVar[bool] = True  # where not, there is a winner, and no verdict

    @property
    def baseline(self) -> Candidate:
        """What the winner is compared with."""
        return self.candidates[0]

    @property
    def networks(self) -> list[Network]:
        """The networks that the verdict takes, as far as is known, those first that others wait for."""
        return self._needed if self._able and not self.failure(self.baseline) else []

    @property
    def missing(self) -> list[Network]:
        """Of these, the ones that have no result yet."""
        return [each for each in self.networks if self._is_missing(each)]

    @property
    def may_follow(self) -> int:
        """How many networks of the winner may be needed beyond those that are known to be."""
        if self.failure(self.baseline) or not self._able or self.verdict is not None:
            return 0
        most = self.analysis.sizes[-1] if self.analysis else self.sizes[-1]
        return most - (self._last_look[0] if self.winner else 0)

    @property
    def is_complete(self) -> bool:
        """Whether no network is needed any more, with a verdict or without one."""
        is_decided = self.verdict is not None or not self._able or self.failure(self.baseline) is not None
        return is_decided and not self.missing

    @property
    def done(self) -> int:
        """How many networks are trained, those of configurations that failed among them."""
        counted = {each.key: each for each in self._needed}
        for failed in filter(self.failure, self.candidates):
            theirs = (*self._on_the_split(failed), *self._networks_of(failed, self._last_look[0]))
            counted |= {each.key: each for each in theirs}
        return sum(not self._is_missing(each) for each in counted.values())

    @property
    def total(self) -> int:
        """How many networks there will be at most."""
        return self.done + len(self.missing) + self.may_follow

    @cached_property
    def winner(self) -> Candidate | None:
        """The configuration with the best mean validation accuracy; None before all are known, or where none is able.

        The baseline is not among those that are chosen from: what is chosen is compared with it.
        """
        able = self._able
        if self.failure(self.baseline) or not able or any(map(self._is_missing, self._split_networks)):
            return None
        return max(able, key=lambda each: self.val_accuracy(each) or 0.0)

    @property
    def finalists(self) -> list[Candidate]:
        """The winner and the baseline, which alone are scored on the test examples; empty before there is one."""
        return [] if self.winner is None else [self.winner, self.baseline]

    @property
    def taken(self) -> Candidate | None:
        """Whose model is to be taken away: the winner's, but for one that is worse than the baseline."""
        return self.baseline if self.verdict is not None and self.verdict.word == Word.WORSE else self.winner

    @property
    def analysis(self) -> Analysis | None:
        """What the verdict on the winner is taken from; None where that is yet to be laid down.

        A verdict that there is stays; one that was only begun is carried on, unless another was made since.
        """
        wanted = (self.winner.name, self.sizes[-1]) if self.winner else None
        ours = [each for each in self._live if (each.candidate, each.sizes[-1]) == wanted]
        return next((each for each in reversed(ours) if self._is_spent(each) or each is self._live[-1]), None)

    @property
    def next_number(self) -> int:
        """Of the next verdict, from 1: after those that used up their share, and those of before they were numbered."""
        before = [look for look in compared(self.looks) if self._has(look.candidates, look.seeds)]
        return 1 + len(before) + sum(map(self._is_spent, self._live))

    @cached_property
    def verdict(self) -> Verdict | None:
        """How the winner compares with the baseline; None before all is known."""
        return self._last_look[1]

    @property
    def looked(self) -> int:
        """How often the test examples were looked at for this study."""
        return len(occasions(self.looks))

    @property
    def seconds(self) -> float:
        """What training took, summed over workers; of networks that say how much a seed makes nothing."""
        split = [each for (name, _), each in self.validated.items() if name != BASELINE_NAME or self.baseline_may_win]
        return float(sum(each.get(SECONDS, 0.0) for each in (*split, *self.tested.values())))

    @property
    def networks_compared(self) -> tuple[int, int]:
        """How many networks of the winner and of the baseline the verdict is on."""
        return self._last_look[0], self.baselines

    @cached_property
    def price(self) -> Price | None:
        """What the winner costs beside the baseline; None without a verdict, or where the baseline won."""
        if self.verdict is None or self.winner is None or self.winner == self.baseline:
            return None
        return Price(self._cost(self.winner), self._cost(self.baseline))

    @property
    def worst(self) -> Worst | None:
        """The worst of all networks of the winner's configuration; None without a winner."""
        if self.winner is None or self.winner == self.baseline:
            return None
        results = (self.explained[key] for key in self.explained if key[0] == self.winner.name)
        errors = [each[WRONG] for each in results if WRONG in each]
        split = [*self.val_accuracies(self.winner), *accuracies_of(errors, self.problem.sizes["val"]).tolist()]
        size = self.networks_compared[0] if self.verdict else 0
        tested = accuracies_of(self.errors(self.winner, size), self.problem.sizes["test"]).tolist()
        return worst_of({"validation": split, "test": tested})

    def val_accuracy(self, candidate: Candidate) -> float | None:
        """Return a candidate's mean validation accuracy over the search's own network and the fresh ones, a share.

        None where there is none: of the baseline, which is not chosen from.
        """
        known = self.val_accuracies(candidate)
        return round(float(np.mean(known)), DIGITS) if known else None

    def val_accuracies(self, candidate: Candidate) -> list[float]:
        """Return the validation accuracies of the search's own network and of the fresh ones, as far as known."""
        all_of_them = (candidate.val_accuracy, *self.fresh_val_accuracies(candidate))
        return [each for each in all_of_them if each is not None]

    def fresh_val_accuracies(self, candidate: Candidate) -> list[float | None]:
        """Return the validation accuracy of a candidate's network of each seed; None where there is none."""
        return [each.get(VAL_ACCURACY) for each in self._split_results(candidate)]

    def errors(self, candidate: Candidate, number: int) -> Wrong:
        """Return the errors on the test examples of a candidate's first networks."""
        return [list(self.tested[candidate.name, seed][WRONG]) for seed in self.final_seeds[:number]]

    def failure(self, candidate: Candidate) -> str | None:
        """Return why a candidate is out, where one of its networks gave no result."""
        tested = (self.tested.get((candidate.name, seed), {}) for seed in self.final_seeds)
        results = [*self._split_results(candidate), *tested]
        return next((str(each[FAILURE]) for each in results if each.get(FAILURE)), None)

    @property
    def number(self) -> int:
        """Of the verdict among those of the study, from 1."""
        return self.analysis.number if self.analysis else self.next_number

    @property
    def looked_in_storage(self) -> int | None:
        """How often the test examples were looked at for any study of the storage; None where that is not known."""
        return None if self.elsewhere is None else self.looked + self.elsewhere

    @property
    def confidence(self) -> float:
        """Of the intervals of the verdict, there already or yet to come, a share."""
        return self.analysis.confidence if self.analysis else 1 - alpha(self.number) / len(self.sizes)

    @property
    def _live(self) -> list[Analysis]:
        """The analyses that count: of those with the same number the last, since the others were given up unseen."""
        return list({each.number: each for each in self.analyses}.values())

    def _is_spent(self, analysis: Analysis) -> bool:
        """Say whether an analysis has looked at what it was made for: its share of mistakes is used up."""
        return self._has([analysis.candidate], analysis.sizes[0]) and self._has([BASELINE_NAME], self.baselines)

    def _has(self, names: Sequence[str], number: int) -> bool:
        """Say whether so many networks of each of these candidates were scored on the test examples."""
        seeds = self.final_seeds[:number]
        return all(WRONG in self.tested.get((name, seed), {}) for name in names for seed in seeds)

    @property
    def _able(self) -> list[Candidate]:
        """The configurations besides the baseline of which no network failed."""
        return [each for each in self.candidates[1:] if not self.failure(each)]

    @property
    def _needed(self) -> list[Network]:
        of_winner = [each for winner in self.finalists[:-1] for each in self._networks_of(winner, self._last_look[0])]
        return [*self._split_networks, *of_winner, *self._networks_of(self.baseline, self.baselines)]

    @property
    def _split_networks(self) -> list[Network]:
        """Those from which the winner is chosen; none where there is nothing to choose."""
        is_choice = len(self.candidates) > len(("the baseline", "one other"))
        return [network for each in self._able for network in self._on_the_split(each)] if is_choice else []

    @cached_property
    def _last_look(self) -> tuple[int, Verdict | None]:
        """How many networks of the winner the last look that is needed takes, and the verdict, if it is complete."""
        winner, analysis = self.winner, self.analysis
        sizes = analysis.sizes if analysis else self.sizes
        verdict = None
        for size in sizes:
            if winner is None or analysis is None:
                return size, None
            wanted = [*self._networks_of(winner, size), *self._networks_of(self.baseline, self.baselines)]
            if any(map(self._is_missing, wanted)):
                return size, None
            sides = self.errors(winner, size), self.errors(self.baseline, self.baselines)
            verdict = compare(*sides, self.problem.sizes["test"], analysis.confidence)
            if verdict.word.is_clear:
                return size, verdict
        return sizes[-1], verdict

    def _split_results(self, candidate: Candidate) -> list[Mapping[str, Any]]:
        """Return what came of a candidate's network of each seed; of one that is not chosen from nothing counts."""
        is_chosen_from = candidate != self.baseline or self.baseline_may_win
        return [self.validated.get((candidate.name, seed), {}) if is_chosen_from else {} for seed in self.seeds]

    def _on_the_split(self, candidate: Candidate) -> list[Network]:
        return [Network(CONFIRMED, candidate, seed) for seed in self.seeds]

    def _networks_of(self, candidate: Candidate, number: int) -> list[Network]:
        return [Network(TESTED, candidate, seed) for seed in self.final_seeds[:number]]

    def _cost(self, candidate: Candidate) -> Cost:
        results = [result for (name, _), result in self.tested.items() if name == candidate.name]
        seconds = float(np.mean([each[SECONDS] for each in results]))
        sizes = [each[PARAMETERS_COUNT] for each in results if PARAMETERS_COUNT in each]
        return Cost(candidate.params["epochs"], seconds, sizes[0] if sizes else None)

    def _is_missing(self, network: Network) -> bool:
        results = self.validated if network.what == CONFIRMED else self.tested
        return (network.candidate.name, network.seed) not in results
