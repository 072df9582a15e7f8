"""The short form of `make chaos`."""

import subprocess
import sys
from pathlib import Path

import pytest
from postgres import server_binaries

FAULTS = {"driver": 2, "worker": 2, "raylet": 1, "gcs": 1, "storage": 2, "signal": 2, "rival": 1}


@pytest.mark.thorough
@pytest.mark.timeout(420)
def test_every_promise_is_kept_while_processes_die():
    """Faults at random times, from a seed that is printed: no trial is lost, changed or counted twice."""
    if server_binaries() is None:
        pytest.skip("PostgreSQL's server is not installed")
    options = [text for kind, number in FAULTS.items() for text in (f"--{kind}", str(number))]
    command = [sys.executable, Path(__file__).with_name("chaos.py"), *options]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=400)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.splitlines()[-1] == "no promise was broken"
    assert "injected: 2 x kill -9 of the driver, 2 x kill -9 of a worker, 1 x kill -9 of the raylet" in result.stdout
