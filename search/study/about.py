"""What somebody's own data are, in words: for who reads of a study on them."""

from search.terminal.words import an
from trainable.errors import shown, some
from trainable.inputs import Inputs
from trainable.problem import ProblemSpec

SPLITS = {"train": "training", "val": "validation", "test": "test"}
MOST_NAMES = 30  # of columns or classes


def facts_of(problem: ProblemSpec) -> list[tuple[str, str]]:
    """Return rows of what is said of the data and what it is: name, splits, repetitions, an example, classes."""
    inputs, sizes = problem.inputs, problem.sizes
    came = {"val": problem.split, "test": problem.test_split}
    rows = [
        ("name", problem.name),
        *((f"{said} {problem.examples}", _split(sizes[split], came.get(split, ""))) for split, said in SPLITS.items()),
        ("repeated", "; ".join(repetitions(problem))),
        (an(problem.words.example), "; ".join(_inputs(inputs))),
        ("columns", some(inputs.columns, MOST_NAMES)),
        (problem.said("{labels}"), f"{len(problem.labels):,}: {some(problem.labels, MOST_NAMES)}"),
    ]
    return [(what, each) for what, each in rows if each]


def _inputs(inputs: Inputs) -> list[str]:
    """Return what an example is made of; of several inputs that of each, with its name."""
    forms = dict(inputs.several) or {"": (inputs.dtype, inputs.shape)}
    return [
        f"{name and shown(name)}{name and ': '}{' x '.join(f'{size:,}' for size in shape or [1])} numbers, {dtype}"
        for name, (dtype, shape) in forms.items()
    ]


def _split(size: int, came: str) -> str:
    return f"{size:,}{came and ': '}{came}" if size else "none"


def repetitions(problem: ProblemSpec) -> list[str]:
    """Return of each split that has examples of an earlier one, too, how many these are."""
    return [
        f"{number:,} of the {problem.sizes[split]:,} {SPLITS[split]} {problem.examples} "
        f"{'is' if number == 1 else 'are'} in the training{' or validation' if split == 'test' else ''} split, too"
        for split, number in problem.repeated.items()
    ]
