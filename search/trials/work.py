"""The contract between what a study has to train and what trains it. Knows nothing of Ray."""

from typing import Any, Protocol

from search.trials.failures import Failure
from search.trials.live import Measurement


class Work(Protocol):
    """What workers are to train: `Trials`, or the `Confirmation` that follows on them; keys are the executor's ids."""

    @property
    def exhausted(self) -> bool:
        """Whether nothing further is to be asked, now or later."""

    @property
    def first_started(self) -> float | None:
        """`time.monotonic()` when the first worker began."""

    def ask(self, key: str) -> dict[str, Any] | None:
        """Return the next configuration, or None where it depends on what is still in training."""

    def start(self, key: str) -> None:
        """Note that a worker has begun."""

    def report(self, key: str, measurement: Measurement) -> bool:
        """Take an epoch that is not the last; return whether to stop there."""

    def keep_model(self, key: str, model: bytes) -> None:
        """Take a finished model."""

    def fail(self, key: str, failure: Failure) -> None:
        """Take why an attempt gave no result."""

    def finish(self, key: str, last: Measurement) -> None:
        """Take the last epoch."""
