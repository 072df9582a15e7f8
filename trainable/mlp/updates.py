"""One step of each optimizer, inside a graph: Keras 3's formulas and defaults, in TensorFlow's fused operations."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from trainable.mlp.structure import ADAM, ADAMW, RMSPROP, SGD

# As Keras 3 has them by default.
RHO = 0.9  # of RMSprop
BETA_1, BETA_2 = 0.9, 0.999  # of Adam
EPSILON = 1e-7


@dataclass(frozen=True)
class Step:
    """What an optimizer is given at a step.

    Attributes:
        rate: The learning rate, float32 [].
        number: Of the step, from 1 on, float32 [].
        values: float32 [] by the name of a parameter: `weight_decay`, `momentum`.
    """

    rate: Any
    number: Any
    values: Mapping[str, Any]


Update = Callable[[Any, Sequence[Any], Any, Step], None]
"""Updates a variable, with its two slots, by a gradient."""


def rmsprop(weight: Any, slots: Sequence[Any], gradient: Any, step: Step) -> None:
    """Divide by the root of a running mean of squares."""
    tf.raw_ops.ResourceApplyRMSProp(
        var=weight.handle, ms=slots[0].handle, mom=slots[1].handle, lr=step.rate, rho=RHO, momentum=0.0,
        epsilon=EPSILON, grad=gradient,
    )  # fmt: skip


def adam(weight: Any, slots: Sequence[Any], gradient: Any, step: Step) -> None:
    """Do so with a running mean of gradients, both free of bias. Source: Kingma and Ba, 2015."""
    tf.raw_ops.ResourceApplyAdam(
        var=weight.handle, m=slots[0].handle, v=slots[1].handle, lr=step.rate,
        beta1_power=tf.pow(tf.constant(BETA_1), step.number), beta2_power=tf.pow(tf.constant(BETA_2), step.number),
        beta1=BETA_1, beta2=BETA_2, epsilon=EPSILON, grad=gradient,
    )  # fmt: skip


def adamw(weight: Any, slots: Sequence[Any], gradient: Any, step: Step) -> None:
    """Let the weights decay before, apart from the gradient. Source: Loshchilov and Hutter, 2019."""
    weight.assign_sub(weight * (step.values["weight_decay"] * step.rate))
    adam(weight, slots, gradient, step)


def sgd(weight: Any, slots: Sequence[Any], gradient: Any, step: Step) -> None:
    """Go down the gradient with momentum."""
    tf.raw_ops.ResourceApplyKerasMomentum(
        var=weight.handle, accum=slots[0].handle, lr=step.rate, grad=gradient, momentum=step.values["momentum"]
    )


UPDATES: Mapping[str, Update] = {RMSPROP: rmsprop, ADAM: adam, ADAMW: adamw, SGD: sgd}
