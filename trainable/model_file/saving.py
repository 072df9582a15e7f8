"""The `.keras` file of a person's model: without what compiling has added, and loaded again before it is believed."""

import contextlib
import io
import json
import tempfile
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np

from trainable.errors import ProgramError, cause_of, some
from trainable.keras_file import CONFIG, MEMBER, METADATA, POLICY, SHARED, archived, objects_in
from trainable.model_file.loading import LOGITS, loaded
from trainable.model_file.outputs import gives_logits
from trainable.model_file.predicting import raw_outputs

LARGEST_FILE = 200_000_000  # bytes: such a file travels through Ray and is scored in another process
LOST = ("optimizer",)  # groups of arrays that only a training needs
REGISTER = "@keras.saving.register_keras_serializable()"
FUNCTION = "function"  # Keras's class name of one
LAMBDA = 3  # values that Keras writes of a lambda
CLOSE = 1e-3  # between the outputs of a model and of its file


def model_bytes(model: Any) -> bytes:
    """Return the content of a `.keras` file of a model, as if it had not been compiled.

    The same weights give the same bytes.

    Raises:
        ProgramError: Keras cannot write the model, nobody else could load it, or it is too large.
    """
    with tempfile.TemporaryDirectory() as folder:  # Keras wants one, also where it writes into memory
        file = Path(folder, "model.keras")
        with _told("the model cannot be saved"), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a lambda: `_check_parts` says so
            model.save(file)
        with zipfile.ZipFile(file) as archive:
            members = {name: archive.read(name) for name in sorted(archive.namelist())}
    config = json.loads(members[CONFIG])
    config.pop("compile_config", None)
    _check_parts(config)
    facts = {"keras_version": keras.__version__, LOGITS: gives_logits(model)}
    content = archived(
        {METADATA: json.dumps(facts).encode(), CONFIG: json.dumps(_settled(config, {})).encode()}
        | {name: member for name, member in members.items() if name not in (METADATA, CONFIG, MEMBER)}
        | {MEMBER: _without(members[MEMBER], LOST)}
    )
    if len(content) > LARGEST_FILE:
        raise ProgramError(
            f"the model's file has {len(content) / 1e6:,.0f} MB; at most {LARGEST_FILE / 1e6:.0f} MB can be searched"
        )
    return content


def check_loadable(content: bytes, model: Any, examples: Any) -> None:
    """Refuse the content of a `.keras` file that cannot be loaded again, or is not the model.

    Args:
        content: As `model_bytes` made it.
        model: Whose file it is.
        examples: An array [n, ...], or several by the names of the inputs, for which both have to say the same.

    Raises:
        ProgramError: In one line: why.
    """
    with _told("the model's file cannot be loaded again"):
        again = loaded(content)
    ours, theirs = raw_outputs(model, examples), raw_outputs(again, examples)
    if ours.shape != theirs.shape or not np.allclose(ours, theirs, CLOSE, CLOSE, equal_nan=True):
        raise ProgramError(
            "the model's file says something else than the model: a layer's `get_config` or its weights are incomplete"
        )


def _check_parts(config: Any) -> None:
    """Refuse the configuration of a model that nobody else could load."""
    parts = list(objects_in(config))
    if any(each.get("class_name") in ("Lambda", "__lambda__") or _is_lambda(each) for each in parts):
        raise ProgramError(
            "the model has a Lambda layer or a lambda, which cannot be exported safely; write a class or a function"
        )
    unknown = sorted({_name(each) for each in parts if "class_name" in each and _is_unregistered(each)})
    if unknown:
        raise ProgramError(f"{some(unknown)}: only this file knows it; write {REGISTER} above it")


def _is_unregistered(part: Mapping[str, Any]) -> bool:
    """Say whether Keras would look for an object in a module that is there only where the person's file was run."""
    if part["class_name"] == FUNCTION:
        return keras.saving.get_registered_object(_name(part)) is None
    package, _, _ = str(part.get("module") or "").partition(".")
    is_known = keras.saving.get_registered_object(part.get("registered_name")) is not None
    return package not in ("", "keras") and not is_known


def _is_lambda(part: Mapping[str, Any]) -> bool:
    """Say whether Keras wrote the code of a lambda in the place of an activation: code, defaults, closure."""
    value = part.get("value")
    return part.keys() == {"value"} and isinstance(value, list) and len(value) == LAMBDA and isinstance(value[0], str)


def _name(part: Mapping[str, Any]) -> str:
    """Return what the person calls an object that a configuration describes."""
    return str(part.get("config") if part["class_name"] == FUNCTION else part["class_name"])


def _settled(value: Any, shared: dict[Any, int]) -> Any:
    """Return a part of a configuration without what changes from process to process, or what only late Keras 3 know."""
    if isinstance(value, list):
        return [_settled(each, shared) for each in value]
    if not isinstance(value, dict):
        return value
    if value.get("class_name") == POLICY:
        return value["config"]["name"]
    known = {name: each for name, each in value.items() if name != "quantization_config" or each is not None}
    return {
        name: shared.setdefault(each, len(shared)) if name == SHARED else _settled(each, shared)
        for name, each in known.items()
    }


def _without(arrays: bytes, lost: tuple[str, ...]) -> bytes:
    """Return the content of an HDF5 file without some of its groups."""
    file = io.BytesIO()
    with h5py.File(io.BytesIO(arrays)) as source, h5py.File(file, "w") as target:
        for name, each in source.attrs.items():
            target.attrs[name] = each
        for name in source:
            if name not in lost:
                source.copy(name, target)
    return file.getvalue()


@contextlib.contextmanager
def _told(what: str) -> Iterator[None]:
    """Turn what Keras or a person's layer raises in a block into one line; a disk's errors are none of the model's."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:
        raise ProgramError(f"{what}: {type(error).__name__}: {cause_of(error)}") from error
