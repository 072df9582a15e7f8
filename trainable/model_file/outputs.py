"""What a built model gives: the shape of its output, and whether that is probabilities or logits."""

import inspect
from typing import Any
from weakref import WeakKeyDictionary

import keras

from trainable.errors import ProgramError
from trainable.model_file.losses import is_of_keras, name_of, only

PASSING = ("Reshape", "Flatten", "Dropout", "Identity", "ActivityRegularization", "Cast")  # change no value's meaning
MERGING = ("Average", "Maximum", "Minimum", "Multiply", "Add")  # of probabilities they make what is compared as such
LOGITS = ("linear", "log_softmax")  # activations after which softmax or sigmoid still has to follow
CLOSING = ("softmax", "sigmoid", "hardsigmoid", "relu")  # layers and operations after which they do not
_LOGITS = WeakKeyDictionary[Any, bool]()  # what is known of models that were loaded
_SEEN = WeakKeyDictionary[Any, tuple[int | None, ...] | None]()  # output shapes of models that write their own `call`


def built(model: Any, example: Any) -> Any:
    """Return a model with its weights; one that does not know its inputs or its output yet is called on an example.

    Args:
        model: Of a person's.
        example: An array [1, ...], or several by the names of the inputs.
    """
    if not getattr(model, "outputs", None) or not model.built:
        options = {"training": False} if "training" in inspect.signature(model.call).parameters else {}
        outputs = keras.tree.flatten(model(example, **options))
        _SEEN[model] = (None, *outputs[0].shape[1:]) if len(outputs) == 1 else None
    return model


def output_shape(model: Any) -> tuple[int | None, ...] | None:
    """Return the shape of a built model's output with the batch; None where it has several."""
    if isinstance(getattr(model, "outputs", None), list) and model.outputs:  # of a Sequential and a functional one
        return tuple(model.outputs[0].shape) if len(model.outputs) == 1 else None
    if model not in _SEEN:
        raise ProgramError("the model does not know its output yet: it was never called")
    return _SEEN[model]


def gives_logits(model: Any) -> bool:
    """Say whether a model's output is to be put through softmax, or sigmoid.

    What is known of a loaded model decides, then the loss with which it was compiled, then its last activation: layers
    after that which change no value's meaning are passed by. Of a subclass of `keras.Model` that writes its own `call`
    the last layer that it has made counts: in which order it calls them is not known.
    """
    if model in _LOGITS:
        return _LOGITS[model]
    said = _said_by_loss(model) if model.compiled else None
    return _ends_linear(model) if said is None else said


def note_logits(model: Any, *, are_logits: bool) -> None:
    """Note what the output of a loaded model is, as who trained it knew."""
    _LOGITS[model] = are_logits


def _said_by_loss(model: Any) -> bool | None:
    """Return whether the loss takes logits; None where it does not say so.

    Cross-entropy does. One output is compared with 0 and 1 by Keras's other losses, but by hinges with -1 and 1.
    """
    loss = only(model.loss)
    name = name_of(loss).lower()
    if isinstance(from_logits := getattr(loss, "from_logits", None), bool):
        return from_logits
    if not is_of_keras(loss) and not isinstance(loss, str):
        return None
    if "crossentropy" in name or name in ("ce", "bce"):
        return False
    shape = output_shape(model)
    return "hinge" in name if shape is not None and shape[-1] == 1 else None


def _ends_linear(model: Any) -> bool:
    """Say whether a model's last activation is linear."""
    outputs = getattr(model, "outputs", None)
    if outputs:
        return _is_linear(outputs[0])
    layers = [each for each in model.layers if type(each).__name__ not in PASSING]
    return _keeps_linear(layers[-1] if layers else None)


def _is_linear(tensor: Any) -> bool:
    """Say whether a tensor of a functional model comes from a linear activation."""
    history = tensor._keras_history  # noqa: SLF001 (Keras has no other way)
    operation = history.operation
    if type(operation).__name__ in (*PASSING, *MERGING):
        inputs = operation._inbound_nodes[history.node_index].input_tensors  # noqa: SLF001 (likewise)
        return any(_is_linear(each) for each in inputs)
    return _keeps_linear(operation)


def _keeps_linear(last: Any) -> bool:
    """Say whether what a layer or an operation gives is still linear."""
    if isinstance(last, keras.layers.Wrapper):
        last = last.layer
    if isinstance(last, keras.Model):
        return _ends_linear(last)
    activation = getattr(last, "activation", None)
    if activation is None:
        return type(last).__name__.lower() not in CLOSING
    return getattr(activation, "__name__", type(activation).__name__) in LOGITS
