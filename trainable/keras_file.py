"""The content of a `.keras` file: made in memory, in a form that every Keras 3 opens.

Each version of Keras writes what it has learnt to say, and refuses what it does not know. So a key without a value is
left out: for every layer of this project's models that is the default. A policy of plain numbers is written as their
name, as the first Keras 3 did.
"""

import io
import json
import zipfile
from typing import Any

CONFIG = "config.json"
FIRST_VERSION = "3.0"  # of Keras, that opens what is written here
POLICY = "DTypePolicy"
SHARED = "shared_object_id"  # an address in the memory of the process that wrote the file
BEGINNING = (1980, 1, 1, 0, 0, 0)  # the earliest date of a ZIP archive


class _File(io.BytesIO):
    """A file in memory with the ending by which Keras knows what to write."""

    def __str__(self) -> str:
        return "model.keras"


def content_of(model: Any) -> bytes:
    """Return the content of a `.keras` file of a Keras model; no file is made."""
    file = _File()
    model.save(file)
    return portable(file.getvalue())


def portable(content: bytes) -> bytes:
    """Return the content of a `.keras` file so that every Keras 3 opens it; as it is where that holds already.

    Raises:
        zipfile.BadZipFile, KeyError, ValueError: It is not the content of such a file.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    written = json.loads(members[CONFIG])
    config = _known_to_all(written)
    if config == written:
        return content
    members[CONFIG] = json.dumps(config).encode()
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, member in members.items():
            archive.writestr(zipfile.ZipInfo(name, BEGINNING), member)
    return file.getvalue()


def _known_to_all(value: Any) -> Any:
    """Return a part of a configuration with what every Keras 3 knows."""
    if isinstance(value, list):
        return [_known_to_all(each) for each in value]
    if not isinstance(value, dict):
        return value
    if value.get("class_name") == POLICY:
        return value["config"]["name"]
    return {name: _known_to_all(each) for name, each in value.items() if each is not None and name != SHARED}
