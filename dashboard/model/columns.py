"""The numbers of an example by name, where it is no picture, and which of them tell a network most."""

import numpy as np
from numpy.typing import NDArray

from dashboard.model.kept import Network
from trainable.data.dataset import Examples
from trainable.problem import ProblemSpec

ENOUGH = 1000  # examples, to see how much a column varies


def names_of(problem: ProblemSpec) -> list[str]:
    """Return what the columns are called: as in the person's table, or f0, f1 and so on."""
    return list(problem.inputs.columns) or [f"f{number}" for number in range(problem.inputs.features)]


def telling(network: Network, examples: Examples) -> NDArray[np.intp]:
    """Return the columns, the one first that moves the network most.

    That is how much it varies, times the absolute weights of its way to each hidden unit, times the length of that
    unit's outgoing weights.

    Args:
        network: Whose weights count.
        examples: As they are stored, uint8 or float32 [n, features].
    """
    hidden_kernel, _, output_kernel, _ = network.weights
    varies = network.scaled(examples[:ENOUGH]).std(axis=0)
    moves = np.abs(hidden_kernel) @ np.linalg.norm(output_kernel, axis=1)
    return np.argsort(-varies * moves, kind="stable")
