"""The content of a `.keras` file: made in memory, in a form that every Keras 3 opens.

Each version of Keras writes what it has learnt to say, and refuses what it does not know. So a key without a value is
left out: for every layer of this project's models that is the default. A policy of plain numbers is written as their
name, as the first Keras 3 did.
"""

import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

MEMBER = "model.weights.h5"  # the arrays
CONFIG, METADATA = "config.json", "metadata.json"
FIRST_VERSION = "3.0"  # of Keras, that opens what is written here
POLICY = "DTypePolicy"
SHARED = "shared_object_id"  # an address in the memory of the process that wrote the file
BEGINNING = (1980, 1, 1, 0, 0, 0)  # the earliest date of a ZIP archive


def content_of(model: Any) -> bytes:
    """Return the content of a `.keras` file of a Keras model, a Sequential of layers whose names are one word.

    The same weights give the same bytes. Keras itself would want a temporary folder, also where it writes into memory.
    """
    import h5py  # noqa: PLC0415 (who only reads files does not wait for it)
    import keras  # noqa: PLC0415 (likewise)

    arrays = io.BytesIO()
    with h5py.File(arrays, "w") as file:
        file.create_group("vars")
        for place, layer in zip(_places(model.layers), model.layers, strict=True):
            group = file.create_group(f"layers/{place}/vars")
            for position, array in enumerate(layer.get_weights()):
                group[str(position)] = array
    config = _known_to_all(keras.saving.serialize_keras_object(model))
    members = {METADATA: {"keras_version": keras.__version__}, CONFIG: config}
    return archived({name: json.dumps(each).encode() for name, each in members.items()} | {MEMBER: arrays.getvalue()})


def _places(layers: Sequence[Any]) -> list[str]:
    """Return what Keras calls layers where it keeps their arrays: by their kind, counted."""
    kinds = [type(layer).__name__.lower() for layer in layers]
    counts = [kinds[:position].count(kind) for position, kind in enumerate(kinds)]
    return [f"{kind}_{count}" if count else kind for kind, count in zip(kinds, counts, strict=True)]


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
    return archived(members | {CONFIG: json.dumps(config).encode()})


def archived(members: Mapping[str, bytes]) -> bytes:
    """Return the content of a ZIP archive without dates."""
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


def needs_file(content: bytes) -> bool:
    """Say whether the content of a `.keras` file has classes or functions that Keras does not know by itself.

    Raises:
        zipfile.BadZipFile, KeyError, ValueError: It is not the content of such a file.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        config = json.loads(archive.read(CONFIG))
    return any(
        str(part.get("module") or "").partition(".")[0] not in ("", "keras", "builtins")
        or ">" in str(part.get("registered_name") or "")
        for part in objects_in(config)
        if "class_name" in part
    )


def objects_in(config: Any) -> Iterator[Mapping[str, Any]]:
    """Give every mapping of a configuration, those of the objects that it describes among them."""
    if isinstance(config, Mapping):
        yield config
        config = list(config.values())
    if isinstance(config, list):
        for each in config:
            yield from objects_in(each)
