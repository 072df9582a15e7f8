"""The round trip: a file is believed when another process, with the runtime of its format, predicts the same."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from search.errors import SearchError
from search.export.formats import KERAS, Format
from search.export.interface import as_probabilities
from search.export.latency import Latency, latency_of
from search.export.reload import SAID, from_bytes, request_of
from trainable.data.several import Taken
from trainable.helper import environment
from trainable.program import Program

CLOSE = 1e-4  # probabilities; float32 sums in another order differ by about 1e-6


@dataclass(frozen=True)
class Check:
    """What a round trip has shown: the same class for each example, unless two are as probable.

    Attributes:
        file: What was loaded again.
        runtime: Name and version of what loaded it.
        images: How many were predicted.
        largest_difference: Between two probabilities of the same class and example.
        ties: How many examples got another class that is as probable, within `CLOSE`.
        latencies: How long it takes to answer, where that was asked.
    """

    file: str
    runtime: str
    images: int
    largest_difference: float
    ties: int = 0
    latencies: Sequence[Latency] = ()


class RoundTrip:
    """Compares exported files with the model that they were made from, on the same examples."""

    def __init__(
        self,
        inputs: Taken,
        expected: NDArray[np.float32],
        examples: str,
        *,
        program: Program | None = None,
        are_logits: bool = False,
        is_timed: bool = False,
    ) -> None:
        """Take what to predict.

        Args:
            inputs: The examples as the exported model takes them.
            expected: float32 [n, outputs], what the source model says.
            examples: What people call several of them.
            program: The person's file that Keras needs for the model's layers.
            are_logits: Whether what it says has still to be turned into probabilities.
            is_timed: Whether each file's answers are timed.
        """
        self._is_timed = is_timed
        self._inputs, self._program, self._examples = inputs, program, examples
        self._outputs, self._are_logits = expected.shape, are_logits
        self._expected = as_probabilities(expected, are_logits=are_logits)

    def check(self, kind: Format, file: Path) -> Check:
        """Load a file in a fresh process, predict, and compare.

        Raises:
            SearchError: It cannot be loaded, or predicts something else.
        """
        outputs, latencies = self._predicted(kind, file)
        if outputs.shape != self._outputs:
            raise SearchError(
                f"--format {kind.name}: gives probabilities {outputs.shape} where Keras gives {self._outputs}; "
                "nothing is exported"
            )
        found = as_probabilities(outputs, are_logits=self._are_logits)
        classes, rows = found.argmax(axis=1), np.arange(len(found))
        behind = self._expected.max(axis=1) - self._expected[rows, classes]
        others = int(np.sum(behind > CLOSE))
        largest = float(np.abs(found - self._expected).max())
        if others or not largest <= CLOSE:  # so that NaN is refused
            raise SearchError(
                f"--format {kind.name}: differs from the Keras model in the classes of {others} of {len(found)} "
                f"{self._examples} and by up to {largest:.2g} in probabilities; nothing is exported"
            )
        ties = int(np.sum(classes != self._expected.argmax(axis=1)))
        return Check(file.name, f"{kind.runtime} {version(kind.runtime)}", len(found), largest, ties, latencies)

    def _predicted(self, kind: Format, file: Path) -> tuple[NDArray[np.float32], list[Latency]]:
        asked = ["time"] if self._is_timed else []
        command = [sys.executable, "-m", "search.export.reload", kind.name, str(file), *asked]
        request = request_of(self._inputs, self._program if kind == KERAS else None)
        ended = subprocess.run(command, input=request, capture_output=True, check=False, env=environment())
        if ended.returncode:
            said = ended.stderr.decode(errors="replace").strip().splitlines()
            reason = said[-1] if said else f"its process ended with status {ended.returncode}"
            raise SearchError(f"--format {kind.name}: {kind.runtime} cannot load it again: {reason}")
        answer = from_bytes(ended.stdout)
        return answer.pop(SAID), [latency_of(int(size), each.tolist()) for size, each in answer.items()]
