"""The rig of hosts leaves nothing behind."""

import subprocess
import sys
from pathlib import Path

import pytest
from cluster.rig import missing
from commands import ROOT, assert_nothing_left, family_of, victims, wait_until

MAKER = """
import sys, time
from pathlib import Path
from cluster.rig import Rig
with Rig(Path(sys.argv[1])) as rig:
    for machine in (rig.client, *rig.hosts):
        machine.begin("setsid sleep 1000")
    print("up", flush=True)
    sys.stdin.read()
"""


def outside():
    """Which network interfaces, named namespaces and mounts the machine itself has."""
    links = subprocess.run(["ip", "-brief", "link"], capture_output=True, text=True, check=True).stdout
    names = subprocess.run(["ip", "netns"], capture_output=True, text=True, check=True).stdout
    return sorted(line.split()[0] for line in links.splitlines()), names, Path("/proc/self/mounts").read_text()


@pytest.mark.thorough
@pytest.mark.parametrize("how", ["in order", "killed"])
def test_nothing_outlives_the_rig(tmp_path, how):
    """Its processes, interfaces and mounts end with it, also where the process that made it is killed."""
    if (reason := missing()) is not None:
        pytest.skip(reason)
    before = outside()
    command = [sys.executable, "-c", MAKER, tmp_path]
    environment = {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, env=environment, **pipes) as maker:
        assert maker.stdout.readline() == b"up\n"
        wait_until(lambda: len(victims(maker, "sleep")) >= 5, 10, "every machine runs what it is to run")
        family = family_of(maker)
        maker.stdin.close() if how == "in order" else maker.kill()
        maker.wait(20)
    assert_nothing_left(family)
    assert outside() == before
