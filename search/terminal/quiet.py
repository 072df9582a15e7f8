"""Keep the terminal for the search: settings that silence Ray, Optuna and TensorFlow unless they are asked to speak."""

import contextlib
import logging
import os
import warnings
from collections.abc import Iterator

NO_HOME = "/nonexistent"  # Debian's home of who has none; libraries ask for one, some of them when they are imported


def quiet(*, verbose: bool) -> None:
    """Prepare the process before Ray and Optuna are imported."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if not os.path.isabs(os.path.expanduser("~")):  # noqa: PTH111, PTH117 (pathlib raises where there is none)
        os.environ["HOME"] = NO_HOME
    if verbose:
        logging.basicConfig(level=logging.INFO)
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # read when TensorFlow is imported, here and in workers
    warnings.simplefilter("ignore")
    logging.basicConfig(level=logging.ERROR, format="%(message)s")
    logging.getLogger("ray").setLevel(logging.CRITICAL)
    logging.getLogger("sqlalchemy").setLevel(logging.CRITICAL)
    for own in ("trainable", "search"):
        logging.getLogger(own).setLevel(logging.INFO)
    import optuna  # noqa: PLC0415 (after the settings above)

    optuna.logging.set_verbosity(optuna.logging.ERROR)


@contextlib.contextmanager
def quiet_stdout() -> Iterator[None]:
    """Drop what is printed in a block: Ray prints there when a worker dies, between the lines of an answer.

    What was given the old `sys.stdout` before goes on writing to it.
    """
    with open(os.devnull, "w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere):  # noqa: PTH123 (a device)
        yield


@contextlib.contextmanager
def quiet_import() -> Iterator[None]:
    """Drop what compiled code writes to standard error in a block: TensorFlow logs before it can be told not to.

    An import that fails raises as ever.
    """
    kept = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 (a device, not a path)
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
