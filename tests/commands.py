"""Run this project's commands as a person would."""

import os
import subprocess
import sys
from pathlib import Path

from trainable.errors import ConfigError
from trainable.precision import BFLOAT16, check_precision

ROOT = Path(__file__).parent.parent
# Small networks that train in a second.
SMALL_SPACE = """
[hidden_units]
type = "int"
low = 8
high = 64
log = true
[learning_rate]
type = "float"
low = 1e-3
high = 1e-2
log = true
[batch_size]
type = "categorical"
choices = [256, 512]
[epochs]
type = "int"
low = 1
high = 3
"""


# The same, with the baseline in it.
SPACE_WITH_BASELINE = """
hidden_units = {type = "categorical", choices = [8, 16, 32, 512]}
learning_rate = {type = "float", low = 1e-3, high = 1e-2, log = true}
batch_size = {type = "categorical", choices = [128, 512]}
epochs = {type = "int", low = 1, high = 5}
"""


def run_command(module, *arguments, timeout=100, python=sys.executable, **kwargs):
    """Run a module of this project as a person would; return what it said."""
    command = [str(python), "-m", module, *map(str, arguments)]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        cwd=ROOT,
        env=clean_environment(),
        **kwargs,
    )


def clean_environment():
    """The environment without this project's own variables."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("SEARCH_", "COV_CORE"))}


def bfloat16_is_here():
    """Whether this processor has it."""
    try:
        check_precision(BFLOAT16)
    except ConfigError:
        return False
    return True
