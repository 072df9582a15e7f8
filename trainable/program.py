"""A person's Python file as a value: its text, which is recorded by its hash, and what running it gives.

Only a probe process, a worker, and a command to which the person gives the file run it.
"""

import hashlib
import linecache
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from trainable.errors import DataError, ProgramError, ProgramRefused, cause_of, one_line

LARGEST = 1 << 20  # bytes of a file
SUFFIX = ".py"
MODULES = "program_"  # begins the names of the modules that files are run as


@dataclass(frozen=True)
class Program:
    """A person's file.

    Attributes:
        name: The file's name, such as "model.py".
        text: What it holds.
        function: What the person named of it; None for what such a file usually has.
    """

    name: str
    text: str
    function: str | None = None

    @property
    def sha256(self) -> str:
        """Of the text as UTF-8."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def read_program(file: Path, function: str | None = None) -> Program:
    """Read a person's file; nothing of it is run.

    Raises:
        ProgramError: There is no such file, it is none of Python's, or none that can be compiled.
    """
    said = one_line(str(file))
    if not file.is_file():
        raise ProgramError(f"{said}: there is no such file" if not file.exists() else f"{said}: is no file")
    try:
        with file.open("rb") as stream:
            content = stream.read(LARGEST + 1)
    except OSError as error:
        raise ProgramError(f"{said}: cannot be read: {error.strerror}") from error
    if len(content) > LARGEST:
        raise ProgramError(f"{said}: has more than {LARGEST:,} bytes: no program that a person has written")
    try:
        text = content.decode("utf-8-sig")
        compile(text, said, "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ProgramError(f"{said}: {line_in(said, error)}") from error
    return Program(one_line(file.name), text, function)


def run(program: Program) -> ModuleType:
    """Run a person's file as a module of its own, in this process; return the module.

    Raises:
        ProgramError: Running it failed, in one line with the line of the file.
    """
    module = ModuleType(f"{MODULES}{program.sha256[:12]}")
    module.__file__ = program.name
    linecache.cache[program.name] = (len(program.text), None, program.text.splitlines(keepends=True), program.name)
    sys.modules[module.__name__] = module  # where classes that are registered or pickled are looked for
    with program_errors(program):
        exec(compile(program.text, program.name, "exec"), module.__dict__)  # noqa: S102 (the person has named it)
    return module


class program_errors:  # noqa: N801 (used as a function)
    """Turn what a person's file raises in a block into one line.

    Raises:
        ProgramError: In the place of any exception, `SystemExit` among them, but for an interruption and a line of this
            package's own.
    """

    def __init__(self, program: Program, doing: str = "") -> None:
        """Take the file, and what was done with it as the line has it, such as "build"."""
        self._program, self._doing = program, doing

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        """Raise the line."""
        if error is None or isinstance(error, KeyboardInterrupt | DataError | ProgramError | GeneratorExit):
            return
        doing = f"{self._doing}: " if self._doing else ""
        raise ProgramError(f"{self._program.name}: {doing}{line_in(self._program.name, error)}") from error


def line_in(name: str, error: BaseException) -> str:
    """Return an error in one line: the line of the file in which it came up, if it did so there, and what it is."""
    if isinstance(error, SystemExit):
        what = "ends the process"
    elif isinstance(error, ProgramRefused):
        what = one_line(str(error))
    elif isinstance(error, SyntaxError):
        what = f"{type(error).__name__}: {error.msg}"
    else:
        what = f"{type(error).__name__}: {cause_of(error)}"
    lines = [each.lineno for each in traceback.extract_tb(error.__traceback__) if each.filename == name]
    number = error.lineno if isinstance(error, SyntaxError) and error.filename == name else next(reversed(lines), None)
    return what if number is None else f"line {number}: {what}"
