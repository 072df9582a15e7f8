"""A spot instance that is taken back tells Ray so; a server on this machine stands for the metadata service."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import yaml
from commands import ROOT, wait_until
from ray._raylet import GcsClient
from ray.cluster_utils import Cluster
from ray.core.generated.common_pb2 import NodeDeathInfo
from ray.core.generated.gcs_pb2 import GcsNodeInfo

TOKEN = "a token"
HURRIED = "import spot; spot.POLL = 0.1; spot.main()"


class Metadata(ThreadingHTTPServer):
    """The service, with or without a notice; `asked` counts what the notice was asked for."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.notice, self.asked = None, 0
        self.url = f"http://127.0.0.1:{self.server_port}"

    def respond(self, method, path, headers):
        if (method, path) == ("PUT", "/latest/api/token"):
            return (200, TOKEN) if headers["X-aws-ec2-metadata-token-ttl-seconds"] else (400, "")
        if headers["X-aws-ec2-metadata-token"] != TOKEN:
            return 401, ""
        if path == "/latest/meta-data/instance-id":
            return 200, "i-1"
        assert path == "/latest/meta-data/spot/instance-action"
        self.asked += 1
        return (200, json.dumps(self.notice)) if self.notice else (404, "")


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        status, text = self.server.respond(self.command, self.path.removeprefix("http://169.254.169.254"), self.headers)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

    do_PUT = do_GET  # noqa: N815 (the names are the base class's)

    def log_message(self, *_):
        pass


@pytest.fixture
def metadata():
    with Metadata() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def deploy(tmp_path):
    """The folder as it is on a host, with a Python beside which there is a `ray`."""
    return shutil.copytree(ROOT / "deploy", tmp_path / "mnist-search/deploy")


def environment(proxy, **others):
    """Variables that lead to the service by way of a proxy, and to nothing else."""
    return os.environ | {"http_proxy": proxy, "no_proxy": "", "NO_PROXY": "", **others}


@contextlib.contextmanager
def watch(deploy, python=sys.executable, **variables):
    """Run the script for the length of a block at most; it asks more often than it would."""
    command = [python, "-c", HURRIED]
    with subprocess.Popen(command, env=environment(PYTHONPATH=str(deploy), **variables)) as process:
        try:
            yield process
        finally:
            process.kill()


def fake_ray(folder, script):
    """A Python beside which another program is called `ray`."""
    folder.mkdir()
    (folder / "python").symlink_to(sys.executable)
    (folder / "ray").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "ray").chmod(0o755)
    return folder / "python"


def in_(seconds):
    """A notice as AWS writes it."""
    end = datetime.now(UTC) + timedelta(seconds=seconds)
    return {"action": "terminate", "time": f"{end:%Y-%m-%dT%H:%M:%SZ}"}


def test_notice_drains_the_node(metadata, deploy):
    """Nothing happens before the notice; then Ray knows why the node goes, and the script has done its work."""
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    try:
        [node] = nodes(cluster)
        with watch(deploy, proxy=metadata.url, RAY_ADDRESS=cluster.address) as process:
            wait_until(lambda: metadata.asked >= 2, 30, "the notice was asked for")
            assert nodes(cluster)[node].state == GcsNodeInfo.ALIVE
            metadata.notice = in_(120)
            assert process.wait(timeout=60) == 0
        wait_until(lambda: nodes(cluster)[node].state == GcsNodeInfo.DEAD, 30, "the node is drained")
        death = nodes(cluster)[node].death_info
    finally:
        cluster.shutdown()
    assert death.reason == NodeDeathInfo.AUTOSCALER_DRAIN_PREEMPTED
    assert death.reason_message == f"the spot instance is taken back at {metadata.notice['time']}"


def nodes(cluster):
    """What the head knows about each node."""
    return GcsClient(address=cluster.address).get_all_node_info()


@pytest.mark.parametrize(("left", "expected"), [(120, range(100, 111)), (-3600, [1]), (7200, [110])])
def test_deadline_is_within_the_notice(metadata, deploy, tmp_path, left, expected):
    """Ray's comes ten seconds before AWS's, so that the node goes after it; a clock that is wrong does no harm."""
    python = fake_ray(tmp_path / "bin", 'echo "$@" >>"$(dirname "$0")/calls"')
    metadata.notice = in_(left)
    with watch(deploy, python, proxy=metadata.url) as process:
        assert process.wait(timeout=30) == 0
    [call] = (tmp_path / "bin/calls").read_text().splitlines()
    assert call.startswith("drain-node --reason DRAIN_NODE_REASON_PREEMPTION --reason-message ")
    assert int(call.split()[-1]) in expected


def test_ray_is_told_again_where_it_did_not_listen(metadata, deploy, tmp_path):
    """A request that fails is made anew."""
    python = fake_ray(tmp_path / "bin", 'cd "$(dirname "$0")"; echo called >>calls; [ "$(wc -l <calls)" = 2 ]')
    metadata.notice = in_(120)
    with watch(deploy, python, proxy=metadata.url) as process:
        assert process.wait(timeout=30) == 0
    assert (tmp_path / "bin/calls").read_text() == "called\n" * 2


def test_no_metadata_service_ends_it(deploy):
    """On a host that is none of AWS's it ends at once and says nothing."""
    closed = environment("http://127.0.0.1:9")
    done = subprocess.run(
        [sys.executable, deploy / "spot.py"], env=closed, capture_output=True, timeout=30, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.thorough
def test_start_leaves_one_behind_and_nothing_open(metadata, deploy, tmp_path):
    """The command of the cluster files returns with its connection's streams free; a second one starts nothing."""
    python = fake_ray(tmp_path / "bin", "")
    home = {"HOME": str(tmp_path), "PATH": f"{python.parent}:{os.environ['PATH']}"}
    command = yaml.safe_load((ROOT / "cluster.yaml").read_text())["worker_start_ray_commands"][-1]
    run = {"env": environment(metadata.url, **home), "capture_output": True, "timeout": 10}
    try:
        for _ in range(2):
            subprocess.run(["bash", "-c", command], **run, check=True)
        wait_until(lambda: metadata.asked, 30, "the notice was asked for")
        assert len(watchers(deploy)) == 1
        metadata.notice = in_(120)
        wait_until(lambda: not watchers(deploy), 30, "the script has done its work")
    finally:
        for process in watchers(deploy):
            os.kill(process, signal.SIGKILL)
    assert (tmp_path / "mnist-search/spot.log").read_text() == ""


def watchers(deploy):
    """The processes that run the script of a folder."""
    found = subprocess.run(["pgrep", "-f", f"^python {deploy}/spot.py"], capture_output=True, text=True, check=False)
    return [int(process) for process in found.stdout.split()]
