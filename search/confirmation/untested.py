"""What a confirmation says whose winner is not tested: who wins on the validation examples, and no verdict."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from search.confirmation.candidates import Candidate, Network
from search.confirmation.evidence import Evidence
from search.confirmation.verdict import Verdict
from trainable.keys import FAILURE


@dataclass(frozen=True)
class UntestedEvidence(Evidence):
    """What there is without the second half: no network is trained on all examples, and none is scored on test ones.

    What was tested before, of this winner or of another one, stays on record and counts for a later verdict.
    """

    is_tested: ClassVar[bool] = False

    @property
    def may_follow(self) -> int:
        """How many networks of the winner may be needed beyond those that are known to be: none."""
        return 0

    @property
    def is_complete(self) -> bool:
        """Whether no network is needed any more: it is known who wins, or that none can."""
        return (self.winner is not None or not self._able) and not self.missing

    @property
    def analysis(self) -> None:
        """What the verdict on the winner is taken from: nothing."""
        return

    def failure(self, candidate: Candidate) -> str | None:
        """Return why a candidate is out, where one of its networks gave no result."""
        results = self._split_results(candidate)
        return next((str(each[FAILURE]) for each in results if each.get(FAILURE)), None)

    @property
    def _needed(self) -> list[Network]:
        return self._split_networks

    @cached_property
    def _last_look(self) -> tuple[int, Verdict | None]:
        return 0, None


def chosen(evidence: Evidence | None) -> int | None:
    """Return the number of the trial whose configuration won without a test; None where there is none, or a verdict."""
    if evidence is None or evidence.is_tested or evidence.winner is None:
        return None
    return evidence.winner.trial
