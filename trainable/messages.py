"""What goes between a command and its helper: facts and arrays, as the content of an `.npz` file without pickles."""

import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

FACTS = "facts"
ARRAYS = "arrays/"  # begins the name of each other member


def packed(facts: Any, arrays: Mapping[str, NDArray[Any]] | None = None) -> bytes:
    """Return facts, in a form that JSON can hold, and named arrays as bytes."""
    content = io.BytesIO()
    members = {ARRAYS + name: array for name, array in (arrays or {}).items()}
    np.savez(content, allow_pickle=False, **{FACTS: np.frombuffer(json.dumps(facts).encode(), np.uint8)}, **members)
    return content.getvalue()


def unpacked(content: bytes) -> tuple[Any, dict[str, NDArray[Any]]]:
    """Return what `packed` took."""
    with np.load(io.BytesIO(content), allow_pickle=False) as members:
        arrays = {name.removeprefix(ARRAYS): members[name] for name in members.files if name != FACTS}
        return json.loads(members[FACTS].tobytes()), arrays
