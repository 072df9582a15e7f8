"""Files that people write by hand or with any editor: read as UTF-8, with or without a byte-order mark."""

import codecs
from pathlib import Path

from search.errors import UsageError

LARGEST = 50 * 10**6  # bytes; a million configurations
WIDE_MARKS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_text(file: Path, option: str) -> str:
    """Return a file's text, its lines ended by a line feed alone, as Windows and old programs do not end them.

    Raises:
        UsageError: The file cannot be read, or is no UTF-8; the message names it, and the option that named it.
    """
    try:
        with file.open("rb") as stream:
            content = stream.read(LARGEST + 1)
    except OSError as error:
        raise UsageError(f"{option} {file}: {error.strerror}") from error
    if len(content) > LARGEST:
        raise UsageError(f"{option} {file}: must have at most {LARGEST / 1e6:.0f} MB")
    if content.startswith(WIDE_MARKS) or b"\0" in content:  # no text in UTF-8 has a zero in it
        raise UsageError(f"{option} {file}: is UTF-16, or no text file; save it as UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{option} {file}: not a text file: {error}") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")
