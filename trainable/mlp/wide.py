"""What can be searched besides the four parameters of the usual network, and the wide space. Without NumPy."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from trainable.errors import ConfigError
from trainable.mlp.structure import (
    ACTIVATIONS,
    ADAM,
    ADAMW,
    CONSTANT,
    FARTHEST,
    MOST_LAYERS,
    OPTIMIZERS,
    OWN_RATE,
    RELU,
    RMSPROP,
    SCHEDULES,
    SGD,
)  # fmt: skip
from trainable.parameter import Parameter
from trainable.problem import ProblemSpec

WIDE = "wide"  # what the space is called
EPOCHS = 2.5  # times as many as the usual space has at most
LONGEST_WIDTH = 1024  # units of a layer: three such ones take as long as one of 5,000

PARAMETERS = (
    Parameter("layers", "int", 1, MOST_LAYERS, "hidden layers"),
    *(
        Parameter(
            f"hidden_units_{layer}",
            "int",
            1,
            100_000,
            f"units of hidden layer {layer}; those of the first where it is not searched",
            is_optional=True,
        )
        for layer in range(2, MOST_LAYERS + 1)
    ),
    Parameter("activation", "choice", 0, 0, "of the hidden layers", choices=ACTIVATIONS),
    Parameter("optimizer", "choice", 0, 0, "what updates the weights", choices=OPTIMIZERS),
    Parameter(
        OWN_RATE, "float", 0, 1e30, "of sgd, in place of learning_rate; 0.01 where it is not searched", is_optional=True
    ),
    Parameter("momentum", "share", 0, 0.9999, "of sgd; 0 where it is not searched", is_optional=True),
    Parameter(
        "weight_decay",
        "share",
        0,
        1,
        "of adamw, a share of the learning rate; 0.004 where it is not searched",
        is_optional=True,
    ),
    Parameter("schedule", "choice", 0, 0, "of the learning rate, to the trial's own last epoch", choices=SCHEDULES),
    Parameter("input_dropout", "share", 0, 0.9, "share of the inputs that are dropped"),
    Parameter("dropout", "share", 0, 0.9, "share of each hidden layer's units that are dropped"),
    Parameter("label_smoothing", "share", 0, 0.9, "share of a label that is spread over all classes"),
    Parameter("shift", "int", 0, FARTHEST, "pixels by which an image is moved at most, in each direction"),
)
NAMES = tuple(each.name for each in PARAMETERS)
# Of the usual network.
TODAY = {
    "layers": 1, "activation": RELU, "optimizer": RMSPROP, "schedule": CONSTANT, "input_dropout": 0.0, "dropout": 0.0,
    "label_smoothing": 0.0, "shift": 0,
}  # fmt: skip
UNITS = {"type": "int", "low": 128, "high": LONGEST_WIDTH, "log": True}
SPACE: Mapping[str, Mapping[str, Any]] = {
    "layers": {"type": "int", "low": 1, "high": MOST_LAYERS},
    "hidden_units": UNITS,
    "hidden_units_2": UNITS | {"when": {"layers": [2, 3]}},
    "hidden_units_3": UNITS | {"when": {"layers": [3]}},
    "activation": {"type": "categorical", "choices": list(ACTIVATIONS)},
    "optimizer": {"type": "categorical", "choices": list(OPTIMIZERS)},
    "learning_rate": {
        "type": "float", "low": 2e-4, "high": 5e-3, "log": True, "when": {"optimizer": [RMSPROP, ADAM, ADAMW]},
    },
    OWN_RATE: {"type": "float", "low": 0.01, "high": 0.5, "log": True, "when": {"optimizer": [SGD]}},
    "momentum": {"type": "float", "low": 0.5, "high": 0.95, "when": {"optimizer": [SGD]}},
    "weight_decay": {"type": "float", "low": 1e-3, "high": 0.1, "log": True, "when": {"optimizer": [ADAMW]}},
    "schedule": {"type": "categorical", "choices": list(SCHEDULES)},
    "input_dropout": {"type": "float", "low": 0.0, "high": 0.3, "step": 0.1},
    "dropout": {"type": "float", "low": 0.0, "high": 0.5, "step": 0.1},
    "label_smoothing": {"type": "float", "low": 0.0, "high": 0.1, "step": 0.05},
    "shift": {"type": "int", "low": 0, "high": FARTHEST},
}  # fmt: skip


def is_wide(spec: ProblemSpec) -> bool:
    """Say whether a problem's networks may be others than the usual one."""
    return any(name in NAMES for name in spec.names)


def widened(spec: ProblemSpec, names: Collection[str] = NAMES) -> ProblemSpec:
    """Return the problem with more that can be searched: by default the wide space.

    Args:
        spec: Of the built-in network on any data.
        names: Of parameters that are wanted besides; with their parents, and with what takes their place.

    Raises:
        ConfigError: A person's own file makes the networks, or what is wanted is not for these data.
    """
    if spec.code:
        raise ConfigError(f"is for the built-in network; {spec.code['name']} says what can be searched of its own")
    is_shifted = spec.inputs.is_image and spec.inputs.scale is not None
    if "shift" in names and names is not NAMES and not is_shifted:
        raise ConfigError("shift is for images of bytes")
    wanted = {name for name in names if name in NAMES and (name != "shift" or is_shifted)}
    for name in [*wanted]:
        wanted |= {parent for parent in SPACE[name].get("when", {}) if parent in NAMES}
    if "optimizer" in wanted:
        wanted |= {OWN_RATE, "momentum", "weight_decay"}
    if "layers" in wanted:
        wanted |= {f"hidden_units_{layer}" for layer in range(2, MOST_LAYERS + 1)}
    if wanted <= {*spec.names}:
        return spec
    usual = [replace(each, is_optional=OWN_RATE in wanted) if each.name == "learning_rate" else each
             for each in spec.parameters if each.name not in NAMES]  # fmt: skip
    space = {name: dict(each) for name, each in SPACE.items() if name in wanted or name in spec.space}
    epochs = spec.space["epochs"]
    return replace(
        spec,
        parameters=(*usual, *(each for each in PARAMETERS if each.name in wanted)),
        space={
            **spec.space, **space, "epochs": epochs | {"high": round(EPOCHS * epochs["high"])},
        } if names is NAMES else spec.space,
        baseline={**spec.baseline, **{name: each for name, each in TODAY.items() if name in wanted}},
        words=replace(
            spec.words,
            layers=_layers(spec.words.layers, wanted),
            training=spec.words.training.replace("RMSprop, ", "") if "optimizer" in wanted else spec.words.training,
        ),
    )  # fmt: skip


def _layers(usual: str, wanted: Collection[str]) -> str:
    """Return what a network is made of, where a configuration decides more of it."""
    units = "hidden layers ({layers})" if "layers" in wanted else "one hidden layer of {hidden_units} units"
    activation = "{activation}" if "activation" in wanted else RELU
    return usual.replace("one hidden layer of {hidden_units} units with relu", f"{units} with {activation}")
