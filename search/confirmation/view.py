"""A study as it was read: what a report and a page are made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from optuna.trial import FrozenTrial

from search.confirmation.candidates import are_best
from search.confirmation.evidence import Evidence
from search.confirmation.explanation import Explanation, explanation_of
from search.confirmation.price import Cost, Price
from search.confirmation.record import evidence_of
from search.study.insight import Insight, epochs_run, insight_of
from search.study.settings import Settings
from search.study.study import Counts, baseline_of, count, ranked
from search.trials.stops import Stop, stops_of
from trainable.keys import PARAMETERS_COUNT, SECONDS


@dataclass(frozen=True)
class StudyView:
    """All that a study held when it was read, and what follows from it.

    Attributes:
        name: Of the study.
        storage: Its address, without a password.
        runs: Home of the default storage and of kept models.
        settings: The study's.
        attributes: The study's user attributes.
        trials: All of them.
        elsewhere: How often other studies of the storage have looked at the same test examples; None where not known.
    """

    name: str
    storage: str
    runs: Path
    settings: Settings
    attributes: Mapping[str, Any]
    trials: Sequence[FrozenTrial]
    elsewhere: int | None

    @cached_property
    def evidence(self) -> Evidence | None:
        """What is known of the confirmation so far; None where none was begun."""
        return evidence_of(self.attributes, self.elsewhere)

    @cached_property
    def is_current(self) -> bool:
        """Whether the candidates of the confirmation are still the best configurations; no where none was begun."""
        return self.evidence is not None and are_best(self.evidence.candidates, self.trials, self.settings)

    @cached_property
    def explanation(self) -> Explanation | None:
        """What goes with each parameter of the winner; None where that was not asked for, or is not complete."""
        return explanation_of(self.attributes, self.settings)

    @cached_property
    def stops(self) -> list[Stop]:
        """Why the searches of its commands ended, the first one first."""
        return stops_of(self.attributes)

    @cached_property
    def insight(self) -> Insight:
        """What the trials teach."""
        return insight_of(self.trials, self.settings)

    @cached_property
    def counts(self) -> Counts:
        """Trials by state."""
        return count(self.trials)

    @cached_property
    def ranked(self) -> list[FrozenTrial]:
        """The complete trials, best first."""
        return ranked(self.trials)

    @property
    def best(self) -> FrozenTrial | None:
        """The best complete trial, if there is one."""
        return self.ranked[0] if self.ranked else None

    @property
    def price(self) -> Price | None:
        """What the best trial's network cost beside the baseline trial's; None where that is not known of two."""
        best, baseline = self.best, self.baseline
        if best is None or baseline is None or best is baseline:
            return None
        if not all(SECONDS in trial.user_attrs for trial in (best, baseline)):
            return None
        return Price(_cost(best), _cost(baseline))

    @cached_property
    def baseline(self) -> FrozenTrial | None:
        """The complete baseline trial, if there is one."""
        return baseline_of(self.trials)


def _cost(trial: FrozenTrial) -> Cost:
    known = trial.user_attrs
    return Cost(epochs_run(trial), known[SECONDS], known.get(PARAMETERS_COUNT))
