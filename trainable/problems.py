"""Which kinds of problems there are, and which one a study is about where it does not say."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from trainable.mnist.problem import MNIST, MnistProblem
from trainable.problem import Problem, ProblemSpec

BUILT_IN = MNIST
KINDS: Mapping[str, Callable[[ProblemSpec], Problem]] = MappingProxyType({MNIST.kind: MnistProblem})


def problem_of(spec: ProblemSpec) -> Problem:
    """Return what loads, trains and scores what a spec says."""
    return KINDS[spec.kind](spec)
