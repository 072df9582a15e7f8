"""Limits of a configuration's network: what breaks one is never trained, and recorded as infeasible."""

from collections.abc import Mapping
from typing import Any

from trainable.mlp.structure import sizes_of
from trainable.problem import ProblemSpec

PARAMETERS, BYTES, FLOPS = "parameters", "bytes", "flops"
LIMITS = (PARAMETERS, BYTES, FLOPS)
OF_A_PARAMETER = 4  # bytes, of float32
INFEASIBLE = "infeasible"  # why a trial was not trained, before a colon and what it broke


def sizes(problem: ProblemSpec, params: Mapping[str, Any]) -> dict[str, int] | None:
    """Return a configuration's sizes by `LIMITS`; None where they are known only once a person's file has built it.

    An operation is an addition or a multiplication of one example's matrix products.
    """
    if problem.code:
        return None
    kernels = sizes_of(params, problem.inputs.features, len(problem.labels))
    parameters = sum((rows + 1) * columns for rows, columns in kernels)
    return of_parameters(parameters) | {FLOPS: 2 * sum(rows * columns for rows, columns in kernels)}


def of_parameters(parameters: int) -> dict[str, int]:
    """Return what follows from the number of parameters alone."""
    return {PARAMETERS: parameters, BYTES: OF_A_PARAMETER * parameters}


def excess_of(found: Mapping[str, int], at_most: Mapping[str, int]) -> dict[str, float]:
    """Return by how many times its own size each limit is exceeded, at most 0 where it is kept."""
    return {name: found[name] / most - 1 for name, most in at_most.items() if name in found}


def reason_of(found: Mapping[str, int], at_most: Mapping[str, int]) -> str:
    """Say which limits sizes break; empty where they keep all."""
    broken = [f"{found[name]:,} {name} of at most {most:,}" for name, most in at_most.items() if found[name] > most]
    return f"{INFEASIBLE}: {', '.join(broken)}" if broken else ""
