"""How much error a verdict may make: spent, not reused, so that each further one on the same examples is allowed less.

The first verdict of a study may call better or worse by mistake in 4 %, the k-th one in 1 / 2 ** (k - 1) %: however
many there are, and whoever decides to go on, that is 5 % at most for all of them together (Bonferroni). A verdict that
may look at the test examples twice has half of its share for each look. What was allowed is in the study attribute
`analyses`, written before the test examples are looked at; docs/decisions/0017-a-cheaper-verdict.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ANALYSES = "analyses"  # study user attribute
FIRST = 0.04
FURTHER = 0.01  # all others together


@dataclass(frozen=True)
class Analysis:
    """What a verdict is taken from.

    Attributes:
        candidate: The name of the one that is compared with the baseline, as in `candidates.Candidate.name`.
        sizes: How many of its networks there are at each look; a further look is for where the one before is not clear.
        number: Of the verdict among those of the study, from 1.
    """

    candidate: str
    sizes: tuple[int, ...]
    number: int

    @property
    def confidence(self) -> float:
        """Of the interval at each look, a share."""
        return 1 - alpha(self.number) / len(self.sizes)


def alpha(number: int) -> float:
    """Return the share of mistakes that the verdict of this number may make, 1 being the first."""
    return FIRST if number == 1 else FURTHER / 2 ** (number - 1)


def analyses_of(attributes: Mapping[str, Any]) -> tuple[Analysis, ...]:
    """Return what a study's user attributes say, the first one first."""
    return tuple(
        Analysis(each["candidate"], tuple(each["sizes"]), each["number"]) for each in attributes.get(ANALYSES, ())
    )
