"""Workers that have grown give their configurations back; others take them."""

from typing import Any

from search.confirmation.confirmation import Confirmation
from search.trials.lifecycle import Trials

Work = Trials | Confirmation
"""What workers are to train; keys are Tune's ids. The confirmation asks the trials first."""


class Renewals:
    """Configurations of workers that had grown, for the workers that take their place.

    To the study nothing has happened: the trial goes on under another key, and it has not begun before.
    """

    def __init__(self, work: Work) -> None:
        """Begin with none."""
        self._work = work
        self._waiting: list[tuple[str, dict[str, Any]]] = []
        self._starting = dict[str, dict[str, Any]]()  # configurations by the key under which no worker has begun

    @property
    def may_come(self) -> bool:
        """Whether a worker may still give its configuration back."""
        return bool(self._waiting or self._starting)

    def take(self, key: str) -> dict[str, Any] | None:
        """Return the configuration that has waited the longest, which goes on under this key; None where none does."""
        if not self._waiting:
            return None
        before, config = self._waiting.pop(0)
        self._work.rename(before, key)
        return config

    def asked(self, key: str, config: dict[str, Any]) -> None:
        """Note that a worker is to begin."""
        self._starting[key] = dict(config)

    def begun(self, key: str) -> None:
        """Note that it has, or never will."""
        self._starting.pop(key, None)

    def give_back(self, key: str) -> None:
        """Let another worker take it."""
        self._waiting.append((key, self._starting.pop(key)))
