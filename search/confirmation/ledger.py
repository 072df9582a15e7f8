"""What a study records of its confirmation while it is under way: written before it is seen, and never twice."""

import hashlib
from collections.abc import Callable, Collection
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from search.confirmation.alpha import ANALYSES, Analysis
from search.confirmation.candidates import TESTED, Candidate, Network
from search.confirmation.evidence import SHA256, WRONG, Evidence
from search.confirmation.extent import Extent, wanted_design
from search.confirmation.record import CONFIRMATION, LOOKS, evidence_of
from search.study.settings import SETTINGS
from search.trials.lifecycle import Trials
from trainable.data.dataset import HeldOutSet
from trainable.problem import Problem


class Ledger:
    """The study's side of a confirmation."""

    def __init__(
        self, trials: Trials, extent: Extent | None, held_out: Callable[[], HeldOutSet], problem: Problem
    ) -> None:
        """Take over the study, and the store of models, of these trials; the rest is as for `Confirmation`."""
        self._trials, self._extent, self._held_out, self._problem = trials, extent, held_out, problem
        self.attributes: dict[str, Any] = trials.study.user_attrs
        self._design: tuple[int, dict[str, Any] | None] | None = None
        self._evidence: Evidence | None = None

    def read(self) -> None:
        """Read what the study has."""
        self.attributes, self._design, self._evidence = self._trials.study.user_attrs, None, None

    @property
    def evidence(self) -> Evidence | None:
        """What is known of what is to be confirmed, which changes when a trial ends; None where there is nothing."""
        ended, settings = self._trials.ended, self._trials.settings
        if self._design is None or self._design[0] != ended:
            trials = self._trials.study.get_trials(deepcopy=False)
            if settings.space.is_open:  # it may have grown
                self.attributes[SETTINGS] = settings.to_json()
            design = wanted_design(trials, settings, self._extent, self.attributes) if self._extent else None
            self._design, self._evidence = (ended, design), None
        if self._evidence is None and self._design[1] is not None:
            self._evidence = evidence_of({**self.attributes, CONFIRMATION: self._design[1]})
        return self._evidence

    def lay_down(self, evidence: Evidence, sizes: Callable[[Evidence], tuple[int, ...]]) -> None:
        """Record the design and, as soon as there is a winner, what the verdict is taken from: before it is seen.

        It is taken from so many networks of the winner at each look as `sizes` says.
        """
        design = self._design[1] if self._design else None
        if self.attributes.get(CONFIRMATION) != design:
            self.record(CONFIRMATION, design)
        is_open = evidence.is_tested and evidence.verdict is None and evidence.analysis is None
        if is_open and evidence.winner is not None:
            analysis = Analysis(evidence.winner.name, sizes(evidence), evidence.next_number)
            self.record(ANALYSES, [*self.attributes.get(ANALYSES, ()), asdict(analysis)])

    def score(self, network: Network, model: bytes, evidence: Evidence) -> dict[str, Any]:
        """Score a finalist on the test examples; keep the first seed's network: no result has chosen it."""
        examples = self._held_out()
        self._note_look(network.candidate, evidence)
        result: dict[str, Any] = {WRONG: self._problem.wrong(model, examples)}
        if network.seed == evidence.final_seeds[0]:
            self._trials.models.write_final(network.candidate.name, model)
            result[SHA256] = hashlib.sha256(model).hexdigest()
        return result

    def record(self, key: str, value: Any) -> None:
        """Record an attribute."""
        self._trials.study.set_user_attr(key, value)
        self.attributes[key], self._evidence = value, None

    def has(self, networks: Collection[Network]) -> int:
        """Return how many of some networks have a result."""
        return sum(each.key in self.attributes for each in networks)

    def _note_look(self, candidate: Candidate, evidence: Evidence) -> None:
        """Record, before it happens, that the test examples are looked at: once for all of a candidate's networks."""
        missing = sum(each.what == TESTED and each.candidate.name == candidate.name for each in evidence.missing)
        known = sum(name == candidate.name for name, _ in evidence.tested)
        if sum(look.seeds for look in evidence.looks if candidate.name in look.candidates) < known + missing:
            look = {
                "time": datetime.now(UTC).isoformat(timespec="seconds"),
                "candidates": [candidate.name],
                "seeds": missing,
                "verdict": None if candidate.name == evidence.baseline.name else evidence.number,
            }
            self.record(LOOKS, [*self.attributes.get(LOOKS, ()), look])
