"""A search by a user without a home, a usable temporary folder, all processors, or a network that stays."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from commands import ROOT, SMALL_SPACE, clean_environment, family_of, left_of, victims, wait_until

from trainable.mnist.source import cache_file

USER = 65_471  # in no list of users
# Reads everything, since the interpreter may lie in root's home, and writes what is its own.
AS_USER = [
    "setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--inh-caps=-all,+dac_read_search",
    "--ambient-caps=-all,+dac_read_search", "--bounding-set=-all,+dac_read_search",
]  # fmt: skip
NETWORK = """
ip link set lo up && ip link add v0 type veth peer name v1 && ip addr add 10.250.9.1/24 dev v0
ip link set v0 up && ip link set v1 up && ip route add default via 10.250.9.2
exec "$@"
"""


@pytest.fixture
def poor(tmp_path):
    """What every command of such a user gets, and the folder of its studies."""
    if os.geteuid() or not all(map(shutil.which, ("unshare", "setpriv", "ip", "ss", "nsenter", "taskset"))):
        pytest.skip("needs root, util-linux and iproute2")
    runs, temporary = tmp_path / "runs", tmp_path / ("long" * 30)
    for folder in (runs, temporary):
        folder.mkdir()
        os.chown(folder, USER, USER)
    nobody = ("HOME", "USER", "LOGNAME")
    environment = {name: value for name, value in clean_environment().items() if name not in nobody}
    return environment | {"TMPDIR": str(temporary), "SEARCH_RUNS": str(runs), "SEARCH_DATA": str(cache_file())}, runs


def folders():
    """The folders of the user's runs."""
    return {folder for folder in Path("/tmp").glob("search-*") if folder.stat().st_uid == USER}


def in_namespace(process, *command):
    """Run a command in the network of a process."""
    enter = ["nsenter", f"--target={process.pid}", "--net", *command]
    return subprocess.run(enter, capture_output=True, text=True, check=True).stdout


@pytest.mark.thorough  # half a minute: a whole search on one processor, and what comes after it
def test_search_runs_without_home_temporary_folder_processors_and_network(poor, dataset, tmp_path):
    """It listens on the loopback interface alone, outlives its network, says why it has one worker, leaves nothing."""
    environment, runs = poor
    space = tmp_path / "space.toml"
    space.write_text(SMALL_SPACE.replace("low = 1\nhigh = 3", "low = 5\nhigh = 8"))
    search = [sys.executable, "-m", "search.run", "--trials", "2", "--no-baseline", "--no-confirm", "--pruner", "none"]
    before = folders()
    process = subprocess.Popen(
        ["unshare", "--net", "bash", "-c", NETWORK, "-", *AS_USER, "taskset", "--cpu-list", "0", *search,
         "--study", "poor", "--space", space],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    wait_until(lambda: victims(process, "ray::NetworkTrial", "ray::Resource"), 200, "a worker is there", process)
    family = family_of(process)
    listening = in_namespace(process, "ss", "--no-header", "--listening", "--tcp", "--numeric")
    assert len(listening.splitlines()) > 5
    assert set(re.findall(r"(\S+):\d+ +\S+:", listening)) == {"127.0.0.1", "[::ffff:127.0.0.1]"}
    in_namespace(process, "ip", "link", "delete", "v0")
    stdout, stderr = process.communicate(timeout=200)
    assert (process.returncode, stderr) == (0, "")
    if os.cpu_count() > 1:
        assert f"starting 1 worker: this process may use 1 of the machine's {os.cpu_count()} CPUs\n" in stdout
    assert left_of(family) == []
    assert folders() <= before
    for module in ("report", "export"):
        output = ["--study", "poor", "--output", str(runs / "page.html" if module == "report" else runs / "model")]
        told = subprocess.run(
            [*AS_USER, sys.executable, "-m", f"search.{module}", *output],
            cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert told.returncode == 0, told.stderr
