"""The layers of a person's own model, as its `.keras` file says them: read as text, and nothing of it is made.

Anyone may have written the file, so only so much of it is read, and whatever is not what Keras writes is left out.
"""

import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import streamlit as st

from dashboard.model.kept import IN_MEMORY, Stamp, stamp_of
from dashboard.text import short
from search.errors import SearchError
from search.export.kept import Kept
from trainable.errors import one_line
from trainable.keras_file import CONFIG

LARGEST = 4 << 20  # bytes of a configuration that are read
MOST = 500  # layers
DEEPEST = 8  # models in models
LONGEST = 60  # characters of a name


class Layer(NamedTuple):
    """A layer: its name, after those of the models in which it is, its kind, and the shape that it takes, if known."""

    name: str
    kind: str
    takes: str


def layers_of(model: Kept) -> list[Layer]:
    """Return the layers of a kept model, so many at most.

    Raises:
        SearchError: The file is gone, or is no `.keras` file.
    """
    return _layers(str(model.file), stamp_of(model.file))


@st.cache_data(max_entries=IN_MEMORY, show_spinner="Reading the model")
def _layers(file: str, stamp: Stamp) -> list[Layer]:  # noqa: ARG001 (for the cache)
    found: list[Layer] = []
    for layer in _within(_config(Path(file)), "", DEEPEST):
        found.append(layer)
        if len(found) == MOST:
            break
    return found


def _config(file: Path) -> Any:
    """Return the configuration that a file holds."""
    try:
        with zipfile.ZipFile(file) as archive, archive.open(CONFIG) as member:
            content = member.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise SearchError(f"{file}: its configuration has more than {LARGEST:,} bytes")
        return json.loads(content)
    except OSError as error:
        raise SearchError(f"{file}: cannot be read: {error.strerror or 'it is damaged'}") from error
    # zipfile lets these out of archives that nobody would write
    except (zipfile.BadZipFile, zlib.error, KeyError, ValueError, RecursionError, RuntimeError, EOFError) as error:
        raise SearchError(f"{file}: is no .keras file") from error


def _within(config: Any, place: str, depth: int) -> Iterator[Layer]:
    """Yield the layers that the configuration of a model has, those of models in it in their places."""
    layers = _of(_of(config, "config", dict), "layers", list)
    for each in layers if depth else []:
        said = _of(each, "config", dict)
        name, kind = _text(said.get("name")), _text(each.get("class_name") if isinstance(each, Mapping) else None)
        if not kind:
            continue
        yield Layer(f"{place}{name}", kind, _shape(each, said))
        yield from _within(each, f"{place}{name} / ", depth - 1)


def _of(value: Any, key: str, kind: type) -> Any:
    """Return what a mapping has under a key, if it is of a kind; otherwise an empty one of it."""
    found = value.get(key) if isinstance(value, Mapping) else None
    return found if isinstance(found, kind) else kind()


def _text(value: Any) -> str:
    return short(one_line(value), LONGEST) if isinstance(value, str) else ""


def _shape(layer: Any, said: Mapping[str, Any]) -> str:
    """Return the shape that a layer takes, where it is one."""
    shape = said.get("batch_shape") or _of(layer, "build_config", dict).get("input_shape")
    if not isinstance(shape, list) or not 0 < len(shape) <= DEEPEST:
        return ""
    if not all(size is None or (type(size) is int and 0 <= size < 1 << 40) for size in shape):
        return ""
    return f"[{', '.join('any' if size is None else str(size) for size in shape)}]".replace("[any", "[batch", 1)
