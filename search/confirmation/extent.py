"""How much is confirmed: which networks a study's verdict takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from optuna.trial import FrozenTrial

from search.confirmation.candidates import are_best, choose
from search.confirmation.earlier import EarlierEvidence
from search.confirmation.evidence import Evidence
from search.confirmation.record import CONFIRMATION, TEST, design_of, evidence_of
from search.study.settings import Settings

GOAL = "goal"  # study user attribute, see `search.confirmation.goal`

SPLIT = 2  # fresh networks of each candidate on the training split
TWO_LOOKS = (3, 5)  # networks of the winner at the first look at the test examples, and at the second where needed
BASELINES = 10  # networks of the baseline that they are compared with
EARLIER_SEEDS = 5  # of either side, as many as were usual before there were two looks


@dataclass(frozen=True)
class Extent:
    """How much is confirmed.

    Attributes:
        candidates: How many configurations besides the baseline, the best ones.
        seeds: How many networks of the winner, all at once; None for two looks.
        test: Whether the winner and the baseline are tested at all: without that there is no verdict.
    """

    candidates: int = 3
    seeds: int | None = None
    test: bool = True

    @property
    def sizes(self) -> tuple[int, ...]:
        """Networks of the winner at each look at the test examples."""
        return TWO_LOOKS if self.seeds is None else (self.seeds,)

    @property
    def networks(self) -> int:
        """How many can be trained at once: all but those of the winner, who is not known before."""
        return (SPLIT * self.candidates if self.candidates > 1 else 0) + (BASELINES if self.test else 0)

    @property
    def most(self) -> int:
        """How many there are at most."""
        return self.networks + (self.sizes[-1] if self.test else 0)

    @classmethod
    def wanted(
        cls, candidates: int | None, seeds: int | None, attributes: Mapping[str, Any], *, test: bool = True
    ) -> Self:
        """Return what is asked of a study, but no less than what it has: else one could choose among its verdicts.

        Args:
            candidates: What `--confirm-top` says; without it the last command's wish counts.
            seeds: What `--confirm-seeds` says, likewise.
            attributes: The study's.
            test: Whether there shall be a test; what the last command wanted does not count.
        """
        evidence, goal = evidence_of(attributes), attributes.get(GOAL)
        wanted = (goal or {}).get("extent")
        usual = cls.from_json(wanted) if wanted else cls()
        recorded = cls(0)
        if evidence is not None:
            was_usual = evidence.sizes == ((EARLIER_SEEDS,) if isinstance(evidence, EarlierEvidence) else TWO_LOOKS)
            recorded = cls(len(evidence.candidates) - 1, None if was_usual else evidence.sizes[-1])
            usual = recorded if goal is None else usual
        # What the last command wanted, rather than its design, which may hold less: there were no more configurations.
        candidates, seeds = candidates or usual.candidates, seeds or usual.seeds
        if evidence is not None and (seeds or TWO_LOOKS[-1]) <= recorded.sizes[-1]:
            seeds = recorded.seeds
        return cls(max(candidates, recorded.candidates), seeds, test)

    def to_json(self) -> dict[str, Any]:
        """Return what a study records."""
        return {"candidates": self.candidates, "sizes": list(self.sizes)} | ({} if self.test else {TEST: False})

    @classmethod
    def from_json(cls, recorded: Mapping[str, Any]) -> Self:
        """Return what a study recorded, also before there were two looks: five seeds were the usual ones then."""
        if "sizes" not in recorded:
            return cls(recorded["candidates"], None if recorded["seeds"] == EARLIER_SEEDS else recorded["seeds"])
        sizes = tuple(recorded["sizes"])
        return cls(recorded["candidates"], None if sizes == TWO_LOOKS else sizes[-1], recorded.get(TEST, True))


def wanted_design(
    trials: Sequence[FrozenTrial], settings: Settings, extent: Extent, attributes: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Return what a study with these trials would confirm, or None where it has nothing besides the baseline."""
    chosen = choose(trials, settings, extent.candidates)
    if not chosen:
        return None
    evidence = evidence_of(attributes)
    may_stay = isinstance(evidence, EarlierEvidence) or not extent.test
    if may_stay and evidence is not None and evidence.verdict is not None:  # it stays while it is of the best
        are_networks = not extent.test or evidence.sizes[-1] >= (extent.seeds or 0)
        is_enough = are_networks and len(evidence.candidates) > len(chosen)
        if is_enough and are_best(evidence.candidates, trials, settings):
            return dict(attributes[CONFIRMATION])
    return design_of(chosen, settings, split=SPLIT, sizes=extent.sizes, baselines=BASELINES, test=extent.test)


def is_confirmed(
    attributes: Mapping[str, Any], trials: Sequence[FrozenTrial], settings: Settings, extent: Extent
) -> bool:
    """Say whether nothing is left to confirm in a study that has all its trials."""
    wanted = wanted_design(trials, settings, extent, attributes)
    evidence = evidence_of(attributes)
    if wanted is None:
        return True
    return attributes.get(CONFIRMATION) == wanted and evidence is not None and evidence.is_complete


def why_fewer(evidence: Evidence) -> str:
    """Return why fewer networks are to be trained than there are at most."""
    if evidence.failure(evidence.baseline):
        return "without the baseline there is no verdict"
    if any(map(evidence.failure, evidence.candidates)):
        return "a configuration that failed cannot win"
    if evidence.verdict is not None and evidence.verdict.word.is_clear:
        return f"the first look at the test {evidence.problem.examples} was clear"
    number = len(evidence.candidates) - 1
    are = "is 1 configuration" if number == 1 else f"are {number} configurations"
    return f"there {are} besides the baseline to confirm"
