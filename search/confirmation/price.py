"""What a winner costs beside the baseline, and how much its networks differ: what an accuracy alone does not say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

FAR = 5.0  # standard deviations below the others, from which on a network is no ordinary one
LEAST_DEVIATION = 0.001  # of accuracies over seeds: a few can agree by chance
FEWEST_OTHERS = 2
MILLION = 1e6


@dataclass(frozen=True)
class Cost:
    """What a network of one configuration costs.

    Attributes:
        epochs: That it trains.
        seconds: Of training on all examples, the mean of the networks there are.
        parameters: Weights and biases; None where it was not recorded.
    """

    epochs: int
    seconds: float
    parameters: int | None


@dataclass(frozen=True)
class Price:
    """What a network of the winner costs, and one of the baseline."""

    winner: Cost
    baseline: Cost

    @property
    def told(self) -> str:
        """The price in words."""
        ours, theirs = self.winner, self.baseline
        times = f" ({ours.seconds / theirs.seconds:.1f} times)" if theirs.seconds else ""
        many = (
            f", and has {_many(ours.parameters)} parameters instead of {_many(theirs.parameters)}"
            if ours.parameters and theirs.parameters
            else ""
        )
        return (
            f"It trains {ours.epochs} epochs instead of the baseline's {theirs.epochs}, takes {_long(ours.seconds)} "
            f"instead of {_long(theirs.seconds)}{times}{many}"
        )


@dataclass(frozen=True)
class Worst:
    """The worst of all networks of a configuration.

    Attributes:
        accuracy: Its accuracy, a share.
        images: Which examples it was measured on: "validation" or "test".
        networks: How many there are of the configuration.
        is_far: Whether it lies more than `FAR` standard deviations below the others.
    """

    accuracy: float
    images: str
    networks: int
    is_far: bool


def worst_of(groups: Mapping[str, Sequence[float]]) -> Worst | None:
    """Return the worst network of some that were scored on different examples; None where there is none.

    One that lies far below those that were scored on the same examples, a group, comes before one of a lower accuracy.
    """
    networks = [(split, place) for split, group in groups.items() for place in range(len(group))]
    if not networks:
        return None
    far = [each for each in networks if _is_far(groups, *each)]
    split, place = min(far or networks, key=lambda each: groups[each[0]][each[1]])
    return Worst(groups[split][place], split, len(networks), is_far=bool(far))


def _is_far(groups: Mapping[str, Sequence[float]], split: str, place: int) -> bool:
    """Say whether a network lies far below the others on the same examples, by what all others differ by."""
    rest = {name: list(group) for name, group in groups.items()}
    value, others = rest[split].pop(place), rest[split]
    if len(others) < FEWEST_OTHERS:
        return False
    squares = [(each - fmean(group)) ** 2 for group in rest.values() for each in group]
    freedoms = sum(len(group) - 1 for group in rest.values() if group)
    deviation = max((sum(squares) / freedoms) ** 0.5, LEAST_DEVIATION)
    return bool(fmean(others) - value > FAR * deviation)


def _long(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"  # noqa: PLR2004 (two digits)


def _many(number: int) -> str:
    return f"{number / MILLION:.2f} million" if number >= MILLION else f"{number:,}"
