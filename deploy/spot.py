"""Tells Ray that AWS is about to take this spot instance back: its trials are then tried again at no cost.

The cluster files start it on every worker; on a host that no metadata service serves it ends at once.
"""

import contextlib
import json
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from image import metadata

POLL = 5  # seconds, as AWS advises
LEAD = 10  # seconds; Ray counts a node as taken back only if it goes after the deadline, and AWS's time is approximate
LONGEST = 120  # seconds, AWS's notice; more means that a clock is wrong


def drain(end: str) -> bool:
    """Give Ray the deadline; whether it took it. Ray finds this node and its head by itself."""
    left = (datetime.fromisoformat(end) - datetime.now(UTC)).total_seconds()
    why = ["--reason", "DRAIN_NODE_REASON_PREEMPTION", "--reason-message", f"the spot instance is taken back at {end}"]
    deadline = ["--deadline-remaining-seconds", str(max(int(min(left, LONGEST) - LEAD), 1))]
    command = [Path(sys.executable).with_name("ray"), "drain-node", *why, *deadline]
    return subprocess.run(command, check=False).returncode == 0


def main() -> None:
    """Wait for the notice."""
    try:
        metadata("instance-id")
    except OSError:
        return
    told = False
    while not told:
        time.sleep(POLL)
        with contextlib.suppress(OSError):  # 404 as long as there is no notice
            told = drain(json.loads(metadata("spot/instance-action"))["time"])


if __name__ == "__main__":
    main()
