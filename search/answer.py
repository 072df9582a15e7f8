"""What a study holds of its confirmation: which networks were trained again, how they did, and the verdict on them.

All of it is in study attributes, one for each network, so a kill costs no more than the networks in training:
`confirmation` (which candidates and seeds), `confirmed:CANDIDATE:SEED` (a network of the training split, scored on the
validation images), `tested:CANDIDATE:SEED` (one of all training images, with its errors on the test images) and `looks`
(when the test images were looked at, and for whom). Written by `search.confirm`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
from optuna.trial import FrozenTrial

from search.looks import BASELINE_NAME, Look, occasions, title
from search.settings import Settings
from search.study import POINTS, ranked
from search.verdict import NOTEBOOK, Verdict, alone, compare, wilson
from trainable.config import BASELINE, MAX_SEED

# Study user attributes.
CONFIRMATION = "confirmation"
CONFIRMED = "confirmed"
TESTED = "tested"
LOOKS = "looks"

# Keys of their values.
VAL_ACCURACY = "val_accuracy"
WRONG = "wrong"  # indices of the test images that were classified wrong
SECONDS = "seconds"  # of training
SHA256 = "sha256"  # of the kept model, where this network is the one that is kept
FAILURE = "failure"  # in place of a result

TEST_IMAGES = 10_000
OUT_OF_DATE = "the best trials are others since this verdict: the search with a confirmation brings it up to date"
DIGITS = 6  # of a mean of shares of 10,000 images: what floating point adds is cut off


@dataclass(frozen=True)
class Candidate:
    """A configuration that is trained again with fresh seeds.

    Attributes:
        trial: The number of the trial that found it, or None for the baseline.
        params: All four parameters.
    """

    trial: int | None
    params: Mapping[str, Any]

    @property
    def name(self) -> str:
        """What the study's attributes call it."""
        return BASELINE_NAME if self.trial is None else str(self.trial)

    @property
    def title(self) -> str:
        """What people call it."""
        return title(self.name)


THE_BASELINE = Candidate(None, BASELINE.params)


def choose(trials: Sequence[FrozenTrial], settings: Settings, most: int) -> list[Candidate]:
    """Return the best distinct configurations of a study, best first, the baseline's left out.

    A configuration that several trials have is known by the first of them, whichever did best: so a further one adds
    nothing to what is known of it.
    """
    found: dict[tuple[Any, ...], Candidate] = {}
    for trial in ranked(trials):
        params = settings.space.complete(trial.params)
        key = tuple(params.values())
        first = min(trial.number, found[key].trial or 0) if key in found else trial.number
        if params != BASELINE.params:
            found[key] = Candidate(first, params)
    return list(found.values())[:most]


def fresh_seeds(settings: Settings, number: int, *, final: bool = False) -> list[int]:
    """Return seeds of their own for the confirmation; the first ones are the same however many are asked for.

    Args:
        settings: The study's, whose seed decides.
        number: How many.
        final: For the networks that are scored on the test images. Their seeds are others, so that the luck by which a
            candidate was chosen is not its luck on the test images, too.
    """
    keys = ((int(final), each) for each in range(number))
    drawn = (np.random.SeedSequence(settings.seed, spawn_key=key).generate_state(1)[0] for key in keys)
    return [int(seed % MAX_SEED) for seed in drawn]


@dataclass(frozen=True)
class Answer:
    """What is known so far: complete where there is a verdict.

    Attributes:
        candidates: The baseline first, then as the search ranked them.
        seeds: Each candidate is trained with each on the training split.
        final_seeds: As many, with which the finalists are trained on all training images.
        validated: By candidate's name and seed, what came of a network of the training split.
        tested: Likewise of one of all training images.
        looks: At the test images, in order.
    """

    candidates: tuple[Candidate, ...]
    seeds: tuple[int, ...]
    final_seeds: tuple[int, ...]
    validated: Mapping[tuple[str, int], Mapping[str, Any]]
    tested: Mapping[tuple[str, int], Mapping[str, Any]]
    looks: tuple[Look, ...]

    @property
    def unvalidated(self) -> list[tuple[Candidate, int]]:
        """Candidates and seeds that are yet to be trained on the training split, the baseline's first."""
        able = [each for each in self.candidates if not self.failure(each)]
        return _missing(able, self.seeds, self.validated)

    @property
    def untested(self) -> list[tuple[Candidate, int]]:
        """Candidates and seeds that are yet to be trained on all training images; the baseline's are known at once."""
        return _missing(self.finalists or [THE_BASELINE], self.final_seeds, self.tested)

    @property
    def done(self) -> int:
        """How many networks are trained."""
        return self.total - len(self.unvalidated) - len(self.untested) - (0 if self.winner else len(self.seeds))

    @property
    def total(self) -> int:
        """How many networks are to be trained; before there is a winner, as if it were not the baseline."""
        return len(self.seeds) * (len(self.candidates) + (len(self.finalists) or 2))

    @cached_property
    def winner(self) -> Candidate | None:
        """The candidate with the best mean validation accuracy over the fresh seeds; None before all are known."""
        if self.unvalidated:
            return None
        able = [each for each in self.candidates if not self.failure(each)]
        return max(able, key=self.val_accuracy) if THE_BASELINE in able else None

    @property
    def finalists(self) -> list[Candidate]:
        """The winner and the baseline, the only ones that are scored on the test images; empty before there is one."""
        if self.winner is None:
            return []
        return [THE_BASELINE] if self.winner == THE_BASELINE else [self.winner, THE_BASELINE]

    @cached_property
    def verdict(self) -> Verdict | None:
        """How the winner compares with the baseline; None before all is known."""
        if self.winner is None or self.untested:
            return None
        if self.winner == THE_BASELINE:
            return alone(self._wrong(THE_BASELINE), TEST_IMAGES)
        return compare(self._wrong(self.winner), self._wrong(THE_BASELINE), TEST_IMAGES)

    @property
    def looked(self) -> int:
        """How often the test images were looked at."""
        return len(occasions(self.looks))

    @property
    def seconds(self) -> float:
        """What training took, summed over workers."""
        results = [*self.validated.values(), *self.tested.values()]
        return float(sum(each.get(SECONDS, 0.0) for each in results))

    def val_accuracy(self, candidate: Candidate) -> float:
        """Return a candidate's mean validation accuracy over the seeds, a share."""
        accuracies = [self.validated[candidate.name, seed][VAL_ACCURACY] for seed in self.seeds]
        return round(float(np.mean(accuracies)), DIGITS)

    def failure(self, candidate: Candidate) -> str | None:
        """Return why a candidate cannot win, where one of its networks gave no result."""
        for results, seeds in ((self.validated, self.seeds), (self.tested, self.final_seeds)):
            for seed in seeds:
                if reason := results.get((candidate.name, seed), {}).get(FAILURE):
                    return str(reason)
        return None

    def is_of(self, trials: Sequence[FrozenTrial], settings: Settings) -> bool:
        """Say whether the candidates are still the best configurations of a study that may have gone on since."""
        return list(self.candidates[1:]) == choose(trials, settings, len(self.candidates) - 1)

    def to_json(self) -> dict[str, Any] | None:
        """Return the verdict and what it rests on in a form that JSON can hold; None before there is one."""
        if self.winner is None or self.verdict is None:
            return None
        verdict = self.verdict
        difference, test = verdict.difference, verdict.mcnemar
        return {
            "verdict": verdict.word,
            "sentence": self.sentence,
            "winner": self._entry(self.winner) | {"test_accuracy": asdict(verdict.first)},
            "baseline": self._entry(THE_BASELINE) | {"test_accuracy": asdict(verdict.second)},
            "difference": difference and asdict(difference),
            "mcnemar": test and asdict(test) | {"seed": self.final_seeds[test.seed]},
            "notebook": asdict(wilson(NOTEBOOK, TEST_IMAGES)),
            "candidates": [self._entry(each) for each in self.candidates],
            "seeds": list(self.seeds),
            "final_seeds": list(self.final_seeds),
            "looked": self.looked,
            "looks": [asdict(look) for look in self.looks],
            "seconds": round(self.seconds, 3),
        }

    @property
    def sentence(self) -> str:
        """The verdict in a sentence for people; why there is none, where there is none."""
        if (reason := self.failure(THE_BASELINE)) is not None:
            return f"no verdict: the baseline {reason}"
        if self.winner is None or self.verdict is None:
            return "not confirmed yet"
        verdict = self.verdict
        if verdict.difference is None:
            return f"{verdict.word}: no configuration did better than the baseline on the validation images"
        first, second, difference = verdict.first, verdict.second, verdict.difference
        return (
            f"trial {self.winner.trial} against the baseline: {verdict.word}. "
            f"Test accuracy {first.mean:.4f} ({first.low:.4f} to {first.high:.4f}) against "
            f"{second.mean:.4f} ({second.low:.4f} to {second.high:.4f}), {POINTS * difference.mean:+.2f} points "
            f"({POINTS * difference.low:+.2f} to {POINTS * difference.high:+.2f}); {len(self.seeds)} seeds each, "
            "95 % intervals"
        )

    def _wrong(self, candidate: Candidate) -> list[list[int]]:
        return [list(self.tested[candidate.name, seed][WRONG]) for seed in self.final_seeds]

    def _entry(self, candidate: Candidate) -> dict[str, Any]:
        reason = self.failure(candidate)
        accuracies = [self.validated.get((candidate.name, seed), {}).get(VAL_ACCURACY) for seed in self.seeds]
        return {
            "trial": candidate.trial,
            "params": dict(candidate.params),
            "val_accuracy": None if reason else self.val_accuracy(candidate),
            "val_accuracies": accuracies,
            "failure": reason,
        }


def answer_of(attributes: Mapping[str, Any]) -> Answer | None:
    """Return what a study's user attributes say, or None where no confirmation was begun."""
    plan = attributes.get(CONFIRMATION)
    if plan is None:
        return None
    chosen = (Candidate(each["trial"], each["params"]) for each in plan["candidates"])
    return Answer(
        candidates=(THE_BASELINE, *chosen),
        seeds=tuple(plan["seeds"]),
        final_seeds=tuple(plan["final_seeds"]),
        validated=_results(attributes, CONFIRMED),
        tested=_results(attributes, TESTED),
        looks=tuple(Look(each["time"], tuple(each["candidates"]), each["seeds"]) for each in attributes.get(LOOKS, ())),
    )


def plan_of(candidates: Sequence[Candidate], seeds: Sequence[int], final_seeds: Sequence[int]) -> dict[str, Any]:
    """Return what `CONFIRMATION` records: the candidates besides the baseline, and the seeds."""
    chosen = [asdict(each) for each in candidates]
    return {"candidates": chosen, "seeds": list(seeds), "final_seeds": list(final_seeds)}


def key_of(what: str, candidate: Candidate, seed: int) -> str:
    """Return the attribute that holds one network's result; `what` is `CONFIRMED` or `TESTED`."""
    return f"{what}:{candidate.name}:{seed}"


def _missing(
    candidates: Sequence[Candidate], seeds: Sequence[int], results: Mapping[tuple[str, int], Mapping[str, Any]]
) -> list[tuple[Candidate, int]]:
    return [(each, seed) for each in candidates for seed in seeds if (each.name, seed) not in results]


def _results(attributes: Mapping[str, Any], what: str) -> dict[tuple[str, int], Mapping[str, Any]]:
    keys = (key.split(":") for key in attributes if key.startswith(f"{what}:"))
    return {(name, int(seed)): attributes[f"{what}:{name}:{seed}"] for _, name, seed in keys}
