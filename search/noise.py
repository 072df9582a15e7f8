"""Keep the terminal for the search: settings that silence Ray, Optuna and TensorFlow unless they are asked to speak."""

import contextlib
import logging
import os
import warnings
from collections.abc import Iterator

# Read by the libraries when they are imported, here and in the workers.
QUIET = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_DEDUP_LOGS": "0",
}


def quiet(*, verbose: bool) -> None:
    """Prepare the process before Ray and Optuna are imported."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if verbose:
        logging.basicConfig(level=logging.INFO)
        return
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    warnings.simplefilter("ignore")
    logging.basicConfig(level=logging.ERROR)
    for library in ("ray", "optuna", "sqlalchemy"):
        logging.getLogger(library).setLevel(logging.ERROR)
    import optuna  # noqa: PLC0415 (after the settings above)

    optuna.logging.set_verbosity(optuna.logging.ERROR)


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
