"""Which difference a verdict can show at all: with few test examples only a large one.

The interval of `search.confirmation.verdict` as it is to be expected. Of the variance of the difference there are: what
a seed decides, s^2 / R for each side's R networks; what chance decides in each example, w / (n R) for n examples; how
differently both configurations do on an example, v / n; and one example more each way, 2 / n^2. A difference as large
as half of that interval is found in about half of all cases, a smaller one in fewer.

Besides, a verdict says nothing where fewer than `FEWEST_DIFFERING` examples tell the sides apart. On some they differ
without a difference in accuracy, by seeds alone; the others have to come from the difference, at most one for each.

Sources: as for the interval; for the examples that seeds tell apart the beta-binomial distribution of Skellam, Journal
of the Royal Statistical Society B 10, 1948. tests/test_power.py holds both against simulated networks.
"""

from math import prod

from search.confirmation.verdict import FEWEST_DIFFERING, reach_of
from search.terminal.words import POINTS
from trainable.problem import ProblemSpec
from trainable.problems import BUILT_IN

# What networks of one hidden layer showed, on sets of 60 to 1,200 test examples with errors of 2 to 22 % (digits,
# wines, tumours, irises, made-up classes; decision 22) and on the built-in problem. In shares of e (1 - e), e being the
# error: by what chance decides in an example (seen: 0.01 to 0.40), by how configurations differ (0.13 to 0.46), and by
# what a seed decides for all examples at once (the built-in problem's; small sets do not tell it from chance).
CHANCE, CONFIGURATIONS, SEEDS = 0.25, 0.25, 1e-4
USUAL_ERROR = 0.075  # of the baseline, a share, before one is trained: most sets for such networks have 5 to 10 %


def smallest(examples: int, networks: tuple[int, int], confidence: float, error: float = USUAL_ERROR) -> float:
    """Return the difference of accuracies below which a verdict is not to be expected to show any.

    A share; where it is 1 or more, nothing can be shown.

    Args:
        examples: In the test.
        networks: Of the winner and of the baseline, at least two each.
        confidence: Of the interval, a share.
        error: The share of examples that the baseline classifies wrong, greater than 0 and less than 1.
    """
    whole = error * (1 - error)
    seeds = [whole * (SEEDS + CHANCE / examples) / each for each in networks]
    variance = sum(seeds) + whole * CONFIGURATIONS / examples + 2 / examples**2
    by_interval = reach_of(variance, list(zip(seeds, (each - 1 for each in networks), strict=True)), confidence)
    by_number = FEWEST_DIFFERING / examples - told_apart(sum(networks), error)
    return max(by_interval, by_number)


def size_of(difference: float) -> str:
    """Return a difference of accuracies, a share, in words: two digits are enough."""
    points = POINTS * difference
    number = f"{points:.2g}" if points < 10 else f"{points:.0f}"  # noqa: PLR2004 (two digits)
    return f"{number} point{'' if number == '1' else 's'}"


def told_apart(networks: int, error: float) -> float:
    """Return the share of examples on which so many networks of one configuration are not all right or all wrong."""
    scale = CHANCE / (1 - CHANCE)  # of the beta distribution of an example's share of wrong networks
    wrong, right = error * scale, (1 - error) * scale
    all_right = prod((right + each) / (scale + each) for each in range(networks))
    all_wrong = prod((wrong + each) / (scale + each) for each in range(networks))
    return 1 - all_right - all_wrong


def is_told(problem: ProblemSpec) -> bool:
    """Say whether people are told: of the built-in problem it is known beforehand, and its words do not change."""
    return problem != BUILT_IN
