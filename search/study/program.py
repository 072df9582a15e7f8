"""The person's file that builds the models of a study, as `--model` names it: read, and held against the study's."""

import re
from pathlib import Path

from search.errors import UsageError
from trainable.errors import ProgramError
from trainable.model_file.spec import LOAD
from trainable.problem import ProblemSpec
from trainable.program import SUFFIX, Program, read_program

NAMED = re.compile(rf"(.+?{re.escape(SUFFIX)})(?::([A-Za-z_]\w*))?", re.IGNORECASE)
SHOWN = 12  # digits of a hash in a message


def program_in(model: str) -> Program:
    """Return the file that `--model FILE.py[:FUNCTION]` names; nothing of it is run.

    Raises:
        UsageError: There is none, or it is none of Python's.
    """
    found = NAMED.fullmatch(model)
    if found is None:
        raise UsageError(f"--model {model}: must be FILE.py or FILE.py:FUNCTION")
    try:
        return read_program(Path(found[1]), found[2])
    except ProgramError as error:
        raise UsageError(f"--model {error}") from error


def place_of(model: str) -> Path:
    """Return where the file is that `--model` names."""
    found = NAMED.fullmatch(model)
    return Path(found[1] if found else model)


def program_for(
    problem: ProblemSpec, model: str | None, study: str, remedy: str = "give the one that it was made with"
) -> Program | None:
    """Return the file that a study's models are built by, as the person names it: none is run because a study says so.

    Args:
        problem: The study's.
        model: As `--model` names it, if at all.
        study: Its name.
        remedy: What to do about another file, for the message.

    Raises:
        UsageError: It is not named, or is not the one that the study was made with, or the study has none.
    """
    if not problem.code:
        if model is not None:
            raise UsageError(f"--model {model}: no file builds what the study {study!r} trains; leave --model out")
        return None
    name, function = problem.code["name"], problem.code.get("function", "")
    if model is None:
        raise UsageError(f"--study {study}: trains what {name} builds; give that file with --model {name}")
    program = program_in(model)
    if program.sha256 != problem.code["sha256"]:
        one, other = program.sha256[:SHOWN], problem.code["sha256"][:SHOWN]
        raise UsageError(
            f"--model {model}: is not the file that the study {study!r} was made with (SHA-256 {one}..., recorded "
            f"{other}...); {remedy}"
        )
    if (program.function or "") != function:
        named = f"{name}:{function}" if function else name
        raise UsageError(f"--model {model}: the study {study!r} was made with {named}; {remedy}")
    return program


def model_arguments(problem: ProblemSpec) -> list[str]:
    """Return the option that names the person's file as the search had it, for a person to read and to give."""
    code = problem.code
    function = f":{code['function']}" if code.get("function") else ""
    return [f"--model={code['location']}{function}"] if code.get("location") else []


def loading_arguments(problem: ProblemSpec) -> list[str]:
    """Return the same where Keras cannot load what the file builds without it."""
    return model_arguments(problem) if problem.code.get("needed_to") == LOAD else []
