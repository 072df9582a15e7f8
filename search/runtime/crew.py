"""How many workers train at once: as many as there are, but for those that memory does not hold."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

from search.surroundings.kernel import memory_kills, refused_processes
from search.trials.failures import CRASHED, OUT_OF_MEMORY, Failure
from search.trials.wants import PROCESSES


class Crew:
    """The trials and networks that workers have, by the executor's keys, and how many there may be.

    Where one runs out of memory beside others there is one worker less from then on, and it is tried again. Where it
    does so alone, the memory is too small for it, and the others get their workers back.
    """

    def __init__(
        self,
        available: Callable[[float], int],
        *,
        is_local: bool = False,
        tell: Callable[[int, str], None] = lambda *_: None,
    ) -> None:
        """Begin with all workers.

        Args:
            available: Called often with a `time.monotonic()`; how many workers there are, not as it was before then.
            is_local: Whether all workers share the memory of this machine.
            tell: Is told how many there may be where that has changed, and why.
        """
        self.available, self.is_local, self._tell = available, is_local, tell
        self._most: float = math.inf  # workers for which there seems to be memory
        self._running, self._crowded = set[str](), set[str]()
        self._counted = _counts()
        self._before = dict[str, dict[Callable[[], int], int]]()  # what was counted when each began

    def disperse(self) -> None:
        """Note that no worker has anything any more."""
        self._running.clear()
        self._crowded.clear()
        self._before.clear()

    def number(self, since: float = -math.inf) -> int:
        """Return how many may train at once, not as it was before a `time.monotonic()`."""
        return int(min(self._most, self.available(since)))

    def has_room(self, since: float) -> bool:
        """Say whether one more may."""
        return len(self._running) < self.number(since)

    def begin(self, key: str) -> None:
        """Note that a worker gets something."""
        self._running.add(key)
        self._before[key] = _counts()
        if len(self._running) > 1:
            self._crowded |= self._running

    def end(self, key: str) -> None:
        """Note that it came to an end."""
        self._running.discard(key)
        self._crowded.discard(key)
        self._before.pop(key, None)

    def weigh(self, key: str, failure: Failure) -> Failure:
        """Return what a failure means: the executor does not know why a worker ended, or how many were too many."""
        if not self.is_local:
            return failure
        before = self._before.get(key, self._counted)
        is_killed, is_refused = (self._has_grown(counter, before) for counter in before)
        if failure.reason == CRASHED and is_refused:
            return PROCESSES.failure("pids.max was reached", failure.story)
        if failure.reason == CRASHED and is_killed:
            failure = replace(failure, reason=OUT_OF_MEMORY)
        if failure.reason != OUT_OF_MEMORY:
            return failure
        if key in self._crowded:
            self._take_one_away()
            return replace(failure, retried=True, counted=False)
        if self._most < math.inf:
            self._most = math.inf
            self._tell(self.number(), ": memory is too small for one configuration, and not for the others")
            return replace(failure, retried=False)
        return failure

    def lose_runtime(self) -> None:
        """Note that the executor was lost, of whose processes the kernel may have ended one for want of memory."""
        before = next(iter(self._before.values()), self._counted)  # of the first that began
        if self.is_local and self._has_grown(memory_kills, before):
            self._take_one_away()
        self.disperse()

    def _take_one_away(self) -> None:
        number = self.number()
        self._most = max(1, number - 1)
        if self._most < number:
            self._tell(self.number(), f": memory does not hold {number}")

    def _has_grown(self, counter: Callable[[], int], before: Mapping[Callable[[], int], int]) -> bool:
        """Say whether the kernel has counted on since then, and since this was last asked."""
        known = max(self._counted[counter], before[counter])
        self._counted[counter] = counter()
        return self._counted[counter] > known


def _counts() -> dict[Callable[[], int], int]:
    return {counter: counter() for counter in (memory_kills, refused_processes)}
