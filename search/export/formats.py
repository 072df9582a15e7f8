"""The formats that a model is exported in: what each is called and needs, and how it is made from a Keras model."""

import importlib.util
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from search.errors import SearchError, UsageError, lines_of
from search.terminal.quiet import quiet_import, quiet_stdout
from trainable.inputs import Inputs

FIRST_ONNXRUNTIME = "1.17"  # opens IR version 9 and operator set 20 at most


@dataclass(frozen=True)
class Format:
    """One format.

    Attributes:
        name: What `--format` calls it.
        file: The file in the exported folder, or the folder in it.
        runtime: The package that loads it again, and nothing else of this project's packages does.
        extra: Packages that the project itself does not need.
        export_as: What Keras's `model.export` calls it; None for Keras's own files.
    """

    name: str
    file: str
    runtime: str
    extra: tuple[str, ...] = ()
    export_as: str | None = None


KERAS = Format("keras", "model.keras", "keras")
SAVEDMODEL = Format("savedmodel", "savedmodel", "tensorflow", export_as="tf_saved_model")
ONNX = Format("onnx", "model.onnx", "onnxruntime", ("onnx", "onnxruntime", "tf2onnx"), "onnx")
TFLITE = Format("tflite", "model.tflite", "ai-edge-litert", ("ai-edge-litert",), "litert")
FORMATS = {each.name: each for each in (KERAS, SAVEDMODEL, ONNX, TFLITE)}


def check_installed(formats: Iterable[Format]) -> None:
    """Refuse a format whose packages are missing, before anything is computed.

    Raises:
        UsageError: The line says what to install.
    """
    missing = {
        kind.name: [name for name in kind.extra if importlib.util.find_spec(name.replace("-", "_")) is None]
        for kind in formats
    }
    names = " ".join(name for names in missing.values() for name in names)
    kinds = ",".join(kind for kind, names in missing.items() if names)
    if names:
        raise UsageError(f"--format {kinds}: is not installed here; install it with: pip install {names}")


def with_preprocessing(model: Any, inputs: Inputs) -> Any:
    """Return a Keras model that takes what is stored and does itself what `model` wants done: scale, flatten."""
    import keras  # noqa: PLC0415 (seconds that a wrong option should not cost)

    taken = keras.Input(inputs.shape, dtype=inputs.dtype, name=inputs.name)
    scaling = [keras.layers.Rescaling(1 / inputs.scale)] if inputs.scale else []
    return keras.Sequential([taken, *scaling, keras.layers.Flatten(), *model.layers])


def convert(model: Any, kind: Format, file: Path, signature: Sequence[Any]) -> None:
    """Write a Keras model in a format that is not Keras's own, with nothing on the terminal.

    Args:
        model: Built.
        kind: The format.
        file: New; a folder for a SavedModel.
        signature: What it is given, as Keras's `export` takes it, with the names of its inputs.

    Raises:
        SearchError: The conversion failed.
        OSError: The file cannot be written.
    """
    import keras  # noqa: PLC0415 (as above)
    import numpy as np  # noqa: PLC0415 (likewise)

    for layer in model._flatten_layers():  # noqa: SLF001 (Keras has no other way to those in models of a model)
        if isinstance(layer, keras.layers.Normalization):  # whose tensors a converter would take for further inputs
            layer.mean, layer.variance = np.asarray(layer.mean), np.asarray(layer.variance)
    try:
        with quiet_import(), quiet_stdout():  # the converters write there without being asked
            model.export(file, format=kind.export_as, verbose=False, input_signature=signature)
    except OSError:
        raise
    except Exception as error:  # the converters let out whatever they meet
        raise SearchError(f"--format {kind.name}: the conversion failed: {lines_of(error)[0]}") from error
