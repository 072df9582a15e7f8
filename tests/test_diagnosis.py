"""What Ray's errors mean for a trial."""

import errno
import tempfile

import pytest
from ray.exceptions import ActorDiedError, ObjectLostError, RayActorError, RayTaskError

from search.runtime.diagnosis import failure_of, ray_error
from search.trials import wants
from search.trials.failures import OUT_OF_MEMORY

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


def said(message, kind=OSError):
    """An exception in a worker, with its traceback."""
    return RayTaskError("train", f"Traceback (most recent call last):\n{kind.__name__}: {message}", kind(message))


@pytest.mark.parametrize(
    ("error", "reason", "remedy"),
    [
        (said("[Errno 28] No space left on device: '/tmp/a'"), "the disk is full: OSError: ", "make room"),
        (
            said("errno = 28, error message = 'No space left on device'", RuntimeError),
            "the disk is full: ",
            "make room",
        ),
        (said("[Errno 122] Disk quota exceeded"), "the disk quota is used up: ", "make room"),
        (said("[Errno 30] Read-only file system"), "a disk cannot be written: ", "mount it anew"),
        (said("[Errno 5] Input/output error"), "a disk has failed: ", "replace it"),
        (said("[Errno 27] File too large"), "a file may not become larger: ", "ulimit -f"),
        (said("[Errno 24] Too many open files"), "too many files are open: ", "ulimit -n"),
        (said("can't start new thread", RuntimeError), "no further process or thread can start: ", "ulimit -u"),
        (said("[Errno 11] Resource temporarily unavailable"), "no further process or thread can start: ", "pids.max"),
        (
            ActorDiedError(said("[Errno 28] No space left on device")),
            "the disk is full: OSError: [Errno 28] No space left on device",
            "TMPDIR",
        ),
    ],
)
def test_what_a_machine_lacks_is_no_fault_of_the_trial(error, reason, remedy):
    """It is tried again, without using up an attempt, and the remedy is known."""
    failure = failure_of(error)
    assert failure.reason.startswith(reason)
    assert remedy in failure.remedy
    assert (failure.is_want, failure.retried, failure.counted) == (True, True, False)


@pytest.mark.parametrize(
    "error",
    [
        said("[Errno 12] Cannot allocate memory"),
        said("Unable to allocate 2.3 GiB for an array", MemoryError),
        said("std::bad_alloc", RuntimeError),
        said("OOM when allocating tensor with shape[784,100000]", RuntimeError),
        ActorDiedError(said("", MemoryError)),
    ],
)
def test_memory_that_is_not_to_be_had_is_called_so(error):
    """Whether the machine's is too small, or the configuration too large, is found out by trying it alone."""
    failure = failure_of(error)
    assert (failure.reason, failure.is_want, failure.retried) == (OUT_OF_MEMORY, False, False)


def test_crash_beside_a_full_disk_is_put_down_to_it(monkeypatch, tmp_path):
    """A worker that cannot write its logs just ends; on another machine the disk of this one says nothing."""
    crash = RayActorError(error_msg=ENDED + "its worker process has died.")
    monkeypatch.setattr(wants, "ENOUGH", 2**62)
    monkeypatch.setattr(wants, "SHARE", 2.0)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert failure_of(crash).reason == "crashed"
    failure = failure_of(crash, is_local=True)
    assert failure.reason == f"the disk is full: {tmp_path}"
    assert failure.is_want
    monkeypatch.setattr(wants, "ENOUGH", 0)
    assert failure_of(crash, is_local=True).reason == "crashed"


def test_full_disk_of_the_driver_is_no_lost_runtime():
    """The worker's error beside it may be Ray's, but another runtime would have no more room."""
    error = OSError(errno.ENOSPC, "No space left on device")
    error.__context__ = ObjectLostError("00", None, "")
    assert ray_error(error) is None


def test_errors_of_ray_are_found_behind_those_of_tune():
    """Tune stops its loop with an error of its own where Ray lost an object."""
    lost, stopped = ObjectLostError("00", None, ""), RuntimeError("Caught unexpected exception")
    stopped.__cause__ = lost
    assert ray_error(stopped) is lost
    assert ray_error(ValueError()) is None
