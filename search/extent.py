"""How much is confirmed: which networks a study's verdict takes, and which of them are still to be trained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from optuna.trial import FrozenTrial

from search.answer import (
    CONFIRMATION,
    CONFIRMED,
    TESTED,
    THE_BASELINE,
    Answer,
    Candidate,
    answer_of,
    choose,
    fresh_seeds,
    key_of,
    plan_of,
)
from search.settings import Settings

GOAL = "goal"  # study user attribute, see `search.goal`


@dataclass(frozen=True)
class Extent:
    """How much is confirmed: the best `candidates` configurations besides the baseline, with `seeds` seeds each."""

    candidates: int = 3
    seeds: int = 5

    @property
    def networks(self) -> int:
        """How many can be trained at once: all but those of the finalists, who are not known before."""
        return (self.candidates + 1) * self.seeds

    @property
    def most(self) -> int:
        """How many there are at most: those, and the two finalists' on all images."""
        return self.networks + 2 * self.seeds

    @classmethod
    def wanted(cls, candidates: int | None, seeds: int | None, attributes: Mapping[str, Any]) -> Self:
        """Return what is asked of a study, but no less than what it has: else one could choose among its verdicts.

        Args:
            candidates: What `--confirm-top` says; without it the last command's wish counts.
            seeds: What `--confirm-seeds` says, likewise.
            attributes: The study's.
        """
        answer, goal = answer_of(attributes), attributes.get(GOAL)
        recorded = cls(len(answer.candidates) - 1, len(answer.seeds)) if answer else cls(0, 0)
        # What the last command wanted: its plan may hold less, where there were no more configurations.
        usual = recorded if answer and not goal else cls(**((goal or {}).get("extent") or {}))
        return cls(max(candidates or usual.candidates, recorded.candidates), max(seeds or usual.seeds, recorded.seeds))


@dataclass(frozen=True)
class Task:
    """One network to train; `what` is `CONFIRMED` or `TESTED`."""

    what: str
    candidate: Candidate
    seed: int

    @property
    def key(self) -> str:
        """The attribute that its result goes to."""
        return key_of(self.what, self.candidate, self.seed)

    @property
    def title(self) -> str:
        """What people call it."""
        images = ", all images" if self.what == TESTED else ""
        return f"{self.candidate.title} again, seed {self.seed}{images}"


def plan(trials: Sequence[FrozenTrial], settings: Settings, extent: Extent) -> dict[str, Any] | None:
    """Return what a study with these trials would confirm, or None where it has nothing besides the baseline."""
    chosen = choose(trials, settings, extent.candidates)
    if not chosen:
        return None
    return plan_of(chosen, *(fresh_seeds(settings, extent.seeds, final=final) for final in (False, True)))


def is_confirmed(
    attributes: Mapping[str, Any], trials: Sequence[FrozenTrial], settings: Settings, extent: Extent
) -> bool:
    """Say whether nothing is left to confirm in a study that has all its trials."""
    wanted = plan(trials, settings, extent)
    answer = answer_of(attributes)
    return wanted is None or (attributes.get(CONFIRMATION) == wanted and answer is not None and not open_tasks(answer))


def open_tasks(answer: Answer) -> list[Task]:
    """Return the networks that are yet to be trained, as far as is known before there is a winner."""
    if answer.failure(THE_BASELINE):
        return []
    return [
        Task(what, candidate, seed)
        for what, missing in ((CONFIRMED, answer.unvalidated), (TESTED, answer.untested))
        for candidate, seed in missing
    ]


def trained(answer: Answer) -> int:
    """Return how many of the verdict's networks have a result."""
    validated = [(each.name, seed) in answer.validated for each in answer.candidates for seed in answer.seeds]
    finalists = answer.finalists or [THE_BASELINE]
    tested = [(each.name, seed) in answer.tested for each in finalists for seed in answer.final_seeds]
    return sum(validated) + sum(tested)


def lacking(answer: Answer) -> int:
    """Return how many networks are to be trained yet; before there is a winner, as if it were not the baseline."""
    unknown = 0 if answer.winner or answer.failure(THE_BASELINE) else len(answer.final_seeds)
    return len(open_tasks(answer)) + unknown


def why_fewer(answer: Answer) -> str:
    """Return why fewer networks are to be trained than there are at most."""
    if answer.failure(THE_BASELINE):
        return "without the baseline there is no verdict"
    if answer.winner == THE_BASELINE:
        return "no configuration did better than the baseline"
    if any(map(answer.failure, answer.candidates)):
        return "a configuration that failed cannot win"
    number = len(answer.candidates) - 1
    are = "is 1 configuration" if number == 1 else f"are {number} configurations"
    return f"there {are} besides the baseline to confirm"
