"""What is trained, as a value: recorded with a study, passed along, and read by all who speak of it.

A `ProblemSpec` holds no code and no arrays. A `Problem` loads, checks, scores, and goes to the workers beside the data.
"""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Protocol, Self

from trainable.data.names import LONGEST_NAME, is_of_test
from trainable.data.source import DataSource
from trainable.errors import ConfigError
from trainable.inputs import Inputs
from trainable.parameter import MAX_SEED, Parameter
from trainable.trainer import Trainer
from trainable.words import Words

if TYPE_CHECKING:  # a spec is read without NumPy
    from pathlib import Path

    from trainable.data.dataset import HeldOutSet, TrialData

LONGEST_TEXT, MOST_LABELS = 20_000, 20_000  # characters, classes
LARGEST = 1e300  # of a figure
CHANGED = "today's network"  # whose values are not those that were found, but what a person says
WORD = re.compile(r"[A-Za-z][A-Za-z_ ]{0,39}")  # what stands in sentences, and in code


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
        sizes: Examples of each split: train, val, test; 0 where there is none.
        data: SHA-256 of the bytes of each array.
        split: Which of the training examples validate, after "of which"; of somebody's own data, how that came about.
        reference: A published figure for the baseline, where there is one.
        words: What people call things.
        test_split: How the test split came about, of somebody's own data.
        repeated: How many examples of a split are in an earlier one, too, where there are any.
        code: Of the person's file that builds the networks: its `name`, the `function`, and `sha256` of its text.
        source: The fields of the `DataSource` from which the data were read, where they are somebody's own.
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
    test_split: str = ""
    repeated: Mapping[str, int] = field(default_factory=dict)
    code: Mapping[str, str] = field(default_factory=dict)
    source: Mapping[str, Any] = field(default_factory=dict, compare=False)
    recorded: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the parameters, in their order."""
        return tuple(each.name for each in self.parameters)

    @property
    def trial_data(self) -> dict[str, str]:
        """The hashes of the arrays that trials see."""
        return {name: digest for name, digest in self.data.items() if not is_of_test(name)}

    @property
    def examples(self) -> str:
        """What people call several examples."""
        return f"{self.words.example}s"

    @property
    def has_named_classes(self) -> bool:
        """Whether the classes are called something else than their numbers."""
        return self.labels != tuple(map(str, range(len(self.labels))))

    @property
    def training_size(self) -> int:
        """Examples of both splits that a final network is trained on."""
        return self.sizes["train"] + self.sizes["val"]

    @property
    def has_found_baseline(self) -> bool:
        """Whether nobody has said that the network of today has other values than those that were found."""
        return self.words.units != CHANGED

    def said(self, text: str, /, **values: Any) -> str:
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
        missing = [each.name for each in self.parameters if each.name not in values and not each.can_lack]
        if missing:
            raise ConfigError(f"missing {', '.join(missing)}; a configuration needs {', '.join(self.names)}")
        given = [each for each in self.parameters if each.name in values]
        for each in given:
            each.check(values[each.name])
        return {each.name: values[each.name] for each in given}

    def with_baseline(self, values: Mapping[str, Any], without: Collection[str] = ()) -> Self:
        """Return the same problem for a person whose network has these values today, and some parameters not at all."""
        baseline = {name: each for name, each in {**self.baseline, **values}.items() if name not in without}
        if baseline == self.baseline:
            return self
        if baseline.items() <= self.baseline.items():  # what has no effect in the network of today changes no word
            return replace(self, baseline=baseline)
        words = replace(self.words, baseline="baseline", units=CHANGED)
        return replace(self, baseline=baseline, reference=None, words=words)

    def to_json(self) -> dict[str, Any]:
        """Return what a study records, as it is read back."""
        values = asdict(self)
        recorded = values.pop("recorded")
        for of, name in ((values, "code"), (values["inputs"], "several")):  # of the first studies that record this
            if not of[name]:
                del of[name]
        for parameter in values["parameters"]:
            for name in ("choices", "is_optional"):  # only where there are any
                if not parameter[name]:
                    del parameter[name]
        return dict(_merged(recorded, json.loads(json.dumps(values))))

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote, also of a later version.

        Raises:
            KeyError, TypeError, ValueError: It is no problem's.
        """
        own = _known(cls, values)
        own |= {
            "parameters": tuple(
                Parameter(**_known(Parameter, each) | _tuples(each, "choices")) for each in own["parameters"]
            ),
            "inputs": Inputs(**_known(Inputs, own["inputs"]) | _tuples(own["inputs"], "shape", "columns")),
            "labels": tuple(own["labels"]),
            "reference": own["reference"] and Reference(**_known(Reference, own["reference"])),
            "words": Words(**_known(Words, own["words"]) | _tuples(own["words"], "limits")),
        }
        found = cls(**own, recorded=values)
        _check_bounds(found)
        return found


def _tuples(values: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return those of some values that are sequences, as they were before they were recorded."""
    return {name: tuple(values[name]) for name in names if name in values}


def _check_bounds(spec: ProblemSpec) -> None:
    """Refuse what no problem of this project has: who reads a database need not trust it."""
    tables: list[Any] = [spec.space, spec.source, spec.repeated, spec.code, spec.inputs.several]
    if not all(isinstance(each, Mapping) for each in tables):
        raise ValueError("what should be a table is none")
    if spec.code and not {"name", "location", "sha256"} <= spec.code.keys():
        raise ValueError("the person's file has no name")
    _check_texts(spec, DataSource(**spec.source) if spec.source else None)
    _check_numbers(spec)
    if not 2 <= len(set(spec.labels)) == len(spec.labels) <= MOST_LABELS:  # noqa: PLR2004 (one class is none)
        raise ValueError(f"{len(spec.labels)} classes")
    if len(spec.inputs.columns) not in (0, spec.inputs.features):
        raise ValueError("there are not as many columns as numbers")
    spec.check(spec.baseline)


def _check_texts(spec: ProblemSpec, source: DataSource | None) -> None:
    words = asdict(spec.words)
    names: list[Any] = [spec.kind, spec.name, spec.metric, spec.inputs.dtype, *spec.names, *spec.labels]
    names += [
        *spec.inputs.columns,
        *spec.data,
        *spec.data.values(),
        *(text for each in spec.parameters for text in (each.kind, *each.choices)),
    ]
    names += [spec.reference.name] if spec.reference else []
    names += [*spec.code, *spec.inputs.several]
    texts: list[Any] = [*spec.code.values(), spec.split, spec.test_split, *words.pop("limits"), *words.values()]
    texts += [each.meaning for each in spec.parameters]
    texts += [each for each in (source.location, source.target) if each is not None] if source else []
    for what, most in ((names, LONGEST_NAME), (texts, LONGEST_TEXT)):
        if any(not isinstance(each, str) or len(each) > most for each in what):
            raise ValueError(f"what should be a text of at most {most} characters is not")
    if not all(WORD.fullmatch(each) for each in (spec.words.example, spec.words.label, spec.inputs.name)):
        raise ValueError("what should be a word is none")
    place: list[Any] = [source.location, source.test] if source else ["", True]
    if [type(each) for each in place] != [str, bool]:
        raise ValueError("the source of the data is none")


def _check_numbers(spec: ProblemSpec) -> None:
    inputs, reference = spec.inputs, spec.reference
    sizes: list[Any] = [len(inputs.shape), inputs.features, *inputs.shape, spec.sizes["train"], spec.sizes["val"]]
    for dtype, shape in inputs.several.values():
        if not isinstance(dtype, str) or len(dtype) > LONGEST_NAME or not isinstance(shape, list | tuple):
            raise ValueError("an input is none")
        sizes += shape
    counts: list[Any] = [spec.sizes["test"], *spec.repeated.values()]
    if any(type(each) is not int or not 0 <= each < MAX_SEED for each in [*sizes, *counts]) or 0 in sizes:
        raise ValueError("a size is no whole number")
    if not spec.repeated.keys() <= spec.sizes.keys():
        raise ValueError("a split is none")
    figures: list[Any] = [each for one in spec.parameters for each in (one.low, one.high)]
    figures += [*([] if inputs.scale is None else [inputs.scale]), *([reference.value] if reference else [])]
    if any(type(each) not in (int, float) or not abs(each) <= LARGEST for each in figures) or inputs.scale == 0:
        raise ValueError("a figure is no number")


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


class Problem(Protocol):
    """What a kind of problem can do; it goes to workers, so it is small and can be pickled."""

    @property
    def spec(self) -> ProblemSpec:
        """What the study records of it."""

    def file(self, source: DataSource | None) -> "Path":
        """Return where the data are on this machine, or would be once they were fetched."""

    def load(self, source: DataSource | None) -> "TrialData":
        """Load what trials see, from what a person named or from where it is by default.

        Raises:
            DataError: It is not what the spec says, or cannot be had.
        """

    def load_held_out(self, source: DataSource | None) -> "HeldOutSet":
        """Load the test examples, where there are any; arguments and errors as for `load`."""

    def trainer(self, dataset: Any, precision: str) -> Trainer:
        """Return what trains networks on a data set; it imports TensorFlow.

        Raises:
            ConfigError: The processor does not have this precision.
        """

    def wrong(self, model: bytes, examples: "HeldOutSet") -> list[int]:
        """Return the positions of the examples that a model's bytes classify wrong, ascending, without TensorFlow.

        Raises:
            DataError: It is no model of this problem.
        """

    def close(self) -> None:
        """End what was started to score models; it is started again where that goes on."""

    @property
    def sources(self) -> tuple[str, ...]:
        """The modules of `trainable` that decide a training's numbers."""
