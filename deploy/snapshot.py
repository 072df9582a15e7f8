"""Copies a SQLite storage while a search writes to it: `python deploy/snapshot.py runs/studies.db copy.db`.

What a file manager or rsync copies of a file in use may be torn; this is the storage as it was at one moment.
"""

import contextlib
import sqlite3
import sys
from pathlib import Path


def main(source: str, target: str) -> None:
    """Make the copy; one that is there already is replaced as a whole."""
    new = Path(f"{target}.new")
    address = f"{Path(source).resolve().as_uri()}?mode=ro"
    with (
        contextlib.closing(sqlite3.connect(address, uri=True)) as old,
        contextlib.closing(sqlite3.connect(new)) as copy,
    ):
        old.backup(copy)
    new.replace(target)


if __name__ == "__main__":
    if len(sys.argv) != 3:  # noqa: PLR2004 (itself, and the two files)
        sys.exit(f"usage: {sys.argv[0]} STORAGE.db COPY.db")
    main(*sys.argv[1:])
