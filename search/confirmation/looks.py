"""When the test examples were looked at, and for whom."""

from collections.abc import Sequence
from dataclasses import dataclass

BASELINE_NAME = "baseline"


@dataclass(frozen=True)
class Look:
    """What is noted of a look at the test examples: the networks of these candidates, one a seed, were scored on them.

    Attributes:
        time: ISO 8601, UTC.
        candidates: Names, as in `candidates.Candidate.name`.
        seeds: How many networks of each.
        verdict: The number of the verdict that it was for; None of the baseline's networks, which are for all of them,
            and where the study was confirmed before verdicts were numbered.
    """

    time: str
    candidates: tuple[str, ...]
    seeds: int
    verdict: int | None = None


def occasions(looks: Sequence[Look]) -> list[list[Look]]:
    """Return the looks that there were, in order: a verdict's winner and baseline are noted singly and are one."""
    found: list[list[Look]] = []
    for look in looks:
        if found and not _sides([look]) & _sides(found[-1]):
            found[-1].append(look)
        else:
            found.append([look])
    return found


def compared(looks: Sequence[Look]) -> list[Look]:
    """Return, of the looks before verdicts were numbered, those at another candidate than the baseline."""
    return [look for look in looks if look.verdict is None and False in _sides([look])]


def told(occasion: Sequence[Look]) -> str:
    """Return when a look was, and for whom, in words."""
    first, last = occasion[0].time, occasion[-1].time
    when = f"at {first}" if first == last else f"from {first} to {last}"
    networks = [(name, look.seeds) for look in occasion for name in look.candidates]
    return f"{when} for " + " and ".join(
        f"{title(name)} ({number} network{'' if number == 1 else 's'})" for name, number in networks
    )


def often(times: int) -> str:
    """Return how often in words."""
    return {1: "once", 2: "twice"}.get(times, f"{times:,} times")


def title(name: str) -> str:
    """Return what people call a candidate."""
    return "the baseline" if name == BASELINE_NAME else f"trial {name}"


def _sides(occasion: Sequence[Look]) -> set[bool]:
    """Say of which sides of a verdict there are networks: of the baseline (True), of another candidate (False)."""
    return {name == BASELINE_NAME for look in occasion for name in look.candidates}
