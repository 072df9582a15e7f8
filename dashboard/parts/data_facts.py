"""What the data of a study are, in a small table."""

from dashboard.text import plain
from search.study import about
from search.terminal.words import capital
from trainable.problem import ProblemSpec


def facts_of(problem: ProblemSpec) -> dict[str, str]:
    """Return, as Markdown by what it is called, what a study has recorded of its data, and where they were."""
    place, target = problem.source.get("location"), problem.source.get("target")
    read = [("read from", place), ("labels are in column", target)]
    return {plain(capital(name)): plain(value) for name, value in [*about.facts_of(problem), *read] if value}
