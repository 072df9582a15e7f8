"""Which engine trains the networks of a problem."""

from trainable.data.dataset import Dataset
from trainable.mlp.engine import Engine
from trainable.mlp.wide import is_wide
from trainable.mlp.wide_engine import WideEngine
from trainable.problem import ProblemSpec
from trainable.trainer import Trainer


def engine_for(spec: ProblemSpec, dataset: Dataset, precision: str) -> Trainer:
    """Return an engine; arguments and errors as for `Engine`."""
    if is_wide(spec):
        return WideEngine(dataset, precision, spec.inputs.name, spec.inputs.shape)
    return Engine(dataset, precision, spec.inputs.name)
