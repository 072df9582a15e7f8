"""Scoring models of a person's file without TensorFlow in this process: another one loads and asks them.

`trainable.model_file.answering` is what that process does. It is started when it is first needed, has no secrets, and
ends with the process that it works for.
"""

import atexit
import contextlib
import subprocess
import sys
import threading
from collections import OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from trainable.data.dataset import HeldOutSet
from trainable.data.several import by_input
from trainable.errors import DataError, ModelError, ProgramError
from trainable.helper import ended, environment
from trainable.model_file.answering import CLASSES, MODEL
from trainable.model_file.pipes import receive, send
from trainable.program import Program

COMMAND = (sys.executable, "-m", "trainable.model_file.answering")
SETS = 2  # of examples that the process holds: those that validate, and those that test
PATIENCE = 10  # seconds that it may take to end
LAST_LINES = 20  # of what it prints, to say why it ended


class Scorer:
    """Says which examples a model takes for another class, by a process that it starts and ends."""

    def __init__(self, program: Program) -> None:
        """Take the person's file; nothing is started yet."""
        self._program = program
        self._lock = threading.Lock()
        self._process: Any = None  # a Popen whose streams are pipes
        self._held: OrderedDict[int, Any] = OrderedDict()  # by identity, which is theirs as long as they are here
        self._said: deque[bytes] = deque(maxlen=LAST_LINES)

    def wrong(self, model: bytes, examples: HeldOutSet) -> list[int]:
        """Return the positions of the examples that a model classifies wrong, ascending.

        Args:
            model: The content of its `.keras` file.
            examples: As they are stored; the same arrays are sent only once.

        Raises:
            DataError: It is no such file, or no model for these examples.
            ModelError: The model cannot be loaded or asked, or the process has ended with it twice.
            ProgramError: The person's file cannot be run.
        """
        with self._lock:
            try:
                found = self._classes(model, examples)
            except ScorerDiedError:  # perhaps for want of memory, or of another's doing
                found = self._classes(model, examples)
        if found.shape != examples.y.shape:
            raise DataError(f"{self._program.name}: a model does not say one class of each example")
        return np.flatnonzero(found != examples.y).tolist()

    def _classes(self, model: bytes, examples: HeldOutSet) -> NDArray[Any]:
        """Return what a model takes examples for."""
        with self._exchange() as (to, answers):
            self._hold(to, answers, examples.x)
            send(to, {"classify": str(id(examples.x))}, {MODEL: np.frombuffer(model, np.uint8)})
            try:
                return _answer(answers)[CLASSES]
            except AnswerError as error:
                if isinstance(error.cause, ProgramError):
                    raise AnswerError(ModelError(str(error.cause))) from error
                raise

    def close(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        self._held.clear()
        if process is None:
            return
        atexit.unregister(self.close)
        with contextlib.suppress(BrokenPipeError):  # what was not sent yet is for nobody any more
            process.stdin.close()
        process.stdout.close()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    @contextmanager
    def _exchange(self) -> Iterator[tuple[BinaryIO, BinaryIO]]:
        """Give what the process reads and what it writes; where an exchange is broken off, the next has another one."""
        if self._process is not None and self._process.poll() is not None:
            self.close()  # it was ended between two models
        is_whole = False
        try:
            if self._process is None:
                self._start()
            yield self._process.stdin, self._process.stdout
            is_whole = True
        except (EOFError, BrokenPipeError) as error:
            raise ScorerDiedError(f"{self._program.name}: scoring: {self._end()}") from error
        except AnswerError as error:
            is_whole = True
            raise error.cause from None
        finally:
            if not is_whole:
                self.close()

    def _start(self) -> None:
        """Start the process and let it run the person's file."""
        self._said.clear()
        self._process = subprocess.Popen(
            COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
            start_new_session=True,  # Ctrl-C is for the driver, which may still have something to score
        )
        atexit.register(self.close)
        threading.Thread(target=self._listen, args=(self._process.stderr,), daemon=True).start()
        send(self._process.stdin, asdict(self._program))
        try:
            _answer(self._process.stdout)
        except AnswerError:  # the file cannot be run, and the process has ended with that
            self.close()
            raise

    def _hold(self, to: BinaryIO, answers: BinaryIO, examples: Any) -> None:
        """Let the process have the examples, in the place of those that it had first."""
        if id(examples) in self._held:
            return
        while len(self._held) >= SETS:
            name, _ = self._held.popitem(last=False)
            send(to, {"forget": str(name)})
            _answer(answers)
        try:
            send(to, {"hold": str(id(examples))}, by_input(examples))
        except DataError as error:
            raise AnswerError(error) from error
        _answer(answers)
        self._held[id(examples)] = examples

    def _listen(self, stream: BinaryIO) -> None:
        with stream:
            self._said.extend(stream)  # which keeps the last lines

    def _end(self) -> str:
        """Return how the process ended, and what it said last."""
        status = self._process.wait()
        return ended(status, self._said[-1].decode(errors="replace").strip() if self._said else "")


class ScorerDiedError(ModelError):
    """The process that scores has ended."""


class AnswerError(Exception):
    """An error that the process has answered with; it goes on."""

    def __init__(self, cause: Exception) -> None:
        """Wrap what is raised in the end."""
        super().__init__(str(cause))
        self.cause = cause


def _answer(answers: BinaryIO) -> dict[str, NDArray[Any]]:
    """Return the arrays of an answer; raise the error that it is instead."""
    said, arrays = receive(answers)
    for kind in (DataError, ProgramError):
        if message := said.get(kind.__name__):
            raise AnswerError(kind(message))
    return arrays
