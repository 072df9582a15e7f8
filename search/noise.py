"""Keep the terminal for the search: settings that silence Ray, Optuna and TensorFlow unless they are asked to speak."""

import logging
import os
import warnings

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
