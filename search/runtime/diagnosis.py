"""What an error of Ray's or of a worker means for a trial."""

import re
import tempfile
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayActorError, RayError, RayTaskError

from search.errors import RuntimeLostError, lines_of
from search.trials.failures import CRASHED, ERROR, LOST_NODE, OUT_OF_MEMORY, Failure
from search.trials.wants import FULL, MEMORY, full_one, want_in

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_LINE_OF_A_FILE = re.compile(r"^(?:[\w.]+\.)?ProgramError: ")  # what follows names the person's file and says it all


def failure_of(error: BaseException | None, *, is_local: bool = False) -> Failure:
    """Return what an error means for a trial that Tune gave up; the disks of a local worker can be looked at."""
    story = _COLOURS.sub("", str(error))
    if isinstance(error, RayTaskError):
        return _raised(f"{type(error.cause).__name__}: {error.cause}".strip(": "), story)
    if isinstance(error, RayActorError) and error.actor_init_failed:
        return _raised(lines_of(story)[-1].strip(), story)
    preempted = isinstance(error, RayActorError) and error.preempted
    if "low on memory" in story or "OUT_OF_MEMORY" in story:
        reason = OUT_OF_MEMORY
    elif preempted or "NODE_DIED" in story or "its node has died" in story:
        reason = LOST_NODE
    elif is_local and (folder := full_one(folders_here())) is not None:
        return FULL.failure(str(folder), story)
    else:
        reason = CRASHED
    return Failure(reason, story, retried=True, counted=not preempted)


def folders_here() -> list[Path]:
    """Return where Ray and the workers of this machine write."""
    node: Any = ray._private.worker._global_node  # noqa: SLF001 (Ray's own record of what it started here)
    sessions = [Path(node.get_session_dir_path())] if node else []
    return [*sessions, Path(tempfile.gettempdir()), Path("/dev/shm")]  # noqa: S108 (Ray's objects)


def _raised(error: str, story: str) -> Failure:
    """Return what an exception in a worker means, of which `error` is the kind and the message."""
    error = _LINE_OF_A_FILE.sub("", error)
    said = f"{error}\n{story}"
    if (want := want_in(said)) is not None:  # first: TensorFlow calls a full disk exhausted resources, too
        return want.failure(error, story)
    if any(sign in said for sign in MEMORY) or error.startswith("ResourceExhaustedError"):  # TensorFlow's
        return Failure(OUT_OF_MEMORY, story)
    return Failure(f"{ERROR}: {error}", story)  # its seed would fail again


def ray_error(error: BaseException | None) -> RayError | None:
    """Return Ray's error behind another one, if there is one; behind one of this machine's disk there is none."""
    while error is not None and not isinstance(error, RayError):
        if want_in(str(error)) is not None:
            return None
        error = error.__cause__ or error.__context__
    return error


def runtime_lost(error: RayError) -> RuntimeLostError:
    """Return what an error of Ray's own means that is no trial's."""
    return RuntimeLostError(f"{type(error).__name__}: {lines_of(error)[-1].strip()}")
