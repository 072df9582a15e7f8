"""What a loss is that a model was compiled with: whose, and in which form it wants labels."""

from typing import Any

import keras


def only(loss: Any) -> Any:
    """Return the loss of one output."""
    if isinstance(loss, dict):
        loss = list(loss.values())
    return loss[0] if isinstance(loss, list | tuple) and len(loss) == 1 else loss


def is_sparse(loss: Any) -> bool:
    """Say whether a loss takes labels as integers by its name."""
    return "sparse" in name_of(only(loss)).lower()


def is_of_keras(loss: Any) -> bool:
    """Say whether Keras wrote a loss; its "crossentropy" takes integers as well, and a text is a name of Keras's."""
    if isinstance(loss, str):
        name = loss.lower()
        return name not in ("crossentropy", "ce") and keras.losses.get(loss).__module__.startswith("keras.")
    if isinstance(loss, keras.losses.Loss):
        function = getattr(loss, "fn", loss)
        return all(_module(each).startswith("keras.") for each in (loss, function))
    return loss is not None and _module(loss).startswith("keras.")


def _module(thing: Any) -> str:
    return str(getattr(thing, "__module__", "") or type(thing).__module__)


def name_of(loss: Any) -> str:
    """Return the name of a loss, and of the function in it."""
    if isinstance(loss, keras.losses.Loss):
        function = getattr(loss, "fn", None)
        return f"{type(loss).__name__} {getattr(function, '__name__', '')}"
    return loss if isinstance(loss, str) else str(getattr(loss, "__name__", type(loss).__name__))
