"""A kept model of a person's file, loaded from bytes, and how many examples it is asked at once."""

import io
import json
import re
import zipfile
from typing import Any

from trainable.data.several import Taken, nbytes_of, part_of
from trainable.errors import DataError
from trainable.keras_file import CONFIG, METADATA

UNKNOWN = re.compile(r"Could not locate (class|function) '(\w+)'")  # as Keras says it
LOGITS = "gives_logits"  # in the metadata, of which Keras reads nothing: what the model's output is
MOST, MOST_BYTES = 1000, 4 << 20  # examples, and bytes of them: what layers make of these may take many times as much


def check_content(content: bytes) -> None:
    """Refuse what is no `.keras` file's content.

    Raises:
        DataError: It is none.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            archive.getinfo(CONFIG)
    except (zipfile.BadZipFile, KeyError) as error:
        raise DataError(f"expected the content of a .keras file: {error}") from error


def loaded(content: bytes) -> Any:
    """Return the Keras model of a `.keras` file's content, not compiled; nothing is written anywhere.

    Raises:
        Exception: Whatever Keras raises where the file's layers are not those that it knows.
    """
    from keras.src.saving import saving_lib  # noqa: PLC0415 (only who has set up TensorFlow loads it)

    try:
        model = saving_lib.load_model(io.BytesIO(content), compile=False, safe_mode=True)
    except TypeError as error:
        if unknown := UNKNOWN.search(str(error)):  # somewhere in a message of many lines
            raise TypeError(f"the {unknown[1]} {unknown[2]} is not known") from error
        raise
    note_output(model, content)
    return model


def note_output(model: Any, content: bytes) -> None:
    """Note of a loaded model what its file says of its output, where it does: its layers alone may mislead."""
    from trainable.model_file.outputs import note_logits  # noqa: PLC0415 (as above)

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        said = json.loads(archive.read(METADATA)) if METADATA in archive.namelist() else {}
    if isinstance(are_logits := said.get(LOGITS), bool):
        note_logits(model, are_logits=are_logits)


def batch_of(examples: Taken) -> int:
    """Return how many examples are asked at once, so that memory holds what layers make of them."""
    each = nbytes_of(part_of(examples, slice(1)))
    return max(1, min(MOST, MOST_BYTES // max(each, 1)))
