"""Which kinds of problems there are, and which one a study is about where it does not say."""

from trainable.mnist.spec import MNIST
from trainable.problem import Problem, ProblemSpec

BUILT_IN = MNIST
KINDS = (MNIST.kind,)


def problem_of(spec: ProblemSpec) -> Problem:
    """Return what loads, trains and scores what a spec says."""
    from trainable.mnist.problem import MnistProblem  # noqa: PLC0415 (who only reads a spec needs no NumPy)

    return {MNIST.kind: MnistProblem}[spec.kind](spec)
