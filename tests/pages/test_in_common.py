"""What trials that failed for one reason have in common."""

import pandas as pd
import pytest

from dashboard.parts.in_common import in_common

COLUMNS = {"rate": "rate", "kind": "kind"}


def table(*rows):
    """Trials: state, rate, kind and host."""
    frame = pd.DataFrame(rows, columns=["state", "rate", "kind", "host"])
    return frame.assign(trial=range(len(rows)))


def spread(amount, state="complete", kind="a", host="h"):
    """Trials whose rates lie evenly from 0 to 1, both excluded."""
    return [(state, (each + 1) / (amount + 1), kind, host) for each in range(amount)]


def found(rows, failed):
    """What the last trials have in common."""
    numbers = range(len(rows) - failed, len(rows))
    return [(each.says, each.others) for each in in_common(table(*rows), numbers, COLUMNS)]


def test_values_at_one_end_are_common():
    """With the end where they begin, and how many others lie there, too."""
    rows = [*spread(99), ("failed", 0.95, "a", "h"), ("failed", 0.97, "b", "h"), ("failed", 0.99, "a", "h")]
    assert found(rows, 3) == [("have rate of 0.95 or more", 5)]
    rows = [*spread(99), ("failed", 0.01, "a", "h"), ("failed", 0.02, "b", "h"), ("failed", 0.03, "a", "h")]
    assert found(rows, 3) == [("have rate of 0.03 or less", 3)]


def test_one_value_and_one_host_are_common():
    """What the fewest others have comes first."""
    rows = [*spread(60), *spread(3, kind="b"), *[("failed", each, "b", "other") for each in (0.1, 0.5, 0.9)]]
    assert found(rows, 3) == [("ran on other", 0), ("have kind b", 3)]


def test_parameter_that_all_of_them_lack_is_common():
    """It is said as such, and not as a value."""
    rows = [*spread(60), *[("failed", each, "-", "h") for each in (0.1, 0.5, 0.9)]]
    assert found(rows, 3) == [("have no kind", 0)]


@pytest.mark.parametrize(
    ("rows", "failed"),
    [
        ([*spread(60), *spread(3, "failed")], 3),  # spread as the others
        ([*spread(60), ("failed", 0.99, "a", "h")], 1),  # one trial has everything in common with itself
        ([*spread(4), *[("failed", 0.9, "b", "o")] * 2], 2),  # of six trials two may well lie so
        ([*spread(60), *[("failed", each, "a", "h") for each in (0.8, 0.9, None)]], 3),  # one is not drawn
        ([*spread(60), *[("failed", each, "a", None) for each in (0.1, 0.5, 0.9)]], 3),  # hosts are not recorded
        ([*[("failed", 0.9, "b", "o")] * 3], 3),  # nothing to compare with
    ],
    ids=["alike", "alone", "few", "unknown", "no-host", "no-others"],
)
def test_nothing_is_said_that_chance_may_bring_about(rows, failed):
    """Nor of what is not known."""
    assert found(rows, failed) == []


def test_trials_of_which_nobody_knows_are_not_compared_with():
    """Those that run, wait, were interrupted or failed for another reason."""
    unknown = [row for state in ("running", "waiting", "interrupted", "failed") for row in spread(60, state)]
    rows = [*unknown, *[("failed", 0.99, "b", "o")] * 3]
    assert found(rows, 3) == []
    rows = [*unknown, *spread(60), *[("failed", each, "a", "h") for each in (0.985, 0.99, 0.995)]]
    assert found(rows, 3) == [("have rate of 0.985 or more", 0)]


def test_thousands_of_trials_are_compared():
    """Numbers too large to count one by one are no trouble."""
    rows = [*spread(9000), *[("failed", 0.9 + each / 10_000, "a", "h") for each in range(1000)]]
    assert found(rows, 1000) == [("have rate of 0.9 or more", 900)]
