"""`python -m trainable.model_file.answering`: says what models take examples for, as `Scorer` asks, until nobody does.

It is sent the person's file, whose classes models may be made of, then examples, which it holds, and models. It
computes on processors.
"""

import os
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from trainable.data.several import together
from trainable.errors import DataError, ProgramError
from trainable.helper import apart
from trainable.model_file.pipes import receive, send
from trainable.model_file.stand_in import persons_code, run_persons_file
from trainable.process import prepare_tensorflow
from trainable.program import Program

MODEL, CLASSES = "model", "classes"  # arrays: the bytes of a model, what it takes each example for


def main() -> None:
    """Answer until the other process has ended."""
    asked, answers = apart()
    with suppress(EOFError, BrokenPipeError):
        _serve(os.fdopen(asked, "rb"), answers)
    os._exit(0)  # whatever threads a person's file has started


def _serve(asked: BinaryIO, answers: BinaryIO) -> None:
    program, _ = receive(asked)
    prepare_tensorflow(None, gpu=False)
    held = Held(Program(**program))
    try:
        run_persons_file(held.program)
    except ProgramError as error:
        send(answers, _said(error))
        return
    send(answers, {})
    while True:
        wish, arrays = receive(asked)
        try:
            found = held.answer(wish, arrays)
        except (DataError, ProgramError) as error:
            send(answers, _said(error))
        else:
            send(answers, {}, found)


@dataclass
class Held:
    """What this process has been told."""

    program: Program
    examples: dict[str, Any] = field(default_factory=dict)

    def answer(self, wish: dict[str, str], arrays: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Return the arrays that a wish asks for.

        Raises:
            DataError: What was sent is no model.
            ProgramError: It is none that can be loaded here, or none for the examples.
        """
        if name := wish.get("hold"):
            self.examples[name] = together(arrays)
        elif name := wish.get("forget"):
            del self.examples[name]
        else:
            return {CLASSES: self._classes(arrays[MODEL].tobytes(), self.examples[wish["classify"]])}
        return {}

    def _classes(self, model: bytes, examples: Any) -> NDArray[np.int32]:
        """Return what a model takes examples for, [n]."""
        # Imported here: TensorFlow has to be set up before.
        import keras  # noqa: PLC0415

        from trainable.model_file.loading import batch_of, check_content, loaded  # noqa: PLC0415
        from trainable.model_file.predicting import predicted_classes  # noqa: PLC0415

        check_content(model)
        policy = keras.config.dtype_policy()  # the file may have set it
        keras.utils.clear_session(free_memory=True)  # of the model before
        keras.config.set_dtype_policy(policy)
        with persons_code(self.program, "a model that was trained cannot be loaded"):
            network = loaded(model)
        with persons_code(self.program, "a model that was trained cannot be asked"):
            return predicted_classes(network, examples, batch_of(examples))


def _said(error: Exception) -> dict[str, str]:
    return {type(error).__name__: str(error)}


if __name__ == "__main__":
    main()
