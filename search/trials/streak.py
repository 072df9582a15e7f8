"""Failures one after the other: whether what is around the trials is to blame for them, and not the trials."""

import re
from collections import Counter
from collections.abc import Hashable

from search.trials.failures import Failure

ALIKE = 3  # failures for the same reason, after which the next trials would fail, too
UNLIKE = 10  # the same for whatever reasons

_DIFFERING = re.compile(r"'[^']*'|\"[^\"]*\"|\S*/\S*|\b0x[0-9a-fA-F]+\b|[0-9]+")


def kind_of(reason: str) -> str:
    """Return what is the same in reasons that are alike: all but numbers, paths and what is quoted."""
    return _DIFFERING.sub("N", reason)


class Streak:
    """Counts the failures since something last ended well, trials and networks of the confirmation alike.

    A worker that is lost and tried again is no such failure, nor is a trial that diverged: it was trained.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self.has_ended_well = False  # whether anything has, ever
        self._kinds = Counter[str]()
        self._repeated = Counter[tuple[Hashable, str]]()

    def break_off(self) -> None:
        """Note that something ended well."""
        self.has_ended_well = True
        self._kinds.clear()

    def add(self, failure: Failure, what: Hashable) -> str | None:
        """Count a failure of this trial or network; return in words why no further one is to be tried, or None."""
        kind = failure.reason.partition(":")[0] if failure.is_want else kind_of(failure.reason)
        self._kinds[kind] += 1
        self._repeated[what, kind] += failure.is_want  # others may end well between its attempts
        if (number := max(self._kinds[kind], self._repeated[what, kind])) >= ALIKE:
            return f"{number} attempts failed alike, and none of them counts: {failure.advice}"
        if (number := self._kinds.total()) >= UNLIKE:
            return f"{number} attempts failed in a row, and none of them counts, the last one: {failure.advice}"
        return None
