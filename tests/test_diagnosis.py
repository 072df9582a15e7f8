"""What Ray's errors mean for a trial."""

import pytest
from ray.exceptions import ActorDiedError, ObjectLostError, RayActorError, RayTaskError

from search.diagnosis import failure_of, ray_error

ENDED = "The actor died unexpectedly before finishing this task.\nThe actor is dead because "


@pytest.mark.parametrize(
    ("error", "reason", "retried", "counted"),
    [
        (RayTaskError("train", "Traceback", ValueError("two\nlines")), "error: ValueError: two lines", False, True),
        (RayTaskError("train", "Traceback", MemoryError()), "out of memory", False, True),
        (ActorDiedError(RayTaskError("setup", "Traceback\nImportError: no", ImportError())), "error:", False, True),
        (RayActorError(error_msg=ENDED + "its worker process has died."), "crashed", True, True),
        (RayActorError(error_msg=ENDED + "its node has died."), "lost node", True, True),
        (RayActorError(error_msg=ENDED + "its node has died.", preempted=True), "lost node", True, False),
        ("1 worker(s) were killed due to the node running low on memory.", "out of memory", True, True),
    ],
)
def test_failure_has_a_name_and_says_whether_to_try_again(error, reason, retried, counted):
    """A lost worker or node may be better luck next time, an error of the trial's own is not."""
    failure = failure_of(error)
    assert failure.reason.startswith(reason)
    assert (failure.retried, failure.counted) == (retried, counted)
    assert failure.story


def test_errors_of_ray_are_found_behind_those_of_tune():
    """Tune stops its loop with an error of its own where Ray lost an object."""
    lost, stopped = ObjectLostError("00", None, ""), RuntimeError("Caught unexpected exception")
    stopped.__cause__ = lost
    assert ray_error(stopped) is lost
    assert ray_error(ValueError()) is None
