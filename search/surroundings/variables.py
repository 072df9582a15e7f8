"""Variables that other projects set: which ones this project's processes do without, and why.

What is set for TensorFlow and Keras is left out by `trainable.process`, in each process that loads them. Everything
else stays: proxies, certificates, CUDA_VISIBLE_DEVICES, the number of threads, and what Ray is told of a real cluster.
"""

from __future__ import annotations

TYPE_CHECKING = False  # see `search.surroundings.packages`
if TYPE_CHECKING:
    from collections.abc import MutableMapping

# What Python reads when it starts: this process begins again without it, and its children never see it.
FOR_PYTHON = {
    "PYTHONOPTIMIZE": "Ray cannot be imported without its docstrings",
    "PYTHONWARNINGS": "a warning of a library would be an error",
    "PYTHONDEVMODE": "the same, and several times as slow",
    "PYTHONINSPECT": "the command, or a child of it, would wait for somebody to type",
    "PYTHONDEBUG": "prints to the terminal",
    "PYTHONVERBOSE": "prints to the terminal",
    "PYTHONPROFILEIMPORTTIME": "prints to the terminal",
    "PYTHONDUMPREFS": "prints to the terminal",
    "PYTHONMALLOCSTATS": "prints to the terminal",
    "PYTHONASYNCIODEBUG": "prints to the terminal",
    "PYTHONMALLOC": "several times as slow",
    "PYTHONTRACEMALLOC": "several times as slow",
    "PYTHONPERFSUPPORT": "slow, and leaves files behind",
}
# What libraries read when they are imported, and shells when they start; by how they begin.
FOR_LIBRARIES = {
    "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "an implementation that this version does not have fails Ray's import",
    "PSYCOPG_IMPL": "the same for PostgreSQL's driver",
    "NPY_": "turns off what NumPy was built for; some fail its import",
    "NUMPY_": "the same",
    "SSLKEYLOGFILE": "Ray does not start where that file cannot be written, and keys belong into none",
    "BASH_ENV": "Ray starts a worker by a shell, which would run that file of a module system first",
}

# By how they begin. A runtime that is started for a search is told by the search alone what it is to be.
FOR_RAY = {
    "RAY_": "of another cluster or program; one that Ray cannot read ends it without a word",
    "GRPC_": "prints to the terminal, or turns off what Ray needs",
}
FOR_TUNE = {
    "TUNE_": "changes when results come and trials end",
    "RAY_AIR_": "the same",
    "RAY_TRAIN_": "the same",
}
# These say how much of the machine a runtime may take, where they are numbers.
KEPT = {"RAY_memory_usage_threshold", "RAY_memory_monitor_refresh_ms", "RAY_worker_niceness", "RAY_USAGE_STATS_ENABLED"}
TEMPORARY = "RAY_TMPDIR"  # a folder, which is looked at where Ray starts

# `uv run` would have Ray start each worker by uv, in an environment of its own.
SET = {"RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0"}


def forget_for_python(environment: MutableMapping[str, str]) -> list[str]:
    """Leave out what changes processes when they start; return the names of what has changed this one."""
    effective = [name for name in FOR_PYTHON if environment.get(name)]
    beginnings = (*FOR_PYTHON, *FOR_LIBRARIES)
    for name in [name for name in environment if name.startswith(beginnings)]:
        del environment[name]
    return effective


def forget_for_ray(environment: MutableMapping[str, str], *, local: bool) -> list[str]:
    """Leave out what would change Ray Tune and, where it is started here, Ray; return the names.

    Args:
        environment: Changed.
        local: Whether a runtime is started for this search, and ends with it.
    """
    beginnings = tuple(FOR_TUNE | FOR_RAY) if local else tuple(FOR_TUNE)
    names = [name for name in environment if name.startswith(beginnings) and not _stays(name, environment[name])]
    for name in names:
        del environment[name]
    environment.update(SET)
    return names


def _stays(name: str, value: str) -> bool:
    return name == TEMPORARY or (name in KEPT and value.replace(".", "", 1).isdecimal())
