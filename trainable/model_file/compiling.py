"""What a person's model has to be before it is trained: compiled, of the right form, small enough, safe."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import prod
from typing import Any, Literal

import keras
import tensorflow as tf

from trainable.errors import ProgramError, UnfitError, cause_of, shown, some
from trainable.model_file.losses import is_of_keras, is_sparse, only
from trainable.model_file.outputs import gives_logits, output_shape

LARGEST_MODEL = 200_000_000  # bytes of weights: a model travels through Ray, and is kept in memory until it is judged
BINARY = 2  # classes that one output can tell apart
HALF = 0.5  # from which probability on the second of two classes is meant
ACCURACY = "accuracy"  # of the metrics of a training


Shape = tuple[int, ...]
Shapes = Shape | Mapping[str, Shape]
Form = Literal["integers", "one-hot", "binary"]


def compiled(model: Any, learning_rate: float | None, classes: int) -> Any:
    """Return a model that can be trained: as the person compiled it, otherwise with RMSprop and cross-entropy.

    Args:
        model: Built.
        learning_rate: Of a configuration; None where it has none, which leaves RMSprop its default.
        classes: Number of classes.
    """
    if model.compiled:
        return model
    from_logits, rate = gives_logits(model), {} if learning_rate is None else {"learning_rate": learning_rate}
    if is_single(model, classes):
        loss = keras.losses.BinaryCrossentropy(from_logits=from_logits)
    else:
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=from_logits)
    model.compile(keras.optimizers.RMSprop(**rate), loss)
    return model


@contextmanager
def unfit() -> Iterator[None]:
    """Tell a configuration of which a block makes no model from what is wrong with this machine.

    Raises:
        UnfitError: In the place of any exception but those that another machine may not raise.
    """
    try:
        yield
    except Exception as error:
        cause = error.__cause__ if isinstance(error, ProgramError) else error
        if isinstance(cause, MemoryError | OSError | ImportError | tf.errors.ResourceExhaustedError):
            raise
        said = str(error) if isinstance(error, ProgramError) else f"{type(error).__name__}: {cause_of(error)}"
        raise UnfitError(said) from error


def check_model(model: Any, classes: int, input_shape: Shapes) -> None:
    """Refuse a built model that cannot be trained on these data, or not be taken away.

    Args:
        model: Built.
        classes: Number of classes.
        input_shape: Of one example, without the batch; of several inputs by their names.

    Raises:
        ProgramError: In one line: why.
    """
    if not isinstance(model, keras.Model):
        raise ProgramError(f"expected a keras.Model, got {shown(type(model).__name__)}")
    lambdas = [layer.name for layer in layers_of(model) if isinstance(layer, keras.layers.Lambda)]
    if lambdas:
        raise ProgramError(
            f"layer {some(lambdas)}: a Lambda layer holds code and cannot be exported safely; write a layer class"
        )
    size = sum(prod(weight.shape) * tf.as_dtype(weight.dtype).size for weight in model.weights)
    if size > LARGEST_MODEL:
        raise ProgramError(
            f"the model has {size / 1e6:,.0f} MB of weights; at most {LARGEST_MODEL / 1e6:.0f} MB can be searched"
        )
    _check_inputs(model, input_shape)
    check_outputs(model, classes)


def check_outputs(model: Any, classes: int) -> None:
    """Refuse a built model whose output is not [batch, classes], or [batch, 1] of two classes.

    Raises:
        ProgramError: In one line: what it gives and what it should give.
    """
    shape = output_shape(model)
    if shape is None:
        raise ProgramError("the model has several outputs; it has to have one, of a value for each class")
    wanted = [(None, classes), *([(None, 1)] if classes == BINARY else [])]
    if (None, *shape[1:]) not in wanted:
        said = " or ".join(f"[batch, {values}]" for _, values in wanted)
        hint = "the last layer needs `classes` units"
        if len(shape) > len(wanted[0]) and shape[-1] == classes:
            hint = "it gives them for each part of an example; a Flatten or pooling layer is missing"
        elif shape[-1] == 1:
            hint += "; one value is a quantity, and this tool classifies"
        raise ProgramError(f"the model's output is {_said(shape)}; for {classes} classes it has to be {said}: {hint}")
    if is_single(model, classes) and model.compiled and is_sparse(model.loss):
        raise ProgramError("one output needs a binary loss such as binary_crossentropy, not a sparse categorical one")


def labels_form(model: Any, classes: int) -> Form:
    """Return in which form the loss of a compiled model wants labels.

    Sparse losses take integers [batch]; so is a loss of the person's own given them, unless the model has one output.
    Keras's others compare element by element: they take float32 [batch, classes].
    """
    if is_single(model, classes):
        return "binary"
    loss = only(model.loss)
    return "one-hot" if is_of_keras(loss) and not is_sparse(loss) else "integers"


def with_accuracy(model: Any, form: Form) -> Any:
    """Return a compiled model that measures accuracy while it trains, and nothing else that the person wanted measured.

    One whose `compile` or `train_step` is the person's own stays as it is.
    """
    if type(model).compile is not keras.Model.compile or not has_step_of_keras(model):
        return model
    model.compile(
        optimizer=model.optimizer,
        loss=model.loss,
        loss_weights=model._compile_config.config.get("loss_weights"),  # noqa: SLF001 (Keras has no other way)
        metrics=[_accuracy(form, are_logits=gives_logits(model))],
        run_eagerly=model.run_eagerly,
        steps_per_execution=model.steps_per_execution,
        jit_compile=model.jit_compile,
    )
    return model


def has_step_of_keras(model: Any) -> bool:
    """Say whether Keras's own `train_step` trains a model."""
    return bool(type(model).train_step is keras.Model.train_step)


def _accuracy(form: Form, *, are_logits: bool) -> Any:
    if form == "binary":
        return keras.metrics.BinaryAccuracy(ACCURACY, threshold=threshold(are_logits=are_logits))
    kind = keras.metrics.SparseCategoricalAccuracy if form == "integers" else keras.metrics.CategoricalAccuracy
    return kind(ACCURACY)


def threshold(*, are_logits: bool) -> float:
    """Return above which value one output means the second of two classes."""
    return 0.0 if are_logits else HALF


def said_of_training(model: Any) -> str:
    """Return what people call a compiled model's optimizer and loss, such as "Adam, categorical_crossentropy"."""
    loss = only(model.loss)
    name = (
        loss if isinstance(loss, str) else getattr(loss, "name", None) or getattr(loss, "__name__", type(loss).__name__)
    )
    optimizer = type(model.optimizer).__name__ if model.optimizer is not None else "no optimizer"
    return f"{optimizer}, {name}"


def is_single(model: Any, classes: int) -> bool:
    """Say whether a built model has one output for two classes."""
    shape = output_shape(model)
    return classes == BINARY and shape is not None and shape[-1] == 1


def layers_of(model: Any) -> list[Any]:
    """Return all layers of a model, those of models and wrappers in it, too."""
    return list(model._flatten_layers(include_self=False))  # noqa: SLF001 (Keras has no other way)


def _check_inputs(model: Any, input_shape: Shapes) -> None:
    inputs = getattr(model, "inputs", None)
    if not inputs:
        return  # a subclass of `keras.Model` takes what its `call` takes, and was called
    if isinstance(input_shape, Mapping):
        names = input_names(model)
        if set(names) != set(input_shape):
            raise ProgramError(f"the model's inputs are {some(names)}; the data's are {some(list(input_shape))}")
        pairs = [(each, input_shape[name], f"input {shown(name)}") for name, each in zip(names, inputs, strict=True)]
    elif len(inputs) > 1:
        raise ProgramError(f"the model has {len(inputs)} inputs: {some(input_names(model))}; the data have one array x")
    else:
        pairs = [(inputs[0], input_shape, "input")]
    for tensor, shape, what in pairs:
        if not _fits(tuple(tensor.shape)[1:], tuple(shape)):
            raise ProgramError(f"the model's {what} is {_said(tensor.shape)}; the data's is {_said((None, *shape))}")


def input_names(model: Any) -> list[str]:
    """Return what the inputs of a model are called in a dict of arrays, in their order."""
    struct = getattr(model, "_inputs_struct", None)
    if isinstance(struct, dict):
        order = [id(each) for each in model.inputs]
        return sorted(struct, key=lambda name: order.index(id(struct[name])))
    return [each.name for each in model.inputs]


def _fits(wanted: tuple[int | None, ...], given: tuple[int, ...]) -> bool:
    """Say whether an input takes a shape, both without the batch; Keras adds and removes a last dimension of 1."""
    if len(wanted) == len(given) + 1 and wanted[-1] == 1:
        wanted = wanted[:-1]
    if len(given) == len(wanted) + 1 and given[-1] == 1:
        given = given[:-1]
    return len(wanted) == len(given) and all(one in (None, other) for one, other in zip(wanted, given, strict=True))


def _said(shape: Any) -> str:
    sizes = ["any" if size is None else str(size) for size in tuple(shape)[1:]]
    return f"[{', '.join(['batch', *sizes])}]"
