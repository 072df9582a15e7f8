"""What is trained, as a value: recorded with a study, passed along, and read by all who speak of it.

A `ProblemSpec` holds no code and no arrays. A `Problem` loads, checks, scores, and goes to the workers beside the data;
a `Trainer` is what a worker holds, one training after another.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

from trainable.errors import ConfigError
from trainable.words import Words

if TYPE_CHECKING:  # a spec is read without NumPy
    from trainable.data.dataset import Dataset, HeldOutSet

MAX_SEED = 2**31 - 1  # fits the signed 32-bit integers of TensorFlow's stateless random ops
LONGEST_SHOWN = 80  # characters


@dataclass(frozen=True)
class Parameter:
    """A quantity that decides how a network is trained.

    Attributes:
        name: What it is called everywhere.
        kind: Of its values.
        low: The least value that can be trained at all; of a float what it has to exceed.
        high: The greatest.
        meaning: In a few words.
    """

    name: str
    kind: Literal["int", "float"]
    low: float
    high: float
    meaning: str

    def check(self, value: object) -> None:
        """Refuse a value that no network can be trained with.

        Raises:
            ConfigError: Its type is wrong, or it is out of range.
        """
        if self.kind == "int":
            allowed = isinstance(value, int) and self.low <= value <= self.high
            what = f"a whole number from {self.low} to {self.high}"
        else:
            allowed = isinstance(value, int | float) and self.low < value <= self.high
            what = f"a number greater than {self.low:g} and at most {self.high:g}".replace("e+", "e")
        if not allowed or isinstance(value, bool):
            raise ConfigError(f"{self.name} must be {what}, got {shown(value)}")


SEED = Parameter("seed", "int", 0, MAX_SEED, "decides the initial weights and every shuffle")


@dataclass(frozen=True)
class Inputs:
    """What a network takes.

    Attributes:
        shape: Of one example as it is stored, such as (height, width).
        dtype: Of its values.
        scale: What the values are divided by before the first layer.
        name: What code calls an array of several.
    """

    shape: tuple[int, ...]
    dtype: str
    scale: float
    name: str = "examples"

    @property
    def features(self) -> int:
        """Numbers in one example."""
        return prod(self.shape)

    def stored(self, batch: str) -> str:
        """Return the form of so many examples as they are stored, such as "uint8 [batch, 8, 8]"."""
        return f"{self.dtype} [{', '.join([batch, *map(str, self.shape)])}]"

    def scaled(self, batch: str) -> str:
        """Return their form before the first layer, such as "float32 [batch, 64] in [0, 1]"."""
        reach = f" in [0, {255 / self.scale:g}]" if self.dtype == "uint8" else ""
        return f"float32 [{batch}, {self.features}]{reach}"


@dataclass(frozen=True)
class Reference:
    """A figure that somebody else gave for the baseline: who, and the test accuracy, a share."""

    name: str
    value: float


@dataclass(frozen=True)
class ProblemSpec:
    """What a study is about, in a form that JSON can hold.

    Attributes:
        kind: Which code trains it, see `trainable.problems`.
        name: What people call the data.
        parameters: What decides how a network is trained, `epochs` among them.
        space: What is searched by default, in the form of a space file.
        baseline: The values of all parameters that the person has today.
        metric: What is compared: a share, the larger the better.
        inputs: What a network takes.
        labels: What the classes are called, by index.
        sizes: Examples of each split: train, val, test.
        data: SHA-256 of the bytes of each array.
        split: How the validation examples were chosen.
        reference: A published figure for the baseline, where there is one.
        words: What people call things.
        recorded: What it was read from, which a later version may have written, with fields of its own.
    """

    kind: str
    name: str
    parameters: tuple[Parameter, ...]
    space: Mapping[str, Any]
    baseline: Mapping[str, Any]
    metric: str
    inputs: Inputs
    labels: tuple[str, ...]
    sizes: Mapping[str, int]
    data: Mapping[str, str]
    split: str
    reference: Reference | None
    words: Words
    recorded: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the parameters, in their order."""
        return tuple(each.name for each in self.parameters)

    @property
    def trial_data(self) -> dict[str, str]:
        """The hashes of the arrays that trials see."""
        return {name: digest for name, digest in self.data.items() if not name.endswith("_test")}

    @property
    def examples(self) -> str:
        """What people call several examples."""
        return f"{self.words.example}s"

    @property
    def training_size(self) -> int:
        """Examples of both splits that a final network is trained on."""
        return self.sizes["train"] + self.sizes["val"]

    def said(self, text: str, **values: Any) -> str:
        """Return a text with what its braces stand for: what is called so here, or one of the values."""
        inputs, example, label = self.inputs, self.words.example, self.words.label
        own = {"name": self.name, "example": example, "examples": self.examples, "inputs": inputs.name, "label": label}
        own["labels"] = f"{label}{'es' if label.endswith('s') else 's'}"
        known = own | {"features": inputs.features, "classes": len(self.labels)} | values
        return re.sub(r"\{(\w+)\}", lambda found: str(known.get(found[1], found[0])), text)

    def check(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters out of a mapping that may hold other keys, too.

        Raises:
            ConfigError: One is missing, or no network can be trained with it.
        """
        missing = [name for name in self.names if name not in values]
        if missing:
            raise ConfigError(f"missing {', '.join(missing)}; a configuration needs {', '.join(self.names)}")
        for each in self.parameters:
            each.check(values[each.name])
        return {name: values[name] for name in self.names}

    def to_json(self) -> dict[str, Any]:
        """Return what a study records, as it is read back."""
        values = asdict(self)
        recorded = values.pop("recorded")
        return dict(_merged(recorded, json.loads(json.dumps(values))))

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote, also of a later version.

        Raises:
            KeyError, TypeError: It is no problem's.
        """
        own = _known(cls, values)
        own |= {
            "parameters": tuple(Parameter(**_known(Parameter, each)) for each in own["parameters"]),
            "inputs": Inputs(**_known(Inputs, own["inputs"]) | {"shape": tuple(own["inputs"]["shape"])}),
            "labels": tuple(own["labels"]),
            "reference": own["reference"] and Reference(**_known(Reference, own["reference"])),
            "words": Words(**_known(Words, own["words"]) | {"limits": tuple(own["words"]["limits"])}),
        }
        return cls(**own, recorded=values)


def _known(kind: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of some values that are fields of a dataclass."""
    return {each.name: values[each.name] for each in fields(kind) if each.name in values}


def _merged(recorded: Any, own: Any) -> Any:
    """Return a value of this version with the fields that a later one has recorded besides."""
    if isinstance(own, dict) and isinstance(recorded, Mapping):
        return {**recorded, **{name: _merged(recorded.get(name), each) for name, each in own.items()}}
    if isinstance(own, list) and isinstance(recorded, list) and len(own) == len(recorded):
        return [_merged(*pair) for pair in zip(recorded, own, strict=True)]
    return own


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


class Problem(Protocol):
    """What a kind of problem can do; it goes to workers, so it is small and can be pickled."""

    @property
    def spec(self) -> ProblemSpec:
        """What the study records of it."""

    def cache_file(self) -> Path:
        """Return where the data are kept once they were fetched."""

    def load(self, file: Path | None) -> "Dataset":
        """Load what trials see, from a file or from where it is by default.

        Raises:
            DataError: It is not what the spec says, or cannot be had.
        """

    def load_held_out(self, file: Path | None) -> "HeldOutSet":
        """Load the test examples; arguments and errors as for `load`."""

    def trainer(self, dataset: "Dataset", precision: str) -> Trainer:
        """Return what trains networks on a data set; it imports TensorFlow.

        Raises:
            ConfigError: The processor does not have this precision.
        """

    def wrong(self, model: bytes, examples: "HeldOutSet") -> list[int]:
        """Return the positions of the examples that a model's bytes classify wrong, ascending, without TensorFlow.

        Raises:
            DataError: It is no model of this problem.
        """

    @property
    def sources(self) -> tuple[str, ...]:
        """The modules of `trainable` that decide a training's numbers."""


def shown(value: object) -> str:
    """Return a value as a message can hold it: Python refuses to print integers of thousands of digits."""
    try:
        text = repr(value)
    except ValueError:
        text = "a number of thousands of digits"
    except RecursionError:
        text = "a value in thousands of others"
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."
