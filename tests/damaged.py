"""A real search to which things happen: trials are pruned, one diverges, and one loses its worker to kill -9."""

import json
from typing import NamedTuple

from commands import kill_workers, start, wait_for_training

SPACE = """
hidden_units = {type = "int", low = 8, high = 64}
learning_rate = {type = "float", low = 1e-3, high = 1e30, log = true}
batch_size = {type = "categorical", choices = [256, 512]}
epochs = {type = "int", low = 2, high = 50}
"""
# Has time to be killed; tried again, it is pruned, as GOOD is better.
LONG = {"hidden_units": 8, "learning_rate": 0.001, "batch_size": 256, "epochs": 50}
GOOD = {"hidden_units": 64, "learning_rate": 0.003, "batch_size": 256, "epochs": 3}
DIVERGING = {"hidden_units": 12, "learning_rate": 1e30, "batch_size": 512, "epochs": 2}
POOR = [{"hidden_units": 8 + each, "learning_rate": 0.001, "batch_size": 512, "epochs": 3} for each in range(5)]
TRIALS = [LONG, DIVERGING, GOOD, *POOR]


class Ended(NamedTuple):
    """What the command printed."""

    stdout: str
    stderr: str


def damaged_search(runs):
    """Run the search, named `s`, into a folder; return what it printed."""
    space, first = runs / "space.toml", runs / "first.jsonl"
    space.write_text(SPACE)
    first.write_text("\n".join(map(json.dumps, TRIALS)))
    process = start(
        "--trials", len(TRIALS), "--study", "s", "--runs", runs, "--space", space, "--enqueue", first, "--no-baseline",
        "--workers", 1,
    )  # fmt: skip
    wait_for_training(process, runs, "s")
    kill_workers(process)
    ended = Ended(*process.communicate(timeout=300))
    assert process.returncode == 0, ended
    return ended
