"""Which kinds of problems there are, and which one a study is about where it does not say."""

from trainable.arrays import KIND as ARRAYS
from trainable.data.source import DataSource
from trainable.mnist.spec import MNIST
from trainable.model_file import KIND as MODEL
from trainable.problem import Problem, ProblemSpec
from trainable.program import Program

BUILT_IN = MNIST
KINDS = (MNIST.kind, ARRAYS, MODEL)


def problem_of(spec: ProblemSpec, program: Program | None = None) -> Problem:
    """Return what loads, trains and scores what a spec says; training a person's own model takes their file."""
    # Imported here: who only reads a spec needs no NumPy.
    if spec.kind == MNIST.kind:
        from trainable.mnist.problem import MnistProblem  # noqa: PLC0415

        return MnistProblem(spec)
    if spec.kind == MODEL:
        from trainable.model_file.problem import ModelProblem  # noqa: PLC0415

        return ModelProblem(spec, program)
    from trainable.arrays.problem import ArraysProblem  # noqa: PLC0415

    return ArraysProblem(spec)


def spec_in(source: DataSource | None) -> ProblemSpec:
    """Return what data are about: the official images of the built-in problem are known by their hashes.

    Raises:
        DataError: They are no data that a network can learn from.
    """
    if source is None:
        return BUILT_IN
    from trainable.mnist.source import is_built_in  # noqa: PLC0415 (as above)

    if is_built_in(source):
        return BUILT_IN
    from trainable.arrays.problem import prepared  # noqa: PLC0415 (likewise)

    return prepared(source).spec
