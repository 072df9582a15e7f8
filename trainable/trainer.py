"""What a worker holds to train one network after another."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Epoch:
    """What one epoch gave: mean loss and accuracy (a share) over the training split, as the weights moved."""

    loss: float
    accuracy: float


class Trainer(Protocol):
    """Trains one network after another on the same data; see `tests/test_trainers.py` for what it has to keep."""

    @property
    def samples(self) -> int:
        """Number of examples that the network is trained on."""

    @property
    def size(self) -> int:
        """Number of weights of the network in training."""

    @property
    def has_grown(self) -> bool:
        """Whether its process has taken so much memory that another one should go on; asked between two networks."""

    def start(self, params: Mapping[str, Any], seed: int, *, all_data: bool = False) -> None:
        """Begin a new network of checked parameters; a seed from 0 to `MAX_SEED` decides its weights and shuffles.

        With `all_data` it learns from the validation split, too: `validate` says nothing about such a network.
        """

    def train_epoch(self) -> Epoch:
        """Train on every example once, in an order that the seed and the epoch's number decide."""

    def validate(self) -> float:
        """Return the metric on the validation split."""

    def model_bytes(self) -> bytes:
        """Return the content of a `.keras` file of the network as it is now."""
