"""What the data of a study are, in a small table."""

from collections.abc import Sequence

from dashboard.text import plain, short
from search.terminal.words import several
from trainable.problem import ProblemSpec

MOST = 10  # names in a line
SPLITS = {"val": "validation", "test": "test"}


def facts_of(problem: ProblemSpec) -> dict[str, str]:
    """Return, as Markdown by what it is called, what a study has recorded of its data."""
    sizes, examples = problem.sizes, problem.examples
    facts = {
        "Name": plain(problem.name),
        f"Training {examples}": f"{sizes['train']:,}",
        f"Validation {examples}": f"{sizes['val']:,}, {plain(problem.split)}",
        f"Test {examples}": f"{sizes['test']:,}" if sizes["test"] else "none",
        "Classes": _named(problem.labels),
        "Stored as": plain(f"{problem.inputs.dtype} [{', '.join(map(str, problem.inputs.shape))}]"),
        "Columns": _named(problem.inputs.columns) if problem.inputs.columns else "",
        "Repeated": ", ".join(
            f"{several(number, problem.words.example)} of the {SPLITS.get(split, plain(split))} split"
            for split, number in problem.repeated.items()
        ),
        "Read from": plain(str(problem.source.get("location", ""))),
        "Labels are in": f"column {plain(problem.source['target'])}" if problem.source.get("target") else "",
    }
    return {name: value for name, value in facts.items() if value}


def _named(names: Sequence[str]) -> str:
    """Return how many names there are, and the first of them."""
    told = ", ".join(plain(short(name)) for name in names[:MOST])
    return f"{len(names):,}: {told}" + (f" and {len(names) - MOST:,} more" if len(names) > MOST else "")
