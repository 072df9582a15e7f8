"""What trials are called: by their number, and the best and the baseline by what they are."""

from dashboard.snapshot import Snapshot


def mark_of(study: Snapshot, number: int) -> str:
    """Return what sets a trial apart: "best", "baseline", both of them, or nothing."""
    known = {"best": study.best, "baseline": study.baseline}
    return ", ".join(name for name, trial in known.items() if trial is not None and trial.number == number)


def title_of(study: Snapshot, number: int) -> str:
    """Return a trial's number with what sets it apart, e.g. "trial 22 (best)"."""
    mark = mark_of(study, number)
    return f"trial {number} ({mark})" if mark else f"trial {number}"
