"""What an error of Ray's or of a worker means for a trial."""

import contextlib
import pickle
import re
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayActorError, RayError, RayTaskError
from ray.tune.experiment import Trial

from search.errors import RuntimeLostError, lines_of
from search.failures import CRASHED, ERROR, LOST_NODE, OUT_OF_MEMORY, Failure

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def failure_of(error: Any) -> Failure:
    """Return what Ray's error means for a trial.

    Args:
        error: The exception as Tune kept it, or its text where it could not be kept.
    """
    story = _COLOURS.sub("", str(error))
    if isinstance(error, RayTaskError):
        cause = error.cause
        if isinstance(cause, MemoryError) or type(cause).__name__ == "ResourceExhaustedError":  # TensorFlow's
            return Failure(OUT_OF_MEMORY, story)
        return Failure(f"{ERROR}: {type(cause).__name__}: {cause}".strip(": "), story)  # its seed would fail again
    if isinstance(error, RayActorError) and error.actor_init_failed:
        return Failure(f"{ERROR}: {lines_of(story)[-1].strip()}", story)
    preempted = isinstance(error, RayActorError) and error.preempted
    if "low on memory" in story or "OUT_OF_MEMORY" in story:
        reason = OUT_OF_MEMORY
    elif preempted or "NODE_DIED" in story or "its node has died" in story:
        reason = LOST_NODE
    else:
        reason = CRASHED
    return Failure(reason, story, retried=True, counted=not preempted)


def error_of(trial: Trial) -> Any:
    """Return the exception that Tune has just written for a trial, or its text: there is no other way to get at it.

    The file lies in Ray's folder of this session, which only this user can write.
    """
    if trial.pickled_error_file:
        with contextlib.suppress(EOFError, pickle.UnpicklingError):  # cut short by a full disk
            return ray.cloudpickle.loads(Path(trial.pickled_error_file).read_bytes())
    return Path(trial.error_file).read_text(encoding="utf-8") if trial.error_file else ""


def ray_error(error: BaseException | None) -> RayError | None:
    """Return Ray's error behind another one, if there is one."""
    while error is not None and not isinstance(error, RayError):
        error = error.__cause__ or error.__context__
    return error


def runtime_lost(error: RayError) -> RuntimeLostError:
    """Return what an error of Ray's own means that is no trial's."""
    return RuntimeLostError(f"{type(error).__name__}: {lines_of(error)[-1].strip()}")
