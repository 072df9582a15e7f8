"""What two processes say to each other through pipes as long as both live, each time with its length."""

from collections.abc import Mapping
from typing import Any, BinaryIO

from numpy.typing import NDArray

from trainable.errors import DataError
from trainable.messages import packed, unpacked

LENGTH = 8  # bytes of the length before each content


def send(stream: BinaryIO, facts: Any, arrays: Mapping[str, NDArray[Any]] | None = None) -> None:
    """Let the other process have facts, in a form that JSON can hold, and named arrays.

    Raises:
        DataError: An array has objects, which would have to be pickled; nothing was sent.
    """
    try:
        content = packed(facts, arrays)
    except ValueError as error:
        raise DataError(f"arrays that another process cannot be given: {error}") from error
    stream.write(len(content).to_bytes(LENGTH, "big"))
    stream.write(content)
    stream.flush()


def receive(stream: BinaryIO) -> tuple[Any, dict[str, NDArray[Any]]]:
    """Return what the other process has sent.

    Raises:
        EOFError: It has ended, or wants nothing more.
    """
    return unpacked(_exactly(stream, int.from_bytes(_exactly(stream, LENGTH), "big")))


def _exactly(stream: BinaryIO, number: int) -> bytes:
    content = stream.read(number)
    if len(content) < number:
        raise EOFError
    return content
