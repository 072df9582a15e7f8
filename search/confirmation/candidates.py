"""What is trained again: configurations, and the networks of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from optuna.trial import FrozenTrial

from search.confirmation.looks import BASELINE_NAME, title
from search.study.settings import Settings
from search.study.study import params_of, ranked
from trainable.problem import ProblemSpec

# What a network is trained for, and the beginning of the attribute that holds its result.
CONFIRMED = "confirmed"  # on the training split, scored on the validation examples
TESTED = "tested"  # on all training examples, scored on the test examples
EXPLAINED = "explained"  # on the training split, scored on the validation examples, to say why the winner wins
PURPOSES = (CONFIRMED, TESTED, EXPLAINED)  # whose order decides their seeds: it cannot change


@dataclass(frozen=True)
class Candidate:
    """A configuration that is trained again with fresh seeds.

    Attributes:
        trial: The number of the trial that found it, or None for the baseline.
        params: All parameters.
        val_accuracy: What that trial's own network scored, a share; None where it is not known, or does not count.
    """

    trial: int | None
    params: Mapping[str, Any]
    val_accuracy: float | None = None

    @classmethod
    def baseline_of(cls, problem: ProblemSpec) -> Self:
        """Return the baseline."""
        return cls(None, problem.baseline)

    @property
    def name(self) -> str:
        """What the study's attributes call it."""
        return BASELINE_NAME if self.trial is None else str(self.trial)

    @property
    def title(self) -> str:
        """What people call it."""
        return title(self.name)


class Network(NamedTuple):
    """A network that a verdict, or its explanation, takes; `what` is `CONFIRMED`, `TESTED` or `EXPLAINED`."""

    what: str
    candidate: Candidate
    seed: int

    @property
    def key(self) -> str:
        """The attribute that its result goes to."""
        return f"{self.what}:{self.candidate.name}:{self.seed}"

    def title(self, examples: str) -> str:
        """Return what people call it, with what they call several examples."""
        of_all = f", all {examples}" if self.what == TESTED else ""
        return f"{self.candidate.title} again, seed {self.seed}{of_all}"


def choose(trials: Sequence[FrozenTrial], settings: Settings, most: int) -> list[Candidate]:
    """Return the best distinct configurations of a study, best first, the baseline's left out.

    A configuration that several trials have is known by the first of them, whichever did best: so a further one adds
    nothing to what is known of it.
    """
    found: dict[tuple[Any, ...], Candidate] = {}
    for trial in ranked(trials):
        params = params_of(trial, settings.space)
        key = tuple(sorted(params.items(), key=lambda item: item[0]))
        known = found.get(key)
        if params != settings.problem.baseline and (known is None or trial.number < (known.trial or 0)):
            found[key] = Candidate(trial.number, params, trial.value)
    return list(found.values())[:most]


def are_best(candidates: Sequence[Candidate], trials: Sequence[FrozenTrial], settings: Settings) -> bool:
    """Say whether the candidates of some evidence are still the best of a study that may have gone on since."""
    others = [settings.space.complete(each.params) for each in candidates if each.trial is not None]
    return others == [each.params for each in choose(trials, settings, len(others))]
